#include "recorder/metrics_text.hpp"

#include <gmock/gmock.h>

#include "tests/support/metrics_checker.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using test::MetricsChecker;
using testing::IsEmpty;
using testing::Not;

TEST(MetricsText, WritesFamiliesOfSamples) {
  MetricsText text;
  text.counter("ktape_frames_total", "Frames, by channel");
  text.sample({{"channel", "book"}, {"direction", "in"}}, 12);
  text.sample({{"channel", "trade"}, {"direction", "in"}}, 3);
  text.gauge("ktape_connected", "Whether it is");
  text.sample(1);
  text.gauge("ktape_age_seconds", "An age");
  text.seconds(1500ms);
  EXPECT_EQ(text.text(),
            "# HELP ktape_frames_total Frames, by channel\n"
            "# TYPE ktape_frames_total counter\n"
            "ktape_frames_total{channel=\"book\",direction=\"in\"} 12\n"
            "ktape_frames_total{channel=\"trade\",direction=\"in\"} 3\n"
            "# HELP ktape_connected Whether it is\n"
            "# TYPE ktape_connected gauge\n"
            "ktape_connected 1\n"
            "# HELP ktape_age_seconds An age\n"
            "# TYPE ktape_age_seconds gauge\n"
            "ktape_age_seconds 1.5\n");
  EXPECT_THAT(MetricsChecker(text.text()).mistakes(), IsEmpty());
}

TEST(MetricsText, EscapesWhatComesFromOthers) {
  MetricsText text;
  text.gauge("ktape_x", "a \\ and\na line");
  text.sample({{"channel", "\"a\\b\nc\""}}, 1);
  EXPECT_EQ(text.text(),
            "# HELP ktape_x a \\\\ and\\na line\n# TYPE ktape_x gauge\nktape_x{channel=\"\\\"a\\\\b\\nc\\\"\"} 1\n");
  EXPECT_THAT(MetricsChecker(text.text()).mistakes(), IsEmpty());
}

TEST(MetricsText, WritesHistogramsWithCumulativeBuckets) {
  SpanHistogram spans;
  spans.add(1ms);     // on a bound: within
  spans.add(1500us);  // below 2 ms
  spans.add(-5s);     // a clock that is behind
  spans.add(1h);
  MetricsText text;
  text.histogram("ktape_lag_seconds", "Lag");
  text.sample({{"channel", "book"}}, spans);
  const MetricsChecker checked(text.text());
  EXPECT_THAT(checked.mistakes(), IsEmpty());
  EXPECT_EQ(checked.count(R"(ktape_lag_seconds_bucket{channel="book",le="0.001"})"), 2U);
  EXPECT_EQ(checked.count(R"(ktape_lag_seconds_bucket{channel="book",le="0.002"})"), 3U);
  EXPECT_EQ(checked.count(R"(ktape_lag_seconds_bucket{channel="book",le="30"})"), 3U);
  EXPECT_EQ(checked.count(R"(ktape_lag_seconds_bucket{channel="book",le="+Inf"})"), 4U);
  EXPECT_EQ(checked.value(R"(ktape_lag_seconds_sum{channel="book"})"), "3600.0025");
}

TEST(MetricsText, SurvivesAbsurdSpans) {
  SpanHistogram spans;
  for (int i = 0; i < 10; ++i) spans.add(Duration::max());
  spans.add(Duration::min());
  EXPECT_EQ(spans.count(), 11U);
  EXPECT_EQ(spans.sum(), 240h);
  MetricsText text;
  text.gauge("ktape_x_seconds", "x");
  text.seconds(Duration::min());
  EXPECT_THAT(MetricsChecker(text.text()).mistakes(), IsEmpty());
}

TEST(MetricsChecker, SeesWhatIsWrong) {
  const std::string head = "# HELP a_total A\n# TYPE a_total counter\n";
  EXPECT_THAT(MetricsChecker(head + "a_total 1\n").mistakes(), IsEmpty());
  const std::string histogram = "# HELP h H\n# TYPE h histogram\n";
  for (const std::string& text :
       {head + "a_total 1", head + "b_total 1\n", head + "a_total -1\n", head + "a_total one\n",
        head + "a_total 1\na_total 2\n", head + "a_total{x=1} 1\n", head + "a_total{x=\"1\" 1\n",
        head + "a_total{x=\"\\t\"} 1\n", head + "a_total{x=\"1\",x=\"2\"} 1\n", head + head, head + "\n",
        std::string("a_total 1\n"), std::string("# TYPE a_total counter\na_total 1\n"),
        std::string("# HELP a_total A\n"), std::string("# HELP a A\n# TYPE a counter\na 1\n"),
        histogram + "h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
        histogram + "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
        histogram + "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
        histogram + "h_bucket{le=\"+Inf\"} 1\nh_sum 1\n"}) {
    EXPECT_THAT(MetricsChecker(text).mistakes(), Not(IsEmpty())) << text;
  }
}

}  // namespace
}  // namespace ktape
