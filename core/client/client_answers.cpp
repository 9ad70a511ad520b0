#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/client/client.hpp"

// What the exchange has answered to a Client, and what follows from it.
namespace ktape {
namespace {

constexpr std::string_view kInvalidSession = "ESession:Invalid session";

// Whether it is the kind of reply that such a request gets.
bool fits(const Request& request, const Reply& reply) {
  if (reply.method == "pong") return request.method == Method::Ping;
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
  auto asked = reply.request_id ? pending_.find(*reply.request_id) : pending_.end();
  if (asked != pending_.end() && !fits(asked->second.request, reply)) asked = pending_.end();
  if (!reply.request_id) {
    asked = std::find_if(pending_.begin(), pending_.end(),
                         [&](const auto& each) { return each.first < 0 && could_answer(each.second.request, reply); });
  }
  if (reply.request_id && *reply.request_id < 0) {  // a number of ours, for an answer in a dialect without ids
    Reply as_told = reply;
    as_told.request_id.reset();
    events_.on_event(as_told);
  } else {
    events_.on_event(reply);
  }
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
  events_.on_event(reply);
  if (!reply.success && reply.error == kInvalidSession) session_.refused();
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
  const bool subscribing = reply.method == "subscribe" || (asked != nullptr && asked->method == Method::Subscribe);
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
  } else if (asked != nullptr && asked->method == Method::Challenge && !reply.success) {
    session_.challenge_failed(fmt::format("the challenge was refused: {}", reply.error));
  }
}

void Client::confirmed(const Subscription& subscription, const Reply& reply, std::optional<int> depth) {
  const Timestamp now = timers_.now();
  reconnect_.succeeded();
  if (codec_.keeps_talking(to_string(subscription.channel)) && !std::exchange(heard_data_, true)) set_silence_timer();
  if (subscription.symbols.empty()) streams_.confirmed(SubscriptionKey::of(subscription, {}), now);
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
  if (subscription.symbols.empty()) streams_.refused(SubscriptionKey::of(subscription, {}), reply.error, now);
  for (const std::string& symbol : subscription.symbols) {
    streams_.refused(SubscriptionKey::of(subscription, symbol), reply.error, now);
  }
  if (reply.error != kInvalidSession) return;
  session_.refused();
  if (options_.authoriser != nullptr) ask_again({.method = Method::Subscribe, .subscription = subscription});
}

}  // namespace ktape
