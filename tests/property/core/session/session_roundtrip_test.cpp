#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

TEST(SessionRoundTrip, GivesBackEveryFrameForAnySeedAndChunkSize) {
  for (const std::size_t chunk_bytes : {1U, 100U, 3'000U, 70'000U, 1U << 20}) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      const auto frames = seeded_frames(seed, chunk_bytes < 100 ? 100 : 1'500);
      const std::string bytes = recorded(frames, plain_options(chunk_bytes));
      const auto reader = opened(bytes);
      ASSERT_EQ(read_all(*reader), frames) << "seed " << seed << ", chunks of " << chunk_bytes;
      EXPECT_EQ(reader->state(), SessionState::Sealed);
      EXPECT_TRUE(reader->complete());
      EXPECT_TRUE(reader->gaps().empty());
      const auto summary = reader->summary().value();
      EXPECT_EQ(summary.frames, frames.size());
      EXPECT_EQ(summary.stored_bytes, bytes.size());
      std::uint64_t payload_bytes = 0;
      for (const OwnedFrame& frame : frames) payload_bytes += frame.payload.size();
      EXPECT_EQ(summary.payload_bytes, payload_bytes);
      EXPECT_TRUE(reader->verify().value().empty()) << "seed " << seed;
    }
  }
}

TEST(SessionRoundTrip, IsTheSameAtEveryLevelOfCompression) {
  const auto frames = seeded_frames(5, 800);
  for (const int level : {-3, 1, 6, 9, 19}) {
    SessionWriterOptions options = plain_options(10'000);
    options.compression_level = level;
    EXPECT_EQ(read_all(*opened(recorded(frames, options))), frames) << "level " << level;
  }
}

TEST(SessionRoundTrip, KeepsTimesFarApartAndOutOfOrder) {
  std::vector<OwnedFrame> frames;
  for (const std::int64_t at :
       {0L, 4'294'967'294L, 2 * 4'294'967'295L, 9'000'000'000L, -1L, INT64_MAX, INT64_MIN, 0L}) {
    frames.emplace_back().at = from_nanoseconds(at);
  }
  EXPECT_EQ(read_all(*opened(recorded(frames))), frames);
}

TEST(SessionRoundTrip, KeepsPayloadsOfMegabytes) {
  std::vector<OwnedFrame> frames = seeded_frames(1, 10);
  SeededNumbers random(1);
  std::string large;
  while (large.size() < (16U << 20)) large += static_cast<char>(random.below(256));
  frames[3].payload = large;
  frames[4].payload = std::string(32U << 20, '\0');  // the limit
  frames[7].payload = large;
  EXPECT_TRUE(read_all(*opened(recorded(frames, plain_options(1'000)))) == frames);
}

TEST(SessionRoundTrip, SeeksAsALinearSearchWould) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto frames = seeded_frames(seed, 400);
    const auto reader = opened(recorded(frames, plain_options(2'000)));
    SeededNumbers random(seed);
    for (int round = 0; round < 50; ++round) {
      const Timestamp at = frames[random.below(frames.size())].at + Duration{static_cast<int>(random.below(3)) - 1};
      const auto expected =
          std::find_if(frames.begin(), frames.end(), [&](const OwnedFrame& frame) { return frame.at >= at; });
      ASSERT_TRUE(reader->seek(at));
      ASSERT_EQ(read_all(*reader), std::vector(expected, frames.end())) << "seed " << seed;
    }
  }
}

// A kill leaves the file and the journal as they are at some instant between two writes, or within one.
TEST(SessionRoundTrip, RecoversEveryCommittedFrameWhateverWasWrittenSince) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const auto frames = seeded_frames(seed, 200);
    SeededNumbers random(seed);
    const MemoryFile file = memory_file();
    const MemoryFile journal = memory_file();
    auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), std::make_unique<MemoryJournal>(journal),
                                        test_info(), plain_options(2'000))
                      .value();
    std::size_t committed = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const std::size_t size_before = file->size();
      const std::string journal_before = *journal;
      writer->on_frame(frames[i].frame());
      if (file->size() > size_before) {
        const std::string torn = file->substr(0, size_before + random.below(file->size() - size_before));
        const auto read = read_all(*opened(torn, journal_before));
        ASSERT_GE(read.size(), committed) << "seed " << seed << ", frame " << i;  // chunks stored since hold more
        ASSERT_TRUE(std::equal(read.begin(), read.end(), frames.begin())) << "seed " << seed << ", frame " << i;
      }
      if (random.below(5) != 0) continue;
      ASSERT_TRUE(writer->commit());
      committed = i + 1;
      ASSERT_EQ(read_all(*opened(*file, *journal)),
                std::vector(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(committed)));
    }
  }
}

}  // namespace
}  // namespace ktape
