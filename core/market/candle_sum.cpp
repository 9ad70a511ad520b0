#include "core/market/candle_sum.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ktape {
namespace {

bool multiply(Int128& value, Int128 by) { return !__builtin_mul_overflow(value, by, &value); }
bool add_up(Int128& value, Int128 more) { return !__builtin_add_overflow(value, more, &value); }

}  // namespace

bool CandleSum::widen(int price, int quantity) {
  const int more_price = std::max(0, price - price_places);
  const int more_quantity = std::max(0, quantity - quantity_places);
  if (more_price == 0 && more_quantity == 0) return true;
  if (more_price + more_quantity > Decimal::kMaxDigits) return false;
  const Int128 quantity_factor = power_of_ten(more_quantity);
  const Int128 factor = power_of_ten(more_price + more_quantity);
  price_places += more_price;
  quantity_places += more_quantity;
  return multiply(volume, quantity_factor) && multiply(buy_volume, quantity_factor) &&
         multiply(sell_volume, quantity_factor) && multiply(turnover, factor) && multiply(turnover_slack, factor);
}

Result<void> CandleSum::add(const Trade& trade, std::optional<int> pair_places) {
  const auto out_of_range = [&] {
    return fail(Errc::Limit, fmt::format("candle {}: trade {} (price {}, quantity {}) is out of range", trade.symbol,
                                         trade.trade_id, trade.price.text(), trade.quantity.text()));
  };
  CandleSum sum = *this;
  if (!sum.widen(pair_places.value_or(trade.price.scale()), trade.quantity.scale())) return out_of_range();
  const auto price = trade.price.rescaled(sum.price_places);
  const auto quantity = trade.quantity.rescaled(sum.quantity_places);
  if (!price || !quantity) return out_of_range();
  Int128 cost = price->coefficient();
  if (!multiply(cost, quantity->coefficient()) || !add_up(sum.turnover, cost) ||
      !add_up(sum.volume, quantity->coefficient()) ||
      !add_up(trade.side == Side::Buy ? sum.buy_volume : sum.sell_volume, quantity->coefficient())) {
    return out_of_range();
  }
  const Key key{trade.exchange_time, trade.trade_id};
  if (trades == 0 || key < first) {
    sum.first = key;
    sum.open = *price;
  }
  if (trades == 0 || !(key < last)) {
    sum.last = key;
    sum.close = *price;
  }
  sum.high = trades == 0 ? *price : std::max(high, *price);
  sum.low = trades == 0 ? *price : std::min(low, *price);
  ++sum.trades;
  *this = sum;
  return {};
}

Result<void> CandleSum::add(const CandleSum& other) {
  if (other.trades == 0) return {};
  if (trades == 0) {
    *this = other;
    return {};
  }
  CandleSum sum = *this;
  CandleSum more = other;
  if (!sum.widen(more.price_places, more.quantity_places) || !more.widen(sum.price_places, sum.quantity_places) ||
      !add_up(sum.volume, more.volume) || !add_up(sum.buy_volume, more.buy_volume) ||
      !add_up(sum.sell_volume, more.sell_volume) || !add_up(sum.turnover, more.turnover) ||
      !add_up(sum.turnover_slack, more.turnover_slack)) {
    return fail(Errc::Limit, fmt::format("the sum of {} and {} trades leaves its range", trades, other.trades));
  }
  if (more.first < sum.first) {
    sum.first = more.first;
    sum.open = more.open;
  }
  if (!(more.last < sum.last)) {
    sum.last = more.last;
    sum.close = more.close;
  }
  sum.high = std::max(sum.high, more.high);
  sum.low = std::min(sum.low, more.low);
  sum.trades += more.trades;
  *this = sum;
  return {};
}

Decimal CandleSum::average(Int128 sum, int places) const {
  if (volume == 0) return Decimal::from_units(0, places);
  Int128 scaled = sum;
  if (places <= price_places || !multiply(scaled, power_of_ten(places - price_places))) {
    return Decimal::from_units(sum / volume, price_places);
  }
  return Decimal::from_units(scaled / volume, places);
}

Result<CandleSum> sum_of(const Candle& candle, std::optional<int> pair_places, Timestamp last_trade) {
  CandleSum sum;
  sum.trades = candle.trades;
  sum.first = {candle.begin, 0};
  sum.last = {last_trade, 0};
  sum.open = candle.open;
  sum.high = candle.high;
  sum.low = candle.low;
  sum.close = candle.close;
  sum.price_places = pair_places.value_or(std::max(
      {candle.open.scale(), candle.high.scale(), candle.low.scale(), candle.close.scale(), candle.vwap.scale()}));
  sum.quantity_places = candle.volume.scale();
  sum.volume = candle.volume.coefficient();
  const auto vwap = candle.vwap.rescaled(sum.price_places);
  if (vwap) sum.turnover = vwap->coefficient();
  if (candle.trades <= 0 || !vwap || !multiply(sum.turnover, sum.volume)) {
    return fail(Errc::InvalidArgument,
                fmt::format("candle {}: {} trades, volume {}, vwap {} is nothing to go on from", candle.symbol,
                            candle.trades, candle.volume.text(), candle.vwap.text()));
  }
  // floor(S / V) = vwap: S in [vwap V, (vwap + 1) V), in units of the last place of the price.
  sum.turnover_slack = std::max(sum.volume - 1, Int128{0});
  return sum;
}

}  // namespace ktape
