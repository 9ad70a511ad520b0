#include "synth/random.hpp"

#include <array>

#include <gtest/gtest.h>

namespace ktape::synth {
namespace {

TEST(Random, SpreadsASeedAsSplitmixDoes) {
  EXPECT_EQ(mix(0), 0xE220A8397B1DCDAFU);
  EXPECT_EQ(mix(0x9E3779B97F4A7C15U), 0x6E789E6AA1B965F4U);
}

TEST(Random, StreamsOfOneSeedAreRepeatableAndDiffer) {
  Random one(7, "market BTC/USD");
  Random same(7, "market BTC/USD");
  Random other(7, "market ETH/USD");
  Random reseeded(8, "market BTC/USD");
  const std::uint64_t first = one.next();
  EXPECT_EQ(first, same.next());
  EXPECT_NE(first, other.next());
  EXPECT_NE(first, reseeded.next());
}

TEST(Random, StaysInItsRangeAndReachesBothEnds) {
  Random random(1);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t value = random.between(-2, 2);
    ASSERT_GE(value, -2);
    ASSERT_LE(value, 2);
    low = low || value == -2;
    high = high || value == 2;
  }
  EXPECT_TRUE(low && high);
}

TEST(Random, DrawsFollowTheirQuantiles) {
  constexpr std::array kTable{Quantile{0, 100}, Quantile{500, 200}, Quantile{900, 200}, Quantile{1000, 1'000'000}};
  Random random(3);
  int lower_half = 0;
  int flat = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t value = draw(random, kTable);
    ASSERT_GE(value, 100);
    ASSERT_LE(value, 1'000'000);
    if (value < 200) ++lower_half;
    if (value == 200) ++flat;
  }
  EXPECT_NEAR(lower_half, 5000, 200);
  EXPECT_NEAR(flat, 4000, 200);
}

}  // namespace
}  // namespace ktape::synth
