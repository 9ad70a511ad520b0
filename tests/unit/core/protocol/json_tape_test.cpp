#include "core/protocol/json_tape.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ktape {
namespace {

TEST(JsonTape, KeepsNumbersAsTheyWereWritten) {
  JsonTape tape;
  ASSERT_TRUE(tape.parse("[0.10000000, -1.5E-08, 18446744073709551616]").has_value());
  std::vector<std::string> numbers;
  for_each_element(tape.root(), [&](const JsonNode& element) {
    EXPECT_EQ(element.kind, JsonKind::Number);
    numbers.emplace_back(element.text());
    return true;
  });
  EXPECT_EQ(numbers, (std::vector<std::string>{"0.10000000", "-1.5E-08", "18446744073709551616"}));
}

TEST(JsonTape, DecodesTextAndStepsOverSubtrees) {
  JsonTape tape;
  ASSERT_TRUE(tape.parse(R"({"a":{"b":[1,{"c":2}],"d":"\u00e9\n\u0000x"},"\u0065":null})").has_value());
  const JsonNode& root = tape.root();
  const JsonNode* const a = find_member(root, "a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(find_member(*a, "d")->text(), std::string_view("\xc3\xa9\n\0x", 5));
  ASSERT_NE(find_member(root, "e"), nullptr);
  EXPECT_EQ(find_member(root, "e")->kind, JsonKind::Null);
  EXPECT_EQ(find_member(root, "c"), nullptr);
  EXPECT_EQ(root.end(), &root + 13);
}

TEST(JsonTape, TheLastOfEqualNamesIsFound) {
  JsonTape tape;
  ASSERT_TRUE(tape.parse(R"({"a":1,"b":2,"a":3})").has_value());
  EXPECT_EQ(find_member(tape.root(), "a")->text(), "3");
}

TEST(JsonTape, LimitsDepthValuesAndBytes) {
  JsonTape tape({.max_bytes = 20, .max_nodes = 4, .max_depth = 2});
  EXPECT_TRUE(tape.parse("[[1,2]]").has_value());
  EXPECT_EQ(tape.parse("[[[]]]").error().detail, "values nested too deeply");
  EXPECT_EQ(tape.parse("[1,2,3,4]").error().detail, "too many values in one message");
  EXPECT_EQ(tape.parse(std::string(21, ' ')).error().detail, "a message of 21 bytes, at most 20 are read");
  EXPECT_EQ(tape.parse("[[[]]]").error().code, Errc::Limit);
  EXPECT_TRUE(tape.parse("[[1,2]]").has_value()) << "usable after every refusal";
}

TEST(JsonTape, NamesTheByteOfAnError) {
  JsonTape tape;
  const auto refused = tape.parse("{\"a\":1,}");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::Parse);
  EXPECT_EQ(refused.error().detail, "not JSON at byte 7 (Missing a name for object member.): '{\"a\":1,}'");
}

TEST(JsonTape, DescribesAValueOnOneShortLine) {
  JsonTape tape;
  ASSERT_TRUE(tape.parse("[null,true,1.50,\"a\\nb\",{},[],\"" + std::string(100, 'x') + "\"]").has_value());
  std::vector<std::string> descriptions;
  for_each_element(tape.root(), [&](const JsonNode& element) {
    descriptions.push_back(describe(element));
    return true;
  });
  EXPECT_EQ(descriptions, (std::vector<std::string>{"null", "true", "1.50", "\"a\\x0ab\"", "an object", "an array",
                                                    "\"" + std::string(64, 'x') + "...\""}));
}

TEST(JsonTape, KeepsTheTextOfContainersAsItCame) {
  JsonTape tape;
  const std::string text = " { \"a\" : [ 1 , { \"b\":\"\\u00e9\" } ] , \"c\":{} } ";
  ASSERT_TRUE(tape.parse(text).has_value());
  EXPECT_EQ(tape.root().text(), text);
  const JsonNode& list = *find_member(tape.root(), "a");
  EXPECT_EQ(list.text(), "[ 1 , { \"b\":\"\\u00e9\" } ]");
  EXPECT_EQ((&list + 2)->text(), "{ \"b\":\"\\u00e9\" }");
  EXPECT_EQ(find_member(tape.root(), "c")->text(), "{}");
}

}  // namespace
}  // namespace ktape
