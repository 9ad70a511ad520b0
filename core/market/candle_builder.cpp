#include "core/market/candle_builder.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace ktape {

CandleBuilder::CandleBuilder(CandleSpec spec) : spec_(std::move(spec)) {
  context_.symbol = spec_.symbol;
  context_.price_places = spec_.price_places;
  context_.widest_price = spec_.price_places.value_or(0);
  context_.revision_horizon = spec_.revision_horizon;
  context_.kept_candles = spec_.kept_candles;

  std::vector<Duration> intervals = spec_.intervals;
  std::sort(intervals.begin(), intervals.end());
  intervals.erase(std::unique(intervals.begin(), intervals.end()), intervals.end());
  levels_.reserve(intervals.size());
  for (const Duration interval : intervals) {
    KTAPE_ASSERT(interval > Duration::zero(), "a candle's interval must be positive");
    Level& level = levels_.emplace_back(interval, context_);
    for (std::size_t smaller = levels_.size() - 1; smaller-- > 0;) {
      if (interval % levels_[smaller].lane.interval() != Duration::zero()) continue;
      level.feeder = smaller;
      levels_[smaller].feeds.push_back(levels_.size() - 1);
      break;
    }
  }
}

CandleBuilder::CandleBuilder(const CandleBuilder& other)
    : spec_(other.spec_),
      context_(other.context_),
      ids_(other.ids_),
      seeded_(other.seeded_),
      forgotten_trades_(other.forgotten_trades_) {
  context_.symbol = spec_.symbol;
  levels_.reserve(other.levels_.size());
  for (const Level& level : other.levels_) levels_.emplace_back(level, context_);
}

std::size_t CandleBuilder::kept() const {
  std::size_t count = 0;
  for (const Level& level : levels_) count += level.lane.kept();
  return count;
}

void CandleBuilder::start_at(Timestamp instant) {
  for (const Level& level : levels_) {
    for (const Timestamp begin : level.lane.open_within(Timestamp::min(), level.lane.begin_of(instant))) {
      fold(level, begin);
    }
  }
  for (Level& level : levels_) level.lane.start_at(instant);
}

Result<void> CandleBuilder::add(const Trade& trade, std::vector<CandleRevision>& revised) {
  if (ids_.observe(trade.trade_id).duplicate) return {};
  TradeCoverage& coverage = context_.coverage;
  // Candles told before change only if the trade belongs to one, or proves something about them.
  const bool late = std::any_of(levels_.begin(), levels_.end(),
                                [&](const Level& level) { return level.lane.is_closed(trade.exchange_time); });
  const bool proves = coverage.would_improve(trade);
  // Whoever sends a history of trades sends them without a hole up to now; others of that very instant may be missing.
  const Timestamp since = trade.exchange_time + Duration{1};
  const bool reaches_back = trade.snapshot && !coverage.reaches(since);
  if (proves || reaches_back) {
    for (Level& level : levels_) level.lane.note_doubtful();
  }
  if (late) note_before(trade.exchange_time);
  if (trade.snapshot) {
    coverage.covered_from(since, CandleCompletion::TradeSnapshot);
  } else if (!coverage.known()) {
    coverage.covered_from(since);
  }
  auto inserted = insert(trade);
  coverage.observe(trade);
  if (late || proves || reaches_back) revise(revised);
  return inserted;
}

Result<void> CandleBuilder::backfill(std::span<const Trade> trades, std::vector<CandleRevision>& revised) {
  if (trades.empty()) return {};
  std::vector<Trade> ordered(trades.begin(), trades.end());
  std::stable_sort(ordered.begin(), ordered.end(), [](const Trade& a, const Trade& b) {
    return std::pair(a.exchange_time, a.trade_id) < std::pair(b.exchange_time, b.trade_id);
  });
  for (Level& level : levels_) level.lane.note_doubtful();
  // Newest first: going back from what is known, an id never jumps.
  Result<void> result;
  for (auto trade = ordered.rbegin(); trade != ordered.rend(); ++trade) {
    if (ids_.observe(trade->trade_id).duplicate) continue;
    note_before(trade->exchange_time);
    if (auto inserted = insert(*trade); !inserted) result = inserted;
    context_.coverage.observe(*trade);
  }
  context_.coverage.covered_from(ordered.front().exchange_time + Duration{1}, CandleCompletion::Backfill);
  revise(revised);
  return result;
}

