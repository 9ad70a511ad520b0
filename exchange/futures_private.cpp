#include "exchange/futures_private.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/base/random.hpp"
#include "core/protocol/futures/account_encode.hpp"
#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/futures/server_encode.hpp"

namespace ktape {
namespace {

// 226aee50-88fc-4618-a42a-34f7709570b2: of version 4, as a challenge looks.
std::string uuid(std::uint64_t high, std::uint64_t low) {
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32U, high >> 16U & 0xFFFFU, high & 0xFFFU,
                     (low >> 48U & 0x3FFFU) | 0x8000U, low & 0xFFFF'FFFF'FFFFU);
}

}  // namespace

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
  if (connections_.at(connection).feeds.insert(parsed.feed).second) {
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
    futures::append_open_orders_snapshot(text, feed, wallet.account, {});
  } else if (feed == "fills") {
    futures::append_fills_snapshot(text, wallet.account, {});
  } else if (feed == "open_positions") {
    futures::append_open_positions(text, stamp(), {});
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
