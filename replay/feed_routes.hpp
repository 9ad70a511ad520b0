#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/market/event.hpp"
#include "exchange/feed.hpp"

namespace ktape {

// Which feeds an event on one recorded connection belongs to: those that were acknowledged there or, where a recording
// lacks the answers, what the event says itself.
class FeedRoutes {
 public:
  void subscribed(const Feed& feed);
  void unsubscribed(const Feed& feed);

  struct Routed {
    std::vector<Feed> feeds;
    bool learnt = false;  // the one feed was not known before
  };
  // Nothing for what is no market data, and for the update of a book whose beginning is not there.
  Routed of(const Event& event);

  const std::map<std::pair<Channel, std::string>, std::vector<Feed>>& all() const { return routes_; }

 private:
  std::map<std::pair<Channel, std::string>, std::vector<Feed>> routes_;
};

}  // namespace ktape
