#include "rest/call_counter.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.hpp"

namespace ktape::rest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Timestamp kStart = from_nanoseconds(1'788'249'600'000'000'000);

TEST(CallCounter, LetsTheCeilingThroughAtOnceAndThenAsFastAsItSinks) {
  CallCounter counter({.ceiling = 3, .decay = seconds(2)});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(counter.earliest(kStart, 1), kStart);
    counter.take(kStart, 1);
  }
  EXPECT_EQ(counter.earliest(kStart, 1), kStart + seconds(2));
  EXPECT_EQ(counter.earliest(kStart, 2), kStart + seconds(4));
  EXPECT_EQ(counter.earliest(kStart + seconds(5), 1), kStart + seconds(5)) << "never before now";
}

TEST(CallCounter, LetsACostBeyondTheCeilingThroughWhenItIsAtZero) {
  CallCounter counter({.ceiling = 2, .decay = seconds(1)});
  counter.take(kStart, 1);
  EXPECT_EQ(counter.earliest(kStart, 9), kStart + seconds(1));
}

TEST(CallCounter, IsFullAfterARefusal) {
  CallCounter counter({.ceiling = 5, .decay = seconds(1)});
  counter.refused(kStart);
  EXPECT_EQ(counter.earliest(kStart, 1), kStart + seconds(1));
  EXPECT_EQ(counter.earliest(kStart, 5), kStart + seconds(5));
}

// Kraken's own counting, in units of the decay's nanoseconds, over random calls that all leave as early as they may.
TEST(CallCounter, NeverPassesTheCeilingOfTheOtherEnd) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const CallLimit limit{.ceiling = 1 + static_cast<int>(random.below(20)),
                          .decay = milliseconds(1 + static_cast<int>(random.below(4000)))};
    CallCounter counter(limit);
    Timestamp now = kStart;
    Timestamp counted_at = kStart;
    Duration level{};
    for (int i = 0; i < 100; ++i) {
      const int cost = 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(limit.ceiling)));
      const Timestamp at = counter.earliest(now, cost);
      ASSERT_GE(at, now);
      level = std::max(Duration::zero(), level - (at - counted_at)) + cost * limit.decay;
      counted_at = at;
      ASSERT_LE(level, limit.ceiling * limit.decay) << "seed " << seed;
      counter.take(at, cost);
      now = at + milliseconds(random.below(2000));
    }
  }
}

}  // namespace
}  // namespace ktape::rest
