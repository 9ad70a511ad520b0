// Moving all times of a message and moving them back gives the message, whatever it is; and a message whose bytes were
// damaged is never made longer or shorter.
#include "core/protocol/time_shift.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "tests/support/places.hpp"

namespace ktape {
namespace {

std::vector<std::string> messages(const char* folder) {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(test::in_source_tree("tests/golden") + "/" + folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    for (std::string line; std::getline(in, line);) all.push_back(line);
  }
  return all;
}

TEST(TimeShiftProperty, MovingBackIsTheIdentity) {
  constexpr int kRounds = 40;
  for (const auto& [dialect, folder] :
       {std::pair{Dialect::SpotV2, "spot_v2"}, {Dialect::SpotV1, "spot_v1"}, {Dialect::FuturesV1, "futures"}}) {
    Random random(7);
    for (const std::string& message : messages(folder)) {
      for (int round = 0; round < kRounds; ++round) {
        // Up to fifteen years either way: what is in range stays so.
        const auto span = std::chrono::seconds(static_cast<std::int64_t>(random.below(473'000'000)));
        const auto by = random.below(2) == 0 ? span : -span;
        std::string text = message;
        if (round % 2 == 1 && !text.empty()) {
          text[static_cast<std::size_t>(random.below(text.size()))] = static_cast<char>(random.below(256));
        }
        TimeShift there(dialect, by);
        TimeShift back(dialect, -by);
        const std::string moved(there.moved(text));
        ASSERT_EQ(moved.size(), text.size()) << text;
        // A time that the move would carry out of range stays where it is, and would be carried back.
        const bool plausible = text == message && message.find("0001-01-01") == std::string::npos;
        if (plausible) {
          ASSERT_EQ(back.moved(moved), text) << by.count();
        }
      }
    }
  }
}

}  // namespace
}  // namespace ktape
