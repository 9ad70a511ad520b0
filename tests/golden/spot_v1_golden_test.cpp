#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/protocol/spot_v1/codec.hpp"
#include "tests/support/event_log.hpp"
#include "tests/support/places.hpp"
#include "tests/support/spot_v1_texts.hpp"

namespace ktape::spot_v1 {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = test::in_source_tree("tests/golden/spot_v1");

std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
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

std::vector<std::string> lines_of(const fs::path& path) {
  std::istringstream in(read_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void compare(const std::string& actual, const fs::path& expected) {
  if (std::getenv("KTAPE_REWRITE_GOLDEN") != nullptr) std::ofstream(expected, std::ios::binary) << actual;
  EXPECT_EQ(actual, read_file(expected));
}

// One message of the exchange on each line of a .json file; beside it the .events.txt that it means, stamped with the
// number of its line. KTAPE_REWRITE_GOLDEN=1 writes the latter anew: review the difference.
class SpotV1Golden : public ::testing::TestWithParam<fs::path> {};

TEST_P(SpotV1Golden, EveryMessageMeansWhatItMeantBefore) {
  SpotV1Codec codec;
  test::EventLog log;
  std::int64_t number = 0;
  for (const std::string& line : lines_of(GetParam())) {
    log.set_time(++number);
    codec.decode(line, log);
  }
  fs::path expected = GetParam();
  compare(log.text(), expected.replace_extension(".events.txt"));
}

// Collects what each event says, and what is read when the event is said by the server's encoder again.
class SaidAgain final : public EventSink {
 public:
  void on_event(const Event& event) override {
    const auto text = test::spot_v1_text(event);
    if (!text) return;
    test::EventLog heard;
    test::EventLog again;
    heard.on_event(event);
    SpotV1Codec codec;
    codec.decode(*text, again);
    // Only a subscription makes the first message a snapshot.
    std::string wanted = heard.text();
    const auto is_market_data = std::holds_alternative<Candle>(event) || std::holds_alternative<Ticker>(event);
    if (const auto at = wanted.find("\"snapshot\":true"); is_market_data && at != std::string::npos) {
      wanted.replace(at, 15, "\"snapshot\":false");
    }
    EXPECT_EQ(again.text(), wanted) << *text;
    ++compared;
  }
  int compared = 0;
};

TEST_P(SpotV1Golden, WhatTheServerSaysOfAnEventMeansThatEvent) {
  SpotV1Codec codec;
  SaidAgain sink;
  for (const std::string& line : lines_of(GetParam())) codec.decode(line, sink);
  EXPECT_EQ(sink.compared > 0, GetParam().stem() != "unknown");
}

INSTANTIATE_TEST_SUITE_P(Files, SpotV1Golden, ::testing::ValuesIn(golden_files()),
                         [](const auto& file) { return file.param.stem().string(); });

// One message of a client on each line; beside it the same as this program's client would say it, or the objection.
TEST(SpotV1GoldenRequests, EveryRequestIsReadAsItWasBefore) {
  const SpotV1Codec codec;
  std::string read;
  for (const std::string& line : lines_of(kFolder / "requests.txt")) {
    const auto request = codec.decode_request(line);
    if (!request) {
      read += "refused: " + request.error().detail + "\n";
      continue;
    }
    EXPECT_TRUE(codec.check(*request)) << line;
    const std::string said = codec.encode(*request);
    read += said + "\n";
    const auto again = codec.decode_request(said);
    ASSERT_TRUE(again.has_value()) << said << ": " << again.error().detail;
    EXPECT_EQ(codec.encode(*again), said);
  }
  compare(read, kFolder / "requests.read.txt");
}

}  // namespace
}  // namespace ktape::spot_v1
