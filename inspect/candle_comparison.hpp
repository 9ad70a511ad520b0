#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "core/market/event.hpp"

namespace ktape {

// Compares the candles that the exchange tells (ohlc) with those built here from its trades: two ways to the same
// numbers. A candle is compared once the exchange has gone on to the next one and ours is closed. Candles of which a
// part was not seen, by either side, are not compared.
class CandleComparison {
 public:
  // Called with what differs.
  using Differs = std::function<void(const std::string& what)>;

  explicit CandleComparison(Differs differs) : differs_(std::move(differs)) {}

  void on_candle(const Candle& candle);

  // Updates of the exchange may be missing from now on: nothing that was heard before is its last word. Of one symbol,
  // or of all where it is empty.
  void interrupted(std::string_view symbol);

  std::uint64_t compared() const { return compared_; }
  std::uint64_t failed() const { return failed_; }

 private:
  struct Numbers {
    Decimal open, high, low, close, volume, vwap;
    std::int64_t trades = 0;
  };
  struct Pair {
    std::optional<Numbers> told;
    std::optional<Numbers> built;
    bool told_is_final = false;
  };
  using Series = std::pair<std::string, Duration>;  // symbol and interval
  struct Running {
    std::map<Timestamp, Pair> candles;  // by begin; few, since those that were compared are gone
    std::optional<Timestamp> compared_until;
  };

  static Numbers numbers(const Candle& candle);
  void compare(const Series& series, Running& running);

  Differs differs_;
  std::map<Series, Running> series_;
  std::uint64_t compared_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace ktape
