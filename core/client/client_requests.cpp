#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/client/client.hpp"

// Requests of a Client: what the program asks for, on its way out, and after it has gone.
namespace ktape {
namespace {

constexpr std::size_t kFinishedRemembered = 1000;

// Whether it has to say who asks.
bool needs_authorisation(const Request& request) {
  if (request.method == Method::Trade) return true;
  if (request.method != Method::Subscribe && request.method != Method::Unsubscribe) return false;
  return is_private(request.subscription.channel) || request.subscription.channel == Channel::Level3;
}

bool same_but_symbols(const Subscription& a, const Subscription& b) {
  Subscription copy = a;
  copy.symbols = b.symbols;
  return copy == b;
}

// How many answers a request gets that is no subscription: Kraken answers each cancelled order on its own
// (section 7.4).
std::size_t answers_to(const Request& request) {
  const auto* cancel = request.method == Method::Trade ? std::get_if<CancelOrder>(&request.trading) : nullptr;
  if (cancel == nullptr) return 1;
  return std::max<std::size_t>(
      1, cancel->order_ids.size() + cancel->client_order_ids.size() + cancel->user_references.size());
}

}  // namespace

// ---- what the program asks for

Result<void> Client::subscribe(const Subscription& subscription) {
  Request request{.method = Method::Subscribe, .request_id = 0, .subscription = subscription};
  if (needs_authorisation(request) && options_.authoriser == nullptr) {
    return ktape::fail(Errc::InvalidArgument, fmt::format("channel {} needs credentials, and this connection has none",
                                                          to_string(subscription.channel)));
  }
  if (auto allowed = check(request); !allowed) return allowed;
  if (std::find(wanted_.begin(), wanted_.end(), subscription) != wanted_.end()) return {};
  if (options_.heartbeats && !codec_.keeps_talking(to_string(subscription.channel))) {
    if (auto heard = subscribe({.channel = Channel::Heartbeat}); !heard) return heard;
  }
  wanted_.push_back(subscription);
  if (connected_) say(std::move(request));
  return {};
}

void Client::unsubscribe(const Subscription& subscription) {
  for (Subscription& each : wanted_) {
    if (!same_but_symbols(each, subscription)) continue;
    for (const std::string& symbol : subscription.symbols) std::erase(each.symbols, symbol);
  }
  std::erase_if(wanted_, [&](const Subscription& each) {
    return each == subscription || (each.symbols.empty() && same_but_symbols(each, subscription));
  });
  if (connected_) say({.method = Method::Unsubscribe, .request_id = 0, .subscription = subscription});
}

Result<void> Client::add_book(std::string_view symbol, int depth) {
  return subscribe({.channel = Channel::Book, .symbols = {std::string(symbol)}, .depth = depth});
}

void Client::remove_book(std::string_view symbol) {
  const std::vector<Subscription> wanted = wanted_;
  for (const Subscription& each : wanted) {
    if (each.channel != Channel::Book) continue;
    if (std::find(each.symbols.begin(), each.symbols.end(), symbol) == each.symbols.end()) continue;
    Subscription one = each;
    one.symbols = {std::string(symbol)};
    unsubscribe(one);
  }
}

Result<std::int64_t> Client::trade(const TradingRequest& trading) {
  Request request{.method = Method::Trade, .request_id = 0, .trading = trading};
  if (!options_.allow_trading) {
    return ktape::fail(Errc::InvalidArgument,
                       fmt::format("{}: this connection does not trade, since allow_trading is off", name_of(request)));
  }
  if (options_.authoriser == nullptr) {
    return ktape::fail(Errc::InvalidArgument,
                       fmt::format("{} needs credentials, and this connection has none", name_of(request)));
  }
  if (auto allowed = check(request); !allowed) return tl::unexpected<Error>(allowed.error());
  if (!connected_) {
    return ktape::fail(Errc::Io, fmt::format("{}: there is no connection, so nothing was sent", name_of(request)));
  }
  return say(std::move(request));
}

Result<void> Client::send_raw(std::string_view text) {
  if (!connected_) return ktape::fail(Errc::Io, "there is no connection, so nothing was sent");
  queue_.put(std::string(text), 0);
  return {};
}

// What proves who asks is added when it goes out, so it is taken as given here.
Result<void> Client::check(Request request) const {
  if (needs_authorisation(request)) request.authorisation = {"given", "given", "given", "given"};
  return codec_.check(request);
}

// ---- on their way out

std::int64_t Client::say(Request request) {
  const bool lists_symbols = request.method == Method::Subscribe || request.method == Method::Unsubscribe;
  auto& symbols = request.subscription.symbols;
  if (lists_symbols && symbols.size() > options_.symbols_per_request) {
    const std::vector<std::string> all = std::exchange(symbols, {});
    std::int64_t last = 0;
    for (std::size_t at = 0; at < all.size(); at += options_.symbols_per_request) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(options_.symbols_per_request, all.size() - at);
      symbols.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
      last = say(request);
    }
    return last;
  }
  request.request_id = next_request_id_++;
  const std::int64_t id = request.request_id;
  if (needs_authorisation(request)) {
    session_.submit(std::move(request), streams_.private_confirmed());
  } else {
    queue(request);
  }
  return id;
}