void CandleBuilder::add(const Candle& candle) {
  if (candle.trades <= 0) return;
  const auto level = std::find_if(levels_.begin(), levels_.end(),
                                  [&](const Level& each) { return each.lane.interval() == candle.interval; });
  const Timestamp end = candle.begin + candle.interval;
  if (!levels_.empty() && levels_.front().lane.is_closed(end - Duration{1})) {
    auto& known = context_.known_close;
    if (!known || known->end < end) known = CandleContext::KnownClose{end, candle.close};
    context_.widest_price = std::max(context_.widest_price, spec_.price_places.value_or(candle.close.scale()));
  }
  if (level == levels_.end() || !candle.exchange_time || !context_.coverage.known()) return;
  if (context_.coverage.reaches(candle.begin)) return;
  const auto sum = sum_of(candle, spec_.price_places, *candle.exchange_time);
  if (!sum) return;
  const auto index = static_cast<std::size_t>(level - levels_.begin());
  if (!level->lane.seed(*sum, candle.begin, *candle.exchange_time, sum_so_far(index, candle.begin))) return;
  context_.widest_price = std::max(context_.widest_price, sum->price_places);
  context_.widest_quantity = std::max(context_.widest_quantity, sum->quantity_places);
  seeded_ = true;
}

void CandleBuilder::close(Timestamp boundary, bool tell_empty, std::vector<Candle>& closed) {
  const std::size_t before = closed.size();
  for (Level& level : levels_) {
    if (level.lane.begin_of(boundary) != boundary || level.lane.is_closed(boundary - level.lane.interval())) continue;
    if (auto candle = level.lane.close(boundary, tell_empty)) closed.push_back(*candle);
    fold(level, boundary - level.lane.interval());
  }
  std::reverse(closed.begin() + static_cast<std::ptrdiff_t>(before), closed.end());
}

std::optional<Timestamp> CandleBuilder::first_open_end() const {
  std::optional<Timestamp> first;
  for (const Level& level : levels_) {
    const auto end = level.lane.first_open_end();
    if (end && (!first || *end < *first)) first = end;
  }
  return first;
}

std::optional<Candle> CandleBuilder::running(Duration interval, Timestamp begin) const {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (levels_[i].lane.interval() != interval || levels_[i].lane.is_closed(begin)) continue;
    return levels_[i].lane.candle_at(begin, sum_so_far(i, begin));
  }
  return std::nullopt;
}

// A level without a feeder gets every trade; one with a feeder those of intervals that have been folded into it
// already.
Result<void> CandleBuilder::insert(const Trade& trade) {
  // Tried once beforehand, so that a trade is in all candles or in none.
  CandleSum alone;
  if (auto fits = alone.add(trade, spec_.price_places); !fits) return fits;
  context_.widest_price = std::max(context_.widest_price, alone.price_places);
  context_.widest_quantity = std::max(context_.widest_quantity, alone.quantity_places);
  Result<void> result;
  for (Level& level : levels_) {
    if (seeded_) static_cast<void>(level.lane.add_to_seed(trade));
    if (level.feeder != kNone) {
      if (!levels_[level.feeder].lane.is_closed(trade.exchange_time)) continue;
    }
    if (level.lane.forgotten(trade.exchange_time)) {
      if (&level == &levels_.back()) ++forgotten_trades_;
      continue;
    }
    if (auto added = level.lane.add(trade); !added) result = added;
  }
  return result;
}

CandleSum CandleBuilder::sum_so_far(std::size_t level, Timestamp begin) const {
  const CandleLane& lane = levels_[level].lane;
  CandleSum sum;
  if (const CandleSum* const own = lane.sum(begin)) sum = *own;
  // And what has not been folded into it yet.
  const Timestamp end = begin + lane.interval();
  for (std::size_t below = levels_[level].feeder; below != kNone; below = levels_[below].feeder) {
    for (const Timestamp part : levels_[below].lane.open_within(begin, end)) {
      static_cast<void>(sum.add(*levels_[below].lane.sum(part)));
    }
  }
  return sum;
}

void CandleBuilder::fold(const Level& from, Timestamp begin) {
  const CandleSum* const part = from.lane.sum(begin);
  if (part == nullptr || part->trades == 0) return;
  for (const std::size_t larger : from.feeds) {
    CandleLane& lane = levels_[larger].lane;
    static_cast<void>(lane.add(lane.begin_of(begin), *part));  // what does not fit makes the larger one suspect
  }
}

void CandleBuilder::note_before(Timestamp at) {
  for (Level& level : levels_) level.lane.note_before(at);
}

void CandleBuilder::revise(std::vector<CandleRevision>& revised) {
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) level->lane.revise(revised);
}

}  // namespace ktape
