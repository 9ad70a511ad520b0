#include "synth/history.hpp"

#include <algorithm>
#include <limits>

#include "core/base/assert.hpp"

namespace ktape::synth {
namespace {

std::int64_t units(const Decimal& value, int places) {
  const auto rescaled = value.rescaled(places);
  KTAPE_ASSERT(rescaled.has_value(), "a symbol that was not validated");
  return static_cast<std::int64_t>(rescaled->coefficient());
}

// Only the two or three leading digits.
std::int64_t rounded(std::int64_t lots, std::int64_t keep) {
  std::int64_t unit = 1;
  while (lots / unit >= keep) unit *= 10;
  return lots / unit * unit;
}

// `later` is what is known of the same stretch already: time runs backwards here.
void prepend(TradeBar& later, const TradeBar& earlier) {
  TradeBar sum = earlier;
  sum.append(later);
  later = sum;
}

class Backwards {
 public:
  Backwards(const Scale& scale, const Profile& profile, Random random, Timestamp start, std::int64_t last_trade_id)
      : scale_(scale), profile_(profile), random_(random), at_(start), ticks_(scale.start_ticks), id_(last_trade_id) {}

  History run() {
    const Timestamp minutes_from = floor_to(at_, std::chrono::hours{1}) - std::chrono::hours{25};
    const Timestamp hours_from = minutes_from - std::chrono::days{15} * (CandleSeries::kSpan + 1);
    trades_until(minutes_from);
    hours_until(minutes_from, hours_from);
    std::ranges::reverse(history_.bars);
    std::ranges::reverse(history_.latest);
    return std::move(history_);
  }

 private:
  void trades_until(Timestamp from) {
    while (true) {
      at_ -= Duration{draw(random_, profile_.history_trade_gap)};
      if (at_ < from) break;
      const std::int64_t count = draw(random_, trade_counts());
      const bool buys = random_.chance(500);
      const OrderType type = random_.chance(180) ? OrderType::Market : OrderType::Limit;
      for (std::int64_t i = 0; i < count; ++i) add({at_, buys ? Side::Buy : Side::Sell, type, 0, 0, 0});
      const std::int64_t size = scale_.fair_move(random_, draw(random_, profile_.fair_step));
      ticks_ = scale_.step(random_, ticks_, size);
    }
  }

  void add(TradeRecord trade) {
    trade.price = ticks_ * scale_.tick;
    trade.quantity = scale_.lots(random_, draw(random_, trade_sizes()));
    trade.id = id_--;
    if (history_.latest.size() < History::kLatest) history_.latest.push_back(trade);

    auto bar = TradeBar::of(floor_to(at_, std::chrono::minutes{1}), trade.price, trade.quantity);
    ++trades_;
    lots_ += trade.quantity;
    if (!history_.bars.empty() && history_.bars.back().begin == bar.begin) {
      prepend(history_.bars.back(), bar);
    } else {
      history_.bars.push_back(bar);
    }
  }

  void hours_until(Timestamp begin, Timestamp from) {
    const std::int64_t per_hour = std::max<std::int64_t>(trades_ / 25, 2);
    const auto mean = static_cast<std::int64_t>(lots_ / std::max<std::int64_t>(trades_, 1));
    while (begin > from) {
      begin -= std::chrono::hours{1};
      TradeBar bar;
      bar.begin = begin;
      bar.trades = random_.between(per_hour / 2, per_hour * 3 / 2);
      const std::int64_t close = ticks_;
      const std::int64_t reach = std::max<std::int64_t>(scale_.start_ticks / 400, 1);
      const std::int64_t far = random_.between(0, reach);
      ticks_ = scale_.step(random_, ticks_, far);
      const std::int64_t above = random_.between(0, reach / 2);
      const std::int64_t below = random_.between(0, reach / 2);
      bar.open = ticks_ * scale_.tick;
      bar.close = close * scale_.tick;
      bar.high = (std::max(ticks_, close) + above) * scale_.tick;
      bar.low = std::max<std::int64_t>(std::min(ticks_, close) - below, 1) * scale_.tick;
      bar.volume = static_cast<Int128>(bar.trades) * random_.between(mean * 3 / 4, mean * 5 / 4);
      const std::int64_t middle = (bar.open + bar.close) / 2;
      const auto loose = static_cast<std::int64_t>(random_.below(1000));
      // A part of the volume at the middle, the rest evenly between the extremes: never outside of them.
      const Int128 outer = bar.volume / 1000 * loose;
      bar.value = (bar.volume - outer) * middle + outer / 2 * bar.high + (outer - outer / 2) * bar.low;
      history_.bars.push_back(bar);
    }
  }

  const Scale& scale_;
  const Profile& profile_;
  Random random_;
  Timestamp at_;
  std::int64_t ticks_;
  std::int64_t id_;
  std::int64_t trades_ = 0;
  Int128 lots_ = 0;
  History history_;
};

}  // namespace

Scale::Scale(const SymbolSpec& spec)
    : price_places(spec.price_places),
      quantity_places(spec.quantity_places),
      tick(units(spec.tick, spec.price_places)),
      start_ticks(units(spec.start_price, spec.price_places) / tick),
      typical_lots(units(spec.typical_quantity, spec.quantity_places)),
      level_gap_ticks(spec.level_gap_ticks),
      spread_ticks(spec.spread_ticks) {}

std::int64_t Scale::lots(Random& random, std::int64_t millionths) const {
  constexpr std::int64_t kDust = 1'067;  // the automatons' favourite, 0.00005100 of BTC/USD
  // Millionths are coarse where quantities are long: the digits behind them are anybody's.
  const auto below_millionth =
      static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(typical_lots) / 1'000'000 + 1));
  const Int128 exact = static_cast<Int128>(typical_lots) * millionths / 1'000'000 + below_millionth;
  const auto lots = std::max<std::int64_t>(
      static_cast<std::int64_t>(std::min<Int128>(exact, std::numeric_limits<std::int64_t>::max() / 4)), 1);
  if (millionths == kDust) return rounded(lots, 100);
  if (random.chance(400)) return rounded(lots, random.chance(500) ? 100 : 1000);
  return lots;
}

std::int64_t Scale::ticks(std::int64_t thousandths, int typical) {
  return std::max<std::int64_t>(thousandths * typical / 1000, 1);
}

std::int64_t Scale::fair_move(Random& random, std::int64_t thousandths) const {
  // Where one tick is much of the price, most moves are none.
  const std::int64_t gap_millis = std::min<std::int64_t>(level_gap_ticks * std::int64_t{1000}, start_ticks / 2);
  const std::int64_t millis = thousandths * gap_millis / 1000;
  const bool one_more = random.chance(static_cast<std::uint32_t>(millis % 1000));
  return millis / 1000 + (one_more ? 1 : 0);
}

std::int64_t Scale::step(Random& random, std::int64_t from_ticks, std::int64_t size) const {
  // At a fifth above or below the start, four steps of five lead back.
  const std::int64_t away = std::clamp<std::int64_t>((from_ticks - start_ticks) * 1500 / start_ticks, -400, 400);
  const bool up = random.chance(static_cast<std::uint32_t>(500 - away));
  const std::int64_t to = up ? from_ticks + size : from_ticks - size;
  return std::clamp<std::int64_t>(to, start_ticks / 2, start_ticks * 2);
}

History make_history(const Scale& scale, const Profile& profile, Random random, Timestamp start,
                     std::int64_t last_trade_id) {
  return Backwards(scale, profile, random, start, last_trade_id).run();
}

}  // namespace ktape::synth
