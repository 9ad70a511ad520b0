#include <deque>

#include <gtest/gtest.h>

#include "core/session/journal_ring.hpp"
#include "tests/support/memory_bytes.hpp"
#include "tests/support/ring_memory.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape::test {
namespace {

constexpr std::uint64_t kSalt = 0x5eed;

// Appends and releases at random; what the reader sees is what a queue would have given.
TEST(JournalRingLaws, IsAQueueForAnySizesThroughManyLaps) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededNumbers random(seed);
    const std::size_t capacity = 8 * (16 + random.below(400));
    const RingMemory memory(capacity);
    RingWriter writer(memory.span(), kSalt);
    RingReader reader(memory.span());
    std::deque<std::string> expected;
    std::deque<std::uint64_t> ends;
    std::uint64_t sequence = 0;
    std::uint64_t taken = 0;
    for (int step = 0; step < 600; ++step) {
      const std::string payload(random.below(random.below(4) == 0 ? capacity : 60),
                                static_cast<char>(random.below(256)));
      Frame frame;
      frame.payload = payload;
      if (writer.append(RingEntryType::Frame, sequence, frame)) {
        expected.push_back(payload);
        ++sequence;
      }
      ASSERT_LE(writer.used(), capacity);
      if (random.below(3) == 0) {
        while (const auto entry = reader.next()) {
          ASSERT_FALSE(expected.empty());
          ASSERT_EQ(entry->sequence, taken++);
          ASSERT_EQ(entry->frame.payload, expected.front());
          expected.pop_front();
          ends.push_back(entry->end);
        }
        if (!ends.empty()) reader.release(ends[random.below(ends.size())]);
        while (!ends.empty() && ends.front() <= reader.released()) ends.pop_front();
        if (random.below(4) == 0) {
          reader.release(reader.position());
          ends.clear();
        }
      }
    }
    EXPECT_GT(writer.head(), 3 * capacity);
  }
}

struct Filled {
  std::string bytes;
  std::vector<std::string> payloads;  // by sequence
  std::uint64_t released = 0;         // the first sequence that must be there
};

// A ring in the middle of a lap.
Filled filled_ring(std::uint64_t seed, std::size_t capacity) {
  SeededNumbers random(seed);
  const RingMemory memory(capacity);
  RingWriter writer(memory.span(), kSalt);
  RingReader reader(memory.span());
  Filled out;
  const std::size_t count = 40 + random.below(60);
  while (out.payloads.size() < count) {
    // One after the other: compilers differ in the order of arguments, and so would the ring.
    const auto length = random.below(120);
    const char letter = static_cast<char>('a' + random.below(26));
    std::string payload(length, letter);
    Frame frame;
    frame.payload = payload;
    if (writer.append(RingEntryType::Frame, out.payloads.size(), frame)) {
      out.payloads.push_back(std::move(payload));
      continue;
    }
    for (int i = 0; i < 5; ++i) {
      const auto entry = reader.next();
      if (!entry) break;
      out.released = entry->sequence + 1;
    }
    reader.release(reader.position());
  }
  out.bytes = memory.copy();
  return out;
}

TEST(JournalRingLaws, IsReadBackFromAFileAtAnyMoment) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Filled filled = filled_ring(seed, 2'048);
    MemorySource source(filled.bytes);
    const auto image = RingImage::load(source).value().value();
    const auto entries = image.entries(kSalt);
    ASSERT_EQ(entries.size(), filled.payloads.size() - filled.released);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      ASSERT_EQ(entries[i].sequence, filled.released + i);
      ASSERT_EQ(entries[i].frame.payload, filled.payloads[entries[i].sequence]);
    }
  }
}

// Whatever happens to one byte, or to everything from one byte on: what is read was written, in order. One damaged byte
// costs one entry at most, unless it belongs to the positions in the header, which tell where to begin.
TEST(JournalRingLaws, ATornRingGivesNothingThatWasNotWritten) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Filled filled = filled_ring(seed, 2'048);
    const auto check = [&](const std::string& bytes, std::size_t may_miss, std::string_view what, std::size_t place) {
      MemorySource source(bytes);
      const auto image = RingImage::load(source).value();
      if (!image) return;
      std::size_t present = 0;
      std::uint64_t before = 0;
      for (const RingEntry& entry : image->entries(kSalt)) {
        ASSERT_LT(entry.sequence, filled.payloads.size()) << what << place;
        ASSERT_GE(entry.sequence + 1, before) << what << place;
        ASSERT_EQ(entry.frame.payload, filled.payloads[entry.sequence]) << what << place << " seed " << seed;
        before = entry.sequence + 1;
        if (entry.sequence >= filled.released) ++present;
      }
      ASSERT_GE(present + may_miss, filled.payloads.size() - filled.released) << what << place << " seed " << seed;
    };
    for (std::size_t place = 0; place < filled.bytes.size(); ++place) {
      if (place == 160) place = 4'096;  // the rest of the header is not used
      std::string flipped = filled.bytes;
      flipped[place] = static_cast<char>(flipped[place] ^ (1 << (place % 8)));
      check(flipped, place < 160 ? filled.payloads.size() : 1, "flipped at ", place);
      check(filled.bytes.substr(0, place), filled.payloads.size(), "cut at ", place);
      std::string zeroed = filled.bytes;
      std::fill(zeroed.begin() + static_cast<std::ptrdiff_t>(place), zeroed.end(), '\0');
      check(zeroed, filled.payloads.size(), "zero from ", place);
      std::string begun = filled.bytes;
      std::fill(begun.begin(), begun.begin() + static_cast<std::ptrdiff_t>(place), '\0');
      check(begun, filled.payloads.size(), "zero before ", place);
    }
  }
}

}  // namespace
}  // namespace ktape::test
