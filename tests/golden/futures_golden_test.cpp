#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/protocol/futures/codec.hpp"
#include "tests/support/event_log.hpp"
#include "tests/support/places.hpp"

namespace ktape::futures {
namespace {

namespace fs = std::filesystem;

// One message on each line of a .json file; a line that begins with '>' is what the client says. Beside it the
// .events.txt that it means, stamped with the number of its line. KTAPE_REWRITE_GOLDEN=1 writes the latter anew: review
// the difference.
std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(test::in_source_tree("tests/golden/futures"))) {
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

std::string events_of(const fs::path& path) {
  FuturesCodec codec;
  test::EventLog log;
  std::istringstream lines(read_file(path));
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    log.set_time(++number);
    if (line.starts_with('>')) {
      auto request = codec.decode_request(std::string_view(line).substr(1));
      EXPECT_TRUE(request) << line;
      if (!request) continue;
      request->request_id = number;
      codec.sent(*request);
    } else {
      codec.decode(line, log);
    }
  }
  return log.text();
}

class FuturesGolden : public ::testing::TestWithParam<fs::path> {};

TEST_P(FuturesGolden, EveryMessageMeansWhatItMeantBefore) {
  fs::path expected = GetParam();
  expected.replace_extension(".events.txt");
  const std::string events = events_of(GetParam());
  if (std::getenv("KTAPE_REWRITE_GOLDEN") != nullptr) {
    std::ofstream(expected, std::ios::binary) << events;
  }
  EXPECT_EQ(events, read_file(expected));
}

INSTANTIATE_TEST_SUITE_P(Files, FuturesGolden, ::testing::ValuesIn(golden_files()),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace ktape::futures
