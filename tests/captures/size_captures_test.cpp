// How much of the disk genuine book traffic takes, everything included: header, schema, index, seal.

#include <array>
#include <iostream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "import/archive.hpp"
#include "tests/support/captures.hpp"
#include "tests/support/synthetic_recording.hpp"
#include "tools/copy.hpp"

namespace ktape::test {
namespace {

struct Size {
  std::uint64_t payload = 0;
  std::uint64_t stored = 0;
  double ratio() const { return static_cast<double>(payload) / static_cast<double>(stored); }
};

// As `ktape import` writes it, which is how `ktape record` does.
std::string imported(const std::string& path) {
  auto archive = open_archive(read_archive_file(path).value(), {}).value();
  auto options = plain_options(1U << 20U);
  options.compression_level = 9;
  SpotV2Classes classes;
  options.classifier = &classes;
  const auto file = memory_file();
  auto info = test_info();
  info.dialect = "spot-v2";
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, info, options).value();
  while (const auto frame = archive->next().value()) writer->on_frame(*frame);
  EXPECT_TRUE(writer->finish().has_value());
  return *file;
}

// As `ktape compact` does.
std::string compacted(const std::string& recording) {
  auto options = plain_options(8U << 20U);
  options.compression_level = 19;
  options.max_chunk_span = std::chrono::hours(24);
  options.extras = true;
  SpotV2Classes classes;
  options.classifier = &classes;
  const auto file = memory_file();
  const auto reader = opened(recording);
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, reader->info(), options).value();
  const auto copied = copy_recording(*reader, *writer);
  EXPECT_TRUE(copied.has_value());
  EXPECT_TRUE(writer->finish().has_value());
  EXPECT_EQ(read_recording(*opened(*file)).value().digest, copied->digest);
  return *file;
}

TEST(SizeOnCaptures, IsASeventhOfThePayloadWhenRecordedAndATenthWhenCompacted) {
  KTAPE_REQUIRE_CAPTURES();
  constexpr std::array<const char*, 3> kFiles{"crossbook_btcusd_book10_resubscribe.cbcap",
                                              "crossbook_btcusd_book25.cbcap.zst", "crossbook_ethusd_book25.cbcap.zst"};
  Size recorded_all, compacted_all;
  std::cout << fmt::format("{:<45} {:>10} {:>10} {:>7} {:>10} {:>7}\n", "capture", "payload", "recorded", "ratio",
                           "compacted", "ratio");
  const auto row = [](const std::string& name, const Size& as_recorded, const Size& as_compacted) {
    std::cout << fmt::format("{:<45} {:>10} {:>10} {:>6.2f}x {:>10} {:>6.2f}x\n", name, as_recorded.payload,
                             as_recorded.stored, as_recorded.ratio(), as_compacted.stored, as_compacted.ratio());
  };
  for (const char* const name : kFiles) {
    const auto recording = imported((*captures() / "spot-v2" / name).string());
    const auto payload = opened(recording)->summary().value().payload_bytes;
    const Size as_recorded{payload, recording.size()};
    const Size as_compacted{payload, compacted(recording).size()};
    row(name, as_recorded, as_compacted);
    recorded_all = {recorded_all.payload + payload, recorded_all.stored + as_recorded.stored};
    compacted_all = {compacted_all.payload + payload, compacted_all.stored + as_compacted.stored};
  }
  row("all", recorded_all, compacted_all);
  EXPECT_GE(recorded_all.ratio(), 7.5);
  EXPECT_GE(compacted_all.ratio(), 10.0);
}

}  // namespace
}  // namespace ktape::test
