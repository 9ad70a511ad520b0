#include "scenario/report.hpp"

#include <gtest/gtest.h>

namespace ktape::scenario {
namespace {

using namespace std::chrono_literals;

const Timestamp kBegin = parse_rfc3339("2026-09-01T08:00:00Z").value();

Report sample() {
  return {
      "maintenance <1>",
      kBegin,
      kBegin + 90s,
      {{"it comes back", Verdict::Met, kBegin + 5s, "1 came"},
       {"it asks \"politely\" & once #1", Verdict::Unmet, kBegin + 12'345ms, "exactly 1 expected;\nthere were 2 \x01"},
       {"it waits", Verdict::Open, kBegin + 90s, "it was not seen"}}};
}

TEST(Report, IsCleanOnlyIfAllIsMet) {
  EXPECT_FALSE(is_clean(sample()));
  Report good = sample();
  good.findings.resize(1);
  EXPECT_TRUE(is_clean(good));
}

TEST(Report, TellsPeople) {
  EXPECT_EQ(report_text(sample()),
            "scenario maintenance <1>\n"
            "  met    it comes back  (+5s)\n"
            "  unmet  it asks \"politely\" & once #1  (+12s345ms)\n"
            "         exactly 1 expected;\nthere were 2 \x01\n"
            "  open   it waits  (+1m30s)\n"
            "         it was not seen\n"
            "  2 of 3 expectations not met\n");
  Report good = sample();
  good.findings.resize(1);
  EXPECT_EQ(report_text(good),
            "scenario maintenance <1>\n"
            "  met    it comes back  (+5s)\n"
            "  all 1 expectations met\n");
  EXPECT_EQ(report_text({"empty", kBegin, kBegin, {}}), "scenario empty\n  nothing was expected\n");
}

TEST(Report, IsJUnitForServers) {
  EXPECT_EQ(report_junit(sample()),
            R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="maintenance &lt;1&gt;" tests="3" failures="2" errors="0" time="90.000">
  <testsuite name="maintenance &lt;1&gt;" tests="3" failures="2" errors="0" time="90.000" skipped="0">
    <testcase classname="maintenance &lt;1&gt;" name="it comes back" time="5.000"/>
    <testcase classname="maintenance &lt;1&gt;" name="it asks &quot;politely&quot; &amp; once #1" time="12.345">
      <failure type="unmet" message="exactly 1 expected;&#10;there were 2 ?">exactly 1 expected;&#10;there were 2 ?</failure>
    </testcase>
    <testcase classname="maintenance &lt;1&gt;" name="it waits" time="90.000">
      <failure type="open" message="it was not seen">it was not seen</failure>
    </testcase>
  </testsuite>
</testsuites>
)");
}

TEST(Report, IsTap) {
  EXPECT_EQ(report_tap(sample()),
            R"(TAP version 14
1..3
ok 1 - it comes back
not ok 2 - it asks "politely" & once \#1
  ---
  message: "exactly 1 expected;\nthere were 2 \u0001"
  at: +12s345ms
  ...
not ok 3 - it waits
  ---
  message: "it was not seen"
  at: +1m30s
  ...
)");
}

}  // namespace
}  // namespace ktape::scenario
