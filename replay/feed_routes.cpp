#include "replay/feed_routes.hpp"

#include <algorithm>

namespace ktape {

void FeedRoutes::subscribed(const Feed& feed) {
  unsubscribed(feed);
  ended_.erase(feed);
  routes_[{feed.channel, feed.symbol}].push_back(feed);
}

void FeedRoutes::unsubscribed(const Feed& feed) {
  std::erase(routes_[{feed.channel, feed.symbol}], feed);
  ended_.insert(feed);
}

FeedRoutes::Routed FeedRoutes::of(const Event& event, std::string_view text) {
  const auto feed = dialect_->feed_in(event, text);
  if (!feed) return {};
  const auto at = routes_.find({feed->channel, feed->symbol});
  if (at == routes_.end()) return learn(*feed, event);
  const bool known = std::find(at->second.begin(), at->second.end(), *feed) != at->second.end();
  if (dialect_->messages_name_their_feed()) {
    if (known) return {{*feed}, false};
    return ended_.contains(*feed) ? Routed{} : learn(*feed, event);
  }
  if (feed->channel != Channel::Ohlc || at->second.empty()) return {at->second, false};
  return known ? Routed{{*feed}, false} : learn(*feed, event);
}

// Nobody can use a book whose beginning is not there.
FeedRoutes::Routed FeedRoutes::learn(const Feed& feed, const Event& event) {
  if (std::holds_alternative<BookUpdate>(event)) return {};
  routes_[{feed.channel, feed.symbol}].push_back(feed);
  return {{feed}, true};
}

}  // namespace ktape
