#include "core/base/time_scale.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace ktape {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart = from_nanoseconds(1'700'000'000'000'000'000);

TEST(TimeScale, PassesTimeAtItsRate) {
  EXPECT_EQ(TimeScale({1, 1}, kStart).virtual_at(3s), kStart + 3s);
  EXPECT_EQ(TimeScale({10, 1}, kStart).virtual_at(3s), kStart + 30s);
  EXPECT_EQ(TimeScale({1, 2}, kStart).virtual_at(3s), kStart + 1500ms);
  EXPECT_EQ(TimeScale({1, 3}, kStart).virtual_at(5ns), kStart + 1ns) << "rounded down";
  EXPECT_EQ(TimeScale({1, 1}, kStart).virtual_at(-1s), kStart);
}

TEST(TimeScale, NamesTheFirstMomentAtWhichATimeIsReached) {
  for (const Rate rate : {Rate{1, 1}, Rate{10, 1}, Rate{1, 3}, Rate{7, 3}, Rate{1'000'000, 1}, Rate{1, 1'000'000}}) {
    const TimeScale scale(rate, kStart);
    for (const Duration ahead : {Duration{0}, Duration{1}, Duration{2}, Duration{999'999'937}, Duration{1h}}) {
      const Duration elapsed = scale.elapsed_at(kStart + ahead);
      EXPECT_GE(scale.virtual_at(elapsed), kStart + ahead);
      if (elapsed > 0ns) {
        EXPECT_LT(scale.virtual_at(elapsed - 1ns), kStart + ahead);
      }
    }
  }
  EXPECT_EQ(TimeScale({1, 1}, kStart).elapsed_at(kStart - 1s), 0ns);
}

TEST(TimeScale, StaysWithinTheTimesThatCanBeWritten) {
  const TimeScale fast({std::numeric_limits<std::uint32_t>::max(), 1}, kStart);
  EXPECT_EQ(fast.virtual_at(Duration::max()), Timestamp::max());
  const TimeScale slow({1, std::numeric_limits<std::uint32_t>::max()}, kStart);
  EXPECT_EQ(slow.elapsed_at(Timestamp::max()), Duration::max());
}

TEST(Rates, AreReadAsRatiosInLowestTerms) {
  for (const auto& [text, shown] :
       {std::pair{"10", "10"}, {"1/2", "1/2"}, {"0.5", "1/2"}, {"6/4", "3/2"}, {"max", "max"}}) {
    EXPECT_EQ(rate_text(parse_rate(text).value()), shown) << text;
  }
  for (const char* const bad : {"", "0", "-1", "1/0", "fast", "1/2/3", "99999999999"}) {
    EXPECT_FALSE(parse_rate(bad)) << bad;
  }
}

}  // namespace
}  // namespace ktape
