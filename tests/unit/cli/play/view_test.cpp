#include "cli/play/view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ktape::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;

constexpr Timestamp kStart = from_nanoseconds(1'788'249'600'000'000'000);  // 2026-09-01T08:00:00Z

SteeringStatus status_at(Duration after) {
  SteeringStatus status;
  status.state = SteeringStatus::State::Playing;
  status.rate = Rate{10, 1};
  status.begin = kStart;
  status.end = kStart + 100s;
  status.at = kStart + after;
  status.frames = 1'234;
  return status;
}

PlayView market() {
  PlayView view;
  view.title = "ktape play market.ktape";
  view.status = status_at(50s);
  for (int i = 0; i < 6; ++i) {
    view.books.push_back({"SYM" + std::to_string(i), "1.5", "10", "1.6", "20", BookState::Live});
  }
  for (int i = 0; i < 30; ++i) {
    view.trades.push_back({kStart + std::chrono::seconds(i), "SYM0", "1.55", "3." + std::to_string(i), Side::Sell});
    view.finished.push_back({"SYM0", kStart, 1, "1", "2", "0.5", "1.5", "100", CandleState::Closed});
  }
  view.running.push_back({"SYM0", kStart + 1min, 1, "1.1", "1.2", "1.0", "1.15", "7", CandleState::Open});
  view.message = "skipped 3s of silence";
  return view;
}

std::string joined(const std::vector<ScreenLine>& lines) {
  std::string all;
  for (const ScreenLine& line : lines) all += line.text + "\n";
  return all;
}

TEST(Timeline, ShowsWhatWasPlayedWhatIsToComeAndWhatIsMissing) {
  EXPECT_EQ(timeline(status_at(0s), {}, 10), ">---------");
  EXPECT_EQ(timeline(status_at(35s), {}, 10), "===>------");
  EXPECT_EQ(timeline(status_at(100s), {}, 10), "=========>");
  EXPECT_EQ(timeline(status_at(35s), {{kStart + 10s, kStart + 10s}, {kStart + 75s, kStart + 85s}}, 10), "=x=>---xx-");
  EXPECT_EQ(timeline(status_at(35s), {{kStart - 10s, kStart - 5s}, {kStart + 95s, kStart + 200s}}, 10), "===>-----x");
  EXPECT_EQ(timeline(status_at(35s), {}, 0), "");
  SteeringStatus instant = status_at(0s);
  instant.end = instant.begin;
  EXPECT_EQ(timeline(instant, {}, 3), ">--");
}

TEST(Layout, ShowsWhereItIsAndWhatTheMarketDoes) {
  const std::string shown = joined(lay_out(market(), 110, 24));
  EXPECT_THAT(shown, HasSubstr("ktape play market.ktape\n"));
  EXPECT_THAT(shown, HasSubstr("2026-09-01T08:00:50.000Z  playing 10x  50s of 1m40s  frame 1,234\n"));
  EXPECT_THAT(shown, HasSubstr("SYM0                   1.5              10           1.6              20  live\n"));
  EXPECT_THAT(shown, HasSubstr("... and 1 more\n"));
  EXPECT_THAT(shown, HasSubstr("08:01 1m SYM0            1.1       1.2       1.0      1.15              7 open\n"));
  EXPECT_THAT(shown, HasSubstr("0.5       1.5            100 closed\n"));
  EXPECT_THAT(shown, HasSubstr("08:00:00.000 SYM0       sell              3.0 @ 1.55\n"));
  EXPECT_THAT(shown, HasSubstr("skipped 3s of silence\nspace pause"));
}

TEST(Layout, TellsWhatWasSetAndSkipped) {
  PlayView view = market();
  view.status.until = kStart + 75s;
  view.status.loop = true;
  view.status.round = 2;
  view.status.silences_skipped = 1;
  view.status.skipped = 90s;
  view.prompt = "go to: 08:0";
  const std::string shown = joined(lay_out(view, 150, 24));
  EXPECT_THAT(shown, HasSubstr("frame 1,234  until 08:01:15  loop, round 3  1m30s of silence skipped\n"));
  EXPECT_THAT(shown, HasSubstr("go to: 08:0\nspace pause"));
}

TEST(Layout, FitsIntoAnyScreen) {
  const PlayView view = market();
  for (std::size_t width = 1; width < 130; width += 3) {
    for (std::size_t height = 1; height < 60; ++height) {
      const auto lines = lay_out(view, width, height);
      ASSERT_THAT(lines, SizeIs(height));
      for (const ScreenLine& line : lines) ASSERT_LE(line.text.size(), width);
    }
  }
}

TEST(Layout, ShowsNothingThatATerminalWouldObey) {
  PlayView view = market();
  view.title = "bad\x1b[2Jname\xff";
  EXPECT_THAT(joined(lay_out(view, 80, 24)), HasSubstr("bad?[2Jname?\n"));
}

}  // namespace
}  // namespace ktape::cli
