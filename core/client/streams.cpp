#include "core/client/streams.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ktape {

SubscriptionKey SubscriptionKey::of(const Subscription& subscription, std::string_view symbol) {
  SubscriptionKey key{.channel = subscription.channel, .symbol = std::string(symbol)};
  if (subscription.channel == Channel::Book || subscription.channel == Channel::Level3) key.depth = subscription.depth;
  if (subscription.channel == Channel::Ohlc) key.interval_minutes = subscription.interval_minutes;
  if (subscription.channel == Channel::Ticker) key.event_trigger = subscription.event_trigger;
  return key;
}

namespace {

// Calls `what` with the key of each symbol; once with none for a channel without symbols.
template <class Function>
void for_each_key(const Subscription& subscription, Function what) {
  if (subscription.symbols.empty()) what(SubscriptionKey::of(subscription, {}));
  for (const std::string& symbol : subscription.symbols) what(SubscriptionKey::of(subscription, symbol));
}

}  // namespace

StreamInfo& Streams::entry(const SubscriptionKey& key, const Subscription& like) {
  const auto [found, is_new] = streams_.try_emplace(key);
  if (is_new) {
    found->second.subscription = like;
    found->second.subscription.symbols.clear();
    if (!key.symbol.empty()) found->second.subscription.symbols.push_back(key.symbol);
  }
  return found->second;
}

void Streams::set(const SubscriptionKey& key, StreamInfo& stream, StreamState state, std::string_view why,
                  Timestamp now) {
  if (stream.state == state && stream.since) return;
  stream.state = state;
  stream.reason = why;
  stream.since = now;
  StreamStateChange change{
      .channel = to_string(key.channel), .symbol = key.symbol, .state = state, .reason = stream.reason};
  if (key.depth != 0) change.depth = key.depth;
  if (key.interval_minutes != 0) change.interval_minutes = key.interval_minutes;
  events_.on_event(change);
}

void Streams::requested(const Subscription& subscription, Timestamp now) {
  for_each_key(subscription, [&](const SubscriptionKey& key) {
    ended_.erase({key.channel, key.symbol});
    if (key.channel == Channel::Ohlc) ended_ohlc_.erase({key.symbol, key.interval_minutes});
    StreamInfo& stream = entry(key, subscription);
    if (!stream.confirmed && stream.state != StreamState::Live)
      set(key, stream, StreamState::Recovering, "requested", now);
  });
}

void Streams::confirmed(const SubscriptionKey& key, Timestamp now) {
  const auto found = streams_.find(key);
  if (found == streams_.end()) return;  // unsubscribed meanwhile
  StreamInfo& stream = found->second;
  if (!std::exchange(stream.confirmed, true)) ++confirmed_;
  to_restore_.erase(key);
  // Of these channels a confirmation shows nothing yet: their data says when it is complete.
  const bool needs_snapshot = key.channel == Channel::Book || key.channel == Channel::Level3;
  if (!needs_snapshot) set(key, stream, StreamState::Live, "confirmed", now);
}

void Streams::refused(const SubscriptionKey& key, std::string_view why, Timestamp now) {
  const auto found = streams_.find(key);
  if (found == streams_.end() || found->second.confirmed) return;  // asked for twice: the first stands
  to_restore_.erase(key);
  set(key, found->second, StreamState::Dead, why, now);
}

bool Streams::holds(Channel channel, std::string_view symbol) const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [&](const auto& each) { return each.first.channel == channel && each.first.symbol == symbol; });
}

void Streams::ended(const Subscription& subscription, Timestamp now) {
  for_each_key(subscription, [&](const SubscriptionKey& key) {
    // Kraken looks at channel, symbol and what tells streams of one symbol apart; a client may leave the rest out.
    auto found = streams_.find(key);
    if (found == streams_.end() && key.channel == Channel::Ticker) {
      found = std::find_if(streams_.begin(), streams_.end(), [&](const auto& each) {
        return each.first.channel == key.channel && each.first.symbol == key.symbol;
      });
    }
    if (found == streams_.end()) return;
    set(found->first, found->second, StreamState::Ended, "unsubscribed", now);
    if (found->second.confirmed) --confirmed_;
    to_restore_.erase(found->first);
    streams_.erase(found);
    if (key.channel == Channel::Ohlc) ended_ohlc_.emplace(key.symbol, key.interval_minutes);
    if (!holds(key.channel, key.symbol)) ended_.emplace(key.channel, key.symbol);
  });
}

void Streams::data_state(Channel channel, std::string_view symbol, StreamState state, std::string_view why,
                         Timestamp now) {
  for (auto& [key, stream] : streams_) {
    if (key.channel != channel || key.symbol != symbol) continue;
    if (stream.state == StreamState::Dead) continue;  // what still comes is the rest of what was before
    set(key, stream, state, why, now);
  }
}

void Streams::connection_lost(Timestamp now) {
  for (auto& [key, stream] : streams_) {
    if (std::exchange(stream.confirmed, false)) to_restore_.insert(key);
    set(key, stream, StreamState::Recovering, "the connection is down", now);
  }
  confirmed_ = 0;
  stale_ = false;
}

void Streams::fell_silent(std::string_view why, Timestamp now) {
  stale_ = true;
  for (auto& [key, stream] : streams_) {
    if (stream.state == StreamState::Live) set(key, stream, StreamState::Stale, why, now);
  }
}

void Streams::heard_again(Timestamp now) {
  stale_ = false;
  for (auto& [key, stream] : streams_) {
    if (stream.state == StreamState::Stale) set(key, stream, StreamState::Live, "heard again", now);
  }
}

bool Streams::private_confirmed() const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [](const auto& each) { return each.second.confirmed && is_private(each.first.channel); });
}

const StreamInfo* Streams::find(const SubscriptionKey& key) const {
  const auto found = streams_.find(key);
  return found == streams_.end() ? nullptr : &found->second;
}

}  // namespace ktape
