#include "core/market/candle_lane.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

bool same_value(const std::optional<Decimal>& a, const std::optional<Decimal>& b) {
  return a.has_value() == b.has_value() && (!a || *a == *b);
}
// Whether there is news: by value, and apart from what only says how it came.
bool says_the_same(const Candle& a, const Candle& b) {
  return a.trades == b.trades && a.open == b.open && a.high == b.high && a.low == b.low && a.close == b.close &&
         a.volume == b.volume && a.vwap == b.vwap && a.first_trade_id == b.first_trade_id &&
         a.last_trade_id == b.last_trade_id && a.partial == b.partial && a.suspect == b.suspect &&
         same_value(a.buy_volume, b.buy_volume) && same_value(a.vwap_upper, b.vwap_upper);
}

}  // namespace

CandleLane::Slot::Slot(const Slot& other)
    : sum(other.sum),
      seed(other.seed ? std::make_unique<Seed>(*other.seed) : nullptr),
      told(other.told),
      told_partial(other.told_partial),
      told_suspect(other.told_suspect),
      lacks_parts(other.lacks_parts),
      state(other.state),
      revision(other.revision) {}

// The slot that was used last is looked up anew.
CandleLane::CandleLane(const CandleLane& other, CandleContext& context)
    : interval_(other.interval_),
      context_(context),
      slots_(other.slots_),
      forgotten_close_(other.forgotten_close_),
      forgotten_until_(other.forgotten_until_),
      closed_until_(other.closed_until_),
      told_from_(other.told_from_),
      newest_traded_(other.newest_traded_),
      recent_begin_(other.recent_begin_),
      before_(other.before_) {}

void CandleLane::start_at(Timestamp instant) {
  told_from_ = begin_of(instant);
  closed_until_ = std::max(closed_until_, told_from_);
}

Result<void> CandleLane::add(const Trade& trade) {
  newest_traded_ = std::max(newest_traded_, std::optional(begin_of(trade.exchange_time)));
  return slot(begin_of(trade.exchange_time)).sum.add(trade, context_.price_places);
}

Result<void> CandleLane::add(Timestamp begin, const CandleSum& part) {
  Slot& into = slot(begin);
  newest_traded_ = std::max(newest_traded_, std::optional(begin));
  auto added = into.sum.add(part);
  if (!added) into.lacks_parts = true;
  return added;
}

Result<void> CandleLane::add_to_seed(const Trade& trade) {
  const auto found = slots_.find(begin_of(trade.exchange_time));
  if (found == slots_.end() || !found->second.seed || trade.exchange_time <= found->second.seed->last_trade) return {};
  return found->second.seed->after.add(trade, context_.price_places);
}

bool CandleLane::seed(const CandleSum& candle, Timestamp begin, Timestamp last_trade, const CandleSum& seen) {
  if (is_closed(begin) || context_.coverage.reaches(begin)) return false;
  if (const auto found = slots_.find(begin); found != slots_.end() && found->second.seed) return false;
  auto made = std::make_unique<Seed>(Seed{candle, {}, last_trade});
  if (seen.trades > 0 && seen.last.first > last_trade) {
    if (seen.first.first <= last_trade) return false;  // the next message will do
    made->after = seen;
  }
  slot(begin).seed = std::move(made);
  newest_traded_ = std::max(newest_traded_, std::optional(begin));
  return true;
}

const CandleSum* CandleLane::sum(Timestamp begin) const {
  const auto found = slots_.find(begin);
  return found == slots_.end() ? nullptr : &found->second.sum;
}

std::optional<Candle> CandleLane::candle_at(Timestamp begin, const CandleSum& sum) const {
  Slot running;
  running.sum = sum;
  if (const auto found = slots_.find(begin); found != slots_.end() && found->second.seed) {
    running.seed = std::make_unique<Seed>(*found->second.seed);
  }
  if (running.sum.trades == 0 && !running.seed) return std::nullopt;
  return candle(begin, running);
}

std::optional<Timestamp> CandleLane::first_open_end() const {
  for (auto each = slots_.lower_bound(closed_until_); each != slots_.end(); ++each) {
    if (each->second.sum.trades > 0 || each->second.seed) return each->first + interval_;
  }
  return std::nullopt;
}

std::vector<Timestamp> CandleLane::open_within(Timestamp from, Timestamp to) const {
  std::vector<Timestamp> begins;
  for (auto each = slots_.lower_bound(std::max(from, closed_until_)); each != slots_.end() && each->first < to;
       ++each) {
    begins.push_back(each->first);
  }
  return begins;
}

std::optional<Candle> CandleLane::close(Timestamp boundary, bool tell_empty) {
  KTAPE_ASSERT(begin_of(boundary) == boundary, "a candle closes at a multiple of its interval");
  KTAPE_ASSERT(boundary > closed_until_, "a candle closes after the one before it");
  const Timestamp begin = boundary - interval_;
  closed_until_ = boundary;

  const auto found = slots_.find(begin);
  const bool traded = found != slots_.end() && (found->second.sum.trades > 0 || found->second.seed);
  if (!traded && (!tell_empty || last_close_before(begin) == nullptr)) return std::nullopt;
  Slot& closing = slot(begin);
  closing.told = true;
  const Candle closed = candle(begin, closing);
  remember_told(closing, closed);
  forget_old();
  return closed;
}

void CandleLane::note_before(Timestamp at) {
  const Timestamp first = begin_of(at);
  if (!is_closed(first) || forgotten(at)) return;
  if (first >= told_from_) note(first);
  // A new close goes on in the empty candles behind it.
  for (auto each = slots_.upper_bound(first); each != slots_.end() && is_closed(each->first); ++each) {
    if (each->second.sum.trades > 0) break;
    if (each->second.told) note(each->first);
  }
}

