#include "exchange/rate_counter.hpp"

#include <gtest/gtest.h>

namespace ktape {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RateCounterTest : public testing::Test {
 protected:
  Timestamp start = from_nanoseconds(1'788'249'600'000'000'000);
};

TEST_F(RateCounterTest, CountsKrakensWorkedExample) {
  // Add, amend after 7 s, cancel 36 s later: 1 + 1 + 2 + 4, if nothing decayed.
  const int total =
      RateCounter::add_cost() + RateCounter::amend_cost(seconds(7)) + RateCounter::cancel_cost(seconds(36));
  EXPECT_EQ(total, 800);
}

TEST_F(RateCounterTest, DecaysAsTheTierSays) {
  // 50 adds, 10 s: 50 - 23.4 = 26.6 in the middle tier.
  RateCounter counter(limits_of(AccountTier::Intermediate));
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(counter.take(start, RateCounter::add_cost(), RateCounter::add_cost()));
  EXPECT_EQ(counter.value(start), 5000);
  EXPECT_EQ(counter.value(start + seconds(10)), 2660);
  EXPECT_EQ(counter.value(start + seconds(1000)), 0);
}

TEST_F(RateCounterTest, RefusesUntilItIsBelowTheThresholdAndChargesTheRefusal) {
  RateCounter counter(limits_of(AccountTier::Starter));
  const auto add = [&](Timestamp at) { return counter.take(at, RateCounter::add_cost(), RateCounter::add_cost()); };
  for (int i = 0; i < 7; ++i) {
    EXPECT_TRUE(add(start)) << i;
    EXPECT_TRUE(counter.take(start, RateCounter::cancel_cost(Duration::zero()), 0)) << i;
  }
  EXPECT_EQ(counter.value(start), 6300);
  EXPECT_FALSE(add(start));
  EXPECT_EQ(counter.value(start), 6400);
  EXPECT_FALSE(add(start + seconds(4))) << "60 is not below 60";
  EXPECT_FALSE(add(start + milliseconds(5000)));
  EXPECT_TRUE(add(start + seconds(8)));
}

TEST_F(RateCounterTest, ChargesCancelsByTheAgeOfTheOrder) {
  EXPECT_EQ(RateCounter::cancel_cost(seconds(4)), 800);
  EXPECT_EQ(RateCounter::cancel_cost(seconds(5)), 600);
  EXPECT_EQ(RateCounter::cancel_cost(seconds(299)), 100);
  EXPECT_EQ(RateCounter::cancel_cost(seconds(300)), 0);
  EXPECT_EQ(RateCounter::edit_cost(seconds(20)), 300);
  EXPECT_EQ(RateCounter::batch_add_cost(15), 750);
}

}  // namespace
}  // namespace ktape
