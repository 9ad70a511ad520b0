#include "replay/feed_routes.hpp"

#include <algorithm>
#include <optional>

#include "replay/lookahead.hpp"

namespace ktape {
namespace {

// What the event says of its feed; the depth of an update, and the trigger of a ticker, are not said.
std::optional<Feed> feed_in(const Event& event) {
  if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
    return Feed::book(std::string(snapshot->symbol), book_depth_of(*snapshot));
  }
  if (const auto* update = std::get_if<BookUpdate>(&event)) return Feed::book(std::string(update->symbol), 0);
  if (const auto* trade = std::get_if<Trade>(&event)) return Feed::trade(std::string(trade->symbol));
  if (const auto* ticker = std::get_if<Ticker>(&event)) return Feed::ticker(std::string(ticker->symbol));
  if (const auto* candle = std::get_if<Candle>(&event)) {
    return Feed::ohlc(std::string(candle->symbol), static_cast<int>(candle->interval / std::chrono::minutes(1)));
  }
  if (std::holds_alternative<InstrumentUpdate>(event)) return Feed::instrument();
  return std::nullopt;
}

}  // namespace

void FeedRoutes::subscribed(const Feed& feed) {
  unsubscribed(feed);
  routes_[{feed.channel, feed.symbol}].push_back(feed);
}

// What was acknowledged once stays known: its late messages teach nothing.
void FeedRoutes::unsubscribed(const Feed& feed) { std::erase(routes_[{feed.channel, feed.symbol}], feed); }

FeedRoutes::Routed FeedRoutes::of(const Event& event) {
  const auto feed = feed_in(event);
  if (!feed) return {};
  const auto at = routes_.find({feed->channel, feed->symbol});
  if (at != routes_.end()) {
    if (feed->channel != Channel::Ohlc || at->second.empty()) return {at->second, false};
    if (std::find(at->second.begin(), at->second.end(), *feed) != at->second.end()) return {{*feed}, false};
  }
  // Nobody can use a book whose beginning is not there, nor tell its depth.
  if (feed->channel == Channel::Book && feed->depth == 0) return {};
  routes_[{feed->channel, feed->symbol}].push_back(*feed);
  return {{*feed}, true};
}

}  // namespace ktape
