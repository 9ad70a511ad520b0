#include "exchange/futures_position.hpp"

#include <algorithm>

#include "exchange/futures_products.hpp"
#include "exchange/money.hpp"

namespace ktape {
namespace {

bool is_negative(const Decimal& value) { return value < Decimal(); }

Decimal plus(const Decimal& a, const Decimal& b) { return money::sum(a, b).value_or(a); }
Decimal minus(const Decimal& a, const Decimal& b) { return money::difference(a, b).value_or(a); }

}  // namespace

FuturesSettlement FuturesSettlement::of(std::string_view product) {
  const FuturesProduct named{.id = std::string(product)};
  const std::string_view name = named.underlying();
  const auto cut = name.size() > 3 ? name.size() - 3 : name.size();
  const std::string base(name.substr(0, cut));
  const std::string quote(name.substr(cut));
  FuturesSettlement out;
  out.inverse = named.is_inverse();
  out.currency = out.inverse ? base : quote;
  out.fee_currency = out.currency == "XBT" ? "BTC" : out.currency;
  if (out.inverse) out.wallet = "F-" + base + ":" + quote;
  return out;
}

Decimal FuturesSettlement::value(const Decimal& price, const Decimal& quantity) const {
  if (inverse) {
    if (price.is_zero()) return {};
    return money::trimmed(money::quotient(quantity, price, kFuturesPlaces).value_or(Decimal()));
  }
  const auto exact = money::product(price, quantity);
  const auto kept = exact ? money::rounded(*exact, std::min(exact->scale(), kFuturesPlaces)) : std::nullopt;
  return money::trimmed(kept.value_or(Decimal()));
}

Decimal FuturesPosition::entry_price(const FuturesSettlement& settlement) const {
  if (size.is_zero() || cost.is_zero()) return {};
  const Decimal held = money::magnitude(size);
  const auto price =
      settlement.inverse ? money::quotient(held, cost, kFuturesPlaces) : money::quotient(cost, held, kFuturesPlaces);
  return money::trimmed(price.value_or(Decimal()));
}

Decimal FuturesPosition::profit_at(const Decimal& price, const FuturesSettlement& settlement) const {
  if (size.is_zero()) return {};
  const Decimal now = settlement.value(price, money::magnitude(size));
  // Long of linear and short of inverse gain when what is held is worth more.
  return is_negative(size) == settlement.inverse ? minus(now, cost) : minus(cost, now);
}

Decimal add_fill(FuturesPosition& position, Side side, const Level& filled, const FuturesSettlement& settlement) {
  const bool buys = side == Side::Buy;
  const Decimal held = money::magnitude(position.size);
  const bool builds_up = held.is_zero() || is_negative(position.size) != buys;
  Decimal profit;
  Decimal opened = filled.quantity;
  if (!builds_up) {
    const Decimal closed = std::min(filled.quantity, held);
    opened = minus(filled.quantity, closed);
    Decimal share = position.cost;
    if (closed < held) {
      const auto part = money::product(position.cost, closed);
      share = money::trimmed((part ? money::quotient(*part, held, kFuturesPlaces) : std::nullopt).value_or(Decimal()));
    }
    const Decimal now = settlement.value(filled.price, closed);
    profit = is_negative(position.size) == settlement.inverse ? minus(now, share) : minus(share, now);
    position.cost = money::trimmed(minus(position.cost, share));
  }
  if (!opened.is_zero()) position.cost = money::trimmed(plus(position.cost, settlement.value(filled.price, opened)));
  position.size = buys ? plus(position.size, filled.quantity) : minus(position.size, filled.quantity);
  return money::trimmed(profit);
}

}  // namespace ktape
