#include "recorder/segment_names.hpp"

#include <gtest/gtest.h>

namespace ktape {
namespace {

std::string name(const std::string& pattern, bool several, std::uint32_t segment) {
  const auto names = SegmentNames::parse(pattern, several);
  if (!names) return names.error().detail;
  return names->name(segment, parse_rfc3339("2026-09-01T08:07:06.9Z").value());
}

TEST(SegmentNames, KeepsAPlainNameForOneSegment) {
  EXPECT_EQ(name("a.ktape", false, 0), "a.ktape");
  EXPECT_EQ(name("{{a}}.ktape", false, 0), "{a}.ktape");
}

TEST(SegmentNames, FillsInTimeAndNumber) {
  EXPECT_EQ(name("x/kraken-{utc:%Y%m%dT%H%M%SZ}-{segment:04}.ktape", true, 0), "x/kraken-20260901T080706Z-0001.ktape");
  EXPECT_EQ(name("{utc}-{segment}", true, 41), "20260901T080706Z-42");
  EXPECT_EQ(name("{utc:%d.%m. %H%%}", false, 0), "01.09. 08%");
  EXPECT_EQ(name("{segment:01}", true, 4'294'967'295), "4294967296");
}

TEST(SegmentNames, AddsTheNumberWhereSeveralNeedOne) {
  EXPECT_EQ(name("a.ktape", true, 0), "a-0001.ktape");
  EXPECT_EQ(name("a.b/c", true, 9), "a.b/c-0010");
  EXPECT_EQ(name("a/.hidden", true, 0), "a/.hidden-0001");
  EXPECT_EQ(name("{utc:%H.%M}", true, 0), "08.07-0001");
  EXPECT_EQ(name("{utc:%H}.ktape", true, 1), "08-0002.ktape");
}

TEST(SegmentNames, SaysWhatItDoesNotUnderstand) {
  EXPECT_EQ(name("", false, 0), "the name of a recording is empty");
  EXPECT_EQ(name("a{b", false, 0), "the name 'a{b' has a '{' without its '}'");
  EXPECT_EQ(name("a}b", false, 0), "the name 'a}b' has a '}' without its '{'");
  EXPECT_EQ(name("{host}", false, 0),
            "the name '{host}' has the unknown placeholder '{host}': there are {utc:%Y%m%dT%H%M%SZ} and {segment:04}");
  EXPECT_EQ(name("{segment:4}", false, 0),
            "the name '{segment:4}' has the unknown placeholder '{segment:4}': there are "
            "{utc:%Y%m%dT%H%M%SZ} and {segment:04}");
  EXPECT_EQ(name("{utc:%q}", false, 0),
            "the name '{utc:%q}' has a time '{utc:%q}' with other letters than %Y %m %d %H %M %S");
  EXPECT_EQ(name("{utc:%}", false, 0),
            "the name '{utc:%}' has a time '{utc:%}' with other letters than %Y %m %d %H %M %S");
}

}  // namespace
}  // namespace ktape
