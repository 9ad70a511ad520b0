#include "tests/support/session_damage.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "core/base/assert.hpp"
#include "tests/support/session_fixture.hpp"

// Every byte of a small recording is damaged, and every length of it cut: sealed and not, with its journal and without.
// By default two changes of each byte, one bit and one random value; all eight bits with KTAPE_ALL_DAMAGE=1, which
// takes four times as long.
namespace ktape {
namespace {

constexpr std::size_t kFramesPerChunk = 5;
constexpr std::size_t kStored = 20;    // frames in chunks
constexpr std::size_t kJournaled = 4;  // frames after them, two in each of two entries

// A second apart, every one different.
std::vector<OwnedFrame> numbered(std::size_t count) {
  std::vector<OwnedFrame> frames(count);
  for (std::size_t i = 0; i < count; ++i) {
    frames[i].at = test_info().created_at + std::chrono::seconds{i};
    frames[i].payload = "frame " + std::to_string(i) + std::string(20 + i % 2, '.');
  }
  return frames;
}

struct Recording {
  std::vector<OwnedFrame> frames;
  std::string file;
  std::optional<std::string> journal;
};

// Four chunks of five frames; a seal, or a journal with four more frames, or neither.
Recording sealed() {
  Recording out{numbered(kStored), "", std::nullopt};
  out.file = recorded(out.frames, plain_options(180));
  return out;
}

Recording unsealed(bool with_journal) {
  Recording out{numbered(with_journal ? kStored + kJournaled : kStored), "", std::nullopt};
  const MemoryFile file = memory_file();
  const MemoryFile journal = memory_file();
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), std::make_unique<MemoryJournal>(journal),
                                      test_info(), plain_options(180))
                    .value();
  for (std::size_t i = 0; i < out.frames.size(); ++i) {
    if (i == kStored) KTAPE_ASSERT(writer->flush().has_value(), "memory never fails");
    writer->on_frame(out.frames[i].frame());
    if (i % 2 == 1) KTAPE_ASSERT(writer->commit().has_value(), "memory never fails");
  }
  if (!with_journal) KTAPE_ASSERT(writer->flush().has_value(), "memory never fails");
  out.file = *file;
  if (with_journal) out.journal = *journal;
  return out;
}

// Where the entries of the journal end; behind them is what stood there before the last chunk was stored.
struct Entries {
  std::size_t last = 0;
  std::size_t end = 0;
};
Entries entries_of(const std::string& journal) {
  Entries out;
  for (std::size_t frames = 0; frames < kJournaled; frames += 2) {
    out.last = out.end;
    out.end += format::kJournalEntryBytes + format::load<std::uint32_t>(journal.data() + out.end + 20);
  }
  KTAPE_ASSERT(out.end < journal.size(), "something stale is part of the test");
  return out;
}

enum class Damaged : std::uint8_t { File, Journal };

// What a reader makes of a damaged recording, held against what was written. Nothing if all holds.
std::string judge(const Recording& whole, const std::string& file, const std::optional<std::string>& journal,
                  bool& unknown) {
  const auto reader = opened(file, journal);
  const auto read = read_all(*reader);
  const DamageReport report = damage_report(*reader);
  unknown = report.unknown;
  if (!is_subsequence(read, whole.frames)) return "a frame that was never written";
  const std::size_t lost = whole.frames.size() - read.size();
  if (lost > std::max(kFramesPerChunk, kJournaled)) return std::to_string(lost) + " frames lost";
  if (!report.unknown && report.lost != lost) {
    return std::to_string(lost) + " frames lost, " + std::to_string(report.lost) + " told";
  }
  if (reader->verify().value().empty()) return "not detected";
  if (lost > 0 && reader->complete()) return "lost, but complete";
  if (lost > 0 && reader->state() != SessionState::Damaged && reader->state() != SessionState::Recovered) {
    return "lost, but " + std::string(to_string(reader->state()));
  }
  if (!report.unknown && lost > 0 && reader->state() == SessionState::Damaged) {
    // What is missing between two frames lies in the span of a gap.
    for (const OwnedFrame& frame : whole.frames) {
      if (frame.at > read.back().at || std::find(read.begin(), read.end(), frame) != read.end()) continue;
      const bool inside = std::any_of(report.gaps.begin(), report.gaps.end(), [&](const Gap& gap) {
        return gap.frames > 0U && gap.from <= frame.at && frame.at <= gap.to;
      });
      if (!inside) return "outside of every gap: " + frame.payload;
    }
  }
  return "";
}

