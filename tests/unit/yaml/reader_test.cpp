#include "yaml/reader.hpp"

#include <gmock/gmock.h>

namespace ktape::yaml {
namespace {

using ::testing::HasSubstr;

const Reader kReader("file.yaml");

std::string detail(const Error& error) { return error.detail; }

TEST(YamlReader, SaysWhereAValueIsWrongAndWhatIsAllowed) {
  const YAML::Node root = parse("a: 1\nb:\n  - x\n  - 12345678901234567890123\n", "file.yaml").value();
  EXPECT_EQ(kReader.count(root["a"], "a", 0, 9).value(), 1U);
  EXPECT_EQ(detail(kReader.count(root["a"], "a", 2, 9).error()),
            "file.yaml:1: a: a whole number from 2 to 9 expected, not '1'");
  EXPECT_EQ(detail(kReader.count(root["b"][0], "b", 0, 9).error()),
            "file.yaml:3: b: a whole number from 0 to 9 expected, not 'x'");
  EXPECT_THAT(detail(kReader.count(root["b"][1], "b", 0, 9).error()), HasSubstr("file.yaml:4: b: "));
  EXPECT_EQ(detail(kReader.flag(root["a"], "a").error()), "file.yaml:1: a: true or false expected, not '1'");
  EXPECT_EQ(detail(kReader.duration(root["b"][0], "b").error()),
            "file.yaml:3: b: a time such as 250ms or 1m30s expected, not 'x'");
  EXPECT_EQ(detail(kReader.word(root["b"], "b").error()), "file.yaml:3: b: a value expected, not a sequence");
  EXPECT_EQ(detail(kReader.number(root["b"][0], "b").error()), "file.yaml:3: b: a number expected, not 'x'");
  const auto nothing = [](const auto&...) -> Result<void> { return {}; };
  EXPECT_EQ(detail(kReader.each_member(root["b"], "b", nothing).error()),
            "file.yaml:3: b: a mapping expected, not a sequence");
  EXPECT_EQ(detail(kReader.each_item(root["a"], "a", nothing).error()),
            "file.yaml:1: a: a sequence expected, not a single value");
}

TEST(YamlReader, TakesOneDocument) {
  EXPECT_TRUE(parse("", "file.yaml").value().IsNull());
  EXPECT_EQ(parse("a: 1\n---\nb: 2\n", "file.yaml").error().detail, "file.yaml: 2 documents in one file, one expected");
  EXPECT_FALSE(parse(",", "file.yaml")) << "in which the library finds documents without end";
  EXPECT_THAT(parse("a: [\n", "file.yaml").error().detail, HasSubstr("file.yaml:2: "));
  EXPECT_THAT(read_text("/nowhere/file.yaml", 10).error().detail, HasSubstr("/nowhere/file.yaml"));
}

}  // namespace
}  // namespace ktape::yaml
