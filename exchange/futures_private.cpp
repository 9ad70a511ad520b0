#include "exchange/futures_private.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/base/random.hpp"
#include "core/protocol/futures/account_encode.hpp"
#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/futures/server_encode.hpp"
#include "exchange/money.hpp"

namespace ktape {
namespace {

// 226aee50-88fc-4618-a42a-34f7709570b2: of version 4, as a challenge looks.
std::string uuid(std::uint64_t high, std::uint64_t low) {
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32U, high >> 16U & 0xFFFFU, high & 0xFFFU,
                     (low >> 48U & 0x3FFFU) | 0x8000U, low & 0xFFFF'FFFF'FFFFU);
}

futures::OpenOrder told(const FuturesOrder& order) {
  return {.instrument = order.product,
          .time = order.placed_at,
          .last_update_time = order.changed_at,
          .qty = order.remaining(),
          .filled = order.filled,
          .limit_price = order.limit_price.value_or(Decimal()),
          .type = "limit",
          .order_id = order.order_id,
          .cli_ord_id = order.client_order_id,
          .direction = order.side,
          .reduce_only = order.reduce_only};
}

futures::FillEntry told(const FuturesFill& fill) {
  return {.instrument = fill.product,
          .time = fill.at,
          .price = fill.price,
          .qty = fill.quantity,
          .seq = fill.sequence,
          .buy = fill.side == Side::Buy,
          .remaining_order_qty = fill.remaining,
          .order_id = fill.order_id,
          .fill_id = fill.fill_id,
          .cli_ord_id = fill.client_order_id,
          .fill_type = "taker",
          .fee_currency = "USD",
          .taker_order_type = fill.order_type,
          .order_type = fill.order_type};
}

}  // namespace

void FuturesPrivate::follow(FuturesEngine& engine) {
  KTAPE_ASSERT(engine_ == nullptr, "one engine");
  engine_ = &engine;
  engine.add_listener(*this);
}

// To every connection that hears this feed of this account.
template <class Text>
void FuturesPrivate::tell(std::string_view feed, std::string_view account, Text text) {
  std::vector<ConnectionId> hearers;
  for (const auto& [connection, state] : connections_) {
    const auto heard = state.feeds.find(feed);
    if (heard != state.feeds.end() && heard->second == account) hearers.push_back(connection);
  }
  for (const ConnectionId connection : hearers) text(connection);
}

void FuturesPrivate::on_futures_event(std::string_view account, const FuturesEvent& event) {
  const bool rejected = event.kind == FuturesEvent::Kind::Reject;
  for (const std::string_view feed : {"open_orders", "open_orders_verbose"}) {
    // The plain feed tells nothing of orders that were never there.
    if (rejected && feed == "open_orders") continue;
    std::string text;
    switch (event.kind) {
      case FuturesEvent::Kind::Place:
        futures::append_open_order(text, feed, told(event.order), {.reason = "new_placed_order_by_user"});
        break;
      case FuturesEvent::Kind::Reject:
        futures::append_open_order(text, feed, told(event.order),
                                   {.is_cancel = true, .reason = "post_order_failed_because_it_would_filled"});
        break;
      case FuturesEvent::Kind::Cancel:
        futures::append_gone_order(
            text, feed,
            {.order_id = event.order.order_id, .cli_ord_id = event.order.client_order_id, .reason = event.reason});
        break;
      case FuturesEvent::Kind::Execution: {
        if (!event.placed) break;
        FuturesOrder after = event.order;
        after.filled = money::sum(after.filled, event.fill->quantity).value_or(after.filled);
        after.changed_at = event.fill->at;
        futures::append_open_order(text, feed, told(after), {.reason = "partial_fill"});
        break;
      }
    }
    if (!text.empty()) tell(feed, account, [&](ConnectionId connection) { send(connection, text); });
  }
  if (event.kind != FuturesEvent::Kind::Execution) return;
  std::string text;
  const futures::FillEntry fill = told(*event.fill);
  futures::append_fills(text, account, {&fill, 1});
  tell("fills", account, [&](ConnectionId connection) { send(connection, text); });
  tell("open_positions", account, [&](ConnectionId connection) { send_positions(connection, account); });
}

void FuturesPrivate::send_positions(ConnectionId connection, std::string_view account) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return;
  const auto held = engine_ != nullptr ? engine_->positions(account) : decltype(engine_->positions(account))();
  std::vector<futures::PositionEntry> entries;
  for (const auto& [product, position] : held) {
    entries.push_back({.instrument = product, .balance = position.size, .entry_price = position.entry_price});
  }
  std::string text;
  futures::append_open_positions(text, {.account = account, .seq = at->second.sequence++, .timestamp = timers_.now()},
                                 entries);
  send(connection, text);
}

FuturesPrivate::FuturesPrivate(TimerService& timers, FuturesKeys keys, std::uint64_t seed)
    : timers_(timers), keys_(std::move(keys)), seed_(seed) {
  KTAPE_ASSERT(keys_.wallet_of && keys_.verifies, "nobody to ask who is who");
}

void FuturesPrivate::attach(ConnectionId connection, const Endpoint& /*endpoint*/, FrameSink& client) {
  attach_guest(connection, client);
  Connection& to = connections_.at(connection);
  to.greeted = false;
  to.greeting = timers_.at(timers_.now(), [this, connection](Timestamp) { greet(connection); });
}

void FuturesPrivate::attach_guest(ConnectionId connection, FrameSink& client) {
  const auto [at, added] = connections_.try_emplace(connection);
  KTAPE_ASSERT(added, "a connection id is attached twice");
  at->second.client = &client;
  at->second.greeted = true;
}

