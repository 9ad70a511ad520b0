#include "recorder/recording.hpp"

#include <cerrno>

#include <gmock/gmock.h>

#include "tests/support/door.hpp"
#include "tests/support/recording_fixture.hpp"

namespace ktape::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Kind = MemoryFileSystem::Kind;
using Operation = MemoryFileSystem::Operation;

OwnedFrame text_at(Duration since_start, std::string payload, std::uint32_t connection = 1) {
  OwnedFrame frame;
  frame.at = test_info().created_at + since_start;
  frame.connection = ConnectionId{connection};
  frame.payload = std::move(payload);
  return frame;
}

struct RecordingTest : ::testing::Test {
  std::unique_ptr<Recording> create(RecordingOptions options) {
    return Recording::create(std::move(options), clock, files).value();
  }
  Door door;
  MemoryFileSystem files{[this](Operation& operation) {
    if (operation.kind == Kind::Write) door.pass();
    return 0;
  }};
  VirtualClock clock{test_info().created_at};
};

TEST_F(RecordingTest, SealsWhatItWasGiven) {
  const auto frames = seeded_frames(1, 2'000);
  auto recording = create(recording_options("a.ktape"));
  for (const OwnedFrame& frame : frames) recording->on_frame(frame.frame());
  EXPECT_EQ(recording->stats().frames, 2'000U);
  ASSERT_TRUE(recording->finish());
  const auto left = files.files();
  EXPECT_THAT(left, SizeIs(1)) << "the journal is gone";
  auto reader = open_in(left, "a.ktape").value();
  EXPECT_EQ(reader->state(), SessionState::Sealed);
  EXPECT_EQ(read_all(*reader), frames);
  EXPECT_EQ(recording->stats().stored_bytes, left.at("a.ktape").size());
  EXPECT_THAT(recording->paths(), ElementsAre("a.ktape"));
}

TEST_F(RecordingTest, GivesTheSameBytesAsAWriterWithoutAThread) {
  const auto frames = seeded_frames(2, 500);
  RecordingOptions options = recording_options("a.ktape");
  options.journal_bytes = 4U << 20;
  options.busy_compression_level = options.writer.compression_level;
  auto recording = create(options);
  for (const OwnedFrame& frame : frames) recording->on_frame(frame.frame());
  ASSERT_TRUE(recording->finish());
  auto same = plain_options(4'000);
  same.extras = true;
  EXPECT_EQ(files.files().at("a.ktape"), recorded(frames, same));
}

TEST_F(RecordingTest, LeavesFileAndJournalWhenItIsNotFinished) {
  const auto frames = seeded_frames(3, 300);
  {
    auto recording = create(recording_options("a.ktape"));
    for (const OwnedFrame& frame : frames) recording->on_frame(frame.frame());
  }
  EXPECT_EQ(frames_in(files.files()), frames);
}

TEST_F(RecordingTest, RedactsBeforeAByteReachesTheJournal) {
  RecordingOptions options = recording_options("a.ktape");
  options.writer.redaction = Redaction::Secrets;
  options.writer.redaction_key.fill(1);
  auto recording = create(options);
  door.shut();
  recording->on_frame(text_at(Duration{1}, R"({"method":"subscribe","params":{"token":"SECRETSECRET"}})").frame());
  const auto before = files.files();
  EXPECT_EQ(before.at("a.ktape.journal").find("SECRETSECRET"), std::string::npos);
  EXPECT_NE(before.at("a.ktape.journal").find(R"("token":"ktape-redacted-)"), std::string::npos);
  door.open();
  ASSERT_TRUE(recording->finish());
  auto reader = open_in(files.files(), "a.ktape").value();
  EXPECT_EQ(reader->info().redaction, kRedactionPolicy);
  EXPECT_TRUE(read_all(*reader).front().payload.find("ktape-redacted-") != std::string::npos);
}

TEST_F(RecordingTest, KeepsGapsAndAnnotations) {
  auto recording = create(recording_options("a.ktape"));
  const Gap gap{clock.now(), clock.now() + Duration{5}, GapCause::Other, std::nullopt, ConnectionId{4}, "told"};
  const Annotation note{clock.now(), ConnectionId{1}, "checksum_mismatch", "BTC/USD: 1 instead of 2"};
  recording->on_frame(text_at(Duration{1}, "one").frame());
  recording->note_gap(gap);
  recording->annotate(note);
  recording->on_frame(text_at(Duration{2}, "two").frame());
  const auto open_files = files.files();
  auto live = open_in(open_files, "a.ktape").value();
  EXPECT_THAT(live->gaps(), ElementsAre(gap)) << "from the journal";
  EXPECT_THAT(live->annotations(), ElementsAre(note));
  ASSERT_TRUE(recording->finish());
  auto reader = open_in(files.files(), "a.ktape").value();
  EXPECT_THAT(reader->gaps(), ElementsAre(gap));
  EXPECT_THAT(reader->annotations(), ElementsAre(note));
  EXPECT_THAT(reader->verify().value(), IsEmpty());
}

TEST_F(RecordingTest, BlocksUntilThereIsRoom) {
  const auto frames = seeded_frames(4, 3'000);
  auto recording = create(recording_options("a.ktape"));
  for (const OwnedFrame& frame : frames) recording->on_frame(frame.frame());
  ASSERT_TRUE(recording->finish());
  EXPECT_EQ(recording->stats().dropped_frames, 0U);
  EXPECT_EQ(frames_in(files.files()), frames);
}

TEST_F(RecordingTest, DropsWhatAStalledDiskHasNoRoomForAndSaysSo) {
  RecordingOptions options = recording_options("a.ktape");
  options.when_full = WhenFull::Drop;
  auto recording = create(options);
  door.shut();
  std::vector<OwnedFrame> frames;
  for (int i = 0; i < 3'000; ++i) {
    frames.push_back(text_at(std::chrono::milliseconds{i}, "frame " + std::to_string(i) + std::string(40, '.'),
                             1 + static_cast<std::uint32_t>(i % 2)));
    recording->on_frame(frames.back().frame());
  }
  const RecordingStats stalled = recording->stats();
  EXPECT_GT(stalled.dropped_frames, 1'000U);
  EXPECT_EQ(stalled.frames + stalled.dropped_frames, 3'000U);
  EXPECT_GT(stalled.max_queued_bytes, 60'000U);
  EXPECT_LE(stalled.journal_used_bytes, stalled.journal_bytes);
  door.open();
  recording->settle();
  ASSERT_TRUE(recording->sync());
  frames.push_back(text_at(std::chrono::seconds{5}, "after"));
  recording->on_frame(frames.back().frame());
  ASSERT_TRUE(recording->finish());

  auto reader = open_in(files.files(), "a.ktape").value();
  const auto read = read_all(*reader);
  ASSERT_EQ(read.size(), stalled.frames + 1);
  // Every frame is there, or in exactly one gap.
  const auto gaps = reader->gaps();
  ASSERT_THAT(gaps, SizeIs(2));
  std::uint64_t told = 0;
  std::size_t next = 0;
  for (const OwnedFrame& frame : frames) {
    if (next < read.size() && read[next] == frame) {
      ++next;
      continue;
    }
    for (const Gap& gap : gaps) {
      if (gap.connection != frame.connection) continue;
      EXPECT_LE(gap.from, frame.at);
      EXPECT_GE(gap.to, frame.at);
      EXPECT_EQ(gap.cause, GapCause::Dropped);
      ++told;
    }
  }
  EXPECT_EQ(told, stalled.dropped_frames);
  EXPECT_EQ(gaps[0].frames.value() + gaps[1].frames.value(), stalled.dropped_frames);
  EXPECT_EQ(gaps[0].detail, "the disk was too slow: the journal of 65536 bytes was full");
}

TEST_F(RecordingTest, TellsWhatWasDroppedEvenWhenNothingFollows) {
  RecordingOptions options = recording_options("a.ktape");
  options.when_full = WhenFull::Drop;
  auto recording = create(options);
  door.shut();
  for (int i = 0; i < 2'000; ++i) recording->on_frame(text_at(Duration{i}, std::string(100, 'x')).frame());
  const Annotation note{clock.now(), std::nullopt, "stale_feed", "held back"};
  recording->annotate(note);
  const std::uint64_t dropped = recording->stats().dropped_frames;
  ASSERT_GT(dropped, 0U);
  door.open();
  ASSERT_TRUE(recording->finish());
  auto reader = open_in(files.files(), "a.ktape").value();
  ASSERT_THAT(reader->gaps(), SizeIs(1));
  EXPECT_EQ(reader->gaps()[0].frames, dropped);
  EXPECT_THAT(reader->annotations(), ElementsAre(note));
}

TEST_F(RecordingTest, TurnsAPayloadBeyondAThirdOfTheJournalIntoAGap) {
  auto recording = create(recording_options("a.ktape"));
  recording->on_frame(text_at(Duration{1}, std::string(30'000, 'x')).frame());
  recording->on_frame(text_at(Duration{2}, std::string(21'845, 'y')).frame());
  ASSERT_TRUE(recording->finish());
  auto reader = open_in(files.files(), "a.ktape").value();
  EXPECT_THAT(read_all(*reader), SizeIs(1));
  ASSERT_THAT(reader->gaps(), SizeIs(1));
  EXPECT_EQ(reader->gaps()[0].detail, "a payload of 30000 bytes is beyond the limit of 21845");
}

TEST_F(RecordingTest, SyncsOnceForEachIntervalThatHasFrames) {
  auto recording = create(recording_options("a.ktape"));
  clock.advance_to(clock.now() + std::chrono::seconds{10});
  recording->on_frame(text_at(std::chrono::seconds{10}, "one").frame());
  recording->on_frame(text_at(std::chrono::seconds{10}, "two").frame());
  EXPECT_EQ(clock.next_deadline(), clock.now() + std::chrono::seconds{1});
  clock.advance_to(clock.now() + std::chrono::seconds{1});
  EXPECT_FALSE(clock.next_deadline());
  ASSERT_TRUE(recording->sync());
  EXPECT_EQ(recording->stats().synced_at, clock.now());
  EXPECT_GE(recording->stats().syncs, 1U);
  ASSERT_TRUE(recording->finish());
}

TEST_F(RecordingTest, MeasuresWithTheStopwatchItIsGiven) {
  RecordingOptions options = recording_options("a.ktape");
  std::atomic<int> reading{0};
  options.stopwatch = [&] { return Duration{reading += 7}; };
  auto recording = create(options);
  recording->on_frame(text_at(Duration{1}, "one").frame());
  ASSERT_TRUE(recording->sync());
  EXPECT_EQ(recording->stats().last_sync, Duration{7});
  EXPECT_EQ(recording->stats().longest_sync, Duration{7});
  ASSERT_TRUE(recording->finish());
}

TEST_F(RecordingTest, PacksLessWellWhileTheQueueIsLong) {
  RecordingOptions options = recording_options("a.ktape");
  options.writer.compression_level = 9;
  options.when_full = WhenFull::Drop;
  auto recording = create(options);
  EXPECT_EQ(recording->stats().compression_level, 9);
  door.shut();
  for (int i = 0; i < 1'000; ++i) recording->on_frame(text_at(Duration{i}, std::string(100, 'x')).frame());
  door.open();
  ASSERT_TRUE(recording->sync());
  recording->settle();
  recording->on_frame(text_at(Duration{1}, "few").frame());
  recording->settle();
  EXPECT_EQ(recording->stats().compression_level, 9) << "and well again when it is short";
  ASSERT_TRUE(recording->finish());
  EXPECT_EQ(open_in(files.files(), "a.ktape").value()->verify().value(), std::vector<Gap>());
}

TEST_F(RecordingTest, RotatesBySizeAndLosesNothing) {
  const auto frames = seeded_frames(5, 4'000);
  RecordingOptions options = recording_options("a.ktape");
  options.max_segment_bytes = 60'000;
  auto recording = create(options);
  for (const OwnedFrame& frame : frames) recording->on_frame(frame.frame());
  ASSERT_TRUE(recording->finish());
  const auto left = files.files();
  ASSERT_GT(left.size(), 3U);
  EXPECT_EQ(left.begin()->first, "a-0001.ktape");
  EXPECT_EQ(recording->stats().segments, left.size());
  std::uint64_t next = 0;
  std::uint64_t stored = 0;
  for (const auto& [name, content] : left) {
    auto reader = open_in(left, name).value();
    EXPECT_EQ(reader->state(), SessionState::Sealed);
    EXPECT_THAT(reader->verify().value(), IsEmpty());
    EXPECT_EQ(reader->info().session_id, test_info().session_id);
    EXPECT_EQ(reader->info().first_sequence, next);
    next += reader->summary()->frames;
    stored += content.size();
    EXPECT_LT(content.size(), 90'000U);
  }
  EXPECT_EQ(next, frames.size());
  EXPECT_EQ(recording->stats().stored_bytes, stored);
  EXPECT_EQ(frames_in(left), frames);
}

TEST_F(RecordingTest, RotatesByTimeAndAtARequest) {
  RecordingOptions options = recording_options("{utc:%H%M%S}-{segment}.ktape");
  options.max_segment_span = std::chrono::minutes{1};
  auto recording = create(options);
  ASSERT_TRUE(recording->rotate());  // nothing to rotate yet
  recording->on_frame(text_at(std::chrono::seconds{1}, "one").frame());
  recording->on_frame(text_at(std::chrono::seconds{59}, "two").frame());
  recording->on_frame(text_at(std::chrono::seconds{60}, "three").frame());
  clock.advance_to(clock.now() + std::chrono::seconds{70});
  ASSERT_TRUE(recording->rotate());
  recording->on_frame(text_at(std::chrono::seconds{71}, "four").frame());
  ASSERT_TRUE(recording->finish());
  EXPECT_THAT(recording->paths(), ElementsAre("000000-1.ktape", "000100-2.ktape", "000110-3.ktape"));
  const auto left = files.files();
  EXPECT_THAT(read_all(*open_in(left, "000000-1.ktape").value()), SizeIs(2));
  EXPECT_THAT(read_all(*open_in(left, "000100-2.ktape").value()), SizeIs(1));
  auto last = open_in(left, "000110-3.ktape").value();
  EXPECT_EQ(last->info().segment, 2U);
  EXPECT_EQ(last->info().created_at, clock.now());
  EXPECT_EQ(last->info().monotonic_at, test_info().monotonic_at + std::chrono::seconds{70});
}

TEST_F(RecordingTest, TellsAnOutageAcrossARotation) {
  RecordingOptions options = recording_options("a.ktape");
  options.rotates = true;
  auto recording = create(options);
  OwnedFrame closed = text_at(std::chrono::seconds{1}, "1006 gone");
  closed.kind = FrameKind::Closed;
  recording->on_frame(closed.frame());
  ASSERT_TRUE(recording->rotate());
  OwnedFrame opened = text_at(std::chrono::seconds{9}, "wss://x/v2");
  opened.kind = FrameKind::Opened;
  recording->on_frame(opened.frame());
  ASSERT_TRUE(recording->finish());
  const auto gaps = open_in(files.files(), "a-0002.ktape").value()->gaps();
  ASSERT_THAT(gaps, SizeIs(1));
  EXPECT_EQ(gaps[0].from, closed.at);
  EXPECT_EQ(gaps[0].to, opened.at);
  EXPECT_EQ(gaps[0].cause, GapCause::Disconnected);
}

TEST_F(RecordingTest, RefusesWhatMakesNoSense) {
  const auto error = [&](auto&& change) {
    RecordingOptions options = recording_options("a.ktape");
    change(options);
    const auto recording = Recording::create(options, clock, files);
    return recording ? std::string("none") : recording.error().detail;
  };
  EXPECT_EQ(error([](auto& options) { options.journal_bytes = 5'000; }),
            "a journal has 65536 to 1073741824 bytes, in whole pages of 4096, not 5000");
  EXPECT_EQ(error([](auto& options) { options.sync_interval = Duration::zero(); }),
            "the sync interval must be positive, not 0");
  EXPECT_EQ(error([](auto& options) { options.max_segment_bytes = 0; }), "a segment of 0 bytes");
  EXPECT_EQ(error([](auto& options) { options.max_segment_span = Duration{-1}; }),
            "the span of a segment must be positive, not -1");
  EXPECT_EQ(error([](auto& options) { options.busy_compression_level = 99; }), "zstd has no level 99");
  EXPECT_EQ(error([](auto& options) { options.writer.redaction = Redaction::Secrets; }),
            "redaction needs a random key, or must be switched off");
  EXPECT_EQ(error([](auto& options) { options.path = "{x}"; }),
            "the name '{x}' has the unknown placeholder '{x}': there are {utc:%Y%m%dT%H%M%SZ} and {segment:04}");
  EXPECT_EQ(error([](auto& options) { options.info.session_id.clear(); }), "a session id has 1 to 64 bytes, not 0: ''");
  EXPECT_THAT(files.files(), IsEmpty()) << "nothing is left of a start that failed";
  auto recording = create(recording_options("a.ktape"));
  EXPECT_EQ(recording->rotate().error().detail, "a.ktape was not opened for several segments");
  EXPECT_EQ(error([](auto&) {}), "cannot create a.ktape: File exists");
  recording->discard();
  EXPECT_THAT(files.files(), IsEmpty());
  EXPECT_TRUE(recording->status());
}

TEST(RecordingOnDisk, FailsWhereItHasNoFolder) {
  VirtualClock clock(test_info().created_at);
  const auto recording = Recording::create(recording_options("/nonexistent/a.ktape"), clock);
  ASSERT_FALSE(recording);
  EXPECT_EQ(recording.error().detail, "cannot create /nonexistent/a.ktape: No such file or directory");
}

}  // namespace
}  // namespace ktape::test