void CandleLane::note_doubtful() {
  for (const auto& [begin, each] : slots_) {
    if (each.told && (each.told_partial || each.told_suspect)) note(begin);
  }
}

void CandleLane::note(Timestamp begin) {
  if (before_.contains(begin)) return;
  std::optional<Candle>& before = before_[begin];
  const auto found = slots_.find(begin);
  if (found == slots_.end() || !found->second.told) return;
  before = candle(begin, found->second);
  before->partial = found->second.told_partial;
  before->suspect = found->second.told_suspect;
  before->state = found->second.state;
}

void CandleLane::revise(std::vector<CandleRevision>& revised) {
  for (const auto& [begin, before] : before_) {
    const auto found = slots_.find(begin);
    if (found == slots_.end() || (!before && found->second.sum.trades == 0)) continue;
    Slot& changed = found->second;
    Candle now = candle(begin, changed);
    if (before && says_the_same(now, *before)) continue;
    now.revision = ++changed.revision;
    now.state = CandleState::Revised;
    now.stale_revision = begin + interval_ + context_.revision_horizon <= closed_until_;
    remember_told(changed, now);
    revised.push_back({now, before});
  }
  before_.clear();
}

void CandleLane::remember_told(Slot& slot, const Candle& candle) {
  slot.told = true;
  slot.told_partial = candle.partial;
  slot.told_suspect = candle.suspect;
  slot.state = candle.state;
}

CandleLane::Slot& CandleLane::slot(Timestamp begin) {
  if (recent_ == nullptr || recent_begin_ != begin) {
    recent_ = &slots_[begin];
    recent_begin_ = begin;
  }
  return *recent_;
}

const Decimal* CandleLane::last_close_before(Timestamp begin) const {
  const Decimal* close = nullptr;
  Timestamp of = Timestamp::min();
  if (forgotten_close_) {
    of = forgotten_close_->first;
    close = &forgotten_close_->second;
  }
  // Mostly the newest with trades, with nothing but empty ones behind it.
  auto each = slots_.lower_bound(begin);
  if (newest_traded_ && *newest_traded_ < begin) each = slots_.upper_bound(*newest_traded_);
  while (each != slots_.begin()) {
    --each;
    const Slot& slot = each->second;
    if (slot.sum.trades == 0 && !slot.seed) continue;
    of = each->first;
    close = slot.seed && (slot.sum.trades == 0 || slot.sum.last.first < slot.seed->last_trade) ? &slot.seed->until.close
                                                                                               : &slot.sum.close;
    break;
  }
  const auto& known = context_.known_close;
  if (known && known->end <= begin && (close == nullptr || known->end > of + interval_)) return &known->price;
  return close;
}

Candle CandleLane::candle(Timestamp begin, const Slot& slot) const {
  const TradeCoverage& coverage = context_.coverage;
  Candle out;
  out.symbol = context_.symbol;
  out.source = CandleSource::Trades;
  out.interval = interval_;
  out.begin = begin;
  out.revision = slot.revision;
  out.suspect = slot.lacks_parts || coverage.suspect(begin, begin + interval_);
  const bool covered = coverage.reaches(begin);
  const CandleSum* sum = &slot.sum;
  CandleSum seeded;
  if (!covered && slot.seed) {
    seeded = slot.seed->until;
    if (seeded.add(slot.seed->after)) sum = &seeded;
    out.completed_by = CandleCompletion::OhlcSnapshot;
  } else if (covered) {
    out.completed_by = coverage.reached_by(begin);
  }
  out.partial = !covered && !slot.seed;
  out.trades = sum->trades;

  const int price_places = context_.widest_price;
  const int quantity_places = context_.widest_quantity;
  const auto places = [&](const Decimal& price) { return price.rescaled(price_places).value_or(price); };
  const auto volume = [&](Int128 units) {
    const Decimal exact = Decimal::from_units(units, sum->quantity_places);
    return exact.rescaled(quantity_places).value_or(exact);
  };
  if (sum->trades == 0) {
    const Decimal* const last = last_close_before(begin);
    KTAPE_ASSERT(last != nullptr, "an empty candle needs a close before it");
    out.open = out.high = out.low = out.close = places(*last);
    out.vwap = Decimal::from_units(0, price_places);
  } else {
    out.open = places(sum->open);
    out.high = places(sum->high);
    out.low = places(sum->low);
    out.close = places(sum->close);
    out.vwap = sum->vwap(price_places);
    if (sum->turnover_slack > 0) out.vwap_upper = sum->vwap_upper(price_places);
    out.first_trade_id = sum->first.second;
    out.last_trade_id = sum->last.second;
    if (sum == &slot.sum) {
      out.buy_volume = volume(sum->buy_volume);
      out.sell_volume = volume(sum->sell_volume);
    }
  }
  out.volume = volume(sum->volume);
  if (slot.state == CandleState::Revised) {
    out.state = CandleState::Revised;
  } else if (!slot.told) {
    out.state = CandleState::Open;
  } else {
    out.state = out.partial       ? CandleState::Partial
                : out.suspect     ? CandleState::Suspect
                : out.trades == 0 ? CandleState::Empty
                                  : CandleState::Closed;
  }
  return out;
}

void CandleLane::forget_old() {
  while (slots_.size() > context_.kept_candles && slots_.begin()->first < closed_until_) {
    const auto oldest = slots_.begin();
    if (oldest->second.sum.trades > 0) forgotten_close_.emplace(oldest->first, oldest->second.sum.close);
    forgotten_until_ = oldest->first + interval_;
    if (recent_ == &oldest->second) recent_ = nullptr;
    slots_.erase(oldest);
  }
}

}  // namespace ktape
