#include "core/wire/frame.hpp"

#include <gtest/gtest.h>

namespace ktape {
namespace {

TEST(CloseInfo, ReadsWhatItWrites) {
  EXPECT_EQ((CloseInfo{1001, "recording ended"}.text()), "1001 recording ended");
  EXPECT_EQ((CloseInfo{1000, ""}.text()), "1000");
  const auto info = CloseInfo::parse("1001 recording ended").value();
  EXPECT_EQ(info.code, 1001);
  EXPECT_EQ(info.reason, "recording ended");
  EXPECT_EQ(CloseInfo::parse("1006").value().reason, "");
}

TEST(CloseInfo, RefusesTextWithoutACode) {
  for (const char* text : {"", "gone", "99999", "1001x", "-1"})
    EXPECT_FALSE(CloseInfo::parse(text).has_value()) << text;
}

}  // namespace
}  // namespace ktape
