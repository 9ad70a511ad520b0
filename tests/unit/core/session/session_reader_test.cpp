#include "core/session/session_reader.hpp"

#include <gtest/gtest.h>

#include "core/base/crc.hpp"
#include "core/session/format.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

using std::chrono::seconds;

std::string error_of(std::string bytes) {
  auto reader = SessionReader::open(std::make_unique<MemorySource>(std::move(bytes)));
  return reader ? "" : reader.error().detail;
}

// Twelve frames a second apart, four to a chunk.
std::vector<OwnedFrame> twelve() {
  std::vector<OwnedFrame> frames(12);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    frames[i].at = test_info().created_at + seconds{i};
    frames[i].payload = R"({"n":)" + std::to_string(i) + "}" + std::string(40, ' ');
  }
  return frames;
}
std::string twelve_recorded() { return recorded(twelve(), plain_options(200)); }

std::vector<OwnedFrame> part(const std::vector<OwnedFrame>& frames, std::size_t begin, std::size_t end) {
  return {frames.begin() + static_cast<std::ptrdiff_t>(begin), frames.begin() + static_cast<std::ptrdiff_t>(end)};
}

// Offsets of the record headers.
std::vector<std::size_t> record_offsets(const std::string& bytes) {
  std::vector<std::size_t> offsets;
  std::string magic;
  format::append(magic, format::kRecordMagic);
  for (std::size_t i = bytes.find(magic); i != std::string::npos; i = bytes.find(magic, i + 1)) {
    if (format::decode_record_header(std::string_view(bytes).substr(i))) offsets.push_back(i);
  }
  return offsets;
}

// The segment header again, with other bytes and a checksum that fits them.
std::string with_header_field(std::string bytes, std::size_t offset, std::uint16_t value) {
  const std::size_t end = 8 + format::load<std::uint32_t>(bytes.data() + 4) - 4;
  format::store(bytes.data() + offset, value);
  format::store(bytes.data() + end, crc32c(std::string_view(bytes).substr(0, end)));
  return bytes;
}

