#include <gtest/gtest.h>

#include "core/base/json_text.hpp"
#include "core/base/sha256.hpp"

namespace ktape {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(AppendJsonString, EscapesWhatJsonWantsEscaped) {
  EXPECT_EQ(json(""), R"("")");
  EXPECT_EQ(json("a\"b\\c\nd\te"), R"("a\"b\\c\nd\u0009e")");
  EXPECT_EQ(json(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(AppendJsonString, KeepsUtf8AndReplacesWhatIsNone) {
  EXPECT_EQ(json("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x99"), "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x99\"");
  for (const char* bad : {"\xFF", "\xC0", "\xC3", "\x80"}) EXPECT_EQ(json(bad), "\"\\ufffd\"");
  EXPECT_EQ(json("\xED\xA0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");  // a surrogate
  EXPECT_EQ(json("\xF4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

TEST(Sha256, KnowsTheStandardsExampleAndMayBeTakenInPieces) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 sum;
  sum.add("a");
  sum.add("bc");
  EXPECT_EQ(sum.hex(), sha256_hex("abc"));
}

}  // namespace
}  // namespace ktape
