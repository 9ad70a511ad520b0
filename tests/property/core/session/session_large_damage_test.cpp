#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "core/base/assert.hpp"
#include "tests/support/session_damage.hpp"
#include "tests/support/session_fixture.hpp"
#include "tests/support/synthetic_session.hpp"

// A recording of some hundred chunks is damaged in every way that a disk, a transfer or a hand can, thousands of times:
// 500 by default, as many as KTAPE_DAMAGES says otherwise (10,000 take two minutes in a Debug build), from seed
// KTAPE_DAMAGES_FIRST on.
namespace ktape {
namespace {

class Nobody final : public EventSink {
 public:
  void on_event(const Event&) override {}
};

const std::vector<OwnedFrame>& market() {
  static const std::vector<OwnedFrame> frames = [] {
    Nobody nobody;
    const std::vector<Subscription> wanted{test::book_of({"BTC/USD", "ETH/USD"}, 10),
                                           test::channel_of(Channel::Trade, {"BTC/USD"})};
    constexpr std::string_view kSymbols[] = {"BTC/USD", "ETH/USD"};
    test::SyntheticSession session(test::synthetic_options(3, std::chrono::seconds{150}, kSymbols), wanted, nobody);
    session.run();
    std::vector<OwnedFrame> out;
    for (const auto& crossed : session.crossed()) {
      out.emplace_back().at = crossed.at;
      out.back().connection = ConnectionId{1};
      out.back().direction = crossed.direction;
      out.back().kind = crossed.kind;
      out.back().payload = crossed.payload;
    }
    return out;
  }();
  return frames;
}

struct Recording {
  std::string file;
  std::optional<std::string> journal;
  std::string last_header;  // whose number says how many frames there are
};

Recording write_market(bool seal, bool with_journal) {
  const auto& frames = market();
  std::uint64_t bytes = 0;
  for (const OwnedFrame& frame : frames) bytes += frame.payload.size();
  const MemoryFile file = memory_file();
  const MemoryFile journal = memory_file();
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file),
                                      with_journal ? std::make_unique<MemoryJournal>(journal) : nullptr, test_info(),
                                      plain_options(bytes / 100))
                    .value();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i + 20 == frames.size()) KTAPE_ASSERT(writer->flush().has_value(), "memory never fails");
    writer->on_frame(frames[i].frame());
    KTAPE_ASSERT(writer->commit().has_value(), "memory never fails");
  }
  if (seal) KTAPE_ASSERT(writer->finish().has_value(), "memory never fails");
  if (!seal && !with_journal) KTAPE_ASSERT(writer->flush().has_value(), "memory never fails");
  Recording out{*file, std::nullopt, ""};
  if (with_journal && !seal) out.journal = *journal;
  if (seal) out.last_header = file->substr(records_of(*file).back().begin, format::kRecordHeaderBytes);
  return out;
}

