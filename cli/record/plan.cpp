#include "cli/record/plan.hpp"

#include <algorithm>
#include <map>

namespace ktape::cli {

FeedPlan::FeedPlan(const FeedConfig& feed, bool instrument) : feed_(feed) {
  const auto names = [&feed](Channel channel) {
    return std::find(feed.channels.begin(), feed.channels.end(), channel) != feed.channels.end();
  };
  instrument_ = instrument || names(Channel::Instrument);
  heartbeat_ = names(Channel::Heartbeat);
  lanes_.push_back(
      {.channels = feed.channels, .ohlc_minutes = feed.ohlc_minutes.empty() ? 0 : feed.ohlc_minutes.front()});
  if (!names(Channel::Ohlc)) return;
  for (std::size_t i = 1; i < feed.ohlc_minutes.size(); ++i) {
    lanes_.push_back({.channels = {Channel::Ohlc}, .ohlc_minutes = feed.ohlc_minutes[i]});
  }
}

PlannedRequests FeedPlan::first() const {
  PlannedRequests out;
  if (instrument_) out.subscriptions.push_back({.channel = Channel::Instrument});
  if (heartbeat_) out.subscriptions.push_back({.channel = Channel::Heartbeat});
  for (const Channel channel : feed_.channels) {
    if (is_private(channel)) out.subscriptions.push_back({.channel = channel});
  }
  return out;
}

Subscription FeedPlan::subscription(Channel channel, const Lane& lane, std::vector<std::string> symbols) const {
  // What the dialect does not have keeps its neutral value.
  Subscription out{.channel = channel, .symbols = std::move(symbols), .depth = feed_.depth};
  if (lane.ohlc_minutes != 0) out.interval_minutes = lane.ohlc_minutes;
  if (!feed_.ticker_trigger.empty()) out.event_trigger = feed_.ticker_trigger;
  return out;
}

std::vector<PlannedRequests> FeedPlan::add(const std::vector<std::string>& symbols) {
  std::vector<std::string> fresh;
  for (const std::string& symbol : symbols) {
    const auto place = std::lower_bound(known_.begin(), known_.end(), symbol);
    if (place != known_.end() && *place == symbol) continue;
    known_.insert(place, symbol);
    fresh.push_back(symbol);
  }
  std::map<std::size_t, PlannedRequests> planned;
  for (Lane& lane : lanes_) {
    for (std::size_t next = 0; next < fresh.size();) {
      bool another = false;
      if (!lane.begun || lane.symbols == feed_.symbols_per_connection) {
        another = &lane != &lanes_.front() || lane.begun;
        lane.last = another ? connections_++ : 0;
        lane.symbols = 0;
        lane.begun = true;
      }
      const std::size_t count =
          std::min({fresh.size() - next, feed_.symbols_per_connection - lane.symbols, kSymbolsPerRequest});
      const auto begin = fresh.begin() + static_cast<std::ptrdiff_t>(next);
      const std::vector<std::string> some(begin, begin + static_cast<std::ptrdiff_t>(count));
      PlannedRequests& requests = planned.try_emplace(lane.last, PlannedRequests{lane.last, {}}).first->second;
      if (another && heartbeat_) requests.subscriptions.push_back({.channel = Channel::Heartbeat});
      for (const Channel channel : lane.channels) {
        if (channel == Channel::Instrument || channel == Channel::Heartbeat || is_private(channel)) continue;
        requests.subscriptions.push_back(subscription(channel, lane, some));
      }
      lane.symbols += count;
      next += count;
    }
  }
  std::vector<PlannedRequests> out;
  for (auto& [connection, requests] : planned) out.push_back(std::move(requests));
  return out;
}

}  // namespace ktape::cli
