#include "exchange/futures_private.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/base/random.hpp"
#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/futures/server_encode.hpp"
#include "exchange/futures_reports.hpp"
#include "exchange/money.hpp"

namespace ktape {
namespace {

// 226aee50-88fc-4618-a42a-34f7709570b2: of version 4, as a challenge looks.
std::string uuid(std::uint64_t high, std::uint64_t low) {
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32U, high >> 16U & 0xFFFFU, high & 0xFFFU,
                     (low >> 48U & 0x3FFFU) | 0x8000U, low & 0xFFFF'FFFF'FFFFU);
}

}  // namespace

FuturesPrivate::FuturesPrivate(TimerService& timers, FuturesKeys keys, FuturesPrivateOptions options)
    : timers_(timers), keys_(std::move(keys)), options_(options) {
  KTAPE_ASSERT(keys_.account_of && keys_.verifies, "nobody to ask who is who");
}

void FuturesPrivate::follow(FuturesEngine& engine) {
  KTAPE_ASSERT(engine_ == nullptr, "one engine");
  engine_ = &engine;
  engine.add_listener(*this);
}

template <class Text>
void FuturesPrivate::tell(std::string_view feed, std::string_view account, Text text) {
  std::vector<std::pair<ConnectionId, std::string>> messages;
  for (auto& [connection, state] : connections_) {
    const auto heard = state.feeds.find(feed);
    if (heard == state.feeds.end() || heard->second.account != account) continue;
    if (std::string message = text(heard->second); !message.empty()) messages.emplace_back(connection, message);
  }
  for (const auto& [connection, message] : messages) send(connection, message);
}

void FuturesPrivate::on_futures_event(std::string_view account, const FuturesEvent& event) {
  tell_order(account, event);
  if (event.kind != FuturesEvent::Kind::Execution) return;
  const FuturesFill& fill = *event.fill;
  tell("fills", account, [&](const Subscriber& to) {
    const bool wanted = to.products.empty() || to.products.contains(fill.product);
    return wanted ? futures_reports::fills(account, {fill}) : std::string();
  });
  on_futures_marks(account);
  const FuturesStatement now = statement_of(*engine_, account);
  const std::string wallet = FuturesSettlement::of(fill.product).wallet;
  tell("balances", account, [&](Subscriber& to) {
    return futures_reports::balances({account, to.sequence++, timers_.now()}, now, wallet.empty() ? "flex" : wallet);
  });
  tell("account_balances_and_margins", account,
       [&](Subscriber& to) { return futures_reports::margin_accounts(account, to.sequence++, now); });
}

void FuturesPrivate::on_futures_booking(std::string_view account, const FuturesBooking& booking) {
  tell("account_log", account, [&](const Subscriber&) { return futures_reports::booking(booking); });
}

void FuturesPrivate::on_futures_marks(std::string_view account) {
  const FuturesStatement now = statement_of(*engine_, account);
  tell("open_positions", account, [&](Subscriber& to) {
    return futures_reports::positions({account, to.sequence++, timers_.now()}, now);
  });
}

void FuturesPrivate::tell_order(std::string_view account, const FuturesEvent& event) {
  for (const std::string_view feed : {"open_orders", "open_orders_verbose"}) {
    const std::string text = futures_reports::order_event(feed, event, options_.tells_remaining_quantity);
    if (!text.empty()) tell(feed, account, [&](const Subscriber&) { return text; });
  }
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
  futures::append_refusal(text, futures::refusal_of(problem, {}, options_.refusals));
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
  const FuturesTerms* const terms = authenticated(connections_.at(connection), parsed);
  if (terms == nullptr) return refuse(connection, futures::Problem::NotAuthenticated);
  if (parsed.event == "subscribe") return subscribe(connection, parsed, *terms);
  if (connections_.at(connection).feeds.erase(parsed.feed) == 0) {
    return refuse(connection, futures::Problem::NotSubscribed);
  }
  std::string confirmation;
  futures::append_confirmation(confirmation, {.method = Method::Unsubscribe, .feed = parsed.feed});
  send(connection, confirmation);
}

void FuturesPrivate::give_challenge(ConnectionId connection, const Parsed& parsed) {
  if (keys_.account_of(parsed.authorisation.api_key) == nullptr) {
    return refuse(connection, futures::Problem::NotAuthenticated);
  }
  Random random(options_.seed ^ (++challenges_ * 0x9E3779B97F4A7C15U));
  const std::uint64_t high = random.next();
  const std::string challenge = uuid(high, random.next());
  connections_.at(connection).challenge = challenge;
  std::string text;
  futures::append_challenge(text, challenge);
  send(connection, text);
}

const FuturesTerms* FuturesPrivate::authenticated(const Connection& connection, const Parsed& parsed) const {
  const Authorisation& said = parsed.authorisation;
  if (connection.challenge.empty() || said.original_challenge != connection.challenge) return nullptr;
  const FuturesTerms* const terms = keys_.account_of(said.api_key);
  if (terms == nullptr || !keys_.verifies(said.api_key, connection.challenge, said.signed_challenge)) return nullptr;
  return terms;
}

FuturesStatement FuturesPrivate::statement(const FuturesTerms& terms) const {
  return engine_ != nullptr ? statement_of(*engine_, terms.account) : statement_of(terms.wallets);
}

void FuturesPrivate::subscribe(ConnectionId connection, const Parsed& parsed, const FuturesTerms& terms) {
  const auto [at, first] = connections_.at(connection).feeds.try_emplace(parsed.feed);
  Subscriber& to = at->second;
  to.account = terms.account;
  to.products.clear();
  for (const std::string& product : parsed.products) to.products.insert(futures::canonical_product(product));
  // Made now: whoever hears the confirmation may leave.
  const std::string text = snapshot(parsed.feed, to, terms);
  if (first) {
    std::string confirmation;
    futures::append_confirmation(confirmation, {.method = Method::Subscribe, .feed = parsed.feed});
    send(connection, confirmation);
  } else {
    refuse(connection, futures::Problem::AlreadySubscribed);  // which asks for the data again
  }
  if (!text.empty()) send(connection, text);
}

// Nothing of deposits_withdrawals: nobody has seen what it says.
std::string FuturesPrivate::snapshot(std::string_view feed, Subscriber& to, const FuturesTerms& terms) const {
  const auto stamp = [&] { return futures::AccountStamp{terms.account, to.sequence++, timers_.now()}; };
  if (feed == "open_orders" || feed == "open_orders_verbose") {
    const auto open = engine_ != nullptr ? engine_->open_orders(terms.account) : std::vector<FuturesOrder>();
    return futures_reports::open_orders(feed, terms.account, open, options_.tells_remaining_quantity);
  }
  if (feed == "fills") {
    auto made = engine_ != nullptr ? engine_->fills(terms.account) : std::vector<FuturesFill>();
    std::erase_if(made,
                  [&](const FuturesFill& fill) { return !to.products.empty() && !to.products.contains(fill.product); });
    return futures_reports::fills_snapshot(terms.account, made);
  }
  if (feed == "open_positions") return futures_reports::positions(stamp(), statement(terms));
  if (feed == "balances") return futures_reports::balances_snapshot(stamp(), statement(terms));
  if (feed == "account_balances_and_margins") {
    return futures_reports::margin_accounts(terms.account, to.sequence++, statement(terms));
  }
  if (feed == "account_log") {
    return futures_reports::booking_snapshot(engine_ != nullptr ? engine_->bookings(terms.account)
                                                                : std::vector<FuturesBooking>());
  }
  return feed == "notifications_auth" ? futures_reports::no_notifications() : std::string();
}

}  // namespace ktape
