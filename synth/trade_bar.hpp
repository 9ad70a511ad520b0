#pragma once

#include <cstdint>
#include <deque>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"

namespace ktape::synth {

// The trades of one stretch of time, in units of the pair's places.
struct TradeBar {
  Timestamp begin;
  std::int64_t open = 0, high = 0, low = 0, close = 0;
  Int128 volume = 0;
  Int128 value = 0;  // sum of price times quantity, exact
  std::int64_t trades = 0;

  static TradeBar of(Timestamp at, std::int64_t price, std::int64_t quantity) {
    return {at, price, price, price, price, quantity, static_cast<Int128>(price) * quantity, 1};
  }

  // Folds in what came right after.
  void append(const TradeBar& later);

  // Truncated, as Kraken's candles are.
  std::int64_t vwap() const { return volume == 0 ? 0 : static_cast<std::int64_t>(value / volume); }
};

// The recent candles of one interval, empty ones left out.
class CandleSeries {
 public:
  explicit CandleSeries(Duration interval) : interval_(interval) {}

  Duration interval() const { return interval_; }

  // In order of time. `bar` lies inside one interval.
  void append(const TradeBar& bar);

  const TradeBar& running() const { return bars_.back(); }
  // Those of the last kSpan intervals, the one that holds `now` included.
  std::deque<TradeBar> recent(Timestamp now) const;

  static constexpr int kSpan = 10;  // two captures fit roughly the last ten intervals (spot-v2 section 5.6)

 private:
  Duration interval_;
  std::deque<TradeBar> bars_;
};

// What a ticker says of the last 24 hours. The window moves in steps of a minute: it holds the running minute and the
// 1440 before it.
class DayStatistics {
 public:
  // In order of time. `bar` lies inside one minute.
  void append(const TradeBar& bar);
  TradeBar at(Timestamp now) const;

 private:
  std::deque<TradeBar> minutes_;
};

}  // namespace ktape::synth
