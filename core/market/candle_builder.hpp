#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/market/candle_lane.hpp"
#include "core/market/event.hpp"
#include "core/market/trade_sequence.hpp"

namespace ktape {

struct CandleSpec {
  std::string symbol{};
  std::vector<Duration> intervals{};  // each > 0; the order has no meaning
  std::optional<int> price_places{};  // of the pair; where not known, the widest price seen gives them
  // A revision that comes later than this is flagged stale.
  Duration revision_horizon = std::chrono::minutes(10);
  // So many candles of each interval are kept, the newest: a trade older than they are changes nothing.
  std::size_t kept_candles = 720;
};

// Folds the trades of one symbol into candles of several intervals, on the grid of unix time. Each trade is added to
// the smallest interval only, and an interval folds into the next one that it divides when it closes: the sums are
// exact, so this is the same as adding every trade to each. Trades are ordered by (exchange_time, trade_id) whatever
// the order they come in, and those without ids (zero) by their arrival where times are equal; what is told twice
// counts once. The caller says when an interval is over: no clock is asked.
class CandleBuilder {
 public:
  explicit CandleBuilder(CandleSpec spec);
  // A builder that goes on from here on its own.
  CandleBuilder(const CandleBuilder& other);
  CandleBuilder& operator=(const CandleBuilder&) = delete;

  const CandleSpec& spec() const { return spec_; }

  // Intervals that end at or before this instant are history: they give the last close, and are never told.
  void start_at(Timestamp instant);

  // From this exchange time on every trade is added. Candles that began before are Partial.
  void covered_from(Timestamp since) { context_.coverage.covered_from(since); }

  // Trades may be missing from now on. The candles concerned are Suspect until the ids, or a backfill, prove the
  // opposite.
  void interrupted(Timestamp at) { context_.coverage.interrupted(at); }

  // What a trade changes of candles told before is appended to `revised`, the longest interval first and each oldest
  // first. An error (Limit) for a trade whose sums leave 128 bits: it is left out.
  Result<void> add(const Trade& trade, std::vector<CandleRevision>& revised);

  // A candle of the exchange's own (ohlc channel). It stands in for the beginning of a running candle that was not
  // seen, and gives the close of a symbol that has not traded since; else it changes nothing.
  void add(const Candle& candle);

  // Trades told again on demand, without a hole among them, in any order (REST): those that were missing take their
  // place. Candles that become whole are revised, each once.
  Result<void> backfill(std::span<const Trade> trades, std::vector<CandleRevision>& revised);

  // Closes all intervals that end at `boundary`, later than the ones before, and appends their candles, the longest
  // first. An interval without a trade is told as Empty, flat at the last close, if `tell_empty` and if there is one.
  void close(Timestamp boundary, bool tell_empty, std::vector<Candle>& closed);

  // The end of the first interval that has trades and is not closed: when a policy that waits for trades has something
  // to close.
  std::optional<Timestamp> first_open_end() const;

  // How many candles it holds, of all intervals.
  std::size_t kept() const;

  // Intervals that end at or before `at` are over, those without a trade too, of which nothing is told. None that has
  // trades may be open.
  void pass(Timestamp at) {
    for (Level& level : levels_) level.lane.pass(at);
  }

  // The candle of an interval as it stands, if it has a trade and is not closed.
  std::optional<Candle> running(Duration interval, Timestamp begin) const;

  std::uint64_t duplicates() const { return ids_.duplicates(); }
  // Trades that were too old for every candle: they changed nothing.
  std::uint64_t forgotten_trades() const { return forgotten_trades_; }

 private:
  struct Level {
    Level(Duration interval, CandleContext& context) : lane(interval, context) {}
    Level(const Level& other, CandleContext& context)
        : lane(other.lane, context), feeder(other.feeder), feeds(other.feeds) {}
    CandleLane lane;
    std::size_t feeder = kNone;        // the level whose candles fold into this one's
    std::vector<std::size_t> feeds{};  // the opposite
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  Result<void> insert(const Trade& trade);
  CandleSum sum_so_far(std::size_t level, Timestamp begin) const;
  void fold(const Level& from, Timestamp begin);
  void note_before(Timestamp at);
  void revise(std::vector<CandleRevision>& revised);

  CandleSpec spec_;
  CandleContext context_;
  std::vector<Level> levels_;  // intervals ascending
  TradeSequence ids_;
  bool seeded_ = false;
  std::uint64_t forgotten_trades_ = 0;
};

}  // namespace ktape
