// Keyframes and annotations: records of format 1.1 that stand beside the chunks.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/session/format.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

SessionWriterOptions extras(std::size_t chunk_bytes = 1U << 20) {
  auto options = plain_options(chunk_bytes);
  options.extras = true;
  return options;
}

OwnedFrame frame(std::int64_t second, std::string payload) {
  OwnedFrame out;
  out.at = test_info().created_at + std::chrono::seconds{second};
  out.connection = ConnectionId{3};
  out.payload = std::move(payload);
  return out;
}

std::vector<Frame> views(const std::vector<OwnedFrame>& frames) {
  std::vector<Frame> out;
  for (const OwnedFrame& each : frames) out.push_back(each.frame());
  return out;
}

// Two made frames, three recorded ones, one made in the middle, two recorded, and two notes.
struct Written {
  MemoryFile file = memory_file();
  std::unique_ptr<SessionWriter> writer;

  explicit Written(const SessionWriterOptions& options = extras(), bool finishes = true) {
    writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, test_info(), options).value();
    writer->write_keyframe(views({frame(0, "made 1"), frame(0, "made 2")}));
    for (const auto& each : {frame(1, "one"), frame(2, "two"), frame(3, "three")}) writer->on_frame(each.frame());
    writer->write_keyframe(views({frame(3, "made 3")}));
    for (const auto& each : {frame(4, "four"), frame(5, "five")}) writer->on_frame(each.frame());
    writer->annotate({frame(1, "").at, ConnectionId{3}, "source", "from A"});
    writer->annotate({frame(2, "").at, ConnectionId{4}, "source", "from B"});
    if (finishes) {
      EXPECT_TRUE(writer->finish().has_value());
    }
  }
};

std::string told(SessionReader& reader) {
  std::string out;
  while (const auto next = reader.next().value()) {
    out += (reader.in_keyframe() ? "*" : "") + std::string(next->payload) + "|";
  }
  return out;
}

constexpr auto kAll = "*made 1|*made 2|one|two|three|*made 3|four|five|";

TEST(SessionKeyframe, IsDeliveredWhereItStandsAndNotCounted) {
  const Written written;
  const auto reader = opened(*written.file);
  EXPECT_EQ(told(*reader), kAll);
  EXPECT_EQ(reader->info().minor, 1);
  EXPECT_TRUE(reader->complete());
  const auto summary = reader->summary().value();
  EXPECT_EQ(summary.frames, 5U);
  EXPECT_EQ(summary.keyframe_frames, 3U);
  EXPECT_EQ(summary.first_at, frame(1, "").at);
  EXPECT_TRUE(reader->verify().value().empty());
}

TEST(SessionKeyframe, ComesAsAChunkOfItsOwn) {
  const Written written;
  const auto reader = opened(*written.file);
  std::vector<std::size_t> sizes;
  std::vector<bool> made;
  for (auto frames = reader->next_chunk().value(); !frames.empty(); frames = reader->next_chunk().value()) {
    sizes.push_back(frames.size());
    made.push_back(reader->in_keyframe());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 3, 1, 2}));
  EXPECT_EQ(made, (std::vector<bool>{true, false, true, false}));
}

TEST(SessionKeyframe, IsFoundWithoutASealToo) {
  const Written written(extras(), false);
  ASSERT_TRUE(written.writer->flush().has_value());
  const auto reader = opened(*written.file);
  EXPECT_EQ(reader->state(), SessionState::Open);
  EXPECT_EQ(told(*reader), kAll);
  EXPECT_EQ(reader->annotations().size(), 2U);
}

TEST(SessionKeyframe, OfAnOlderStateIsNotDeliveredAfterASeek) {
  const Written written;
  const auto reader = opened(*written.file);
  ASSERT_TRUE(reader->seek(frame(2, "").at).has_value());
  EXPECT_EQ(told(*reader), "two|three|*made 3|four|five|");
  ASSERT_TRUE(reader->seek(frame(4, "").at).has_value());
  EXPECT_EQ(told(*reader), "four|five|");
  ASSERT_TRUE(reader->seek(frame(0, "").at).has_value());
  EXPECT_EQ(told(*reader), kAll);
}