// Calls `check` for changes of every byte from `begin` to `end` of `bytes`.
template <class Check>
void change_every_byte(const std::string& bytes, std::size_t begin, std::size_t end, const Check& check) {
  const bool all = std::getenv("KTAPE_ALL_DAMAGE") != nullptr;
  SeededNumbers random(7);
  for (std::size_t i = begin; i < end; ++i) {
    for (unsigned bit = 0; bit <= 8; ++bit) {
      const auto by = static_cast<unsigned char>(bit < 8 ? 1U << bit : 1 + random.below(255));
      if (!all && bit < 8 && bit != i % 8) continue;
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(static_cast<unsigned char>(damaged[i]) ^ by);
      check(damaged, i);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

void expect_contained(const Recording& whole, Damaged where, std::size_t unknown_from, std::size_t unknown_to) {
  const std::string& bytes = where == Damaged::File ? whole.file : *whole.journal;
  const std::size_t last = where == Damaged::File ? bytes.size() : entries_of(bytes).end;
  change_every_byte(bytes, 0, last, [&](const std::string& damaged, std::size_t i) {
    bool unknown = false;
    const std::string wrong = where == Damaged::File ? judge(whole, damaged, whole.journal, unknown)
                                                     : judge(whole, whole.file, damaged, unknown);
    ASSERT_EQ(wrong, "") << "byte " << i << " of " << bytes.size();
    ASSERT_EQ(unknown, unknown_from <= i && i < unknown_to) << "byte " << i << " of " << bytes.size();
  });
}

// Where the last record begins.
std::size_t last_record(const std::string& file) {
  const auto records = records_of(file);
  return records.back().begin;
}

TEST(SessionDamage, OfASealedFileIsFoundContainedAndCounted) { expect_contained(sealed(), Damaged::File, 0, 0); }

TEST(SessionDamage, OfAnOpenFileWithItsJournalIsFoundContainedAndCounted) {
  expect_contained(unsealed(true), Damaged::File, 0, 0);
}

// The one place where nobody can know how much is lost: the last header, with nothing after it that counts.
TEST(SessionDamage, OfAnOpenFileIsCountedExceptInTheLastHeader) {
  const Recording whole = unsealed(false);
  const std::size_t last = last_record(whole.file);
  expect_contained(whole, Damaged::File, last, last + format::kRecordHeaderBytes);
}

// Likewise the head of the last entry of a journal, behind its marker and its first frame.
TEST(SessionDamage, OfAJournalIsCountedExceptInTheLastHead) {
  const Recording whole = unsealed(true);
  const std::size_t last = entries_of(*whole.journal).last;
  expect_contained(whole, Damaged::Journal, last + 16, last + format::kJournalEntryBytes);
}

// A file that is cut may have had any number of records after the cut: what is told is what is known of the record that
// was cut, and that the recording is not complete.
TEST(SessionDamage, OfATruncatedFileTellsTheFramesOfTheRecordThatIsCut) {
  for (const Recording& whole : {sealed(), unsealed(false)}) {
    const auto records = records_of(whole.file);
    for (std::size_t length = 0; length < whole.file.size(); ++length) {
      auto reader = SessionReader::open(std::make_unique<MemorySource>(whole.file.substr(0, length)));
      if (length < records.front().begin) {
        ASSERT_FALSE(reader) << length;
        ASSERT_FALSE(reader.error().detail.empty());
        continue;
      }
      ASSERT_TRUE(reader) << length << ": " << reader.error().detail;
      const auto read = read_all(**reader);
      std::size_t expected = 0;
      std::size_t cut = 0;  // bytes of the record that is cut
      std::size_t cut_frames = 0;
      bool seal_is_there = false;
      for (const RecordPlace& record : records) {
        if (record.end <= length) {
          expected += record.frames;
          seal_is_there = record.type == format::RecordType::Seal;
        } else if (record.begin < length) {
          cut = length - record.begin;
          cut_frames = record.frames;
        }
      }
      ASSERT_EQ(read, std::vector(whole.frames.begin(), whole.frames.begin() + static_cast<std::ptrdiff_t>(expected)));
      const DamageReport report = damage_report(**reader);
      ASSERT_EQ(report.unknown, cut > 0 && cut < format::kRecordHeaderBytes) << length;
      ASSERT_EQ(report.lost, report.unknown ? 0 : cut_frames * static_cast<std::size_t>(cut > 0)) << length;
      ASSERT_EQ((*reader)->state(), cut > 0 || seal_is_there ? SessionState::Recovered : SessionState::Open) << length;
      ASSERT_EQ((*reader)->complete(), seal_is_there) << length;  // all that is missing then is the footer
      ASSERT_EQ((*reader)->verify().value().empty(), cut == 0 && !seal_is_there) << length;
    }
  }
}

// The journal tells how many frames the file should have.
TEST(SessionDamage, OfATruncatedFileIsCountedByItsJournal) {
  const Recording whole = unsealed(true);
  for (std::size_t length = records_of(whole.file).front().begin; length < whole.file.size(); ++length) {
    const auto reader = opened(whole.file.substr(0, length), whole.journal);
    const auto read = read_all(*reader);
    const DamageReport report = damage_report(*reader);
    ASSERT_TRUE(is_subsequence(read, whole.frames)) << length;
    ASSERT_EQ(read.size() % kFramesPerChunk, kJournaled % kFramesPerChunk) << length;
    ASSERT_FALSE(report.unknown) << length;
    ASSERT_EQ(read.size() + report.lost, whole.frames.size()) << length;
  }
}

// As a kill leaves it: an entry that is cut was never committed, but where its head is whole it is told.
TEST(SessionDamage, OfATruncatedJournalTellsTheFramesOfTheEntryThatIsCut) {
  const Recording whole = unsealed(true);
  const Entries entries = entries_of(*whole.journal);
  for (std::size_t length = 0; length <= whole.journal->size(); ++length) {
    const auto reader = opened(whole.file, whole.journal->substr(0, length));
    const auto read = read_all(*reader);
    const DamageReport report = damage_report(*reader);
    const bool all = length >= entries.end;
    const std::size_t cut = all ? 0 : length < entries.last ? length : length - entries.last;
    ASSERT_EQ(read.size(), kStored + (all ? 4 : length < entries.last ? 0 : 2)) << length;
    ASSERT_TRUE(std::equal(read.begin(), read.end(), whole.frames.begin())) << length;
    ASSERT_EQ(report.unknown, cut >= 4 && cut < format::kJournalEntryBytes) << length;
    ASSERT_EQ(report.lost, cut >= format::kJournalEntryBytes ? 2U : 0U) << length;
  }
}

// What the writer noted counts no frames of the file; a copy of it is not counted twice.
TEST(SessionDamage, KeepsTheGapsThatWereNoted) {
  const auto frames = numbered(kStored);
  const MemoryFile file = memory_file();
  auto writer =
      SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, test_info(), plain_options(180)).value();
  const Gap noted{frames[0].at, frames[0].at, GapCause::Dropped, 3, std::nullopt, "noted"};
  writer->note_gap(noted);
  for (const OwnedFrame& frame : frames) writer->on_frame(frame.frame());
  ASSERT_TRUE(writer->flush());
  const auto records = records_of(*file);
  const std::string gap = file->substr(records[0].begin, records[0].end - records[0].begin);
  change_every_byte(*file, records[0].end, file->size(), [&](const std::string& damaged, std::size_t i) {
    const auto gaps = opened(damaged)->gaps();
    ASSERT_EQ(std::count(gaps.begin(), gaps.end(), noted), 1) << i;
  });
  std::string copied = *file;
  copied.insert(records[2].begin, gap);
  const auto reader = opened(copied);
  EXPECT_EQ(read_all(*reader), frames);
  const auto gaps = reader->gaps();
  EXPECT_EQ(std::count(gaps.begin(), gaps.end(), noted), 1);
  EXPECT_EQ(reader->state(), SessionState::Damaged);
  EXPECT_EQ(damage_report(*reader).lost, 0U);
}

// The salt of the journal's marker can be had from any record.
TEST(SessionDamage, OfTheSegmentHeaderLeavesTheJournalReadable) {
  const Recording whole = unsealed(true);
  std::string damaged = whole.file;
  damaged[34] = static_cast<char>(damaged[34] ^ 1);  // in the salt
  const auto reader = opened(damaged, whole.journal);
  EXPECT_EQ(reader->info().salt, test_info().salt);
  EXPECT_EQ(read_all(*reader), whole.frames);
  EXPECT_EQ(reader->state(), SessionState::Damaged);
}

}  // namespace
}  // namespace ktape
