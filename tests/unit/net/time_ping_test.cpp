#include "net/time_ping.hpp"

#include <gtest/gtest.h>

namespace ktape::net {
namespace {

TEST(TimePing, ReadsWhatItWrites) {
  EXPECT_EQ(time_ping(from_nanoseconds(1'700'000'000'123'456'789)), "ktape-time=1700000000123456789");
  for (const std::int64_t at : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    EXPECT_EQ(parse_time_ping(time_ping(from_nanoseconds(at))), from_nanoseconds(at));
  }
}

TEST(TimePing, TakesNothingElseForATime) {
  for (const char* payload : {"", "ktape-time=", "ktape-time=1 ", "ktape-time=x", "ktape-time=99999999999999999999",
                              "ktape_time=1", "1", "ktape-time=1.5"}) {
    EXPECT_FALSE(parse_time_ping(payload).has_value()) << payload;
  }
}

}  // namespace
}  // namespace ktape::net
