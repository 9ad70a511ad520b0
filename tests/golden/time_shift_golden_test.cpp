#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/protocol/time_shift.hpp"
#include "tests/support/event_log.hpp"
#include "tests/support/places.hpp"

namespace ktape {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kBy = std::chrono::days(31) + std::chrono::minutes(61);

struct File {
  Dialect dialect;
  fs::path path;
};

// Every message shape of the golden files of the codecs.
std::vector<File> files() {
  std::vector<File> all;
  for (const auto& [dialect, name] :
       {std::pair{Dialect::SpotV2, "spot_v2"}, {Dialect::SpotV1, "spot_v1"}, {Dialect::FuturesV1, "futures"}}) {
    for (const auto& entry : fs::directory_iterator(test::in_source_tree("tests/golden") + "/" + name)) {
      if (entry.path().extension() == ".json") all.push_back({dialect, entry.path()});
    }
  }
  std::sort(all.begin(), all.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return all;
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string in_pieces(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == ',') out += '\n';
  }
  return out;
}

class TimeShiftGolden : public ::testing::TestWithParam<File> {};

// Without those files whose events quote the messages, times and all.
class TimeShiftEvents : public ::testing::TestWithParam<File> {};

std::vector<File> files_without_quotes() {
  std::vector<File> all = files();
  std::erase_if(all, [](const File& file) { return file.path.stem() == "notices" || file.path.stem() == "unknown"; });
  return all;
}

// Beside each file stands what it says 31 days and 61 minutes later, in time_shift/. KTAPE_REWRITE_GOLDEN=1 writes that
// anew: review the difference to the file itself.
TEST_P(TimeShiftGolden, EveryMessageTellsItsTimesLater) {
  const auto& [dialect, path] = GetParam();
  TimeShift later(dialect, kBy);
  std::string told;
  for (const std::string& line : lines_of(path)) told += std::string(later.moved(line)) + '\n';
  const fs::path expected =
      fs::path(test::in_source_tree("tests/golden/time_shift")) / path.parent_path().filename() / path.filename();
  if (std::getenv("KTAPE_REWRITE_GOLDEN") != nullptr) {
    fs::create_directories(expected.parent_path());
    std::ofstream(expected, std::ios::binary) << told;
  }
  std::string before;
  for (const std::string& line : lines_of(expected)) before += line + '\n';
  EXPECT_EQ(told, before);
}

// What the codec reads is the oracle: in the events of a moved message every instant is later by that much, and all
// else is what it was.
TEST_P(TimeShiftEvents, WhatTheCodecReadsIsTheSameLater) {
  const auto& [dialect, path] = GetParam();
  TimeShift later(dialect, kBy);
  const auto events_of = [dialect = dialect](const std::vector<std::string>& lines) {
    const auto codec = make_codec(dialect);
    test::EventLog log;
    for (const std::string& line : lines) {
      if (!line.starts_with('>')) codec->decode(line, log);
    }
    return log.text();
  };
  std::vector<std::string> moved;
  const std::vector<std::string> lines = lines_of(path);
  for (const std::string& line : lines) moved.emplace_back(later.moved(line));
  // Instants are the only numbers of nineteen digits that begin so: 2001 to 2286 in nanoseconds.
  std::string expected = events_of(lines);
  constexpr std::size_t kDigits = 19;
  std::size_t run = 0;
  for (std::size_t i = 0; i <= expected.size(); ++i) {
    if (i < expected.size() && expected[i] >= '0' && expected[i] <= '9') {
      ++run;
      continue;
    }
    const std::size_t begin = i - run;
    const bool whole = run == kDigits && begin > 0 && expected[begin - 1] == ':';
    if (whole && expected.substr(begin, kDigits) >= "1000000000000000000") {
      const auto at = std::stoll(expected.substr(begin, kDigits));
      if (at < 9'000'000'000'000'000'000) {
        expected.replace(begin, kDigits, std::to_string(at + Duration(kBy).count()));
      }
    }
    run = 0;
  }
  EXPECT_EQ(in_pieces(events_of(moved)), in_pieces(expected));
}

std::string name_of(const ::testing::TestParamInfo<File>& file) {
  return file.param.path.parent_path().filename().string() + "_" + file.param.path.stem().string();
}
INSTANTIATE_TEST_SUITE_P(Files, TimeShiftGolden, ::testing::ValuesIn(files()), name_of);
INSTANTIATE_TEST_SUITE_P(Files, TimeShiftEvents, ::testing::ValuesIn(files_without_quotes()), name_of);

}  // namespace
}  // namespace ktape
