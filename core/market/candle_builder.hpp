#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/market/event.hpp"

namespace ktape {

struct CandleSpec {
  std::string symbol{};
  Duration interval{};                // a whole number of seconds, > 0
  std::optional<int> price_places{};  // of the pair; where not known, the widest price seen gives them
  // How long a closed candle is kept so that a late trade may revise it.
  Duration revision_horizon = std::chrono::minutes(10);
};

// Folds the trades of one symbol into candles of one interval, on the grid of unix time. Trades are ordered by
// (exchange_time, trade_id) whatever the order they come in, and those without ids (zero) by their arrival where times
// are equal; the caller drops trades told twice (TradeSequence) and says when an interval is over: it never asks a
// clock. All sums are exact.
class CandleBuilder {
 public:
  explicit CandleBuilder(CandleSpec spec);

  const CandleSpec& spec() const { return spec_; }

  // Intervals that end at or before this instant are history: they give the last close, and are never told.
  void start_at(Timestamp instant);

  // From this exchange time on every trade is added. Candles that began before are Partial.
  void covered_from(Timestamp since);

  // Trades may be missing from now on, until covered_from() is called again.
  void interrupted() { covered_from_.reset(); }

  // A trade of a closed interval revises that candle, and the empty ones after it, if the close changed: they are
  // appended to `revised`, oldest first. An error (Limit) for a trade whose sums leave 128 bits: it is left out.
  Result<void> add(const Trade& trade, std::vector<Candle>& revised);

  // Closes the interval that ends at `boundary`, a multiple of the interval, later than the one before. Nothing while
  // no trade was ever seen: an empty candle is flat at the last close, and there is none.
  std::optional<Candle> close(Timestamp boundary);

  // The candle of the newest interval that has a trade and is not closed yet.
  std::optional<Candle> running() const;

  // Trades that came after the revision horizon: they changed nothing.
  std::uint64_t stale_trades() const { return stale_trades_; }

 private:
  using TradeKey = std::pair<Timestamp, std::int64_t>;
  struct Slot {
    std::int64_t trades = 0;
    TradeKey first, last;
    Decimal open, high, low, close;
    Int128 volume = 0;    // in units of 10^-quantity_places_
    Int128 turnover = 0;  // sum of price times quantity, in units of 10^-(price_places_ + quantity_places_)
    bool closed = false;
    bool partial = false;
    std::uint32_t revision = 0;
  };

  Result<void> widen(const Trade& trade);
  Result<void> fold(Slot& slot, const Trade& trade);
  const Slot* last_traded_before(Timestamp begin) const;
  Candle candle(Timestamp begin, const Slot& slot, CandleState state) const;
  void forget_before(Timestamp boundary);

  CandleSpec spec_;
  int price_places_;
  int quantity_places_ = 0;
  std::map<Timestamp, Slot> slots_;  // by begin; the running ones and the closed ones that may be revised
  std::optional<Slot> before_;       // the last one with a trade that slots_ has forgotten
  std::optional<Timestamp> closed_until_;
  Timestamp told_from_ = Timestamp::min();
  std::optional<Timestamp> covered_from_;
  std::uint64_t stale_trades_ = 0;
};

}  // namespace ktape