void FuturesPrivate::greet(ConnectionId connection) {
  const auto at = connections_.find(connection);
  if (at == connections_.end() || std::exchange(at->second.greeted, true)) return;
  std::string text;
  futures::append_info(text);
  send(connection, text);
}

void FuturesPrivate::send(ConnectionId connection, std::string_view text) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return;
  at->second.client->on_frame({timers_.now(), connection, Direction::FromExchange, FrameKind::Text, text});
}

void FuturesPrivate::on_frame(const Frame& frame) {
  if (!connections_.contains(frame.connection)) return;
  if (frame.kind == FrameKind::Closed) {
    connections_.erase(frame.connection);
  } else if (frame.kind == FrameKind::Text) {
    greet(frame.connection);
    on_text(frame.connection, frame.payload);
  }
}

void FuturesPrivate::refuse(ConnectionId connection, futures::Problem problem) {
  std::string text;
  futures::append_refusal(text, futures::refusal_of(problem));
  send(connection, text);
}

void FuturesPrivate::on_text(ConnectionId connection, std::string_view text) {
  const Parsed parsed = futures::parse_request(text);
  if (parsed.problem) return refuse(connection, *parsed.problem);
  if (parsed.event == "ping") {
    std::string pong;
    futures::append_pong(pong);
    return send(connection, pong);
  }
  if (parsed.event == "challenge") return give_challenge(connection, parsed);
  const futures::Feed* const feed = futures::find_feed(parsed.feed);
  if (feed == nullptr || !is_private(feed->channel)) return refuse(connection, futures::Problem::InvalidFeed);
  const FuturesWallet* const wallet = authenticated(connections_.at(connection), parsed);
  if (wallet == nullptr) return refuse(connection, futures::Problem::NotAuthenticated);
  if (parsed.event == "subscribe") return subscribe(connection, parsed, *wallet);
  if (connections_.at(connection).feeds.erase(parsed.feed) == 0) {
    return refuse(connection, futures::Problem::NotSubscribed);
  }
  std::string confirmation;
  futures::append_confirmation(confirmation, {.method = Method::Unsubscribe, .feed = parsed.feed});
  send(connection, confirmation);
}

void FuturesPrivate::give_challenge(ConnectionId connection, const Parsed& parsed) {
  if (keys_.wallet_of(parsed.authorisation.api_key) == nullptr) {
    return refuse(connection, futures::Problem::NotAuthenticated);
  }
  Random random(seed_ ^ (++challenges_ * 0x9E3779B97F4A7C15U));
  const std::uint64_t high = random.next();
  const std::string challenge = uuid(high, random.next());
  connections_.at(connection).challenge = challenge;
  std::string text;
  futures::append_challenge(text, challenge);
  send(connection, text);
}

const FuturesWallet* FuturesPrivate::authenticated(const Connection& connection, const Parsed& parsed) const {
  const Authorisation& said = parsed.authorisation;
  if (connection.challenge.empty() || said.original_challenge != connection.challenge) return nullptr;
  const FuturesWallet* const wallet = keys_.wallet_of(said.api_key);
  if (wallet == nullptr || !keys_.verifies(said.api_key, connection.challenge, said.signed_challenge)) return nullptr;
  return wallet;
}

void FuturesPrivate::subscribe(ConnectionId connection, const Parsed& parsed, const FuturesWallet& wallet) {
  if (connections_.at(connection).feeds.insert_or_assign(parsed.feed, wallet.account).second) {
    std::string confirmation;
    futures::append_confirmation(confirmation, {.method = Method::Subscribe, .feed = parsed.feed});
    send(connection, confirmation);
  } else {
    refuse(connection, futures::Problem::AlreadySubscribed);  // which asks for the data again
  }
  send_snapshot(connection, parsed.feed, wallet);
}

void FuturesPrivate::send_snapshot(ConnectionId connection, std::string_view feed, const FuturesWallet& wallet) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return;
  std::string text;
  const auto stamp = [&] {
    return futures::AccountStamp{.account = wallet.account, .seq = at->second.sequence++, .timestamp = timers_.now()};
  };
  if (feed == "open_orders" || feed == "open_orders_verbose") {
    const auto open = engine_ != nullptr ? engine_->open_orders(wallet.account) : std::vector<FuturesOrder>();
    std::vector<futures::OpenOrder> orders;
    for (const FuturesOrder& order : open) orders.push_back(told(order));
    futures::append_open_orders_snapshot(text, feed, wallet.account, orders);
  } else if (feed == "fills") {
    const auto made = engine_ != nullptr ? engine_->fills(wallet.account) : std::vector<FuturesFill>();
    std::vector<futures::FillEntry> entries;
    for (const FuturesFill& fill : made) entries.push_back(told(fill));
    futures::append_fills_snapshot(text, wallet.account, entries);
  } else if (feed == "open_positions") {
    return send_positions(connection, wallet.account);
  } else if (feed == "balances") {
    std::vector<futures::Holding> holding;
    for (const auto& [currency, amount] : wallet.holding) holding.push_back({currency, amount});
    futures::append_balances_snapshot(text, {.stamp = stamp(), .holding = holding});
  } else if (feed == "account_balances_and_margins") {
    std::vector<futures::MarginAccount> accounts;
    for (const auto& [currency, amount] : wallet.holding) {
      accounts.push_back({.name = currency, .type = "holding", .balance = amount, .pv = amount, .am = amount});
    }
    futures::append_margin_accounts(text, wallet.account, at->second.sequence++, accounts);
  } else if (feed == "account_log") {
    futures::append_account_log_snapshot(text, {});
  } else if (feed == "notifications_auth") {
    futures::append_notifications(text, {});
  }
  // deposits_withdrawals: nobody has seen what it says.
  if (!text.empty()) send(connection, text);
}

}  // namespace ktape
