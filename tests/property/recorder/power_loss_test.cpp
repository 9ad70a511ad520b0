// Power cuts and refusing disks, at every operation of a recording.
#include <cerrno>
#include <cstdlib>

#include <gmock/gmock.h>

#include "tests/support/recording_fixture.hpp"

namespace ktape::test {
namespace {

using Kind = MemoryFileSystem::Kind;
using Operation = MemoryFileSystem::Operation;

RecordingOptions small_recording() {
  RecordingOptions options = recording_options("a.ktape", 2'000);
  options.sync_interval = std::chrono::milliseconds{100};
  options.max_segment_bytes = 12'000;
  return options;
}

// Frames some milliseconds apart. Each is one of many operations of the disk away from the next.
std::vector<OwnedFrame> some_frames(std::uint64_t seed, std::size_t count) {
  SeededNumbers random(seed);
  std::vector<OwnedFrame> frames = seeded_frames(seed, count);
  Timestamp at = test_info().created_at;
  for (OwnedFrame& frame : frames) {
    at += std::chrono::milliseconds{1 + random.below(20)};
    frame.at = at;
  }
  return frames;
}

// 1,000 cuts cost half a minute; KTAPE_POWER_CUTS sets another number than the slice that runs by default.
std::uint64_t cuts() {
  const char* const number = std::getenv("KTAPE_POWER_CUTS");
  return number != nullptr ? std::strtoull(number, nullptr, 10) : 100;
}

TEST(PowerLoss, CostsAtMostTheSyncInterval) {
  std::uint64_t kept = 0;
  std::uint64_t appended_in_all = 0;
  for (std::uint64_t seed = 1; seed <= cuts(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto frames = some_frames(seed, 400);
    VirtualClock clock(test_info().created_at);
    Random random(seed);
    const std::uint64_t cut_at = 6 + random.below(240);

    // What is left of the disk, and what the recorder had been given by then. The loop's thread waits while the
    // other works, so that operation and moment are the same in every run, and a sync takes no time.
    std::optional<MemoryFileSystem::Files> left;
    std::size_t appended = 0;
    std::size_t appended_by_then = 0;
    Timestamp cut_time;
    MemoryFileSystem* disk = nullptr;
    MemoryFileSystem files([&](Operation& operation) {
      if (operation.number == cut_at) {
        left = disk->after_power_loss(random);
        appended_by_then = appended;
        cut_time = clock.now();
      }
      return 0;
    });
    disk = &files;
    const RecordingOptions options = small_recording();
    auto recording = Recording::create(options, clock, files).value();
    for (const OwnedFrame& frame : frames) {
      while (clock.next_deadline().value_or(Timestamp::max()) <= frame.at) {
        clock.advance_to(*clock.next_deadline());
        recording->settle();
      }
      clock.advance_to(frame.at);
      if (left) break;
      recording->on_frame(frame.frame());
      ++appended;
      ASSERT_TRUE(recording->status());
      recording->settle();
    }
    recording.reset();
    if (!left) {  // the recording made fewer operations: the cut comes after its end
      left = files.after_power_loss(random);
      appended_by_then = appended;
      cut_time = clock.now();
    }

    // What is read was written, in order. What is missing is younger than the interval; where something follows it,
    // because the disk had got to later pages first, a gap tells how much.
    auto session = session_in(*left);
    const auto read = session ? all_frames(**session) : std::vector<OwnedFrame>();
    std::size_t next = 0;
    std::uint64_t holes = 0;
    const auto miss = [&](std::size_t end) {
      for (; next < end; ++next) {
        ASSERT_GE(frames[next].at, cut_time - options.sync_interval) << "frame " << next << " of " << appended_by_then;
      }
    };
    for (const OwnedFrame& frame : read) {
      const auto place = std::find(frames.begin() + static_cast<std::ptrdiff_t>(next), frames.end(), frame);
      ASSERT_NE(place, frames.end());
      const auto found = static_cast<std::size_t>(place - frames.begin());
      holes += found - next;
      miss(found);
      ++next;
    }
    ASSERT_LE(next, appended_by_then);
    miss(appended_by_then);
    std::uint64_t told = 0;
    if (session) {
      for (const Gap& gap : (*session)->gaps()) {
        EXPECT_EQ(gap.cause, GapCause::Crash) << gap.detail;
        told += gap.frames.value_or(0);
      }
    }
    EXPECT_GE(told, holes);
    kept += read.size();
    appended_in_all += appended_by_then;
    if (!session) continue;  // cut before the first header
    for (const auto& segment : (*session)->segments()) {
      auto reader = open_in(*left, segment.name).value();
      EXPECT_NE(reader->state(), SessionState::Damaged) << segment.name;
      const MemoryFile saved = memory_file();
      SessionWriterOptions as_is = plain_options();
      as_is.redaction = Redaction::Kept;
      auto writer =
          SessionWriter::create(std::make_unique<MemorySink>(saved), nullptr, recovered_info(reader->info()), as_is)
              .value();
      const auto report = recover(*reader, *writer);
      ASSERT_TRUE(report) << report.error().detail;
      EXPECT_TRUE(opened(*saved)->verify().value().empty());
      EXPECT_EQ(opened(*saved)->state(), SessionState::Sealed);
    }
  }
  EXPECT_GT(kept, appended_in_all / 2);
}

struct Ended {
  Result<void> status;
  MemoryFileSystem::Files files;
  std::vector<OwnedFrame> committed;
};

// Records until the end, or until the recording says that it has failed.
Ended record(const std::vector<OwnedFrame>& frames, MemoryFileSystem& files) {
  VirtualClock clock(test_info().created_at);
  Ended ended;
  auto recording = Recording::create(small_recording(), clock, files);
  if (!recording) {
    ended.status = tl::unexpected(recording.error());
    ended.files = files.files();
    return ended;
  }
  for (const OwnedFrame& frame : frames) {
    clock.advance_to(frame.at);
    (*recording)->settle();
    if (!(*recording)->status()) break;
    (*recording)->on_frame(frame.frame());
    ended.committed.push_back(frame);
    (*recording)->settle();
    if (!(*recording)->status()) break;
  }
  // A failure leaves the last frame committed, and finish() says the same as status().
  ended.status = (*recording)->finish();
  ended.files = files.files();
  EXPECT_EQ((*recording)->status().has_value(), ended.status.has_value());
  recording->reset();
  ended.files = files.files();
  return ended;
}

TEST(RefusingDisk, EveryOperationMayFailOnceAndWhatWasCommittedIsReadable) {
  const auto frames = some_frames(7, 150);
  MemoryFileSystem whole;
  ASSERT_TRUE(record(frames, whole).status);
  const std::uint64_t operations = whole.operations();
  ASSERT_GT(operations, 60U);
  for (const int error : {ENOSPC, EIO}) {
    std::uint64_t refused_starts = 0;
    for (std::uint64_t at = 0; at < operations; ++at) {
      SCOPED_TRACE("operation " + std::to_string(at) + " fails with " + std::to_string(error));
      MemoryFileSystem files([&](Operation& operation) { return operation.number == at ? error : 0; });
      const Ended ended = record(frames, files);
      ASSERT_FALSE(ended.status);
      EXPECT_EQ(ended.status.error().code, Errc::Io);
      EXPECT_THAT(ended.status.error().detail, ::testing::StartsWith("cannot "));
      EXPECT_THAT(ended.status.error().detail,
                  ::testing::EndsWith(error == EIO ? "Input/output error" : "No space left on device"));
      if (ended.committed.empty()) {
        ++refused_starts;
        EXPECT_THAT(ended.files, ::testing::IsEmpty()) << "a start that failed leaves nothing";
        continue;
      }
      ASSERT_EQ(frames_in(ended.files), ended.committed);
    }
    EXPECT_LT(refused_starts, 14U);
  }
}

TEST(RefusingDisk, InterruptionsAndShortWritesAreHarmless) {
  const auto frames = some_frames(8, 400);
  MemoryFileSystem whole;
  ASSERT_TRUE(record(frames, whole).status);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mutex mutex;
    SeededNumbers random(seed);
    MemoryFileSystem files([&](Operation& operation) {
      const std::lock_guard lock(mutex);
      if (operation.kind == Kind::Write && random.below(2) == 0) operation.count = 1 + random.below(operation.count);
      // Neither folder nor mapping is ever interrupted: their calls do not know EINTR.
      return operation.kind != Kind::Map && random.below(3) == 0 ? EINTR : 0;
    });
    const Ended ended = record(frames, files);
    ASSERT_TRUE(ended.status) << ended.status.error().detail;
    EXPECT_EQ(ended.files, whole.files());
  }
}

TEST(RefusingDisk, AWriteThatIsCutShortByAFullDiskLosesNothing) {
  const auto frames = some_frames(9, 150);
  MemoryFileSystem whole;
  ASSERT_TRUE(record(frames, whole).status);
  for (std::uint64_t at = 4; at < whole.operations(); ++at) {
    SCOPED_TRACE("operation " + std::to_string(at));
    bool full = false;
    MemoryFileSystem files([&](Operation& operation) {
      if (operation.kind != Kind::Write || operation.number < at) return 0;
      if (std::exchange(full, true)) return ENOSPC;
      operation.count = operation.count / 2;
      return operation.count == 0 ? ENOSPC : 0;
    });
    const Ended ended = record(frames, files);
    if (ended.committed.empty()) continue;
    ASSERT_EQ(frames_in(ended.files), ended.committed);
  }
}

}  // namespace
}  // namespace ktape::test
