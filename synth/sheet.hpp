#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "exchange/feed.hpp"
#include "synth/market_news.hpp"

namespace ktape::synth {

constexpr std::size_t interval_index(int minutes) {
  std::size_t i = 0;
  while (i < kCandleMinutes.size() && kCandleMinutes[i] != minutes) ++i;
  return i;
}

// The messages that one event makes, each written at most once for all who want it.
class EventSheet {
 public:
  // `event` is the last of the market behind `news`.
  EventSheet(MarketNews& news, const MarketEvent& event) : news_(news), event_(event) {}

  // Empty where the event is no news for this feed. `variant` is the index of its depth or interval.
  const std::string& text(const Feed& feed, std::size_t variant);

 private:
  bool concerns(const Feed& feed) const;
  std::string write(const Feed& feed, std::size_t variant);

  MarketNews& news_;
  const MarketEvent& event_;
  std::string none_;
  std::array<std::optional<std::string>, kBookDepths.size()> books_;
  std::array<std::optional<std::string>, kCandleMinutes.size()> candles_;
  std::optional<std::string> trades_, ticker_;
};

// What a subscriber of `feed` hears first. Empty where there is nothing to tell: no candle in the recent intervals.
std::string snapshot_text(MarketNews& news, const Feed& feed, std::size_t variant, Timestamp now);

}  // namespace ktape::synth