TEST(SessionReader, SaysWhatIsNotARecording) {
  EXPECT_EQ(error_of(""), "memory is empty: not a recording");
  EXPECT_EQ(error_of("{\"not\":\"a recording\"}"), "memory is not a recording: it does not begin like a recording");
  EXPECT_EQ(error_of(std::string(100'000, '\0')), "memory is not a recording: it does not begin like a recording");
  EXPECT_EQ(error_of(twelve_recorded().substr(0, 30)),
            "memory is truncated: its 30 bytes end inside the segment header");
  EXPECT_EQ(error_of(twelve_recorded().substr(0, 300)),
            "memory is truncated: its 300 bytes end inside the segment header");
}

TEST(SessionReader, RefusesANewerMajorVersionAndUnknownFlags) {
  EXPECT_EQ(error_of(with_header_field(twelve_recorded(), 16, 2)),
            "memory has format 2.0; this program reads up to 1.x");
  EXPECT_EQ(error_of(with_header_field(twelve_recorded(), 20, 4)),
            "memory needs features that this program does not know (flags 00000004)");
}

TEST(SessionReader, ReadsANewerMinorVersionAndIgnoresWhatMayBeIgnored) {
  const auto reader = opened(with_header_field(with_header_field(twelve_recorded(), 18, 9), 24, 1));
  EXPECT_EQ(reader->info().minor, 9);
  EXPECT_EQ(read_all(*reader), twelve());
}

TEST(SessionReader, GivesWholeChunksAndTheRestOfOne) {
  const auto reader = opened(twelve_recorded());
  EXPECT_EQ(reader->next().value()->payload, twelve()[0].payload);
  EXPECT_EQ(reader->next_chunk().value().size(), 3U);
  EXPECT_EQ(reader->next_chunk().value().size(), 4U);
  EXPECT_EQ(reader->next_chunk().value().size(), 4U);
  EXPECT_TRUE(reader->next_chunk().value().empty());
  EXPECT_FALSE(reader->next().value().has_value());
}

TEST(SessionReader, SeeksToTheFirstFrameStampedAtOrLater) {
  const auto frames = twelve();
  const auto reader = opened(twelve_recorded());
  for (std::size_t i : {7U, 0U, 11U, 4U}) {
    ASSERT_TRUE(reader->seek(frames[i].at));
    EXPECT_EQ(read_all(*reader), part(frames, i, 12));
    ASSERT_TRUE(reader->seek(frames[i].at - Duration{1}));
    EXPECT_EQ(read_all(*reader), part(frames, i, 12));
  }
  ASSERT_TRUE(reader->seek(frames[11].at + Duration{1}));
  EXPECT_TRUE(read_all(*reader).empty());
  ASSERT_TRUE(reader->seek(Timestamp::min()));
  EXPECT_EQ(read_all(*reader), frames);
}

TEST(SessionReader, SkipsADamagedChunkAndSaysExactlyWhatIsMissing) {
  const auto frames = twelve();
  std::string bytes = twelve_recorded();
  const auto offsets = record_offsets(bytes);
  ASSERT_EQ(offsets.size(), 5U);  // three chunks, index, seal
  bytes[offsets[1] + format::kRecordHeaderBytes + 20] ^= 1;
  for (const bool sealed : {true, false}) {
    const auto reader = opened(sealed ? bytes : bytes.substr(0, offsets[3]));
    auto expected = part(frames, 0, 4);
    const auto rest = part(frames, 8, 12);
    expected.insert(expected.end(), rest.begin(), rest.end());
    EXPECT_EQ(read_all(*reader), expected);
    const auto gaps = reader->gaps();
    ASSERT_EQ(gaps.size(), 1U);
    EXPECT_EQ(gaps[0].cause, GapCause::Damaged);
    EXPECT_EQ(gaps[0].frames, 4U);
    EXPECT_EQ(gaps[0].from, frames[4].at);
    EXPECT_EQ(gaps[0].to, frames[7].at);
    EXPECT_EQ(reader->state(), SessionState::Damaged);
    EXPECT_FALSE(reader->complete());
    ASSERT_TRUE(reader->seek(frames[0].at));
    read_all(*reader);
    EXPECT_EQ(reader->gaps().size(), 1U) << "told once";
  }
}

TEST(SessionReader, FindsTheNextMarkerAfterADamagedHeader) {
  const auto frames = twelve();
  std::string bytes = twelve_recorded();
  const auto offsets = record_offsets(bytes);
  bytes[offsets[1] + 20] ^= 1;  // a length
  // With the seal nothing is lost but the header itself.
  const auto sealed = opened(bytes);
  EXPECT_EQ(read_all(*sealed), frames);
  EXPECT_EQ(sealed->state(), SessionState::Damaged);
  ASSERT_EQ(sealed->gaps().size(), 1U);
  EXPECT_EQ(sealed->gaps()[0].frames, 0U);
  // Without it the chunk is gone, and its neighbours tell how much that is.
  const auto reader = opened(bytes.substr(0, offsets[3]));
  EXPECT_EQ(read_all(*reader).size(), 8U);
  ASSERT_EQ(reader->gaps().size(), 1U);
  EXPECT_EQ(reader->gaps()[0].frames, 4U);
  EXPECT_EQ(reader->gaps()[0].from, frames[3].at);
  EXPECT_EQ(reader->gaps()[0].to, frames[8].at);
}

TEST(SessionReader, ReadsTheFramesWhenTheSegmentHeaderIsDamaged) {
  std::string bytes = twelve_recorded();
  bytes[100] ^= 1;
  const auto reader = opened(bytes);
  EXPECT_EQ(read_all(*reader), twelve());
  EXPECT_EQ(reader->state(), SessionState::Damaged);
  EXPECT_NE(reader->gaps().at(0).detail.find("segment header is damaged"), std::string::npos);
}

TEST(SessionReader, EndsAtATornTail) {
  const std::string bytes = twelve_recorded();
  const auto offsets = record_offsets(bytes);
  const auto reader = opened(bytes.substr(0, offsets[2] + format::kRecordHeaderBytes + 5));
  EXPECT_EQ(read_all(*reader), part(twelve(), 0, 8));
  EXPECT_EQ(reader->state(), SessionState::Recovered);
  ASSERT_EQ(reader->gaps().size(), 1U);
  EXPECT_EQ(reader->gaps()[0].cause, GapCause::Crash);
  EXPECT_EQ(reader->gaps()[0].frames, 4U);
  const auto headless = opened(bytes.substr(0, offsets[2] + 5));
  EXPECT_EQ(read_all(*headless).size(), 8U);
  EXPECT_EQ(headless->gaps().at(0).frames, std::nullopt);
}

TEST(SessionReader, FollowsAFileThatGrows) {
  const auto frames = twelve();
  const MemoryFile file = memory_file();
  const MemoryFile journal = memory_file();
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), std::make_unique<MemoryJournal>(journal),
                                      test_info(), plain_options(200))
                    .value();
  auto reader =
      SessionReader::open(std::make_unique<MemorySource>(file), std::make_unique<MemorySource>(journal)).value();
  std::vector<OwnedFrame> seen;
  for (const OwnedFrame& frame : frames) {
    EXPECT_FALSE(reader->refresh().value());
    writer->on_frame(frame.frame());
    ASSERT_TRUE(writer->commit());
    EXPECT_TRUE(reader->refresh().value());
    for (auto& more : read_all(*reader)) seen.push_back(std::move(more));
    EXPECT_EQ(seen.back(), frame) << "each frame as soon as it is committed";
  }
  ASSERT_TRUE(writer->finish());
  EXPECT_FALSE(reader->refresh().value());
  EXPECT_EQ(seen, frames);
  EXPECT_EQ(reader->state(), SessionState::Sealed);
}

TEST(SessionReader, LosesNothingWhenItLooksForMoreInTheMiddle) {
  const auto frames = seeded_frames(4, 60);
  const MemoryFile file = memory_file();
  const MemoryFile journal = memory_file();
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), std::make_unique<MemoryJournal>(journal),
                                      test_info(), plain_options(2'000))
                    .value();
  std::unique_ptr<SessionReader> reader;
  std::vector<OwnedFrame> read;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    writer->on_frame(frames[i].frame());
    ASSERT_TRUE(writer->commit());
    if (!reader) {
      reader =
          SessionReader::open(std::make_unique<MemorySource>(file), std::make_unique<MemorySource>(journal)).value();
    }
    if (i % 7 == 6) {
      ASSERT_TRUE(reader->refresh());
    }
    if (i % 3 == 0) continue;  // falls behind, so that a refresh comes in the middle of a chunk
    const auto next = reader->next().value();
    if (next) read.emplace_back(*next);
  }
  ASSERT_TRUE(reader->refresh());
  for (const OwnedFrame& frame : read_all(*reader)) read.push_back(frame);
  EXPECT_EQ(read, frames);
}