// Damages `bytes` in one of eight ways, somewhere.
void damage(std::string& bytes, SeededNumbers& random) {
  const std::size_t at = random.below(bytes.size());
  const std::size_t rest = bytes.size() - at;
  const std::size_t length = std::min<std::size_t>(rest, 1 + random.below(random.below(4) == 0 ? 20'000 : 300));
  switch (random.below(8)) {
    case 0:
    case 1:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
      break;
    case 2:
      bytes.replace(at, length, length, '\0');
      break;
    case 3:
      bytes.erase(at, length);
      break;
    case 4: {
      std::string garbage(length, '\0');
      for (char& c : garbage) c = static_cast<char>(random.below(256));
      bytes.insert(at, garbage);
      break;
    }
    case 5: {  // two blocks of equal size change places
      const std::size_t other = random.below(bytes.size());
      const std::size_t distance = at < other ? other - at : at - other;
      const std::size_t size = std::min({length, distance, bytes.size() - std::max(at, other)});
      std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                       bytes.begin() + static_cast<std::ptrdiff_t>(at + size),
                       bytes.begin() + static_cast<std::ptrdiff_t>(other));
      break;
    }
    case 6: {
      const std::string block = bytes.substr(at, length);
      bytes.insert(random.below(bytes.size()), block);
      break;
    }
    default:
      bytes.resize(std::max<std::size_t>(at, 1));
  }
}

// Positions of the frames that were read, or what is wrong with them: one that was never written, or out of order.
std::string find_in_market(const std::vector<OwnedFrame>& read, std::size_t& frontier) {
  const auto& frames = market();
  std::size_t i = 0;
  for (const OwnedFrame& frame : read) {
    while (i < frames.size() && !(frames[i] == frame)) ++i;
    if (i == frames.size()) return "an invented or misplaced frame: " + describe(frame).substr(0, 200);
    ++i;
  }
  frontier = i;
  return "";
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(SessionLargeDamage, LosesNothingSilentlyAndInventsNothing) {
  const std::size_t total = market().size();
  ASSERT_GT(total, 1'500U);
  const Recording variants[] = {write_market(true, false), write_market(false, true), write_market(false, false)};
  ASSERT_GT(opened(variants[0].file)->summary().value().chunks, 90U);
  const std::uint64_t first = number_from("KTAPE_DAMAGES_FIRST", 1);
  const std::uint64_t rounds = number_from("KTAPE_DAMAGES", 500);
  std::map<std::string, std::uint64_t> seen;
  for (std::uint64_t seed = first; seed < first + rounds; ++seed) {
    SeededNumbers random(seed);
    const Recording& whole = variants[seed % 3];
    std::string damaged = whole.file;
    for (std::uint64_t n = random.below(3) + 1; n > 0; --n) damage(damaged, random);
    std::unique_ptr<ByteSource> journal;
    if (whole.journal) journal = std::make_unique<MemorySource>(*whole.journal);
    auto reader = SessionReader::open(std::make_unique<MemorySource>(damaged), std::move(journal));
    if (!reader) {
      // Nothing is left that a recording could be known by.
      ASSERT_TRUE(damaged.size() < 4'096 || damaged == whole.file) << "seed " << seed << ": " << reader.error().detail;
      ++seen["refused"];
      continue;
    }
    const auto read = read_all(**reader);
    const DamageReport report = damage_report(**reader);
    std::size_t frontier = 0;
    ASSERT_EQ(find_in_market(read, frontier), "") << "seed " << seed;
    // The end is known from the journal, or from the header of the seal. Without both, what is told reaches at least to
    // the last frame that was read.
    const bool end_is_known =
        whole.journal || (!whole.last_header.empty() && damaged.find(whole.last_header) != std::string::npos);
    if (end_is_known && report.unknown) {
      // Garbage after the last chunk may have been a chunk with frames that were never committed to the journal.
      ASSERT_TRUE(whole.journal) << "seed " << seed;
      ASSERT_LE(read.size() + report.lost, total) << "seed " << seed;
      ++seen["not known"];
    } else if (end_is_known) {
      ASSERT_EQ(read.size() + report.lost, total) << "seed " << seed;
      ++seen["exact"];
    } else {
      ASSERT_GE(read.size() + report.lost, frontier) << "seed " << seed;
      ASSERT_LE(read.size() + report.lost, total) << "seed " << seed;
      ASSERT_TRUE(read.size() + report.lost == total || !(*reader)->complete()) << "seed " << seed;
      ++seen["end lost"];
    }
    if (damaged != whole.file && end_is_known) {
      ASSERT_FALSE((*reader)->verify().value().empty()) << "seed " << seed << ": not detected";
    }
    seen["frames read"] += read.size();
    seen["frames lost"] += report.lost;
  }
  for (const auto& [what, count] : seen) RecordProperty(what, std::to_string(count));
  for (const auto& [what, count] : seen)
    std::printf("%s: %llu\n", what.c_str(), static_cast<unsigned long long>(count));
  EXPECT_GE(seen["exact"], rounds / 2);
}

}  // namespace
}  // namespace ktape
