#include <gmock/gmock.h>

#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

SessionWriterOptions with_extras() {
  auto options = plain_options();
  options.extras = true;
  return options;
}

struct Written {
  MemoryFile file = memory_file();
  std::unique_ptr<SessionWriter> writer =
      SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, test_info(), with_extras()).value();
};

TEST(Annotation, IsToldByTheSealAndWithoutIt) {
  Written written;
  const Annotation first{test_info().created_at, ConnectionId{2}, "stale_feed", "nothing for 30s"};
  const Annotation second{test_info().created_at + Duration{1}, std::nullopt, "note", ""};
  written.writer->annotate(first);
  written.writer->on_frame(seeded_frames(1, 1).front().frame());
  written.writer->annotate(second);
  EXPECT_THAT(opened(*written.file)->annotations(), ElementsAre(first, second)) << "at once, before the chunk ends";
  ASSERT_TRUE(written.writer->finish());
  EXPECT_THAT(opened(*written.file)->annotations(), ElementsAre(first, second));
  std::string unsealed = *written.file;
  unsealed.resize(unsealed.size() - 40);  // no footer, and a torn seal
  EXPECT_THAT(opened(unsealed)->annotations(), ElementsAre(first, second));
  EXPECT_EQ(read_all(*opened(*written.file)), seeded_frames(1, 1));
}

TEST(Annotation, IsCutAtItsLimits) {
  Written written;
  written.writer->annotate({test_info().created_at, std::nullopt, std::string(70, 'n'), std::string(70'000, 't')});
  ASSERT_TRUE(written.writer->finish());
  const auto notes = opened(*written.file)->annotations();
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_EQ(notes[0].name, std::string(64, 'n'));
  EXPECT_EQ(notes[0].text, std::string(65'536, 't'));
}

TEST(Annotation, SaysWhenOthersAreLeftOut) {
  Written written;
  const std::string text(64U << 10, 't');
  for (int i = 0; i < 300; ++i) written.writer->annotate({test_info().created_at, std::nullopt, "many", text});
  ASSERT_TRUE(written.writer->finish());
  const auto notes = opened(*written.file)->annotations();
  ASSERT_THAT(notes, SizeIs(256));
  EXPECT_EQ(notes[254].name, "many");
  EXPECT_EQ(notes[255].name, "annotations_end");
}

TEST(Annotation, IsDamageWhereItCannotBeRead) {
  Written written;
  const Annotation note{test_info().created_at, ConnectionId{2}, "note", "text"};
  written.writer->annotate(note);
  std::string bytes = *written.file;
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  const auto reader = opened(bytes);
  EXPECT_THAT(reader->annotations(), IsEmpty());
  EXPECT_EQ(reader->state(), SessionState::Damaged);
  ASSERT_THAT(reader->gaps(), SizeIs(1));
  EXPECT_THAT(reader->gaps()[0].detail, ::testing::HasSubstr("the annotation: CRC32C"));
}

TEST(FirstSequence, NumbersTheFramesOfALaterSegment) {
  const auto frames = seeded_frames(2, 300);
  const MemoryFile file = memory_file();
  SessionInfo info = test_info();
  info.segment = 1;
  info.first_sequence = 7'000;
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, info, plain_options(3'000)).value();
  for (const OwnedFrame& frame : frames) writer->on_frame(frame.frame());
  EXPECT_EQ(writer->next_sequence(), 7'300U);
  EXPECT_EQ(writer->frames(), 300U);
  const std::string open_file = *file;
  ASSERT_TRUE(writer->finish());
  for (const std::string& bytes : {*file, open_file}) {
    const auto reader = opened(bytes);
    EXPECT_EQ(reader->next_sequence(), 7'000U);
    EXPECT_THAT(reader->gaps(), IsEmpty());
    EXPECT_EQ(reader->next().value()->payload, frames[0].payload);
    EXPECT_EQ(reader->next_sequence(), 7'001U);
    reader->seek_to_sequence(7'123);
    EXPECT_EQ(OwnedFrame(*reader->next().value()), frames[123]);
    EXPECT_EQ(reader->next_sequence(), 7'124U);
  }
  EXPECT_EQ(opened(*file)->state(), SessionState::Sealed);
  // Without its header a segment still knows where its numbers begin.
  std::string headless = *file;
  headless[12] ^= 1;
  EXPECT_EQ(read_all(*opened(headless)), frames);
  EXPECT_THAT(opened(headless)->gaps(), SizeIs(1));
}

}  // namespace
}  // namespace ktape
