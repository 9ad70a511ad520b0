#include "core/market/trade_sequence.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace ktape {
namespace {

TEST(TradeSequence, AcceptsConsecutiveIds) {
  TradeSequence sequence;
  for (std::int64_t id = 10; id < 20; ++id) {
    const auto verdict = sequence.observe(id);
    EXPECT_FALSE(verdict.duplicate);
    EXPECT_FALSE(verdict.gap_from.has_value());
  }
  EXPECT_EQ(sequence.gaps(), 0U);
}

TEST(TradeSequence, CountsATradeToldTwiceOnce) {
  TradeSequence sequence;
  sequence.observe(10);
  sequence.observe(11);
  EXPECT_TRUE(sequence.observe(10).duplicate);
  EXPECT_TRUE(sequence.observe(11).duplicate);
  EXPECT_EQ(sequence.duplicates(), 2U);
}

TEST(TradeSequence, NamesAHoleAndLetsItBeFilledInAnyOrder) {
  TradeSequence sequence;
  sequence.observe(10);
  EXPECT_EQ(sequence.observe(15).gap_from, 11);
  EXPECT_EQ(sequence.gaps(), 1U);
  for (const std::int64_t id : {13, 11, 14, 12}) {
    EXPECT_FALSE(sequence.observe(id).duplicate) << id;
    EXPECT_TRUE(sequence.observe(id).duplicate) << id;
  }
}

TEST(TradeSequence, TakesHistoryThatComesLate) {
  TradeSequence sequence;
  sequence.observe(50);
  for (const std::int64_t id : {47, 48, 49}) EXPECT_FALSE(sequence.observe(id).duplicate) << id;
  EXPECT_TRUE(sequence.observe(48).duplicate);
  EXPECT_EQ(sequence.gaps(), 0U);
}

TEST(TradeSequence, KeepsNoMoreHolesThanItsLimit) {
  TradeSequence sequence;
  for (std::int64_t id = 2; id < 6002; id += 2) sequence.observe(id);
  EXPECT_EQ(sequence.gaps(), 2999U);
  EXPECT_TRUE(sequence.observe(3).duplicate);      // forgotten
  EXPECT_FALSE(sequence.observe(5999).duplicate);  // still known as missing
}

TEST(TradeSequence, SurvivesTheEndsOfTheRange) {
  TradeSequence sequence;
  sequence.observe(std::numeric_limits<std::int64_t>::min());
  EXPECT_TRUE(sequence.observe(std::numeric_limits<std::int64_t>::max()).gap_from.has_value());
  EXPECT_FALSE(sequence.observe(1).duplicate);
  EXPECT_TRUE(sequence.observe(1).duplicate);
}

TEST(TradeSequence, TakesZeroForNoIdAtAll) {
  TradeSequence sequence;
  sequence.observe(50);
  for (int i = 0; i < 2; ++i) {
    const auto verdict = sequence.observe(0);
    EXPECT_FALSE(verdict.duplicate);
    EXPECT_FALSE(verdict.gap_from.has_value());
  }
}

}  // namespace
}  // namespace ktape
