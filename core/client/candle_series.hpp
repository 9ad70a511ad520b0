#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/market/candle_builder.hpp"
#include "core/market/event.hpp"

namespace ktape {

struct CandleOptions {
  std::vector<Duration> intervals{};  // none: no candles are built. Whole minutes
  // A candle closes so long after its end on the receive clock, so that trades under way still get in.
  Duration grace = std::chrono::milliseconds(250);
};

// Candles of every symbol and interval, closed by timers of the receive clock: begin + interval + grace. All candles
// that end at one boundary are told in one go: the longest interval first, then the symbols in the order they were
// first seen, so that who is woken by a minute's close already knows the hour's.
class CandleSeries {
 public:
  // `timers` and `out` outlive it.
  CandleSeries(TimerService& timers, EventSink& out, CandleOptions options);

  bool wanted() const { return !options_.intervals.empty(); }

  // Every trade once; revisions of closed candles are told at once. An error for a trade that is out of range.
  Result<void> add(const Trade& trade);

  // The pair's decimal places, for candles that begin from now on with a symbol not seen before.
  void set_price_places(std::string_view symbol, int places);

  // The trades of `symbol` are complete from this exchange time on.
  void covered_from(std::string_view symbol, Timestamp since);

  // Nothing more of this symbol: its candles end here, told or not.
  void forget(std::string_view symbol);

  // Trades of `symbol`, or of all, may be missing from now on.
  void interrupted(std::string_view symbol);
  void interrupted();

  // After so many boundaries in a row without a trade of any symbol it stops until the next one: a clock that jumps
  // by years must not make a million empty candles.
  static constexpr int kMaxQuietBoundaries = 100'000;

 private:
  struct Symbol {
    std::string name;
    std::vector<CandleBuilder> builders;  // beside intervals_
  };

  Symbol& symbol(std::string_view name);
  void start();
  void set_timer();
  void close_all(Timestamp boundary);

  TimerService& timers_;
  EventSink& out_;
  CandleOptions options_;  // intervals descending, without repetition
  Duration step_{};        // the greatest common divisor of the intervals: every boundary is a multiple
  std::vector<std::unique_ptr<Symbol>> symbols_;
  std::map<std::string, Symbol*, std::less<>> by_name_;
  std::map<std::string, int, std::less<>> places_;
  std::optional<Timestamp> next_boundary_;  // nothing while no timer is set
  int quiet_boundaries_ = 0;
  Timer timer_;
  std::vector<Candle> revised_;
};

}  // namespace ktape
