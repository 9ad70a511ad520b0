#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/time.hpp"
#include "core/market/event.hpp"
#include "core/protocol/codec.hpp"

namespace ktape {

// What can be subscribed to on its own and has a state: one channel, one symbol (or none), all parameters.
struct SubscriptionKey {
  Channel channel = Channel::Book;
  std::string symbol{};
  int depth = 0;                // book, level3
  int interval_minutes = 0;     // ohlc
  std::string event_trigger{};  // ticker

  static SubscriptionKey of(const Subscription& subscription, std::string_view symbol);

  friend bool operator==(const SubscriptionKey&, const SubscriptionKey&) = default;
  friend auto operator<=>(const SubscriptionKey&, const SubscriptionKey&) = default;
};

// What one subscription has come to.
struct StreamInfo {
  Subscription subscription{};  // with its one symbol
  bool confirmed = false;       // by the exchange, on the connection that stands
  StreamState state = StreamState::Recovering;
  std::string reason{};  // why it is in that state; Kraken's words where it has refused
  std::optional<Timestamp> since{};
};

// The streams of one connection. What they are is a function of the frames that went by, in both directions, and of
// time: whoever asked for them, this program or the one that was recorded.
class Streams {
 public:
  // Events are told to `events`, which outlives it, in the order of the keys where several change at once.
  explicit Streams(EventSink& events) : events_(events) {}

  void requested(const Subscription& subscription, Timestamp now);
  void confirmed(const SubscriptionKey& key, Timestamp now);
  // Or not answered.
  void refused(const SubscriptionKey& key, std::string_view why, Timestamp now);
  // An unsubscribe request has gone out: nothing of it is passed on from here.
  void ended(const Subscription& subscription, Timestamp now);

  // The state of what it carries has changed: Live or Recovering. All streams of this channel and symbol.
  void data_state(Channel channel, std::string_view symbol, StreamState state, std::string_view why, Timestamp now);

  void connection_lost(Timestamp now);
  void fell_silent(std::string_view why, Timestamp now);  // Live becomes Stale
  void heard_again(Timestamp now);                        // Stale becomes Live

  // After a loss: how many of the streams that were confirmed before it are not again.
  std::size_t to_restore() const { return to_restore_.size(); }

  // False from the unsubscribe request on until it is asked for again.
  bool passes(Channel channel, std::string_view symbol) const {
    return ended_.empty() || !ended_.contains(std::pair{channel, std::string(symbol)});
  }
  bool passes_ohlc(std::string_view symbol, int interval_minutes) const {
    return ended_ohlc_.empty() || !ended_ohlc_.contains(std::pair{std::string(symbol), interval_minutes});
  }

  // Whether anything of this channel and symbol is subscribed to, confirmed or not.
  bool holds(Channel channel, std::string_view symbol) const;

  const StreamInfo* find(const SubscriptionKey& key) const;
  const std::map<SubscriptionKey, StreamInfo>& all() const { return streams_; }
  bool any_confirmed() const { return confirmed_ > 0; }
  bool private_confirmed() const;  // something that tells about an account
  bool any_stale() const { return stale_; }

 private:
  StreamInfo& entry(const SubscriptionKey& key, const Subscription& like);
  void set(const SubscriptionKey& key, StreamInfo& stream, StreamState state, std::string_view why, Timestamp now);

  EventSink& events_;
  std::map<SubscriptionKey, StreamInfo> streams_;
  std::set<std::pair<Channel, std::string>> ended_;  // no stream of this channel and symbol is left
  std::set<std::pair<std::string, int>> ended_ohlc_;
  std::set<SubscriptionKey> to_restore_;
  int confirmed_ = 0;
  bool stale_ = false;
};

}  // namespace ktape
