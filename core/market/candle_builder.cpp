#include "core/market/candle_builder.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

bool multiply(Int128 a, Int128 b, Int128& out) { return !__builtin_mul_overflow(a, b, &out); }
bool add_up(Int128 a, Int128 b, Int128& out) { return !__builtin_add_overflow(a, b, &out); }

}  // namespace

CandleBuilder::CandleBuilder(CandleSpec spec) : spec_(std::move(spec)), price_places_(spec_.price_places.value_or(0)) {
  KTAPE_ASSERT(spec_.interval > Duration::zero(), "a candle's interval must be positive");
}

void CandleBuilder::start_at(Timestamp instant) {
  told_from_ = floor_to(instant, spec_.interval);
  closed_until_ = told_from_;
}

void CandleBuilder::covered_from(Timestamp since) {
  covered_from_ = covered_from_ ? std::min(*covered_from_, since) : since;
}

Result<void> CandleBuilder::add(const Trade& trade, std::vector<Candle>& revised) {
  // Whoever sends a history of trades sends them without a hole up to now; others of that very instant may be missing.
  if (trade.snapshot || !covered_from_) covered_from(trade.exchange_time + Duration{1});

  const Timestamp begin = floor_to(trade.exchange_time, spec_.interval);
  const bool late = closed_until_ && begin < *closed_until_ && begin >= told_from_;
  if (late && begin + spec_.interval + spec_.revision_horizon <= *closed_until_) {
    ++stale_trades_;
    return {};
  }
  if (auto wide = widen(trade); !wide) return wide;

  Slot& slot = slots_[begin];
  const Decimal close_before = slot.close;
  const bool had_trades = slot.trades > 0;
  if (auto folded = fold(slot, trade); !folded) return folded;
  if (!late) return {};

  slot.closed = true;
  ++slot.revision;
  revised.push_back(candle(begin, slot, CandleState::Revised));
  if (had_trades && slot.close == close_before) return {};
  for (Timestamp next = begin + spec_.interval; next < *closed_until_; next += spec_.interval) {
    Slot& empty = slots_[next];
    if (empty.trades > 0) break;
    empty.closed = true;
    ++empty.revision;
    revised.push_back(candle(next, empty, CandleState::Revised));
  }
  return {};
}

std::optional<Candle> CandleBuilder::close(Timestamp boundary) {
  KTAPE_ASSERT(floor_to(boundary, spec_.interval) == boundary, "a candle closes at a multiple of its interval");
  KTAPE_ASSERT(!closed_until_ || boundary > *closed_until_, "a candle closes after the one before it");
  const Timestamp begin = boundary - spec_.interval;
  closed_until_ = boundary;

  const auto found = slots_.find(begin);
  const bool traded = found != slots_.end() && found->second.trades > 0;
  if (!traded && last_traded_before(begin) == nullptr) return std::nullopt;

  Slot& slot = slots_[begin];
  slot.closed = true;
  slot.partial = !covered_from_ || begin < *covered_from_;
  const CandleState state = slot.partial ? CandleState::Partial : traded ? CandleState::Closed : CandleState::Empty;
  const Candle closed = candle(begin, slot, state);
  forget_before(boundary - spec_.revision_horizon);
  return closed;
}

std::optional<Candle> CandleBuilder::running() const {
  for (auto slot = slots_.rbegin(); slot != slots_.rend(); ++slot) {
    if (slot->second.closed || slot->first < told_from_) break;
    if (slot->second.trades > 0) return candle(slot->first, slot->second, CandleState::Open);
  }
  return std::nullopt;
}

