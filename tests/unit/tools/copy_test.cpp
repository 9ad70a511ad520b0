#include "tools/copy.hpp"

#include <gtest/gtest.h>

#include "tests/support/synthetic_recording.hpp"
#include "tools/frame_digest.hpp"

namespace ktape::test {
namespace {

SessionInfo info() {
  auto about = test_info();
  about.dialect = "spot-v2";
  return about;
}

struct Copied {
  std::string recording;
  CopyReport report;
  Losses losses;
};

Copied copy_of(SessionReader& reader) {
  NewRecordingInMemory made;
  auto report = copy_recording(reader, *made.writer);
  EXPECT_TRUE(report.has_value()) << report.error().detail;
  return {made.finish(), std::move(*report), losses_of(reader)};
}

// The header of each record of this type, as offsets.
std::vector<std::size_t> records(const std::string& bytes, char type) {
  const std::string magic("\x5c\x2a\x4d\x18\x40\0\0\0", 8);
  std::vector<std::size_t> out;
  for (auto at = bytes.find(magic); at != bytes.npos; at = bytes.find(magic, at + 1)) {
    if (bytes[at + 16] == type) out.push_back(at);
  }
  return out;
}

TEST(CopyRecording, KeepsFramesKeyframesNotesAndGaps) {
  NewRecordingInMemory origin;
  const auto frames = seeded_frames(5, 300);
  const std::vector<Frame> made{frames[0].frame()};
  origin.writer->write_keyframe(made);
  for (const auto& frame : frames) origin.writer->on_frame(frame.frame());
  const Gap gap{frames[10].at, frames[11].at, GapCause::Dropped, 3, ConnectionId{2}, "lost"};
  origin.writer->note_gap(gap);
  const std::vector<Annotation> notes{{frames[0].at, ConnectionId{1}, "note", "said"}};
  origin.writer->annotate(notes[0]);
  const auto bytes = origin.finish();

  const auto reader = opened(bytes);
  const auto copied = copy_of(*reader);
  const auto again = opened(copied.recording);
  EXPECT_EQ(read_all(*again), read_all(*opened(bytes)));
  EXPECT_EQ(again->gaps(), std::vector<Gap>{gap});
  EXPECT_EQ(again->annotations(), notes);
  EXPECT_EQ(copied.report.frames, 300U);
  EXPECT_EQ(copied.report.keyframe_frames, 1U);
  EXPECT_EQ(copied.report.digest, read_recording(*opened(bytes)).value().digest);
}

TEST(CopyRecording, OfADamagedOneLeavesAGapWhereTheDamageIs) {
  const auto frames = seeded_frames(6, 2000);
  auto bytes = recording_of(frames);
  const auto chunks = records(bytes, 1);
  ASSERT_GE(chunks.size(), 3U);
  bytes[chunks[1] + 100] ^= 1;
  const auto reader = opened(bytes);
  const auto copied = copy_of(*reader);
  EXPECT_EQ(copied.losses.places, 1U);
  EXPECT_EQ(copied.losses.frames + copied.report.frames, 2000U);
  const auto again = opened(copied.recording);
  EXPECT_EQ(again->state(), SessionState::Sealed);
  ASSERT_EQ(again->gaps().size(), 1U);
  EXPECT_EQ(again->gaps()[0].cause, GapCause::Damaged);
  EXPECT_EQ(again->gaps()[0].frames, copied.losses.frames);
  EXPECT_TRUE(again->verify().value().empty());
}

TEST(CopyRecording, OfOneThatWasKilledTakesTheJournalToo) {
  const auto file = memory_file();
  const auto journal = memory_file();
  const auto frames = seeded_frames(7, 100);
  {
    auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), std::make_unique<MemoryJournal>(journal),
                                        info(), plain_options())
                      .value();
    for (const auto& frame : frames) writer->on_frame(frame.frame());
    ASSERT_TRUE(writer->commit().has_value());
    const std::string killed_file = *file;
    const std::string killed_journal = *journal;
    const auto reader = opened(killed_file, killed_journal);
    const auto copied = copy_of(*reader);
    EXPECT_EQ(read_all(*opened(copied.recording)), frames);
    EXPECT_EQ(copied.losses.frames, 0U);
    EXPECT_EQ(copied.losses.unknown, 0U);
  }
}

TEST(FrameDigest, DiffersWithEachPartOfAFrame) {
  const Frame frame{from_nanoseconds(1), ConnectionId{2}, Direction::FromExchange, FrameKind::Text, "abc"};
  const auto digest = [](const Frame& one) {
    FrameDigest sum;
    sum.add(one);
    return sum.hex();
  };
  const auto same = digest(frame);
  EXPECT_EQ(same, digest(frame));
  Frame other = frame;
  other.at = from_nanoseconds(2);
  EXPECT_NE(same, digest(other));
  other = frame;
  other.connection = ConnectionId{3};
  EXPECT_NE(same, digest(other));
  other = frame;
  other.direction = Direction::ToExchange;
  EXPECT_NE(same, digest(other));
  other = frame;
  other.kind = FrameKind::Binary;
  EXPECT_NE(same, digest(other));
  other = frame;
  other.payload = "abd";
  EXPECT_NE(same, digest(other));
}

}  // namespace
}  // namespace ktape::test
