#include "exchange/futures_position.hpp"

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "exchange/money.hpp"
#include "tests/support/fixed_market.hpp"

namespace ktape {
namespace {

using test::decimal;

Level at(std::string_view price, std::string_view quantity) { return {decimal(price), decimal(quantity)}; }

TEST(FuturesSettlement, IsToldByTheNameOfTheProduct) {
  const auto linear = FuturesSettlement::of("PF_XBTUSD");
  EXPECT_FALSE(linear.inverse);
  EXPECT_EQ(linear.currency + " " + linear.fee_currency + " " + linear.wallet, "USD USD ");
  EXPECT_EQ(linear.value(decimal("34969.5"), decimal("0.0001")).text(), "3.49695");
  const auto inverse = FuturesSettlement::of("FI_XBTUSD_220624");
  EXPECT_TRUE(inverse.inverse);
  EXPECT_EQ(inverse.currency + " " + inverse.fee_currency + " " + inverse.wallet, "XBT BTC F-XBT:USD");
  EXPECT_EQ(inverse.value(decimal("30000"), decimal("100")).text(), "0.0033333333");
}

TEST(FuturesPosition, BuildsUpAtItsMeanAndRealisesWhatItCloses) {
  const auto linear = FuturesSettlement::of("PF_ETHUSD");
  FuturesPosition position;
  EXPECT_TRUE(add_fill(position, Side::Buy, at("100", "1"), linear).is_zero());
  EXPECT_TRUE(add_fill(position, Side::Buy, at("102", "3"), linear).is_zero());
  EXPECT_EQ(position.entry_price(linear).text(), "101.5");
  EXPECT_EQ(position.profit_at(decimal("103"), linear).text(), "6");
  EXPECT_EQ(add_fill(position, Side::Sell, at("103", "1"), linear).text(), "1.5");
  EXPECT_EQ(position.entry_price(linear).text(), "101.5") << "what is closed leaves at the mean";
  // It turns round: three are closed, and two are sold at their own price.
  EXPECT_EQ(add_fill(position, Side::Sell, at("101", "5"), linear).text(), "-1.5");
  EXPECT_EQ(position.size.text(), "-2");
  EXPECT_EQ(position.entry_price(linear).text(), "101");
  EXPECT_EQ(add_fill(position, Side::Buy, at("100", "2"), linear).text(), "2");
  EXPECT_TRUE(position.size.is_zero());
  EXPECT_TRUE(position.cost.is_zero());
  EXPECT_TRUE(position.entry_price(linear).is_zero());
}

TEST(FuturesPosition, OfAnInverseProductIsCountedInItsUnderlying) {
  const auto inverse = FuturesSettlement::of("PI_XBTUSD");
  FuturesPosition position;
  add_fill(position, Side::Buy, at("20000", "1000"), inverse);
  EXPECT_EQ(position.cost.text(), "0.05");
  EXPECT_EQ(position.entry_price(inverse).text(), "20000");
  EXPECT_EQ(position.profit_at(decimal("25000"), inverse).text(), "0.01");
  EXPECT_EQ(add_fill(position, Side::Sell, at("25000", "2000"), inverse).text(), "0.01");
  EXPECT_EQ(position.profit_at(decimal("20000"), inverse).text(), "0.01")
      << "short: the underlying got dearer in contracts";
  EXPECT_EQ(add_fill(position, Side::Buy, at("20000", "1000"), inverse).text(), "0.01");
}

// Whatever the order of fills: once nothing is held, what was realised is what was received less what was paid.
TEST(FuturesPosition, LosesNothingBetweenItsFills) {
  const auto linear = FuturesSettlement::of("PF_XBTUSD");
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    FuturesPosition position;
    Decimal realised;
    Decimal cash;
    const auto fill = [&](Side side, const Level& level) {
      realised = money::sum(realised, add_fill(position, side, level, linear)).value();
      const Decimal value = linear.value(level.price, level.quantity);
      cash = (side == Side::Sell ? money::sum(cash, value) : money::difference(cash, value)).value();
    };
    for (int i = 0; i < 20; ++i) {
      fill(random.below(2) == 0 ? Side::Buy : Side::Sell,
           {Decimal::from_units(static_cast<std::int64_t>(600'000 + random.below(10'000)), 1),
            Decimal::from_units(static_cast<std::int64_t>(1 + random.below(9'999)), 4)});
    }
    if (!position.size.is_zero()) {
      fill(position.size < Decimal() ? Side::Buy : Side::Sell, {decimal("61234.5"), money::magnitude(position.size)});
    }
    EXPECT_EQ(realised, cash) << "seed " << seed;
    EXPECT_TRUE(position.cost.is_zero()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ktape
