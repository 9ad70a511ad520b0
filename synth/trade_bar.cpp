#include "synth/trade_bar.hpp"

#include <algorithm>

namespace ktape::synth {
namespace {

// Adds to the last bar of `bars` or begins the next one on the grid of `interval`.
void append_on_grid(std::deque<TradeBar>& bars, const TradeBar& bar, Duration interval) {
  const Timestamp begin = floor_to(bar.begin, interval);
  if (!bars.empty() && bars.back().begin == begin) {
    bars.back().append(bar);
    return;
  }
  bars.push_back(bar);
  bars.back().begin = begin;
}

}  // namespace

void TradeBar::append(const TradeBar& later) {
  if (later.trades == 0) return;
  if (trades == 0) {
    const Timestamp kept = begin;
    *this = later;
    begin = kept;
    return;
  }
  high = std::max(high, later.high);
  low = std::min(low, later.low);
  close = later.close;
  volume += later.volume;
  value += later.value;
  trades += later.trades;
}

void CandleSeries::append(const TradeBar& bar) {
  append_on_grid(bars_, bar, interval_);
  if (bars_.size() > static_cast<std::size_t>(kSpan)) bars_.pop_front();
}

std::deque<TradeBar> CandleSeries::recent(Timestamp now) const {
  const Timestamp oldest = floor_to(now, interval_) - (kSpan - 1) * interval_;
  std::deque<TradeBar> result = bars_;
  while (!result.empty() && result.front().begin < oldest) result.pop_front();
  return result;
}

void DayStatistics::append(const TradeBar& bar) {
  constexpr auto kMinute = std::chrono::minutes{1};
  append_on_grid(minutes_, bar, kMinute);
  while (minutes_.front().begin < minutes_.back().begin - std::chrono::days{1}) minutes_.pop_front();
}

TradeBar DayStatistics::at(Timestamp now) const {
  const Timestamp oldest = floor_to(now, std::chrono::minutes{1}) - std::chrono::days{1};
  TradeBar sum;
  sum.begin = oldest;
  for (const TradeBar& minute : minutes_) {
    if (minute.begin >= oldest) sum.append(minute);
  }
  return sum;
}

}  // namespace ktape::synth
