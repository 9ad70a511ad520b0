#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/places.hpp"
#include "tests/support/rest_answers_text.hpp"

namespace ktape::rest {
namespace {

namespace fs = std::filesystem;

// METHOD.json has one body on each line; beside it METHOD.answers.txt, what each line means. KTAPE_REWRITE_GOLDEN=1
// writes the latter anew: review the difference.
std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(test::in_source_tree("tests/golden/rest"))) {
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

class RestGolden : public ::testing::TestWithParam<fs::path> {};

TEST_P(RestGolden, EveryAnswerMeansWhatItMeantBefore) {
  // Errors are the same for every method.
  const std::string stem = GetParam().stem().string();
  const std::string method = stem == "errors" ? "Time" : stem;
  std::string told;
  int number = 0;
  std::istringstream lines(read_file(GetParam()));
  for (std::string line; std::getline(lines, line);) {
    told += std::to_string(++number) + '\n' + test::rest_answer_text(method, line);
  }
  fs::path expected = GetParam();
  expected.replace_extension(".answers.txt");
  if (std::getenv("KTAPE_REWRITE_GOLDEN") != nullptr) std::ofstream(expected, std::ios::binary) << told;
  EXPECT_EQ(told, read_file(expected));
}

INSTANTIATE_TEST_SUITE_P(Methods, RestGolden, ::testing::ValuesIn(golden_files()),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace ktape::rest
