#include "inspect/time_text.hpp"

#include <gmock/gmock.h>

namespace ktape {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::string text(TimeFormat format, Timestamp at, Timestamp zero = {}) {
  std::string out;
  append_time(out, format, at, zero);
  return out;
}

TEST(TimeText, WritesEachFormatToTheNanosecond) {
  const Timestamp at = from_nanoseconds(1'788'249'600'000'000'100);
  EXPECT_EQ(text(TimeFormat::Rfc3339, at), "2026-09-01T08:00:00.000000100Z");
  EXPECT_EQ(text(TimeFormat::UnixNs, at), "1788249600000000100");
  EXPECT_EQ(text(TimeFormat::UnixS, at), "1788249600.000000100");
  EXPECT_EQ(text(TimeFormat::Offset, at, at - 12s - 1ns), "+12.000000001");
  EXPECT_EQ(text(TimeFormat::Offset, at, at), "+0.000000000");
  EXPECT_EQ(text(TimeFormat::Offset, at, at + 1ns), "-0.000000001");
  EXPECT_EQ(text(TimeFormat::UnixS, from_nanoseconds(-1)), "-0.000000001");
}

TEST(TimeText, WritesSpansBeyondSixtyFourBits) {
  EXPECT_EQ(text(TimeFormat::Offset, Timestamp::max(), Timestamp::min()), "+18446744073.709551615");
}

TEST(TimeText, KnowsItsFormatsByName) {
  for (const auto format : {TimeFormat::Rfc3339, TimeFormat::UnixNs, TimeFormat::UnixS, TimeFormat::Offset}) {
    EXPECT_EQ(parse_time_format(to_string(format)), format);
  }
  EXPECT_EQ(parse_time_format("iso"), std::nullopt);
}

TEST(Moment, IsATimeOfDayOrASpanSinceTheFirstFrame) {
  const Timestamp first = from_nanoseconds(1'788'249'600'000'000'000);
  EXPECT_EQ(parse_moment("2026-09-01T08:00:01Z").value().from(first), first + 1s);
  EXPECT_EQ(parse_moment("+1m30s").value().from(first), first + 90s);
  EXPECT_EQ(parse_moment("+0s").value().from(first), first);
}

TEST(Moment, StaysInsideTheRangeOfTime) {
  const Moment far{.at = {}, .offset = Duration::max()};
  EXPECT_EQ(far.from(from_nanoseconds(1)), Timestamp::max());
  EXPECT_EQ(far.from(Timestamp{}), Timestamp::max());
  EXPECT_EQ(far.from(Timestamp::min()), from_nanoseconds(-1));
}

TEST(Moment, RefusesWhatIsNeitherAndNamesIt) {
  EXPECT_THAT(parse_moment("yesterday").error().detail, HasSubstr("'yesterday'"));
  EXPECT_THAT(parse_moment("+soon").error().detail, HasSubstr("'soon'"));
  EXPECT_FALSE(parse_moment("").has_value());
}

}  // namespace
}  // namespace ktape
