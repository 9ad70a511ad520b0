#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/market/candle_builder.hpp"
#include "core/market/event.hpp"

namespace ktape {

// When a candle is taken for final.
enum class ClosePolicy : std::uint8_t {
  Next,   // at the first trade or ohlc message of a later interval: late, never wrong, and silent on empty intervals
  Timer,  // at its end plus the grace, on the receive clock
  Watermark,  // as Timer, but earlier once every trade source has told something of a later interval
};
std::optional<ClosePolicy> parse_close_policy(std::string_view name);

struct CandleOptions {
  std::vector<Duration> intervals{};  // none: no candles are built
  ClosePolicy policy = ClosePolicy::Timer;
  // A candle closes so long after its end on the receive clock, so that trades under way still get in.
  Duration grace = std::chrono::milliseconds(250);
  Duration revision_horizon = std::chrono::minutes(10);
  // Sources of trades that Watermark waits for, numbered from 0; add() speaks for number 0, heard() for any.
  std::size_t trade_sources = 1;
  // Called when a timer closes candles, before any of them is told, with the instant at which this was due: whoever has
  // a real clock can measure how late it is. May be empty.
  std::function<void(Timestamp due)> on_close{};
};

// Candles of every symbol and interval, for one sink and under one close policy. All candles that end at one boundary
// are told in one go: the longest interval first, then the symbols in the order they were first seen, so that who is
// woken by a minute's close already knows the hour's.
class CandleSeries {
 public:
  // `timers` and `out` outlive it.
  CandleSeries(TimerService& timers, EventSink& out, CandleOptions options);

  bool wanted() const { return !options_.intervals.empty(); }

  // A trade, also one that was told before; revisions of closed candles are told at once. An error for one out of
  // range.
  Result<void> add(const Trade& trade);

  // A message of the ohlc channel; candles of trades are ignored.
  void add(const Candle& candle);

  // Trades of one symbol that were asked for, without a hole among them: they fill what is missing.
  Result<void> backfill(std::string_view symbol, std::span<const Trade> trades);

  // A source of trades has told something of this exchange time (Watermark).
  void heard(std::size_t source, Timestamp exchange_time);

  // The pair's decimal places, for candles that begin from now on with a symbol not seen before.
  void set_price_places(std::string_view symbol, int places);

  // The trades of `symbol` are complete from this exchange time on.
  void covered_from(std::string_view symbol, Timestamp since);

  // Nothing more of this symbol: its candles end here, told or not.
  void forget(std::string_view symbol);

  // Trades of `symbol`, or of all, may be missing from now on.
  void interrupted(std::string_view symbol);
  void interrupted();

  std::uint64_t duplicate_trades() const;
  std::uint64_t revisions() const { return revisions_; }

  // After so many boundaries in a row without a trade of any symbol it stops until the next one: a clock that jumps
  // by years must not make a million empty candles.
  static constexpr int kMaxQuietBoundaries = 100'000;

 private:
  CandleBuilder& symbol(std::string_view name);
  void start();
  void set_timer();
  void pass_boundary();
  void close_all(Timestamp boundary);
  void close_before(CandleBuilder& builder, Timestamp at);
  void tell_revised();

  TimerService& timers_;
  EventSink& out_;
  CandleOptions options_;  // intervals without repetition
  Duration step_{};        // the greatest common divisor of the intervals: every boundary is a multiple
  std::vector<std::unique_ptr<CandleBuilder>> symbols_;
  std::map<std::string, CandleBuilder*, std::less<>> by_name_;
  std::map<std::string, int, std::less<>> places_;
  std::optional<Timestamp> next_boundary_;  // nothing while no timer is set
  int quiet_boundaries_ = 0;
  Timer timer_;
  std::vector<Timestamp> heard_;  // per source of trades
  std::vector<CandleRevision> revised_;
  std::uint64_t revisions_ = 0;
};

}  // namespace ktape
