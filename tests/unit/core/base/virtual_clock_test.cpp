#include "core/base/virtual_clock.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ktape {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart = from_nanoseconds(1'000'000'000);

TEST(VirtualClock, FiresInOrderOfDeadlineThenOfSetting) {
  VirtualClock clock(kStart);
  std::string fired;
  const Timer b = clock.at(kStart + 2s, [&](Timestamp) { fired += 'b'; });
  const Timer c = clock.at(kStart + 2s, [&](Timestamp) { fired += 'c'; });
  const Timer a = clock.at(kStart + 1s, [&](Timestamp) { fired += 'a'; });
  clock.advance_to(kStart + 2s);
  EXPECT_EQ(fired, "abc");
}

TEST(VirtualClock, ClosesCandlesFirstAndDeferredWorkLastAtOneInstant) {
  VirtualClock clock(kStart);
  std::string fired;
  const Timer d = clock.at(kStart + 1s, TimerOrder::Deferred, [&](Timestamp) { fired += 'd'; });
  const Timer o = clock.at(kStart + 1s, [&](Timestamp) { fired += 'o'; });
  const Timer c = clock.at(kStart + 1s, TimerOrder::CandleBoundary, [&](Timestamp) { fired += 'c'; });
  clock.advance_to(kStart + 1s);
  EXPECT_EQ(fired, "cod");
}

TEST(VirtualClock, StandsAtEachDeadlineWhileItsCallbackRuns) {
  VirtualClock clock(kStart);
  std::vector<Timestamp> seen;
  const Timer a = clock.at(kStart + 1s, [&](Timestamp) { seen.push_back(clock.now()); });
  const Timer b = clock.at(kStart + 5s, [&](Timestamp) { seen.push_back(clock.now()); });
  clock.advance_to(kStart + 10s);
  EXPECT_EQ(seen, (std::vector<Timestamp>{kStart + 1s, kStart + 5s}));
  EXPECT_EQ(clock.now(), kStart + 10s);
}

TEST(VirtualClock, NeverGoesBack) {
  VirtualClock clock(kStart);
  clock.advance_to(kStart - 1h);
  EXPECT_EQ(clock.now(), kStart);
}

TEST(VirtualClock, TreatsADeadlineInThePastAsNow) {
  VirtualClock clock(kStart);
  std::string fired;
  const Timer now = clock.at(kStart, [&](Timestamp) { fired += 'n'; });
  const Timer past = clock.at(kStart - 1s, [&](Timestamp) { fired += 'p'; });
  EXPECT_EQ(clock.next_deadline(), kStart);
  clock.advance_to(kStart);
  EXPECT_EQ(fired, "np");
}

TEST(VirtualClock, RunsACallbackSetForTheSameInstantInTheSameAdvance) {
  VirtualClock clock(kStart);
  int rounds = 0;
  Timer timer;
  std::function<void(Timestamp)> again = [&](Timestamp at) {
    if (++rounds < 500) timer = clock.at(at, again);
  };
  timer = clock.at(kStart + 1s, again);
  clock.advance_to(kStart + 1s);
  EXPECT_EQ(rounds, 500);
}

TEST(VirtualClockDeathTest, NamesALoopAtOneInstant) {
  VirtualClock clock(kStart);
  Timer timer;
  std::function<void(Timestamp)> again = [&](Timestamp at) { timer = clock.at(at, again); };
  timer = clock.at(kStart, again);
  EXPECT_DEATH(clock.advance_to(kStart), "keep setting timers for that same instant");
}

TEST(VirtualClock, ForgetsACancelledTimer) {
  VirtualClock clock(kStart);
  int fired = 0;
  {
    const Timer gone = clock.at(kStart + 1s, [&](Timestamp) { ++fired; });
    Timer cancelled = clock.at(kStart + 1s, [&](Timestamp) { ++fired; });
    cancelled.cancel();
    cancelled.cancel();
    Timer moved = clock.at(kStart + 1s, [&](Timestamp) { ++fired; });
    moved = Timer{};
  }
  EXPECT_FALSE(clock.next_deadline().has_value());
  clock.advance_to(kStart + 2s);
  EXPECT_EQ(fired, 0);
}

TEST(VirtualClock, LetsACallbackCancelALaterOne) {
  VirtualClock clock(kStart);
  int fired = 0;
  Timer victim;
  const Timer killer = clock.at(kStart + 1s, [&](Timestamp) { victim.cancel(); });
  victim = clock.at(kStart + 1s, [&](Timestamp) { ++fired; });
  clock.advance_to(kStart + 1s);
  EXPECT_EQ(fired, 0);
}

}  // namespace
}  // namespace ktape
