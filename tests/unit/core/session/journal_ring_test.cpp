#include "core/session/journal_ring.hpp"

#include <gtest/gtest.h>

#include "tests/support/memory_bytes.hpp"
#include "tests/support/ring_memory.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape::test {
namespace {

constexpr std::uint64_t kSalt = 77;

Frame text_frame(std::string_view payload, std::int64_t at = 5) {
  return {from_nanoseconds(at), ConnectionId{3}, Direction::ToExchange, FrameKind::Ping, payload};
}

std::vector<RingEntry> entries_of(const std::string& bytes, RingImage& image) {
  image = RingImage::load(*std::make_unique<MemorySource>(bytes)).value().value();
  return image.entries(kSalt);
}

TEST(JournalRing, GivesBackWhatWasAppended) {
  const RingMemory memory(1024);
  RingWriter writer(memory.span(), kSalt);
  RingReader reader(memory.span());
  EXPECT_FALSE(reader.next());
  ASSERT_TRUE(writer.append(RingEntryType::Frame, 9, text_frame("hello")));
  ASSERT_TRUE(writer.append(RingEntryType::Gap, 10, text_frame("", -1)));
  auto entry = reader.next().value();
  EXPECT_EQ(entry.type, RingEntryType::Frame);
  EXPECT_EQ(entry.sequence, 9U);
  EXPECT_EQ(entry.position, 0U);
  EXPECT_EQ(entry.frame, text_frame("hello"));
  entry = reader.next().value();
  EXPECT_EQ(entry.type, RingEntryType::Gap);
  EXPECT_EQ(entry.sequence, 10U);
  EXPECT_EQ(entry.frame, text_frame("", -1));
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.position(), writer.head());
}

TEST(JournalRing, HasNoRoomUntilSomeIsReleased) {
  const RingMemory memory(1024);
  RingWriter writer(memory.span(), kSalt);
  RingReader reader(memory.span());
  const std::string payload(200, 'x');
  std::uint64_t sequence = 0;
  while (writer.append(RingEntryType::Frame, sequence, text_frame(payload))) ++sequence;
  EXPECT_EQ(sequence, 4U);
  const RingEntry first = reader.next().value();
  EXPECT_FALSE(writer.append(RingEntryType::Frame, sequence, text_frame(payload))) << "what was only read stays";
  reader.release(first.end);
  EXPECT_TRUE(writer.append(RingEntryType::Frame, sequence, text_frame(payload)));
  EXPECT_FALSE(writer.append(RingEntryType::Frame, sequence, text_frame(payload)));
}

TEST(JournalRing, NeverTakesAnEntryBeyondItsCapacity) {
  const RingMemory memory(1024);
  RingWriter writer(memory.span(), kSalt);
  RingReader reader(memory.span());
  EXPECT_FALSE(writer.append(RingEntryType::Frame, 0, text_frame(std::string(1024 - 47, 'x'))));
  ASSERT_TRUE(writer.append(RingEntryType::Frame, 0, text_frame("x")));
  const std::string largest(1024 - 48, 'y');
  EXPECT_FALSE(writer.append(RingEntryType::Frame, 1, text_frame(largest)));
  reader.release(reader.next()->end);
  // The rest of the ring has become a filler by now, which must be read over before the whole ring is free.
  EXPECT_FALSE(writer.append(RingEntryType::Frame, 1, text_frame(largest)));
  EXPECT_FALSE(reader.next());
  reader.release(reader.position());
  EXPECT_TRUE(writer.append(RingEntryType::Frame, 1, text_frame(largest)));
  EXPECT_EQ(reader.next()->frame.payload, largest);
}

TEST(RingImage, TellsAJournalOfVersionOneFromARing) {
  EXPECT_FALSE(RingImage::load(*std::make_unique<MemorySource>(std::string())).value());
  EXPECT_FALSE(RingImage::load(*std::make_unique<MemorySource>(std::string(100, 'x'))).value());
  const MemoryFile journal = memory_file();
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(memory_file()),
                                      std::make_unique<MemoryJournal>(journal), test_info(), plain_options())
                    .value();
  for (const OwnedFrame& frame : seeded_frames(1, 200)) writer->on_frame(frame.frame());
  ASSERT_TRUE(writer->commit());
  ASSERT_GT(journal->size(), 8192U);
  EXPECT_FALSE(RingImage::load(*std::make_unique<MemorySource>(*journal)).value());
}

TEST(RingImage, ReadsARingWhoseHeaderIsDamaged) {
  const RingMemory memory(1024);
  RingWriter writer(memory.span(), kSalt);
  ASSERT_TRUE(writer.append(RingEntryType::Frame, 4, text_frame("still here")));
  for (const std::size_t place : {0U, 9U, 17U, 25U, 65U}) {
    std::string bytes = memory.copy();
    bytes[place] ^= 4;
    RingImage image;
    const auto entries = entries_of(bytes, image);
    ASSERT_EQ(entries.size(), 1U) << place;
    EXPECT_EQ(entries[0].frame.payload, "still here");
  }
}

TEST(RingImage, KnowsItsOwnEntriesByTheSalt) {
  const RingMemory memory(1024);
  RingWriter writer(memory.span(), kSalt + 1);
  ASSERT_TRUE(writer.append(RingEntryType::Frame, 4, text_frame("foreign")));
  RingImage image;
  EXPECT_TRUE(entries_of(memory.copy(), image).empty());
}

TEST(RingImage, RefusesAFileBeyondTheLimit) {
  class Endless final : public ByteSource {
   public:
    std::string name() const override { return "endless"; }
    Result<std::uint64_t> size() override { return std::uint64_t{1} << 40; }
    Result<std::size_t> read_at(std::uint64_t, std::span<char>) override { return 0; }
  };
  Endless endless;
  const auto image = RingImage::load(endless);
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().detail, "endless has 1099511627776 bytes; a journal has at most 1073745920");
}

}  // namespace
}  // namespace ktape::test
