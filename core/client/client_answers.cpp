#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/client/client.hpp"

// What the exchange has answered to a Client, and what follows from it.
namespace ktape {
namespace {

// A token that is not, or no longer, known (Spot); a challenge that is not this connection's, or a wrong signature
// (Futures).
bool is_of_the_session(std::string_view error) {
  return error == "ESession:Invalid session" || error == "Failed to subscribe to authenticated feed";
}

// What the exchange may grant when it is asked again (spot-v2 sections 3.3 and 8). Who gives no reason has none to stay
// away for.
bool is_for_now(std::string_view error) {
  return error.empty() || error.starts_with("Exceeded msg rate") || error.starts_with("Rate limit") ||
         error.starts_with("EService:Unavailable") || error.starts_with("EService:Busy");
}

// Whether it is the kind of reply that such a request gets. One that asks to unsubscribe from what is not subscribed to
// is answered like one that subscribes (seen of Spot v2).
bool fits(const Request& request, const Reply& reply) {
  if (reply.method == "pong") return request.method == Method::Ping;
  if (request.method == Method::Unsubscribe && reply.error == "Subscription Not Found") return true;
  return reply.method == name_of(request) || (reply.method == "error" && !reply.success);
}

// Whether a reply that names no request can be about this one.
bool could_answer(const Request& request, const Reply& reply) {
  if (!fits(request, reply)) return false;
  if (!reply.channel.empty() && reply.channel != to_string(request.subscription.channel)) return false;
  const auto& symbols = request.subscription.symbols;
  return reply.symbol.empty() || std::find(symbols.begin(), symbols.end(), reply.symbol) != symbols.end();
}

// "Already subscribed"; Futures: "Already subscribed to feed, re-requesting". Not: "... to one ohlc interval ...".
bool stands_already(std::string_view error) {
  return error == "Already subscribed" || error.starts_with("Already subscribed to feed");
}

}  // namespace

void Client::take(const Reply& reply) {
  if (!reply.success && is_of_the_session(reply.error)) session_.refused();
  auto asked = reply.request_id ? pending_.find(*reply.request_id) : pending_.end();
  if (asked != pending_.end() && !fits(asked->second.request, reply)) asked = pending_.end();
  if (!reply.request_id) {
    asked = std::find_if(pending_.begin(), pending_.end(),
                         [&](const auto& each) { return each.first < 0 && could_answer(each.second.request, reply); });
  }
  const auto id = asked == pending_.end() ? std::optional<std::int64_t>{} : asked->first;
  if (reply.request_id && *reply.request_id < 0) {  // a number of ours, for an answer in a dialect without ids
    Reply as_told = reply;
    as_told.request_id.reset();
    events_.on_event(as_told);
  } else {
    events_.on_event(reply);
  }
  // A handler may have ended the connection.
  asked = id ? pending_.find(*id) : pending_.end();
  if (asked == pending_.end()) {
    effect_of(reply, nullptr);
    return;
  }
  // One answer per symbol: the last of them ends the request.
  const Request request = asked->second.request;
  auto& symbols = asked->second.request.subscription.symbols;
  if (!reply.symbol.empty()) std::erase(symbols, reply.symbol);
  if (reply.symbol.empty() || symbols.empty()) {
    finish(asked->first);
    pending_.erase(asked);
  }
  effect_of(reply, &request);
}

void Client::take(const TradingReply& reply) {
  // A handler may trade again at once.
  if (!reply.success && is_of_the_session(reply.error)) session_.refused();
  events_.on_event(reply);
  if (!reply.request_id) return;
  const auto asked = pending_.find(*reply.request_id);
  if (asked != pending_.end() && --asked->second.answers_due == 0) pending_.erase(asked);
}

void Client::take(const Challenge& challenge) {
  events_.on_event(challenge);
  std::erase_if(pending_, [](const auto& each) { return each.second.request.method == Method::Challenge; });
  session_.challenged(challenge.message);
}

// `asked` is the request that it answers, if that was seen.
void Client::effect_of(const Reply& reply, const Request* asked) {
  const Timestamp now = timers_.now();
  // One that nobody waits for any more says little: what it confirms or ends may have been asked for again since.
  const bool late = asked == nullptr && reply.request_id && finished_.contains(*reply.request_id);
  Subscription subscription;
  if (asked != nullptr) {
    subscription = asked->subscription;
  } else if (const auto channel = parse_channel(reply.channel)) {
    subscription.channel = *channel;
    subscription.depth = reply.depth.value_or(subscription.depth);
    subscription.interval_minutes = reply.interval_minutes.value_or(subscription.interval_minutes);
    if (!reply.event_trigger.empty()) subscription.event_trigger = reply.event_trigger;
    if (!reply.symbol.empty()) subscription.symbols = {std::string(reply.symbol)};
  } else {
    return;
  }
  if (!reply.symbol.empty()) subscription.symbols = {std::string(reply.symbol)};

  // Acknowledgements of level3 do not tell it (spot-v2 section 3.2).
  std::optional<int> depth = reply.depth;
  if (!depth && asked != nullptr) depth = subscription.depth;
  const bool subscribing = asked != nullptr ? asked->method == Method::Subscribe : reply.method == "subscribe";
  if (subscribing && reply.request_id) {
    const auto is_overtaken = [&](const std::string& symbol) {
      return overtaken_.contains({*reply.request_id, SubscriptionKey::of(subscription, symbol)});
    };
    const bool has_symbols = !subscription.symbols.empty();
    std::erase_if(subscription.symbols, is_overtaken);
    if (has_symbols ? subscription.symbols.empty() : is_overtaken({})) return;
  }
  if (subscribing) {
    if (reply.success) {
      if (asked == nullptr && !late) streams_.requested(subscription, now);
      confirmed(subscription, reply, depth);
    } else {
      refused(subscription, reply, depth);
    }
  } else if (reply.method == "unsubscribe" && reply.success && !late) {
    if (asked == nullptr) streams_.ended(subscription, now);
    market_.unsubscribed(subscription.channel, reply.symbol);
    // The exchange may end a subscription by itself (spot-v1 section 4.3).
    if (asked == nullptr) subscribe_wanted(subscription);
  } else if (asked != nullptr && asked->method == Method::Challenge && !reply.success) {
    session_.challenge_failed(fmt::format("the challenge was refused: {}", reply.error));
  }
}

void Client::confirmed(const Subscription& subscription, const Reply& reply, std::optional<int> depth) {
  const Timestamp now = timers_.now();
  if (codec_.keeps_talking(to_string(subscription.channel)) && !std::exchange(heard_data_, true)) set_silence_timer();
  if (subscription.symbols.empty()) {
    const SubscriptionKey key = SubscriptionKey::of(subscription, {});
    streams_.confirmed(key, now);
    unanswered_.erase(key);
  }
  account_.confirmed(subscription.channel, !codec_.answers_in_order());
  for (const std::string& symbol : subscription.symbols) {
    const SubscriptionKey key = SubscriptionKey::of(subscription, symbol);
    streams_.confirmed(key, now);
    unanswered_.erase(key);
    market_.confirmed(subscription, symbol, reply, depth);
  }
  if (lost_at_ && streams_.to_restore() == 0) {
    events_.on_event(
        LinkChange{LinkState::Resubscribed, fmt::format("{} after the loss", format_duration(now - *lost_at_))});
    lost_at_.reset();
  }
}

void Client::refused(const Subscription& subscription, const Reply& reply, std::optional<int> depth) {
  const Timestamp now = timers_.now();
  if (stands_already(reply.error)) {
    // The exchange has subscribed us, and its answer was lost. A book needs its snapshot again.
    confirmed(subscription, reply, depth);
    return;
  }
  const std::string_view why = reply.error.empty() ? "refused without a reason" : reply.error;
  if (subscription.symbols.empty()) streams_.refused(SubscriptionKey::of(subscription, {}), why, now);
  for (const std::string& symbol : subscription.symbols) {
    streams_.refused(SubscriptionKey::of(subscription, symbol), why, now);
  }
  const Request again{.method = Method::Subscribe, .subscription = subscription};
  if (is_for_now(reply.error)) ask_again_later(again);
  if (is_of_the_session(reply.error) && options_.authoriser != nullptr) ask_again(again);
}

}  // namespace ktape
