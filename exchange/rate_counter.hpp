#pragma once

#include <cstdint>

#include "core/base/time.hpp"
#include "exchange/trading_engine.hpp"

namespace ktape {

// Kraken's limits of trading, per account and pair (spot-v2 section 10).
struct TradingLimits {
  int max_rate_count = 125;
  int decay_per_100_seconds = 234;
  int max_open_orders = 80;  // per pair
};
TradingLimits limits_of(AccountTier tier);

// The counter that orders raise and time lowers. A transaction is refused until the counter is below the threshold; its
// fixed cost counts all the same.
class RateCounter {
 public:
  explicit RateCounter(TradingLimits limits) : limits_(limits) {}

  // What transactions cost, in hundredths; `age`: since the order was placed or last amended.
  static int add_cost() { return 100; }
  static int batch_add_cost(std::size_t orders) { return static_cast<int>(orders) * 50; }
  static int amend_cost(Duration age);
  static int edit_cost(Duration age);
  static int cancel_cost(Duration age);

  // Counts the cost; false if the counter was not below the threshold: then `refused_cost` is counted.
  bool take(Timestamp now, int cost, int refused_cost);
  // Counts it whatever the threshold says: cancels by the exchange's own machinery, and batch_cancel.
  void force(Timestamp now, int cost);

  // In hundredths.
  std::int64_t value(Timestamp now) const;

 private:
  // A point is 10^11 units, so that a nanosecond's decay is a whole number of them.
  static constexpr std::int64_t kUnitsPerHundredth = 1'000'000'000;
  std::int64_t at(Timestamp now) const;

  TradingLimits limits_;
  std::int64_t units_ = 0;
  Timestamp since_{};
};

}  // namespace ktape
