#include "exchange/money.hpp"

#include <gtest/gtest.h>

#include "tests/support/fixed_market.hpp"

namespace ktape::money {
namespace {

using test::decimal;

std::string text(const std::optional<Decimal>& value) { return value ? value->text() : "nothing"; }

TEST(Money, AddsAndSubtractsExactly) {
  EXPECT_EQ(text(sum(decimal("0.1"), decimal("0.20"))), "0.30");
  EXPECT_EQ(text(difference(decimal("1"), decimal("0.00000001"))), "0.99999999");
  EXPECT_EQ(text(sum(decimal("9999999999999999999999999999999999999"), decimal("1"))), "nothing") << "38 digits";
}

TEST(Money, MultipliesExactlyOrNotAtAll) {
  EXPECT_EQ(text(product(decimal("3120.90"), decimal("0.75000000"))), "2340.6750000000");
  EXPECT_EQ(text(product(decimal("-0.5"), decimal("0.5"))), "-0.25");
  EXPECT_EQ(text(product(decimal("10000000000000000000"), decimal("10000000000000000000"))), "nothing");
}

TEST(Money, RoundsHalvesAwayFromZero) {
  EXPECT_EQ(text(rounded(decimal("0.34579870"), 4)), "0.3458") << "Kraken's own sample";
  EXPECT_EQ(text(rounded(decimal("0.00005"), 4)), "0.0001");
  EXPECT_EQ(text(rounded(decimal("-0.00005"), 4)), "-0.0001");
  EXPECT_EQ(text(rounded(decimal("0.00004"), 4)), "0.0000");
  EXPECT_EQ(text(rounded(decimal("1.5"), 4)), "1.5000");
}

TEST(Money, DividesWithTheWantedPlaces) {
  EXPECT_EQ(text(quotient(decimal("3120.92500"), decimal("1.00000000"), 2)), "3120.93");
  EXPECT_EQ(text(quotient(decimal("1"), decimal("3"), 5)), "0.33333");
  EXPECT_EQ(text(quotient(decimal("2"), decimal("-3"), 2)), "-0.67");
  EXPECT_EQ(text(quotient(decimal("0.0005"), decimal("1000"), 2)), "0.00");
  EXPECT_EQ(text(percentage(decimal("250.40000"), decimal("0.40"), 5)), "1.00160");
}

TEST(Money, KnowsMultiples) {
  EXPECT_TRUE(is_multiple(decimal("100.5"), decimal("0.1")));
  EXPECT_TRUE(is_multiple(decimal("100.50"), decimal("0.1")));
  EXPECT_FALSE(is_multiple(decimal("100.05"), decimal("0.1")));
  EXPECT_TRUE(is_multiple(decimal("7"), Decimal())) << "no step";
}

TEST(Money, LosesNoValueWithItsZeros) {
  EXPECT_EQ(trimmed(decimal("12.3400")).text(), "12.34");
  EXPECT_EQ(trimmed(decimal("100")).text(), "100");
  EXPECT_EQ(trimmed(decimal("-0.50")).text(), "-0.5");
  EXPECT_EQ(trimmed(decimal("0.000")).text(), "0");
  EXPECT_EQ(magnitude(decimal("-0.5")), decimal("0.5"));
  EXPECT_EQ(magnitude(decimal("0.5")), decimal("0.5"));
}

}  // namespace
}  // namespace ktape::money
