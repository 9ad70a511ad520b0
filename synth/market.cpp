#include "synth/market.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "core/base/crc.hpp"

namespace ktape::synth {
namespace {

constexpr std::int64_t kMostLots = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::size_t kSlack = 20;  // levels that a side may have too many or too few

void append_digits(std::string& out, std::int64_t value) {
  std::array<char, 20> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), end);
}

}  // namespace

SymbolMarket::SymbolMarket(const SymbolSpec& spec, std::uint64_t seed, Timestamp start)
    : spec_(spec),
      scale_(spec),
      profile_(profile_of(spec.liquidity)),
      random_(seed, "market " + spec.symbol),
      fair_ticks_(scale_.start_ticks),
      next_trade_id_(spec.last_trade_id + 1),
      next_at_(start) {
  for (const int minutes : kCandleMinutes) candles_.emplace_back(std::chrono::minutes{minutes});
  const History history =
      make_history(scale_, profile_, Random(seed, "history " + spec.symbol), start, spec.last_trade_id);
  for (const TradeBar& bar : history.bars) {
    day_.append(bar);
    for (auto& series : candles_) series.append(bar);
  }
  latest_.assign(history.latest.begin(), history.latest.end());
  event_.at = start;
  pace_until_ = start;
  fill_book();
  schedule();
}

const MarketEvent& SymbolMarket::advance() {
  event_.at = next_at_;
  event_.delay = delay_;
  event_.steps.clear();
  event_.trades.clear();
  const std::int64_t bid = bids_.at(0).ticks;
  const std::int64_t ask = asks_.at(0).ticks;
  act();
  keep_depth(bids_);
  keep_depth(asks_);
  event_.best_price_moved = bids_.at(0).ticks != bid || asks_.at(0).ticks != ask;
  for (const TradeRecord& each : event_.trades) {
    const auto bar = TradeBar::of(each.at, each.price, each.quantity);
    day_.append(bar);
    for (auto& series : candles_) series.append(bar);
    latest_.push_back(each);
    if (latest_.size() > History::kLatest) latest_.pop_front();
  }
  if (!event_.steps.empty()) checksum_.reset();
  schedule();
  return event_;
}

std::uint32_t SymbolMarket::checksum() {
  if (!checksum_) {
    std::string digits;
    for (const FullSide* book : {&asks_, &bids_}) {
      for (std::size_t rank = 0; rank < std::min<std::size_t>(book->size(), 10); ++rank) {
        append_digits(digits, book->at(rank).ticks * scale_.tick);
        append_digits(digits, book->at(rank).quantity);
      }
    }
    checksum_ = crc32_ieee(digits);
  }
  return *checksum_;
}

void SymbolMarket::fill_book() {
  const std::int64_t spread = draw_spread();
  std::int64_t bid = fair_ticks_ - spread / 2;
  std::int64_t ask = bid + spread;
  while (asks_.size() < profile_.levels) {
    asks_.set({ask, draw_lots()});
    ask += Scale::ticks(draw(random_, level_gaps()), scale_.level_gap_ticks);
  }
  while (bids_.size() < profile_.levels && bid > 0) {
    bids_.set({bid, draw_lots()});
    bid -= Scale::ticks(draw(random_, level_gaps()), scale_.level_gap_ticks);
  }
  fewest_levels_ = bids_.size() * 3 / 4;
}

void SymbolMarket::schedule() {
  if (burst_left_ > 0) {
    --burst_left_;
    next_at_ += Duration{draw(random_, profile_.event_gap)};
    return;
  }
  if (next_at_ >= pace_until_) {
    pace_until_ = next_at_ + std::chrono::milliseconds{random_.between(1000, 9000)};
    pace_percent_ = draw(random_, pace_percents());
  }
  // Only the common gaps stretch and shrink: a hectic market is no quieter in its rare silences.
  const std::int64_t gap = draw(random_, profile_.burst_gap);
  next_at_ += Duration{gap * std::min<std::int64_t>(pace_percent_, 120) / 100};
  burst_left_ = draw(random_, profile_.burst_length) - 1;
  if (pace_percent_ < 50) burst_left_ += burst_left_ / 2;
  delay_ = Duration{draw(random_, link_delays())};
  const std::int64_t step = scale_.fair_move(random_, draw(random_, profile_.fair_step));
  fair_ticks_ = scale_.step(random_, fair_ticks_, step);
}

