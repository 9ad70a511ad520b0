#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/protocol/spot_v2/codec.hpp"
#include "tests/support/event_log.hpp"
#include "tests/support/places.hpp"

namespace ktape::spot_v2 {
namespace {

namespace fs = std::filesystem;

// One message on each line of a .json file; beside it the .events.txt that it means, stamped with the number of its
// line. KTAPE_REWRITE_GOLDEN=1 writes the latter anew: review the difference.
std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(test::in_source_tree("tests/golden/spot_v2"))) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string events_of(const fs::path& path, DecodePath decode_path) {
  SpotV2Codec codec(decode_path);
  test::EventLog log;
  std::istringstream lines(read_file(path));
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    log.set_time(++number);
    codec.decode(line, log);
  }
  return log.text();
}

class SpotV2Golden : public ::testing::TestWithParam<fs::path> {};

TEST_P(SpotV2Golden, EveryMessageMeansWhatItMeantBefore) {
  fs::path expected = GetParam();
  expected.replace_extension(".events.txt");
  const std::string events = events_of(GetParam(), DecodePath::RapidJsonOnly);
  if (std::getenv("KTAPE_REWRITE_GOLDEN") != nullptr) {
    std::ofstream(expected, std::ios::binary) << events;
  }
  EXPECT_EQ(events, read_file(expected));
}

TEST_P(SpotV2Golden, BothPathsSayTheSame) {
  EXPECT_EQ(events_of(GetParam(), DecodePath::FastFirst), events_of(GetParam(), DecodePath::RapidJsonOnly));
}

INSTANTIATE_TEST_SUITE_P(Files, SpotV2Golden, ::testing::ValuesIn(golden_files()),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace ktape::spot_v2
