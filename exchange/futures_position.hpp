#pragma once

#include <string>
#include <string_view>

#include "core/base/decimal.hpp"
#include "core/market/event.hpp"

// What fills make of a position and of money. All sums have at most ten places, rounded half away from zero where a
// value is made; what is added and taken away afterwards is exact, so that nothing is lost between them.
namespace ktape {

inline constexpr int kFuturesPlaces = 10;

// What a Futures product is settled in (futures-v1 section 2). Linear: quantities are of the underlying, and money is
// the quote currency of the flex wallet. Inverse: quantities are contracts of one unit of the quote currency, and money
// is the underlying, in a wallet of its own.
struct FuturesSettlement {
  bool inverse = false;
  std::string currency;      // USD; of PI_XBTUSD XBT
  std::string fee_currency;  // as fills call it: BTC for XBT
  std::string wallet;        // F-XBT:USD; empty: the flex wallet
  static FuturesSettlement of(std::string_view product);

  // What so much of the product is worth in that currency: price x quantity, or quantity / price.
  Decimal value(const Decimal& price, const Decimal& quantity) const;
};

// What is held of a product: more than zero is long.
struct FuturesPosition {
  Decimal size{};
  Decimal cost{};  // what it was worth when it was built up, never less than zero
  Timestamp changed_at{};

  // The mean of what it was built up with: the price at which `size` is worth `cost`. Zero where nothing is held.
  Decimal entry_price(const FuturesSettlement& settlement) const;
  // What closing it all at that price would bring, without fees.
  Decimal profit_at(const Decimal& price, const FuturesSettlement& settlement) const;
};

// Adds a fill, and gives the profit that it has realised: of what it closes of the position, its share of the cost
// against what it is worth now.
Decimal add_fill(FuturesPosition& position, Side side, const Level& filled, const FuturesSettlement& settlement);

}  // namespace ktape