void SymbolMarket::act() {
  const std::int64_t bid = bids_.at(0).ticks;
  const std::int64_t ask = asks_.at(0).ticks;
  // Makers and takers follow the fair price when it lies well outside of the spread. In half ticks.
  const std::int64_t lean = 2 * fair_ticks_ - (bid + ask);
  if (std::abs(lean) > ask - bid + 2 * scale_.level_gap_ticks && random_.chance(250)) {
    return follow(lean > 0 ? Side::Buy : Side::Sell);
  }
  const std::int64_t excess = ask - bid - scale_.spread_ticks;
  const std::uint32_t eager = scale_.spread_ticks == 1 ? 200 : 0;
  if (excess > 0 && random_.chance(eager + (excess > 2 * scale_.level_gap_ticks ? 550 : 350))) {
    if (improve(lean > 0 ? bids_ : asks_)) return;
  }
  if (random_.chance(profile_.trades)) return trade(random_.chance(500) ? Side::Buy : Side::Sell, false);

  FullSide& book = random_.chance(500) ? bids_ : asks_;
  quote(book);
  if (random_.chance(profile_.both_sides)) quote(&book == &bids_ ? asks_ : bids_);
}

void SymbolMarket::quote(FullSide& book) {
  auto rank = static_cast<std::size_t>(draw(random_, profile_.rank));
  if (rank >= book.size()) rank = static_cast<std::size_t>(random_.below(book.size()));
  const auto roll = static_cast<std::uint32_t>(random_.below(1000));
  if (roll < profile_.moves) return move(book, rank);
  if (roll >= profile_.moves + profile_.cancels + profile_.inserts) return change(book, rank);
  // Where levels lie too close some leave, and where they lie too far apart others come.
  const int crowd = crowding(book, rank);
  const bool adds = roll >= profile_.moves + profile_.cancels;
  if (crowd < 0 || (adds && crowd == 0)) return insert(book, rank);
  cancel(book, rank);
}

int SymbolMarket::crowding(const FullSide& book, std::size_t rank) const {
  constexpr std::size_t kAround = 12;
  const std::size_t first = rank - std::min(rank, kAround);
  const std::size_t last = std::min(first + 2 * kAround, book.size() - 1);
  const std::int64_t width = std::abs(book.at(first).ticks - book.at(last).ticks);
  const std::int64_t typical = static_cast<std::int64_t>(last - first) * scale_.level_gap_ticks * 3 / 2;
  if (width < typical * 3 / 4) return 1;
  return width > typical * 3 / 2 ? -1 : 0;
}

void SymbolMarket::follow(Side taker) {
  const auto roll = random_.below(1000);
  if (roll < 60) return trade(taker, true);
  FullSide& leading = side(taker);
  if (roll < 500 && improve(leading)) return;
  // Whoever offers what has become too good goes further away, or leaves.
  FullSide& other = taker == Side::Buy ? asks_ : bids_;
  if (random_.chance(profile_.moves * 2)) return move(other, 0);
  cancel(other, 0);
}

void SymbolMarket::trade(Side taker, bool sweep) {
  FullSide& book = taker == Side::Buy ? asks_ : bids_;
  const OrderType type = random_.chance(180) ? OrderType::Market : OrderType::Limit;
  std::int64_t fills = draw(random_, trade_counts());
  std::int64_t wanted = scale_.lots(random_, draw(random_, trade_sizes()));
  if (sweep) wanted = std::max(wanted, book.at(0).quantity);
  while (wanted > 0 && fills > 0 && book.size() > kSlack) {
    const Lots best = book.at(0);
    const std::int64_t taken = std::min(wanted, best.quantity);
    // The last level gives all fills that are left: one resting order each.
    const std::int64_t here = std::min(taken < wanted ? 1 : fills, taken);
    strike(taker, type, best, taken, here);
    set(book, {best.ticks, best.quantity - taken});
    wanted -= taken;
    fills -= here;
  }
}

void SymbolMarket::strike(Side taker, OrderType type, Lots level, std::int64_t quantity, std::int64_t fills) {
  for (; fills > 0; --fills) {
    const std::int64_t share = fills == 1 ? quantity : random_.between(1, quantity - fills + 1);
    event_.trades.push_back({event_.at, taker, type, level.ticks * scale_.tick, share, next_trade_id_++});
    quantity -= share;
  }
}

