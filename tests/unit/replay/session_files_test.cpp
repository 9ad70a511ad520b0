#include "replay/session_files.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "tests/support/recording_fixture.hpp"
#include "tests/support/temporary_folder.hpp"

namespace ktape::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void write_file(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string segment_bytes(const std::vector<OwnedFrame>& frames, std::uint32_t segment, std::uint64_t first,
                          const std::string& session = test_info().session_id) {
  const MemoryFile file = memory_file();
  SessionInfo info = test_info();
  info.session_id = session;
  info.segment = segment;
  info.first_sequence = first;
  info.created_at = frames.front().at;
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, info, plain_options(3'000)).value();
  for (const OwnedFrame& frame : frames) writer->on_frame(frame.frame());
  EXPECT_TRUE(writer->finish());
  return *file;
}

// 90 frames a second apart, and the thirds of them.
struct Thirds {
  std::vector<OwnedFrame> all = [] {
    auto frames = seeded_frames(1, 90);
    for (std::size_t i = 0; i < frames.size(); ++i) frames[i].at = test_info().created_at + std::chrono::seconds{i};
    return frames;
  }();
  std::vector<OwnedFrame> third(std::size_t i) const {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(30 * i);
    return {begin, begin + 30};
  }
};

TEST(SegmentedSource, ReadsAFolderInTheOrderOfItsSegments) {
  const Thirds thirds;
  const TemporaryFolder folder;
  write_file(folder.file("c.ktape"), segment_bytes(thirds.third(0), 0, 0));
  write_file(folder.file("a.ktape"), segment_bytes(thirds.third(1), 1, 30));
  write_file(folder.file("b.ktape"), segment_bytes(thirds.third(2), 2, 60));
  write_file(folder.file("notes.txt"), "not a recording");
  auto session = open_session({folder.file("")}).value();
  ASSERT_THAT(session->segments(), SizeIs(3));
  EXPECT_EQ(session->segments()[0].info.segment, 0U);
  EXPECT_EQ(all_frames(*session), thirds.all);
  EXPECT_THAT(session->gaps(), IsEmpty());
  EXPECT_FALSE(session->next().value()) << "the end stays the end";
}

TEST(SegmentedSource, SeeksThroughSegments) {
  const Thirds thirds;
  const TemporaryFolder folder;
  for (std::uint32_t i = 0; i < 3; ++i) {
    write_file(folder.file(std::to_string(i)), segment_bytes(thirds.third(i), i, 30 * i));
  }
  auto session = open_session({folder.file("0"), folder.file("1"), folder.file("2")}).value();
  for (const std::size_t place : {0U, 1U, 29U, 30U, 31U, 59U, 60U, 89U}) {
    ASSERT_TRUE(session->seek(thirds.all[place].at));
    EXPECT_EQ(all_frames(*session).size(), 90 - place) << place;
  }
  ASSERT_TRUE(session->seek(thirds.all.back().at + Duration{1}));
  EXPECT_FALSE(session->next().value());
}

TEST(SegmentedSource, RefusesMixedSessionsAndDoubles) {
  const Thirds thirds;
  const TemporaryFolder folder;
  write_file(folder.file("a"), segment_bytes(thirds.third(0), 0, 0, "one"));
  write_file(folder.file("b"), segment_bytes(thirds.third(1), 1, 30, "two"));
  write_file(folder.file("c"), segment_bytes(thirds.third(1), 0, 30, "one"));
  const auto mixed = open_session({folder.file("a"), folder.file("b")});
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().detail, folder.file("a") + " is of the session one and " + folder.file("b") +
                                      " of two: only one can be read at a time");
  const auto doubled = open_session({folder.file("a"), folder.file("c")});
  ASSERT_FALSE(doubled);
  EXPECT_EQ(doubled.error().detail,
            folder.file("a") + " and " + folder.file("c") + " are both segment 0 of their session");
}

TEST(SegmentedSource, TellsWhatIsMissingInTheMiddle) {
  const Thirds thirds;
  const TemporaryFolder folder;
  write_file(folder.file("0"), segment_bytes(thirds.third(0), 0, 0));
  write_file(folder.file("2"), segment_bytes(thirds.third(2), 2, 60));
  auto session = open_session({folder.file("2"), folder.file("0")}).value();
  EXPECT_THAT(all_frames(*session), SizeIs(60));
  ASSERT_THAT(session->gaps(), SizeIs(1));
  EXPECT_EQ(session->gaps()[0].frames, 30U);
  EXPECT_EQ(session->gaps()[0].from, thirds.all[29].at);
  EXPECT_EQ(session->gaps()[0].to, thirds.all[60].at);
  EXPECT_EQ(session->gaps()[0].detail, "30 frames are missing before " + folder.file("2"));
}

TEST(SegmentedSource, GivesAFrameThatTwoSegmentsHoldOnce) {
  const Thirds thirds;
  const TemporaryFolder folder;
  std::vector<OwnedFrame> longer(thirds.all.begin(), thirds.all.begin() + 40);
  write_file(folder.file("0"), segment_bytes(longer, 0, 0));
  write_file(folder.file("1"), segment_bytes(thirds.third(1), 1, 30));
  auto session = open_session({folder.file("0"), folder.file("1")}).value();
  EXPECT_EQ(all_frames(*session), std::vector<OwnedFrame>(thirds.all.begin(), thirds.all.begin() + 60));
}

TEST(SegmentedSource, LeavesOutASegmentThatNeverGotItsHeader) {
  const Thirds thirds;
  const TemporaryFolder folder;
  const std::string whole = segment_bytes(thirds.third(0), 0, 0);
  write_file(folder.file("0"), whole);
  write_file(folder.file("1"), "");
  write_file(folder.file("2"), whole.substr(0, 100));
  auto session = open_session({folder.file("0"), folder.file("1"), folder.file("2")}).value();
  EXPECT_THAT(session->left_out(),
              ElementsAre(folder.file("1") + " is empty: not a recording",
                          folder.file("2") + " is truncated: its 100 bytes end inside the segment header"));
  EXPECT_EQ(all_frames(*session), thirds.third(0));
  EXPECT_FALSE(open_session({folder.file("1")})) << "alone, it is an error";
}

TEST(SegmentedSource, SaysWhatItCannotOpen) {
  const TemporaryFolder folder;
  EXPECT_EQ(open_session({}).error().detail, "there is no recording to read");
  EXPECT_EQ(open_session({folder.file("")}).error().detail, "there is no recording (*.ktape) in " + folder.file(""));
  EXPECT_EQ(open_session({folder.file("none")}).error().detail,
            "cannot open " + folder.file("none") + ": No such file or directory");
}

}  // namespace
}  // namespace ktape::test