TEST(SessionKeyframe, LargerThanARecordIsSpreadOverSeveral) {
  const auto file = memory_file();
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, test_info(), extras(1000)).value();
  std::vector<OwnedFrame> made;
  for (int i = 0; i < 10; ++i) made.push_back(frame(0, std::string(600, static_cast<char>('a' + i))));
  writer->write_keyframe(views(made));
  writer->on_frame(frame(1, "one").frame());
  ASSERT_TRUE(writer->finish().has_value());
  const auto reader = opened(*file);
  const auto all = read_all(*reader);
  ASSERT_EQ(all.size(), 11U);
  EXPECT_TRUE(std::equal(made.begin(), made.end(), all.begin()));
}

TEST(SessionKeyframe, HidesNoSecretFromTheRedactor) {
  auto options = extras();
  options.redaction = Redaction::Secrets;
  options.redaction_key.fill(9);
  const auto file = memory_file();
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, test_info(), options).value();
  writer->write_keyframe(views({frame(0, R"({"token":"canary"})")}));
  ASSERT_TRUE(writer->finish().has_value());
  EXPECT_EQ(read_all(*opened(*file)).front().payload.find("canary"), std::string::npos);
}

TEST(SessionKeyframe, ThatIsDamagedIsAGapAndCostsNothingElse) {
  const Written written;
  const std::string& bytes = *written.file;
  // The first record is the schema.
  const std::string magic("\x5c\x2a\x4d\x18\x40\0\0\0", 8);
  const std::size_t first = bytes.find(magic, bytes.find(magic) + 1);
  ASSERT_NE(first, std::string::npos);
  std::string damaged = bytes;
  damaged[first + format::kRecordHeaderBytes + 12] ^= 0x10;
  auto reader = opened(damaged);
  EXPECT_EQ(told(*reader), "one|two|three|*made 3|four|five|");
  EXPECT_EQ(reader->state(), SessionState::Damaged);
  ASSERT_EQ(reader->gaps().size(), 1U);
  EXPECT_NE(reader->gaps().front().detail.find("keyframe"), std::string::npos);
  EXPECT_EQ(opened(damaged)->verify().value().size(), 1U);
  // Its header too.
  damaged = bytes;
  damaged[first + 20] ^= 0x10;
  reader = opened(damaged);
  EXPECT_EQ(reader->state(), SessionState::Damaged);
  EXPECT_FALSE(reader->verify().value().empty());
}

TEST(SessionAnnotations, AreReadBackAsTheyWereWritten) {
  const Written written;
  const std::vector<Annotation> expected{{frame(1, "").at, ConnectionId{3}, "source", "from A"},
                                         {frame(2, "").at, ConnectionId{4}, "source", "from B"}};
  EXPECT_EQ(opened(*written.file)->annotations(), expected);
}

TEST(SessionAnnotations, AreNotThereInAFileWithoutThem) {
  const std::string plain = recorded({frame(1, "one")});
  const auto reader = opened(plain);
  EXPECT_EQ(reader->info().minor, 0);
  EXPECT_TRUE(reader->annotations().empty());
  EXPECT_EQ(reader->summary().value().keyframe_frames, 0U);
}

TEST(SessionWriter, KeepsTheNameOfAPolicyThatWasAppliedBefore) {
  auto options = extras();
  options.redaction = Redaction::Kept;
  auto info = test_info();
  info.redaction = "hmac-sha256-v1";
  const auto file = memory_file();
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, info, options).value();
  writer->on_frame(frame(1, R"({"token":"ktape-redacted-012345678901"})").frame());
  ASSERT_TRUE(writer->finish().has_value());
  const auto reader = opened(*file);
  EXPECT_EQ(reader->info().redaction, "hmac-sha256-v1");
  EXPECT_EQ(read_all(*reader).front().payload, R"({"token":"ktape-redacted-012345678901"})");
}

}  // namespace
}  // namespace ktape