void Client::queue(const Request& request) { queue_.put(codec_.encode(request), request.request_id); }

void Client::subscribe_all() {
  for (const Subscription& subscription : wanted_) {
    say({.method = Method::Subscribe, .request_id = 0, .subscription = subscription});
  }
}

// ---- after they have gone

// A request is followed from the moment that the transport reports it, which a replay does as well.
void Client::sent(std::string_view text) {
  auto request = codec_.decode_request(text);
  if (!request) return;
  const Timestamp now = timers_.now();
  // Where answers are known by their order alone, the codec tells them with the number that it gets here. One that has
  // no id although its dialect has them is known by a number that no message ever has.
  if (codec_.answers_in_order()) {
    request->request_id = next_unnumbered_id_++;
  } else if (request->request_id == 0) {
    request->request_id = -next_unnumbered_id_++;
  }
  codec_.sent(*request);
  request->authorisation = {};
  // Whether Kraken Futures answers a ping is not known (futures-v1 section 9).
  if (codec_.answers_in_order() && request->method == Method::Ping) return;

  const Subscription& subscription = request->subscription;
  if (request->method == Method::Subscribe) {
    streams_.requested(subscription, now);
    market_.requested(subscription);
  }
  if (request->method == Method::Unsubscribe) {
    for (const auto& [id, pending] : pending_) {
      if (pending.request.method != Method::Subscribe) continue;
      if (subscription.symbols.empty()) overtaken_.emplace(id, SubscriptionKey::of(subscription, {}));
      for (const std::string& symbol : subscription.symbols) {
        overtaken_.emplace(id, SubscriptionKey::of(subscription, symbol));
      }
    }
    streams_.ended(subscription, now);
    for (const std::string& symbol : subscription.symbols) market_.unsubscribed(subscription.channel, symbol);
  }

  const std::int64_t id = request->request_id;
  Timer timer = timers_.at(now + options_.request_timeout, [this, id](Timestamp) {
    const auto late = pending_.extract(id);
    if (late.empty()) return;
    finish(id);
    expect_answers_to_the_rest();
    unanswered(late.mapped().request, fmt::format("no answer within {}", format_duration(options_.request_timeout)));
  });
  const std::size_t answers = answers_to(*request);
  pending_.insert_or_assign(id, Pending{std::move(*request), answers, std::move(timer)});
}

// Where the order alone tells what an answer is about, one that never comes would shift all that follow.
void Client::expect_answers_to_the_rest() {
  if (!codec_.answers_in_order()) return;
  codec_.reset();
  for (const auto& [id, pending] : pending_) codec_.sent(pending.request);
}

void Client::finish(std::int64_t request_id) {
  finished_.insert(request_id);
  if (finished_.size() > kFinishedRemembered) finished_.erase(finished_.begin());
}

void Client::unanswered(const Request& asked, std::string_view why) {
  const Timestamp now = timers_.now();
  const bool has_channel = asked.method == Method::Subscribe || asked.method == Method::Unsubscribe;
  events_.on_event(
      RequestUnanswered{.request_id = std::max<std::int64_t>(asked.request_id, 0),
                        .method = name_of(asked),
                        .channel = has_channel ? to_string(asked.subscription.channel) : std::string_view{},
                        .reason = why});
  if (!connected_) return;
  if (asked.method == Method::Ping && now - last_heard_ >= options_.request_timeout) {
    fell_silent("no answer to a ping");
    transport_.close({1000, "no answer to a ping"});
  }
  if (asked.method == Method::Challenge) session_.challenge_failed("the challenge was not answered");
  if (asked.method == Method::Unsubscribe) leave_again(asked);
  if (asked.method != Method::Subscribe) return;
  const auto give_up = [&](std::string_view symbol) {
    const SubscriptionKey key = SubscriptionKey::of(asked.subscription, symbol);
    const StreamInfo* stream = streams_.find(key);
    // Its data may have come where the answer has not.
    if (stream != nullptr && stream->state != StreamState::Live) streams_.refused(key, why, now);
  };
  if (asked.subscription.symbols.empty()) give_up({});
  for (const std::string& symbol : asked.subscription.symbols) give_up(symbol);
  ask_again(asked);
}

