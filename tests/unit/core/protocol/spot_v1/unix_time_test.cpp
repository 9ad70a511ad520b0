#include "core/protocol/spot_v1/unix_time.hpp"

#include <gtest/gtest.h>

namespace ktape::spot_v1 {
namespace {

std::string written(std::int64_t at) {
  std::string out;
  append_unix_seconds(out, from_nanoseconds(at));
  return out;
}

TEST(UnixSeconds, AreReadExactly) {
  EXPECT_EQ(nanoseconds(parse_unix_seconds("1693415330.621700").value()), 1693415330621700000);
  EXPECT_EQ(nanoseconds(parse_unix_seconds("1618678132.9348202").value()), 1618678132934820200);
  EXPECT_EQ(nanoseconds(parse_unix_seconds("9007199254.740993").value()), 9007199254740993000);  // no double holds it
  EXPECT_EQ(nanoseconds(parse_unix_seconds("1693415330.123456789").value()), 1693415330123456789);
  EXPECT_EQ(nanoseconds(parse_unix_seconds("1693415330.1234567890").value()), 1693415330123456789);
  EXPECT_EQ(nanoseconds(parse_unix_seconds("1693415330").value()), 1693415330000000000);
  EXPECT_EQ(nanoseconds(parse_unix_seconds("0").value()), 0);
  EXPECT_EQ(nanoseconds(parse_unix_seconds("9214646399.999999999").value()), 9214646399999999999);
}

TEST(UnixSeconds, RefuseWhatIsNoTime) {
  for (const char* text : {"", "soon", "-1", "1.", ".5", "1.0000000001", "9214646400", "1e300", " 1", "1 "}) {
    EXPECT_FALSE(parse_unix_seconds(text)) << text;
  }
  EXPECT_EQ(parse_unix_seconds("soon").error().detail,
            "not unix seconds of 1970 to 2261 with at most 9 decimals: 'soon'");
}

TEST(UnixSeconds, AreWrittenWithSixDecimalsOrWithAllThatThereAre) {
  EXPECT_EQ(written(1693415330621700000), "1693415330.621700");
  EXPECT_EQ(written(1693415330000000000), "1693415330.000000");
  EXPECT_EQ(written(1693415330000000001), "1693415330.000000001");
  EXPECT_EQ(written(0), "0.000000");
  EXPECT_EQ(shortest_unix_seconds(from_nanoseconds(1693415330621700000)), "1693415330.6217");
  EXPECT_EQ(shortest_unix_seconds(from_nanoseconds(1693415330000000000)), "1693415330");
}

}  // namespace
}  // namespace ktape::spot_v1
