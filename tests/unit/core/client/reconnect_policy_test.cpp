#include "core/client/reconnect_policy.hpp"

#include <gtest/gtest.h>

namespace ktape {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart = from_nanoseconds(1'700'000'000'000'000'000);

TEST(ReconnectPolicy, TriesAtOnceThenWaitsLongerAndLonger) {
  ReconnectPolicy policy({.instant_tries = 2, .delay = 5s, .jitter = 0s, .longest_delay = 12s}, 1);
  EXPECT_EQ(policy.next_delay(kStart), 0s);
  EXPECT_EQ(policy.next_delay(kStart), 0s);
  EXPECT_EQ(policy.next_delay(kStart), 5s);
  EXPECT_EQ(policy.next_delay(kStart), 10s);
  EXPECT_EQ(policy.next_delay(kStart), 12s);
  policy.stood_for(29s);
  EXPECT_EQ(policy.next_delay(kStart), 12s);
  policy.stood_for(30s);
  EXPECT_EQ(policy.next_delay(kStart), 0s);
}

TEST(ReconnectPolicy, DrawsTheSameJitterFromTheSameSeed) {
  ReconnectPolicy a({.instant_tries = 0}, 7);
  ReconnectPolicy b({.instant_tries = 0}, 7);
  ReconnectPolicy c({.instant_tries = 0}, 8);
  bool differs = false;
  for (int i = 0; i < 10; ++i) {
    const Duration delay = a.next_delay(kStart);
    EXPECT_EQ(delay, b.next_delay(kStart));
    EXPECT_GE(delay, 5s);
    EXPECT_LT(delay, 61s);
    differs = differs || delay != c.next_delay(kStart);
  }
  EXPECT_TRUE(differs);
}

TEST(ReconnectPolicy, NeverExceedsTheAttemptsOfAWindow) {
  const ReconnectOptions options{.instant_tries = 1'000'000, .attempts_per_window = 120, .window = 10min};
  ReconnectPolicy policy(options, 1);
  Timestamp now = kStart;
  std::vector<Timestamp> attempts;
  for (int i = 0; i < 1000; ++i) {
    now += policy.next_delay(now);
    attempts.push_back(now);
    if (i < 120) continue;
    EXPECT_GE(now - attempts[static_cast<std::size_t>(i) - 120], 10min) << i;
  }
}

TEST(AttemptBudget, IsOneForAllThatShareIt) {
  AttemptBudget budget(3, 10min);
  ReconnectPolicy a({.instant_tries = 10, .budget = &budget}, 1);
  ReconnectPolicy b({.instant_tries = 10, .budget = &budget}, 2);
  EXPECT_EQ(budget.reserve(kStart, kStart), kStart);
  EXPECT_EQ(a.next_delay(kStart + 1min), 0s);
  EXPECT_EQ(b.next_delay(kStart + 2min), 0s);
  EXPECT_EQ(a.next_delay(kStart + 3min), 7min);
  EXPECT_EQ(b.next_delay(kStart + 3min), 8min);
  EXPECT_EQ(a.next_delay(kStart + 9min + 59s), 2min + 1s);
}

}  // namespace
}  // namespace ktape
