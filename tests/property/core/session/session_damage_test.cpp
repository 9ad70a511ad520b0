#include <algorithm>

#include <gtest/gtest.h>

#include "core/base/assert.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

constexpr std::size_t kFramesPerChunk = 5;

// Four chunks of five frames, a second apart; every one different.
std::vector<OwnedFrame> twenty() {
  std::vector<OwnedFrame> frames(20);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    frames[i].at = test_info().created_at + std::chrono::seconds{i};
    frames[i].payload = "frame " + std::to_string(i) + std::string(20 + i % 2, '.');
  }
  return frames;
}

std::string small_file() {
  const std::string bytes = recorded(twenty(), plain_options(180));
  const auto reader = opened(bytes);
  KTAPE_ASSERT(reader->next_chunk().value().size() == kFramesPerChunk, "the tests below count on it");
  return bytes;
}

bool is_subsequence(const std::vector<OwnedFrame>& part, const std::vector<OwnedFrame>& whole) {
  auto at = whole.begin();
  for (const OwnedFrame& frame : part) {
    at = std::find(at, whole.end(), frame);
    if (at == whole.end()) return false;
    ++at;
  }
  return true;
}

void expect_contained_damage(const std::string& bytes, std::string_view what) {
  const auto frames = twenty();
  auto reader = SessionReader::open(std::make_unique<MemorySource>(bytes));
  ASSERT_TRUE(reader.has_value()) << what << ": " << reader.error().detail;
  const auto read = read_all(**reader);
  ASSERT_TRUE(is_subsequence(read, frames)) << what << ": a frame that was never written";
  const std::size_t lost = frames.size() - read.size();
  ASSERT_TRUE(lost == 0 || lost == kFramesPerChunk) << what << ": " << lost << " frames lost";
  std::uint64_t told = 0;
  for (const Gap& gap : (*reader)->gaps()) {
    told += gap.frames.value_or(0);
    if (lost == 0 || gap.frames != lost) continue;
    // Every frame that is missing lies in the span.
    for (const OwnedFrame& frame : frames) {
      const bool present = std::find(read.begin(), read.end(), frame) != read.end();
      ASSERT_TRUE(present || (gap.from <= frame.at && frame.at <= gap.to)) << what;
    }
  }
  ASSERT_EQ(told, lost) << what;
  ASSERT_FALSE((*reader)->verify().value().empty()) << what << ": not detected";
  if (lost > 0) {
    ASSERT_EQ((*reader)->state(), SessionState::Damaged) << what;
    ASSERT_FALSE((*reader)->complete()) << what;
  }
}

TEST(SessionDamage, IsFoundAndContainedForEveryByte) {
  const std::string bytes = small_file();
  ASSERT_TRUE(opened(bytes)->verify().value().empty());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    expect_contained_damage(damaged, "bit " + std::to_string(i % 8) + " of byte " + std::to_string(i));
    if (HasFatalFailure()) return;
  }
}

TEST(SessionDamage, IsFoundInAFileThatWasNeverSealed) {
  const auto frames = twenty();
  const MemoryFile file = memory_file();
  auto writer =
      SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, test_info(), plain_options(180)).value();
  writer->note_gap({frames[0].at, frames[0].at, GapCause::Crash, std::nullopt, std::nullopt, "noted"});
  const std::size_t start = file->size();
  for (const OwnedFrame& frame : frames) writer->on_frame(frame.frame());
  writer.reset();
  ASSERT_EQ(opened(*file)->state(), SessionState::Open);
  for (std::size_t i = start; i < file->size(); ++i) {
    std::string damaged = *file;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    const auto reader = opened(damaged);
    const auto read = read_all(*reader);
    ASSERT_TRUE(is_subsequence(read, frames)) << i;
    ASSERT_GE(read.size() + kFramesPerChunk, frames.size()) << i;
    ASSERT_TRUE(reader->state() == SessionState::Damaged || reader->state() == SessionState::Recovered) << i;
    ASSERT_GE(reader->gaps().size(), 2U) << "the noted one and the damage, byte " << i;
    ASSERT_FALSE(reader->verify().value().empty()) << i;
  }
}

TEST(SessionDamage, EndsTheSessionAtEveryLengthOfATruncatedFile) {
  const auto frames = twenty();
  const std::string bytes = small_file();
  std::size_t most = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    auto reader = SessionReader::open(std::make_unique<MemorySource>(bytes.substr(0, length)));
    if (!reader) {
      ASSERT_EQ(most, 0U) << "only inside the segment header, not at " << length;
      ASSERT_FALSE(reader.error().detail.empty());
      continue;
    }
    const auto read = read_all(**reader);
    ASSERT_EQ(read, std::vector(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(read.size()))) << length;
    ASSERT_GE(read.size(), most) << length;
    most = read.size();
    ASSERT_NE((*reader)->state(), SessionState::Sealed) << length;
    ASSERT_NE((*reader)->state(), SessionState::Damaged) << length;
    ASSERT_TRUE(!(*reader)->complete() || read.size() == frames.size()) << length;
  }
  ASSERT_EQ(most, frames.size());
}

TEST(SessionDamage, NeverCrashesOnHeavilyDamagedFiles) {
  const std::string bytes = recorded(seeded_frames(2, 300), plain_options(3'000));
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SeededNumbers random(seed);
    std::string damaged = bytes;
    for (std::uint64_t i = random.below(30) + 1; i > 0; --i) {
      const std::size_t at = random.below(damaged.size());
      switch (random.below(4)) {
        case 0:
          damaged[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          damaged.erase(at, random.below(300));
          break;
        case 2:
          damaged.insert(at, damaged.substr(random.below(damaged.size()), random.below(300)));
          break;
        default:
          damaged.resize(std::max<std::size_t>(at, damaged.size() / 2));
      }
    }
    auto reader = SessionReader::open(std::make_unique<MemorySource>(damaged));
    if (!reader) continue;
    read_all(**reader);
    static_cast<void>((*reader)->summary());
    ASSERT_TRUE((*reader)->seek(test_info().created_at).has_value()) << "seed " << seed;
    ASSERT_FALSE((*reader)->verify().value().empty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ktape
