#include "core/base/crc.hpp"

#include <gtest/gtest.h>

namespace ktape {
namespace {

TEST(Crc32Ieee, KnowsTheCheckValue) {
  EXPECT_EQ(crc32_ieee("123456789"), 0xCBF43926U);
  EXPECT_EQ(crc32_ieee(""), 0U);
}

TEST(Crc32c, KnowsTheCheckValueAndMayBeTakenInPieces) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c("56789", crc32c("1234")), 0xE3069283U);
  EXPECT_EQ(crc32c(""), 0U);
}

}  // namespace
}  // namespace ktape