// Of a subscription that brought nothing.
void Client::ask_again(const Request& asked) {
  Subscription again = asked.subscription;
  const auto in_vain = [&](const std::string& symbol) {
    return ++unanswered_[SubscriptionKey::of(again, symbol)] >= options_.subscribe_attempts;
  };
  const bool has_symbols = !again.symbols.empty();
  std::erase_if(again.symbols, in_vain);
  if (has_symbols ? again.symbols.empty() : in_vain({})) {
    fail({Errc::Protocol, fmt::format("subscription to {} given up on this connection after {} attempts",
                                      to_string(again.channel), options_.subscribe_attempts)});
    return;
  }
  subscribe_wanted(again);
}

// Whatever of it subscribe() has asked for and unsubscribe() has not taken back.
void Client::subscribe_wanted(const Subscription& subscription) {
  for (const Subscription& each : wanted_) {
    if (SubscriptionKey::of(each, {}) != SubscriptionKey::of(subscription, {})) continue;
    if (each.symbols.empty() != subscription.symbols.empty()) continue;
    Subscription part = each;
    std::erase_if(part.symbols, [&](const std::string& symbol) {
      const auto& all = subscription.symbols;
      return std::find(all.begin(), all.end(), symbol) == all.end();
    });
    if (part.symbols.empty() && !each.symbols.empty()) continue;
    say({.method = Method::Subscribe, .request_id = 0, .subscription = part});
  }
}

// What the exchange cannot give now: not at once, and not for ever.
void Client::ask_again_later(const Request& asked) {
  const auto set_timer = [&](const std::string& symbol) {
    Subscription one = asked.subscription;
    one.symbols.clear();
    if (!symbol.empty()) one.symbols.push_back(symbol);
    later_[SubscriptionKey::of(one, symbol)] =
        timers_.at(timers_.now() + options_.refused_for_now_delay,
                   [this, one](Timestamp) { ask_again({.method = Method::Subscribe, .subscription = one}); });
  };
  if (asked.subscription.symbols.empty()) set_timer({});
  for (const std::string& symbol : asked.subscription.symbols) set_timer(symbol);
}

// The exchange may not have heard that something is not wanted any more.
void Client::leave_again(const Request& asked) {
  Subscription again = asked.subscription;
  std::erase_if(again.symbols, [&](const std::string& symbol) {
    const SubscriptionKey key = SubscriptionKey::of(asked.subscription, symbol);
    return streams_.find(key) != nullptr || ++unanswered_[key] >= options_.subscribe_attempts;
  });
  if (!again.symbols.empty()) say({.method = Method::Unsubscribe, .request_id = 0, .subscription = again});
}

// The only remedy is a new snapshot, and only a new subscription brings one (spot-v2 section 5.3, rule 6).
void Client::recover(Channel channel, const std::string& symbol) {
  if (!options_.resubscribe_invalid_books || !connected_) return;
  for (const auto& [key, stream] : streams_.all()) {
    if (key.channel != channel || key.symbol != symbol) continue;
    const Subscription again = stream.subscription;
    say({.method = Method::Unsubscribe, .request_id = 0, .subscription = again});
    say({.method = Method::Subscribe, .request_id = 0, .subscription = again});
    return;
  }
  for (const Subscription& each : wanted_) {
    if (each.channel != channel) continue;
    const bool listed = std::find(each.symbols.begin(), each.symbols.end(), symbol) != each.symbols.end();
    if (!listed && !(symbol.empty() && each.symbols.empty())) continue;
    Subscription again = each;
    if (!symbol.empty()) again.symbols = {symbol};
    say({.method = Method::Subscribe, .request_id = 0, .subscription = again});
    return;
  }
}

}  // namespace ktape
