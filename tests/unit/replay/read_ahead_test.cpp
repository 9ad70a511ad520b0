#include "replay/read_ahead.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ktape {
namespace {

// Gives frames out of one buffer, as a reader does: the next frame overwrites the one before.
class Reused final : public FrameSource {
 public:
  Reused(std::size_t frames, std::optional<Error> error = {}) : frames_(frames), error_(std::move(error)) {}

  Result<std::optional<Frame>> next() override {
    if (given_ == frames_) {
      ++ends_;
      if (error_) return tl::unexpected<Error>(*error_);
      return std::optional<Frame>{};
    }
    payload_ = text(given_);
    const Timestamp at = from_nanoseconds(static_cast<std::int64_t>(given_));
    ++given_;
    return std::optional(Frame{at, ConnectionId{7}, Direction::ToExchange, FrameKind::Text, payload_});
  }

  static std::string text(std::size_t n) {
    return n % 5 == 0 ? "" : fmt::format("frame {}{}", n, std::string(n % 97, '.'));
  }
  std::size_t given() const { return given_; }
  int ends() const { return ends_; }

 private:
  std::size_t frames_;
  std::optional<Error> error_;
  std::string payload_;
  std::size_t given_ = 0;
  int ends_ = 0;
};

// Takes all, and says how many there were.
std::size_t take_all(ReadAhead& ahead) {
  for (std::size_t n = 0;; ++n) {
    const auto frame = ahead.next();
    if (!frame || !*frame) return n;
    EXPECT_EQ((*frame)->at, from_nanoseconds(static_cast<std::int64_t>(n)));
    EXPECT_EQ((*frame)->connection, ConnectionId{7});
    EXPECT_EQ((*frame)->direction, Direction::ToExchange);
    EXPECT_EQ((*frame)->payload, Reused::text(n));
  }
}

TEST(ReadAhead, GivesTheFramesOfItsSourceWhateverTheSizeOfItsBatches) {
  for (const ReadAheadLimits limits : {ReadAheadLimits{}, ReadAheadLimits{.batches = 2, .batch_bytes = 1},
                                       ReadAheadLimits{.batches = 0, .batch_frames = 1},
                                       ReadAheadLimits{.batches = 9, .batch_bytes = 1000, .batch_frames = 7}}) {
    Reused source(5000);
    ReadAhead ahead(source, limits);
    EXPECT_EQ(take_all(ahead), 5000U);
    EXPECT_EQ(ahead.next().value(), std::nullopt);  // again
    EXPECT_EQ(source.ends(), 1);
  }
}

TEST(ReadAhead, HasNothingToGiveOfAnEmptySource) {
  Reused source(0);
  ReadAhead ahead(source);
  EXPECT_EQ(ahead.next().value(), std::nullopt);
}

TEST(ReadAhead, TellsTheErrorOfItsSourceAfterTheFramesBeforeItAndAgain) {
  Reused source(100, Error{Errc::Io, "the disk is gone"});
  ReadAhead ahead(source, {.batch_frames = 30});
  EXPECT_EQ(take_all(ahead), 100U);
  for (int times = 0; times < 2; ++times) {
    const auto failed = ahead.next();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().detail, "the disk is gone");
  }
  EXPECT_EQ(source.ends(), 1);
}

TEST(ReadAhead, ReadsNoFurtherAheadThanItsBatchesAndCanBeLeftAtAnyFrame) {
  for (const std::size_t taken : {0U, 1U, 9U, 10U, 35U}) {
    Reused source(1'000'000);
    {
      ReadAhead ahead(source, {.batches = 3, .batch_frames = 10});
      for (std::size_t n = 0; n < taken; ++n) EXPECT_EQ(ahead.next().value()->payload, Reused::text(n));
    }
    // Three ready, and the one that is played.
    EXPECT_LE(source.given(), taken + 40);
  }
}

}  // namespace
}  // namespace ktape