bool SymbolMarket::may_leave(const FullSide& book, std::size_t rank) const {
  constexpr std::int64_t kWidestGaps = 12;
  if (book.size() <= fewest_levels_) return false;
  if (rank > 0 || book.size() < 2) return true;
  return std::abs(book.at(0).ticks - book.at(1).ticks) <= kWidestGaps * scale_.level_gap_ticks;
}

void SymbolMarket::move(FullSide& book, std::size_t rank) {
  if (!may_leave(book, rank)) return insert(book, rank + 1);
  const Lots old = book.at(rank);
  set(book, {old.ticks, 0});
  constexpr std::size_t kReach = 6;
  const auto to = rank - std::min(rank, kReach) + static_cast<std::size_t>(random_.below(2 * kReach + 1));
  const auto price = free_price(book, std::min(to, book.size()));
  if (price && *price != old.ticks) set(book, {*price, random_.chance(700) ? old.quantity : draw_lots()});
}

void SymbolMarket::cancel(FullSide& book, std::size_t rank) {
  if (!may_leave(book, rank)) return insert(book, rank + 1);
  set(book, {book.at(rank).ticks, 0});
}

void SymbolMarket::insert(FullSide& book, std::size_t rank) {
  const auto price = free_price(book, std::min(rank, book.size()));
  if (!price) return change(book, std::min(rank, book.size() - 1));
  set(book, {*price, draw_lots()});
}

void SymbolMarket::change(FullSide& book, std::size_t rank) {
  const Lots old = book.at(rank);
  std::int64_t quantity = old.quantity;
  if (random_.chance(500)) {
    const std::int64_t per_mille = random_.between(600, 1500);
    quantity = static_cast<std::int64_t>(std::min<Int128>(static_cast<Int128>(quantity) * per_mille / 1000, kMostLots));
  } else {
    quantity = draw_lots();
  }
  quantity = std::max<std::int64_t>(quantity, 1);
  set(book, {old.ticks, quantity == old.quantity ? quantity + 1 : quantity});
}

bool SymbolMarket::improve(FullSide& book) {
  const FullSide& other = &book == &bids_ ? asks_ : bids_;
  // The price nearest to the other side is the one as far away from it as the spread shall be, seen from there.
  const std::int64_t spread = draw_spread();
  const std::int64_t price = book.away(other.at(0).ticks, spread);
  if (!book.better(price, book.at(0).ticks)) return false;
  set(book, {price, draw_lots()});
  return true;
}

void SymbolMarket::keep_depth(FullSide& book) {
  if (book.size() > profile_.levels + kSlack) {
    set(book, {book.at(book.size() - 1).ticks, 0});
  } else if (book.size() + kSlack < profile_.levels) {
    const auto price = free_price(book, book.size());
    if (price) set(book, {*price, draw_lots()});
  }
}

void SymbolMarket::set(FullSide& book, Lots level) { event_.steps.push_back(book.set(level)); }

std::optional<std::int64_t> SymbolMarket::free_price(const FullSide& book, std::size_t rank) {
  constexpr std::size_t kSearch = 20;  // levels outward
  for (std::size_t below = std::max<std::size_t>(rank, 1); below < rank + kSearch; ++below) {
    const std::int64_t upper = book.at(below - 1).ticks;
    if (below >= book.size()) {
      const std::int64_t gap = Scale::ticks(draw(random_, level_gaps()), scale_.level_gap_ticks);
      const std::int64_t price = book.away(upper, gap);
      return price > 0 ? std::optional(price) : std::nullopt;
    }
    const std::int64_t room = std::abs(upper - book.at(below).ticks) - 1;
    if (room > 0) {
      // Near the level above it: a wide gap fills from its busy end.
      const std::int64_t reach = 2 * Scale::ticks(draw(random_, level_gaps()), scale_.level_gap_ticks);
      return book.away(upper, random_.between(1, std::min(room, reach)));
    }
  }
  return std::nullopt;
}

std::int64_t SymbolMarket::draw_spread() {
  return Scale::ticks(draw(random_, scale_.spread_ticks == 1 ? tight_spreads() : spread_targets()),
                      scale_.spread_ticks);
}

std::int64_t SymbolMarket::draw_lots() { return scale_.lots(random_, draw(random_, profile_.level_size)); }

}  // namespace ktape::synth
