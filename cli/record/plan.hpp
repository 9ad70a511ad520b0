#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/record/config.hpp"
#include "core/protocol/codec.hpp"

namespace ktape::cli {

// What one connection of a feed is to ask for, in this order.
struct PlannedRequests {
  std::size_t connection = 0;  // of this feed, counted from 0
  std::vector<Subscription> subscriptions;

  friend bool operator==(const PlannedRequests&, const PlannedRequests&) = default;
};

// How the wishes of a feed are spread over connections: so many symbols on each with all their channels; and because
// Kraken takes one ohlc interval per symbol and connection, each further interval on connections of its own. One
// request names at most kSymbolsPerRequest symbols (spot-v2 section 1.4).
class FeedPlan {
 public:
  static constexpr std::size_t kSymbolsPerRequest = 100;

  // `instrument`: the first connection asks for the instrument channel, also if the feed does not name it.
  FeedPlan(const FeedConfig& feed, bool instrument);

  // What the first connection asks for before any symbol is known: the instrument channel, if it is to; what tells
  // about an account; of Futures the heartbeats, which every connection asks for.
  PlannedRequests first() const;

  // Takes further symbols on: what is to be asked for, connection by connection, in the order of their numbers.
  // Symbols that it has are left out.
  std::vector<PlannedRequests> add(const std::vector<std::string>& symbols);

  std::size_t connections() const { return connections_; }

 private:
  // Connections that carry the same channels.
  struct Lane {
    std::vector<Channel> channels;
    int ohlc_minutes = 0;
    std::size_t last = 0;     // its last connection
    std::size_t symbols = 0;  // on that one
    bool begun = false;
  };
  Subscription subscription(Channel channel, const Lane& lane, std::vector<std::string> symbols) const;

  const FeedConfig& feed_;
  bool instrument_;
  bool heartbeat_;
  std::vector<Lane> lanes_;
  std::size_t connections_ = 1;
  std::vector<std::string> known_;  // sorted
};

}  // namespace ktape::cli
