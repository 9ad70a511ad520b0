#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/market/event.hpp"
#include "exchange/feed.hpp"
#include "replay/recorded_dialect.hpp"

namespace ktape {

// Which feeds an event on one recorded connection belongs to: those that were acknowledged there or, where a recording
// lacks the answers, what the message says itself.
class FeedRoutes {
 public:
  explicit FeedRoutes(const RecordedDialect& dialect) : dialect_(&dialect) {}

  void subscribed(const Feed& feed);
  void unsubscribed(const Feed& feed);

  struct Routed {
    std::vector<Feed> feeds;
    bool learnt = false;  // the one feed was not known before
  };
  // Nothing for what is no market data, and for the update of a book whose beginning is not there. `text` is the
  // message that told the event.
  Routed of(const Event& event, std::string_view text);

  const std::map<std::pair<Channel, std::string>, std::vector<Feed>>& all() const { return routes_; }

 private:
  Routed learn(const Feed& feed, const Event& event);

  const RecordedDialect* dialect_;
  std::map<std::pair<Channel, std::string>, std::vector<Feed>> routes_;
  std::set<Feed> ended_;  // acknowledged once, and not any more: late messages teach nothing
};

}  // namespace ktape
