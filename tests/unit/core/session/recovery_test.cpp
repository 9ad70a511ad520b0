#include "core/session/recovery.hpp"

#include <gmock/gmock.h>

#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Recovered {
  RecoveryReport report;
  std::unique_ptr<SessionReader> reader;
};

Recovered recovered(SessionReader& in) {
  const MemoryFile file = memory_file();
  SessionWriterOptions options = plain_options(3'000);
  options.redaction = Redaction::Kept;
  options.extras = true;
  auto writer =
      SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, recovered_info(in.info()), options).value();
  Recovered out{recover(in, *writer).value(), opened(*file)};
  EXPECT_EQ(out.reader->state(), SessionState::Sealed);
  EXPECT_THAT(out.reader->verify().value(), IsEmpty());
  EXPECT_EQ(out.reader->gaps(), out.report.gaps);
  return out;
}

// A recording whose process is gone: the file, and the journal if `commits`.
std::pair<std::string, std::string> killed(const std::vector<OwnedFrame>& frames, bool commits) {
  const MemoryFile file = memory_file();
  const MemoryFile journal = memory_file();
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), std::make_unique<MemoryJournal>(journal),
                                      test_info(), plain_options(3'000))
                    .value();
  for (const OwnedFrame& frame : frames) writer->on_frame(frame.frame());
  if (commits) {
    EXPECT_TRUE(writer->commit());
  }
  return {*file, *journal};
}

TEST(Recovery, SealsWhatAKillHasLeft) {
  const auto frames = seeded_frames(1, 120);
  const auto [file, journal] = killed(frames, true);
  const auto in = opened(file, journal);
  const auto out = recovered(*in);
  EXPECT_EQ(read_all(*out.reader), frames);
  EXPECT_EQ(out.report.frames, frames.size());
  EXPECT_EQ(out.report.found, SessionState::Recovered);
  EXPECT_EQ(out.report.lost_frames, 0U);
  ASSERT_THAT(out.report.gaps, SizeIs(1));
  EXPECT_EQ(out.report.gaps[0].cause, GapCause::Crash);
  EXPECT_EQ(out.report.gaps[0].frames, 0U);
  EXPECT_EQ(out.reader->info().session_id, test_info().session_id);
}

TEST(Recovery, SaysWhatATornTailHasCost) {
  const auto frames = seeded_frames(2, 120);
  const auto file = killed(frames, false).first;
  const auto in = opened(file.substr(0, file.size() - 100));
  const auto out = recovered(*in);
  const auto read = read_all(*out.reader);
  ASSERT_LT(read.size(), frames.size());
  EXPECT_TRUE(std::equal(read.begin(), read.end(), frames.begin()));
  ASSERT_THAT(out.report.gaps, SizeIs(1));
  EXPECT_EQ(out.report.gaps[0].cause, GapCause::Crash);
  EXPECT_EQ(out.report.lost_frames, out.report.gaps[0].frames);
}

TEST(Recovery, TurnsADamagedChunkIntoAGap) {
  const auto frames = seeded_frames(3, 200);
  std::string file = recorded(frames, plain_options(3'000));
  file[file.size() / 3] ^= 1;
  const auto in = opened(file);
  const auto out = recovered(*in);
  EXPECT_EQ(out.report.found, SessionState::Damaged);
  EXPECT_GT(out.report.lost_frames, 0U);
  EXPECT_EQ(out.report.frames + out.report.lost_frames, frames.size());
  ASSERT_THAT(out.report.gaps, SizeIs(1));
  EXPECT_EQ(out.report.gaps[0].cause, GapCause::Damaged);
  EXPECT_THAT(out.report.gaps[0].detail, HasSubstr("is damaged"));
}

TEST(Recovery, KeepsGapsAndAnnotationsOnce) {
  const MemoryFile file = memory_file();
  SessionInfo info = test_info();
  info.segment = 4;
  info.first_sequence = 500;
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, info, plain_options()).value();
  const auto at = [&](int seconds) { return info.created_at + std::chrono::seconds{seconds}; };
  const ConnectionId connection{1};
  writer->on_frame({at(1), connection, Direction::FromExchange, FrameKind::Closed, "1006 gone"});
  writer->on_frame({at(3), connection, Direction::FromExchange, FrameKind::Opened, "wss://x"});
  const Annotation note{at(4), connection, "trade_gap", "7 to 9"};
  writer->annotate(note);
  writer->note_gap({at(4), at(5), GapCause::Dropped, 3, connection, "full"});
  writer->on_frame({at(6), connection, Direction::FromExchange, FrameKind::Text, "{}"});
  const auto gaps = writer->gaps();
  ASSERT_THAT(gaps, SizeIs(2));
  ASSERT_TRUE(writer->finish());
  const auto in = opened(*file);
  const auto out = recovered(*in);
  EXPECT_EQ(out.report.found, SessionState::Sealed);
  EXPECT_EQ(out.report.gaps, gaps) << "sealed and whole: nothing is added";
  EXPECT_THAT(out.reader->annotations(), ElementsAre(note));
  EXPECT_EQ(out.report.annotations, 1U);
  EXPECT_EQ(out.reader->info().first_sequence, 500U);
  EXPECT_EQ(out.reader->info().segment, 4U);
}

TEST(Recovery, SavesTheFramesOfAFileWithoutItsHeader) {
  const auto frames = seeded_frames(4, 100);
  std::string file = recorded(frames, plain_options(3'000));
  file[12] ^= 1;
  const auto in = opened(file);
  const auto out = recovered(*in);
  EXPECT_EQ(read_all(*out.reader), frames);
  EXPECT_EQ(out.reader->info().session_id, "unknown");
}

TEST(Recovery, StopsWhenTheNewFileFails) {
  const auto in = opened(recorded(seeded_frames(5, 200), plain_options(3'000)));
  SessionWriterOptions options = plain_options(3'000);
  options.redaction = Redaction::Kept;
  options.extras = true;
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(memory_file(), fail_after(3)), nullptr,
                                      recovered_info(in->info()), options)
                    .value();
  const auto report = recover(*in, *writer);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().detail, "the disk is full");
}

}  // namespace
}  // namespace ktape