// Sums are kept in units of the widest price and quantity so far; a wider one changes the unit.
Result<void> CandleBuilder::widen(const Trade& trade) {
  const int price = spec_.price_places ? 0 : std::max(0, trade.price.scale() - price_places_);
  const int quantity = std::max(0, trade.quantity.scale() - quantity_places_);
  if (price == 0 && quantity == 0) return {};
  auto widened = slots_;
  for (auto& [begin, slot] : widened) {
    if (!multiply(slot.volume, power_of_ten(quantity), slot.volume) ||
        !multiply(slot.turnover, power_of_ten(price + quantity), slot.turnover)) {
      return fail(Errc::Limit, fmt::format("candle {}: the sums do not fit with trade {} (price {}, quantity {})",
                                           spec_.symbol, trade.trade_id, trade.price.text(), trade.quantity.text()));
    }
  }
  slots_ = std::move(widened);
  price_places_ += price;
  quantity_places_ += quantity;
  return {};
}

Result<void> CandleBuilder::fold(Slot& slot, const Trade& trade) {
  const auto out_of_range = [&] {
    return fail(Errc::Limit, fmt::format("candle {}: trade {} (price {}, quantity {}) is out of range", spec_.symbol,
                                         trade.trade_id, trade.price.text(), trade.quantity.text()));
  };
  // Where the pair's places are given, a price may come with more digits, all of them zero (v1 pads to five).
  const auto price = trade.price.rescaled(price_places_);
  const auto quantity = trade.quantity.rescaled(quantity_places_);
  if (!price || !quantity) return out_of_range();
  Int128 volume = 0;
  Int128 turnover = 0;
  if (!add_up(slot.volume, quantity->coefficient(), volume) ||
      !multiply(price->coefficient(), quantity->coefficient(), turnover) ||
      !add_up(slot.turnover, turnover, turnover)) {
    return out_of_range();
  }
  slot.volume = volume;
  slot.turnover = turnover;

  const TradeKey key{trade.exchange_time, trade.trade_id};
  if (slot.trades == 0 || key < slot.first) {
    slot.first = key;
    slot.open = *price;
  }
  // Of trades without ids the first to arrive opens and the last closes, where their times are equal.
  const bool arrived_last = trade.trade_id == 0 && key == slot.last;
  if (slot.trades == 0 || slot.last < key || arrived_last) {
    slot.last = key;
    slot.close = *price;
  }
  slot.high = slot.trades == 0 ? *price : std::max(slot.high, *price);
  slot.low = slot.trades == 0 ? *price : std::min(slot.low, *price);
  ++slot.trades;
  return {};
}

const CandleBuilder::Slot* CandleBuilder::last_traded_before(Timestamp begin) const {
  for (auto slot = slots_.lower_bound(begin); slot != slots_.begin();) {
    --slot;
    if (slot->second.trades > 0) return &slot->second;
  }
  return before_ ? &*before_ : nullptr;
}

Candle CandleBuilder::candle(Timestamp begin, const Slot& slot, CandleState state) const {
  Candle out;
  out.symbol = spec_.symbol;
  out.source = CandleSource::Trades;
  out.state = state;
  out.interval = spec_.interval;
  out.begin = begin;
  out.revision = slot.revision;
  out.trades = slot.trades;
  const auto places = [this](const Decimal& price) { return price.rescaled(price_places_).value_or(price); };
  if (slot.trades == 0) {
    const Slot* const last = last_traded_before(begin);
    KTAPE_ASSERT(last != nullptr, "an empty candle needs a close before it");
    out.open = out.high = out.low = out.close = places(last->close);
  } else {
    out.open = places(slot.open);
    out.high = places(slot.high);
    out.low = places(slot.low);
    out.close = places(slot.close);
  }
  out.volume = Decimal::from_units(slot.volume, quantity_places_);
  // Truncated, as Kraken does. Trades of quantity zero have no average.
  out.vwap = Decimal::from_units(slot.volume == 0 ? 0 : slot.turnover / slot.volume, price_places_);
  return out;
}

void CandleBuilder::forget_before(Timestamp boundary) {
  while (!slots_.empty() && slots_.begin()->first + spec_.interval <= boundary &&
         (slots_.begin()->second.closed || slots_.begin()->first < told_from_)) {
    if (slots_.begin()->second.trades > 0) before_ = slots_.begin()->second;
    slots_.erase(slots_.begin());
  }
}

}  // namespace ktape
