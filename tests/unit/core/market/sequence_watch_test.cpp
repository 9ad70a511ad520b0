#include "core/market/sequence_watch.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace ktape {
namespace {

TEST(SequenceWatch, IsContentWithNumbersFromOneOn) {
  SequenceWatch watch;
  EXPECT_FALSE(watch.observe(1, true).gap_from);
  EXPECT_FALSE(watch.observe(2, false).gap_from);
  EXPECT_FALSE(watch.observe(3, false).gap_from);
  EXPECT_EQ(watch.last(), 3);
  EXPECT_EQ(watch.gaps(), 0U);
}

TEST(SequenceWatch, NamesAHoleOnceAndGoesOnBehindIt) {
  SequenceWatch watch;
  watch.observe(1, true);
  EXPECT_EQ(watch.observe(5, false).gap_from, 2);
  EXPECT_FALSE(watch.observe(6, false).gap_from);
  EXPECT_EQ(watch.gaps(), 1U);
}

TEST(SequenceWatch, MissesTheBeginning) {
  SequenceWatch watch;
  EXPECT_EQ(watch.observe(2, false).gap_from, 1);
}

TEST(SequenceWatch, ASnapshotWithNumberOneBeginsAnew) {
  SequenceWatch watch;
  watch.observe(1, true);
  watch.observe(2, false);
  const auto again = watch.observe(1, true);
  EXPECT_FALSE(again.repeated);
  EXPECT_FALSE(watch.observe(2, false).repeated);
  // An update with that number does not: it was told twice.
  EXPECT_TRUE(watch.observe(1, false).repeated);
  EXPECT_EQ(watch.repetitions(), 1U);
}

TEST(SequenceWatch, ResetAwaitsNumberOne) {
  SequenceWatch watch;
  watch.observe(1, false);
  watch.observe(2, false);
  watch.reset();
  EXPECT_FALSE(watch.observe(1, false).repeated);
  EXPECT_EQ(watch.last(), 1);
}

TEST(SequenceWatch, StandsAnyNumber) {
  SequenceWatch watch;
  EXPECT_TRUE(watch.observe(std::numeric_limits<std::int64_t>::min(), true).repeated);
  EXPECT_TRUE(watch.observe(0, false).repeated);
  EXPECT_EQ(watch.observe(std::numeric_limits<std::int64_t>::max(), false).gap_from, 1);
  EXPECT_TRUE(watch.observe(std::numeric_limits<std::int64_t>::max(), false).repeated);
}

}  // namespace
}  // namespace ktape