TEST(SessionReader, AppendsTheJournalWithoutDuplicates) {
  const auto frames = twelve();
  const MemoryFile file = memory_file();
  const MemoryFile journal = memory_file();
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), std::make_unique<MemoryJournal>(journal),
                                      test_info(), plain_options(200))
                    .value();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const std::string file_before = *file;
    writer->on_frame(frames[i].frame());
    ASSERT_TRUE(writer->commit());
    const auto reader = opened(*file, *journal);
    EXPECT_EQ(read_all(*reader), part(frames, 0, i + 1));
    EXPECT_EQ(reader->state(), SessionState::Recovered);
    EXPECT_TRUE(reader->gaps().empty());
    EXPECT_EQ(reader->summary().value().frames, i + 1);
  }
  EXPECT_EQ(read_all(*opened(*file, std::string(500, 'x'))).size(), 8U) << "a foreign journal is ignored";
  std::string cut = *journal;
  cut.resize(cut.size() - 1);
  EXPECT_EQ(read_all(*opened(*file, cut)).size(), 11U) << "a torn entry was not committed";
}

TEST(SessionReader, VerifiesEveryByte) {
  const std::string bytes = twelve_recorded();
  EXPECT_TRUE(opened(bytes)->verify().value().empty());
  for (const std::size_t record : record_offsets(bytes)) {
    std::string damaged = bytes;
    damaged[record + format::kRecordHeaderBytes + 12] ^= 0x10;
    EXPECT_FALSE(opened(damaged)->verify().value().empty()) << record;
  }
}

TEST(SessionReader, SkipsUnknownRecordsUnlessTheyMustBeUnderstood) {
  const std::string bytes = twelve_recorded();
  const auto offsets = record_offsets(bytes);
  const auto with_annotation = [&](std::uint8_t flags) {
    format::RecordHeader header = *format::decode_record_header(std::string_view(bytes).substr(offsets[1]));
    const std::string body = format::skippable(format::kBodyMagic, "of a later version");
    header.type = static_cast<format::RecordType>(9);
    header.flags = flags;
    header.frames = 0;
    header.stored_length = static_cast<std::uint32_t>(body.size());
    header.body_crc = crc32c(body);
    const auto encoded = format::encode(header);
    return bytes.substr(0, offsets[1]) + std::string(encoded.begin(), encoded.end()) + body +
           bytes.substr(offsets[1], offsets[3] - offsets[1]);
  };
  EXPECT_EQ(read_all(*opened(with_annotation(0))), twelve());
  EXPECT_EQ(error_of(with_annotation(format::kMustUnderstand)),
            "memory has a record of type 9 at offset " + std::to_string(offsets[1]) + " that must be understood");
}

TEST(SessionReader, GivesTheMessagesAsLinesToPlainZstd) {
  // What zstd -dc does: ordinary frames are decompressed, skippable ones skipped.
  const auto reader = opened(twelve_recorded());
  const auto frame = reader->next().value();
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(*(frame->payload.data() - 1), '\n');
  EXPECT_EQ(*(frame->payload.data() + frame->payload.size()), '\n');
}

}  // namespace
}  // namespace ktape
