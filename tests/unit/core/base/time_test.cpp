#include "core/base/time.hpp"

#include <gtest/gtest.h>

namespace ktape {
namespace {

using namespace std::chrono_literals;

TEST(Rfc3339, ReadsNoneToNineFractionDigits) {
  const Timestamp second = std::chrono::sys_days{std::chrono::year{2026} / 9 / 1} + 8h;
  EXPECT_EQ(parse_rfc3339("2026-09-01T08:00:00Z").value(), second);
  EXPECT_EQ(parse_rfc3339("2026-09-01T08:00:00.5Z").value(), second + 500ms);
  EXPECT_EQ(parse_rfc3339("2026-09-01T08:00:00.000100Z").value(), second + 100us);
  EXPECT_EQ(parse_rfc3339("2026-09-01T08:00:00.123456789Z").value(), second + 123456789ns);
}

TEST(Rfc3339, RefusesWhatIsNoInstant) {
  for (const char* text :
       {"", "2026-09-01", "2026-09-01 08:00:00Z", "2026-13-01T08:00:00Z", "2026-02-30T08:00:00Z",
        "2026-09-01T24:00:00Z", "2026-09-01T08:60:00Z", "2026-09-01T08:00:00", "2026-09-01T08:00:00.Z",
        "2026-09-01T08:00:00.1234567890Z", "2026-09-01T08:00:00.66666666666666666666Z", "2026-09-01T08:00:00+02:00",
        "1500-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

TEST(Rfc3339, WritesWhatItReads) {
  for (const std::int64_t ns : {0LL, 1LL, 1785552832693693000LL, -1LL, 4102444800000000000LL}) {
    EXPECT_EQ(parse_rfc3339(format_rfc3339(from_nanoseconds(ns))).value(), from_nanoseconds(ns));
  }
  EXPECT_EQ(format_rfc3339(from_nanoseconds(1785552832693693000), 6), "2026-08-01T02:53:52.693693Z");
  EXPECT_EQ(format_rfc3339(from_nanoseconds(1785552832693693000), 0), "2026-08-01T02:53:52Z");
}

TEST(Rfc3339, WritesTheEndsOfTheRange) {
  EXPECT_EQ(format_rfc3339(Timestamp::min()), "1677-09-21T00:12:43.145224192Z");
  EXPECT_EQ(format_rfc3339(Timestamp::max()), "2262-04-11T23:47:16.854775807Z");
}

TEST(ParseDuration, ReadsUnitsAndFractions) {
  EXPECT_EQ(parse_duration("250ms").value(), 250ms);
  EXPECT_EQ(parse_duration("1.5s").value(), 1500ms);
  EXPECT_EQ(parse_duration("1m30s").value(), 90s);
  EXPECT_EQ(parse_duration("2h").value(), 2h);
  EXPECT_EQ(parse_duration("100us").value(), 100us);
  EXPECT_EQ(parse_duration("7ns").value(), 7ns);
  EXPECT_EQ(parse_duration("1d").value(), 24h);
}

TEST(ParseDuration, RefusesNonsense) {
  for (const char* text :
       {"", "5", "s", "-1s", "1.s", "1x", "1s ", "99999999999999999999s", "400000d", "1.0000000001s"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

TEST(FormatDuration, SaysTheSameShortly) {
  for (const char* text : {"250ms", "1m30s", "2h", "7ns", "1d1h", "1s500ms"}) {
    EXPECT_EQ(format_duration(parse_duration(text).value()), text);
  }
  EXPECT_EQ(format_duration(0ns), "0s");
  EXPECT_EQ(format_duration(-90s), "-1m30s");
  EXPECT_EQ(format_duration(Duration::min()), "-106751d23h47m16s854ms775us808ns");
}

TEST(FloorTo, FindsTheIntervalOnTheGridOfUnixTime) {
  const Timestamp at = parse_rfc3339("2026-11-21T12:34:56Z").value();
  EXPECT_EQ(format_rfc3339(floor_to(at, 1min), 0), "2026-11-21T12:34:00Z");
  EXPECT_EQ(format_rfc3339(floor_to(at, 24h * 7), 0), "2026-11-19T00:00:00Z");
  EXPECT_EQ(format_rfc3339(floor_to(at, 24h * 15), 0), "2026-11-18T00:00:00Z");
  EXPECT_EQ(floor_to(from_nanoseconds(-1), 1s), from_nanoseconds(-1'000'000'000));
}

}  // namespace
}  // namespace ktape
