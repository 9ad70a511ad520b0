#include "cli/progress.hpp"

#include <gtest/gtest.h>

namespace ktape::cli {
namespace {

using namespace std::chrono_literals;

TEST(WorkProgress, TellsShareRateAndTimeLeft) {
  EXPECT_EQ(progress_text("cutting", 300'000'000, 1'200'000'000, 1s), "cutting: 25% of 1.2 GB, 300 MB/s, 3s left");
  EXPECT_EQ(progress_text("cutting", 1'200'000'000, 1'200'000'000, 4s), "cutting: 100% of 1.2 GB, 300 MB/s");
}

TEST(WorkProgress, KnowsNoShareWithoutATotal) {
  EXPECT_EQ(progress_text("reading", 5'000'000, 0, 500ms), "reading: 5.0 MB, 10 MB/s");
}

TEST(WorkProgress, MakesNoRateOutOfNothing) {
  EXPECT_EQ(progress_text("reading", 0, 100, 0ms), "reading: 0% of 100 B, 0 B/s");
}

}  // namespace
}  // namespace ktape::cli
