// The rules of docs/candles.md by hand, C1 to C14 (C15 is in determinism/).

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/base/virtual_clock.hpp"
#include "core/client/candle_series.hpp"
#include "core/market/candle_view.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<Duration> kKraken{1min, 5min, 15min, 30min, 60min, 240min, 1440min, 10080min, 21600min};

Decimal number(std::string_view text) { return Decimal::parse(text).value(); }

struct Told final : EventSink {
  explicit Told(const Clock& its_clock) : clock(its_clock) {}
  void on_event(const Event& event) override {
    const Candle& candle = std::get<Candle>(event);
    candles.push_back(candle);
    lines.push_back(fmt::format("{} {}m {} C {} N {}", format_rfc3339(candle.begin, 0).substr(11, 5),
                                candle.interval / 1min, to_string(candle.state), candle.close.text(), candle.trades));
    told_at.push_back(clock.now());
    if (candle.replaces != nullptr) replaced.push_back(*candle.replaces);
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }

  const Clock& clock;
  std::vector<Candle> candles;
  std::vector<Candle> replaced;
  std::vector<std::string> lines;
  std::vector<Timestamp> told_at;
};

// A day of candles at a virtual clock. Times of the day are of 2026-11-21 unless a whole date is given.
struct Day {
  explicit Day(CandleOptions options, std::string_view now = "11:50:00")
      : clock(at(now)), told(clock), series(clock, told, std::move(options)) {
    series.set_price_places("TEST/USD", 1);
    series.covered_from("TEST/USD", at(now));
  }
  static Timestamp at(std::string_view time) {
    return parse_rfc3339(time.size() > 18 ? fmt::format("{}Z", time) : fmt::format("2026-11-21T{}Z", time)).value();
  }
  static Trade trade_of(std::string_view time, std::int64_t id, std::string_view price,
                        std::string_view quantity = "1") {
    return {.symbol = "TEST/USD",
            .price = number(price),
            .quantity = number(quantity).rescaled(8).value(),
            .trade_id = id,
            .exchange_time = at(time)};
  }
  void trade(std::string_view time, std::int64_t id, std::string_view price, std::string_view quantity = "1") {
    EXPECT_TRUE(series.add(trade_of(time, id, price, quantity)).has_value());
  }
  void pass(std::string_view time) { clock.advance_to(at(time)); }

  VirtualClock clock;
  Told told;
  CandleSeries series;
};

TEST(Candles, C1_ATradeAtTheBoundaryBelongsToTheNewCandle) {
  Day day({.intervals = {1min}});
  day.trade("11:59:59.999999", 1, "10.0");
  day.trade("12:00:00.000000", 2, "11.0");
  day.pass("12:01:01");
  EXPECT_THAT(std::vector(day.told.lines.end() - 2, day.told.lines.end()),
              ElementsAre("11:59 1m closed C 10.0 N 1", "12:00 1m closed C 11.0 N 1"));
  EXPECT_EQ(day.told.candles.back().open.text(), "11.0");
}

TEST(Candles, C2_EqualTimesAreOrderedById) {
  Day day({.intervals = {1min}});
  day.trade("11:50:30", 6, "12.0");
  day.trade("11:50:30", 5, "10.0");
  day.pass("11:51:01");
  ASSERT_EQ(day.told.candles.size(), 1U);
  EXPECT_EQ(day.told.candles[0].open.text(), "10.0");
  EXPECT_EQ(day.told.candles[0].close.text(), "12.0");
  EXPECT_EQ(day.told.candles[0].first_trade_id, 5);
  EXPECT_EQ(day.told.candles[0].last_trade_id, 6);
}

TEST(Candles, C3_TheAverageIsExact) {
  Day day({.intervals = {1min}});
  day.trade("11:50:30", 1, "100.0", "0.1");
  day.trade("11:50:31", 2, "100.0", "0.2");
  day.pass("11:51:01");
  EXPECT_EQ(day.told.candles.at(0).vwap.text(), "100.0");
  EXPECT_EQ(day.told.candles.at(0).volume.text(), "0.30000000");
}

TEST(Candles, C4_TheAverageIsTruncated) {
  Day day({.intervals = {1min}});
  day.trade("11:50:30", 1, "100.1", "1");
  day.trade("11:50:31", 2, "100.2", "2");
  day.pass("11:51:01");
  EXPECT_EQ(day.told.candles.at(0).vwap.text(), "100.1");
}

TEST(Candles, C5_EmptyIntervalsDependOnPolicyAndView) {
  const auto run = [](ClosePolicy policy, CandleView view) {
    VirtualClock clock(Day::at("11:59:30"));
    Told told(clock);
    CandleFilter filter(told, {.view = view});
    CandleSeries series(clock, filter, {.intervals = {1min}, .policy = policy});
    series.covered_from("TEST/USD", Day::at("11:59:30"));
    EXPECT_TRUE(series.add(Day::trade_of("12:00:10", 1, "10.0")).has_value());
    clock.advance_to(Day::at("12:03:10"));
    EXPECT_TRUE(series.add(Day::trade_of("12:03:10", 2, "11.0")).has_value());
    return told.take();
  };
  EXPECT_THAT(run(ClosePolicy::Timer, CandleView::Rest),
              ElementsAre("12:00 1m closed C 10.0 N 1", "12:01 1m empty C 10.0 N 0", "12:02 1m empty C 10.0 N 0"));
  EXPECT_THAT(run(ClosePolicy::Timer, CandleView::Ws), ElementsAre("12:00 1m closed C 10.0 N 1"));
  EXPECT_THAT(run(ClosePolicy::Timer, CandleView::Csv), ElementsAre("12:00 1m closed C 10.0 N 1"));
  EXPECT_THAT(run(ClosePolicy::Next, CandleView::Rest), ElementsAre("12:00 1m closed C 10.0 N 1"));
}

TEST(Candles, C6_EveryKrakenIntervalLiesOnTheGridOfUnixTime) {
  const Timestamp at = parse_rfc3339("2026-11-21T12:34:56Z").value();
  const std::vector<std::pair<Duration, const char*>> expected{
      {1min, "2026-11-21T12:34:00Z"},    {5min, "2026-11-21T12:30:00Z"},     {15min, "2026-11-21T12:30:00Z"},
      {30min, "2026-11-21T12:30:00Z"},   {60min, "2026-11-21T12:00:00Z"},    {240min, "2026-11-21T12:00:00Z"},
      {1440min, "2026-11-21T00:00:00Z"}, {10080min, "2026-11-19T00:00:00Z"}, {21600min, "2026-11-18T00:00:00Z"}};
  CandleBuilder builder({.symbol = "TEST/USD", .intervals = kKraken});
  std::vector<CandleRevision> revised;
  ASSERT_TRUE(builder.add(Day::trade_of("12:34:56", 1, "10.0"), revised).has_value());
  for (const auto& [interval, begin] : expected) {
    EXPECT_EQ(format_rfc3339(floor_to(at, interval), 0), begin);
    const auto running = builder.running(interval, floor_to(at, interval));
    ASSERT_TRUE(running.has_value()) << begin;
    EXPECT_EQ(running->trades, 1);
  }
}

TEST(Candles, C7_AllIntervalsThatEndTogetherAreToldLongestFirst) {
  Day day({.intervals = kKraken, .grace = 0ns}, "2026-11-25T23:59:30");
  day.trade("2026-11-25T23:59:40", 1, "10.0");
  day.pass("2026-11-26T00:00:00");
  EXPECT_THAT(day.told.take(), ElementsAre("00:00 10080m partial C 10.0 N 1", "00:00 1440m partial C 10.0 N 1",
                                           "20:00 240m partial C 10.0 N 1", "23:00 60m partial C 10.0 N 1",
                                           "23:30 30m partial C 10.0 N 1", "23:45 15m partial C 10.0 N 1",
                                           "23:55 5m partial C 10.0 N 1", "23:59 1m partial C 10.0 N 1"));
  day.trade("2026-11-26T00:00:00.000", 2, "11.0");
  EXPECT_THAT(day.told.take(), IsEmpty());
  day.pass("2026-11-27T00:00:00");
  // The day's candle has been folded from a day of smaller ones; its open is the trade at the boundary.
  const auto days = std::count_if(day.told.candles.begin(), day.told.candles.end(), [](const Candle& candle) {
    return candle.interval == 1440min && candle.open == number("11.0") && candle.trades == 1;
  });
  EXPECT_EQ(days, 1);
}

TEST(Candles, C8_ATradeWithinTheGraceIsInTheCandle) {
  Day day({.intervals = {1min}, .grace = 250ms}, "11:59:30");
  day.trade("11:59:40", 1, "10.0");
  day.pass("12:00:00.2");
  day.trade("11:59:59.9", 2, "11.0");
  day.pass("12:00:01");
  EXPECT_THAT(day.told.take(), ElementsAre("11:59 1m partial C 11.0 N 2"));
}

TEST(Candles, C9_ATradeAfterTheGraceRevises) {
  Day day({.intervals = {1min}, .grace = 250ms}, "11:58:30");
  day.trade("11:59:40", 1, "10.0");
  day.pass("12:00:00.3");
  EXPECT_THAT(day.told.take(), ElementsAre("11:59 1m closed C 10.0 N 1"));
  EXPECT_EQ(day.told.told_at.back(), Day::at("12:00:00.250"));
  day.trade("11:59:59.9", 2, "11.0");
  EXPECT_THAT(day.told.take(), ElementsAre("11:59 1m revised C 11.0 N 2"));
  EXPECT_EQ(day.told.candles.back().revision, 1U);
  ASSERT_EQ(day.told.replaced.size(), 1U);
  EXPECT_EQ(day.told.replaced[0].close.text(), "10.0");
  EXPECT_EQ(day.series.revisions(), 1U);
}

TEST(Candles, C10_ATradeToldAgainChangesNothing) {
  Day day({.intervals = {1min}, .grace = 250ms}, "11:58:30");
  day.trade("11:59:40", 1, "10.0");
  day.trade("11:59:59.9", 2, "11.0");
  day.pass("12:00:00.3");
  day.told.take();
  day.trade("11:59:59.9", 2, "11.0");
  EXPECT_THAT(day.told.take(), IsEmpty());
  EXPECT_EQ(day.series.duplicate_trades(), 1U);
}

TEST(Candles, C11_AHoleInTheIdsIsSuspectUntilABackfillFillsIt) {
  Day day({.intervals = {1min}}, "11:58:30");
  day.trade("11:59:10", 10, "10.0");
  day.trade("11:59:20", 11, "10.0");
  day.trade("11:59:40", 13, "12.0");
  day.pass("12:00:01");
  EXPECT_THAT(day.told.take(), ElementsAre("11:59 1m suspect C 12.0 N 3"));
  const std::vector<Trade> asked{Day::trade_of("11:59:20", 11, "10.0"), Day::trade_of("11:59:30", 12, "13.0"),
                                 Day::trade_of("11:59:40", 13, "12.0")};
  ASSERT_TRUE(day.series.backfill("TEST/USD", asked).has_value());
  EXPECT_THAT(day.told.take(), ElementsAre("11:59 1m revised C 12.0 N 4"));
  EXPECT_FALSE(day.told.candles.back().suspect);
  EXPECT_EQ(day.told.candles.back().high.text(), "13.0");
  // While the candle runs, it is as if nothing had been missing.
  day.trade("12:00:10", 14, "10.0");
  day.trade("12:00:30", 16, "10.0");
  ASSERT_TRUE(day.series.backfill("TEST/USD", std::vector{Day::trade_of("12:00:20", 15, "10.0")}).has_value());
  day.pass("12:01:01");
  EXPECT_THAT(day.told.take(), ElementsAre("12:00 1m closed C 10.0 N 3"));
}

TEST(Candles, C12_AnOhlcSnapshotCompletesTheFirstCandle) {
  const auto run = [](std::string_view last_price, bool backfilled) {
    Day day({.intervals = {1min}}, "12:00:20");
    Candle candle;
    candle.symbol = "TEST/USD";
    candle.source = CandleSource::Exchange;
    candle.interval = 1min;
    candle.begin = Day::at("12:00:00");
    candle.open = candle.high = candle.low = candle.close = number("100.1");
    candle.volume = number("2.00000000");
    candle.vwap = number("100.1");
    candle.trades = 3;
    candle.exchange_time = Day::at("12:00:19");
    candle.snapshot = true;
    day.series.add(candle);
    day.trade("12:00:30", 4, "100.5");
    day.trade("12:00:40", 5, last_price);
    if (backfilled) {
      const std::vector<Trade> asked{
          Day::trade_of("11:59:59", 0, "100.1"), Day::trade_of("12:00:05", 1, "100.1", "0.5"),
          Day::trade_of("12:00:10", 2, "100.1", "0.5"), Day::trade_of("12:00:19", 3, "100.1")};
      EXPECT_TRUE(day.series.backfill("TEST/USD", asked).has_value());
    }
    day.pass("12:01:01");
    EXPECT_EQ(day.told.candles.size(), 1U);
    return day.told.candles.at(0);
  };
  const Candle decided = run("100.6", false);
  EXPECT_EQ(decided.state, CandleState::Closed);
  EXPECT_EQ(decided.completed_by, CandleCompletion::OhlcSnapshot);
  EXPECT_EQ(decided.trades, 5);
  EXPECT_EQ(decided.volume.text(), "4.00000000");
  EXPECT_EQ(decided.open.text(), "100.1");
  EXPECT_EQ(decided.vwap.text(), "100.3");
  ASSERT_TRUE(decided.vwap_upper.has_value());
  EXPECT_EQ(decided.vwap_upper->text(), "100.3");

  const Candle undecided = run("100.8", false);
  EXPECT_EQ(undecided.vwap.text(), "100.3");
  EXPECT_EQ(undecided.vwap_upper.value().text(), "100.4");

  const Candle exact = run("100.8", true);
  EXPECT_EQ(exact.state, CandleState::Closed);
  EXPECT_EQ(exact.completed_by, CandleCompletion::Backfill);
  EXPECT_EQ(exact.trades, 5);
  EXPECT_EQ(exact.vwap.text(), "100.3");
  EXPECT_FALSE(exact.vwap_upper.has_value());
}

TEST(Candles, C13_TheCloseComesBeforeATradeOfThatInstant) {
  Day day({.intervals = {1min}, .grace = 0ns}, "11:59:30");
  day.trade("12:00:10", 1, "10.0");
  day.pass("12:01:00.000");
  EXPECT_THAT(day.told.take(), ElementsAre("12:00 1m closed C 10.0 N 1"));
  day.trade("12:00:59.9", 2, "11.0");
  EXPECT_THAT(day.told.take(), ElementsAre("12:00 1m revised C 11.0 N 2"));
  EXPECT_EQ(day.told.candles.back().revision, 1U);
}

TEST(Candles, C14_FoldedCandlesEqualDirectOnes) {
  // The permanent check over every field and policy is property/core/market/candle_folding_test.cpp.
  const auto run = [](std::vector<Duration> intervals) {
    Day day({.intervals = std::move(intervals)}, "00:00:00");
    Random random(14);
    Timestamp at = Day::at("00:00:00");
    for (std::int64_t id = 1; id <= 2000; ++id) {
      at += std::chrono::milliseconds(random.below(80'000));
      day.clock.advance_to(at + 100ms);
      Trade trade = Day::trade_of("00:00:00", id, "100.0");
      trade.exchange_time = at;
      trade.price = Decimal::from_units(static_cast<Int128>(1000 + random.below(99)), 1);
      trade.quantity = Decimal::from_units(static_cast<Int128>(1 + random.below(1'000'000)), 8);
      EXPECT_TRUE(day.series.add(trade).has_value());
    }
    day.clock.advance_to(at + 24h);
    std::vector<std::string> values;
    for (const Candle& candle : day.told.candles) {
      if (candle.interval == 1min) continue;
      values.push_back(fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {}", candle.interval / 1min,
                                   format_rfc3339(candle.begin, 0), candle.open.text(), candle.high.text(),
                                   candle.low.text(), candle.close.text(), candle.volume.text(), candle.vwap.text(),
                                   candle.trades, candle.first_trade_id, candle.last_trade_id,
                                   candle.buy_volume ? candle.buy_volume->text() : "none", to_string(candle.state)));
    }
    std::sort(values.begin(), values.end());
    return values;
  };
  std::vector<std::string> direct;
  for (const Duration interval : {5min, 60min, 1440min}) {
    const auto alone = run({interval});
    direct.insert(direct.end(), alone.begin(), alone.end());
  }
  std::sort(direct.begin(), direct.end());
  EXPECT_GT(direct.size(), 200U);
  EXPECT_EQ(run({1min, 5min, 60min, 1440min}), direct);
}

// The other policies, which have no letter.

TEST(Candles, WatermarkClosesOnceEverySourceHasToldSomethingLater) {
  Day day({.intervals = {1min}, .policy = ClosePolicy::Watermark, .trade_sources = 2}, "11:59:30");
  day.trade("12:00:10", 1, "10.0");
  day.pass("12:01:00.050");
  day.told.take();
  day.trade("12:01:00.010", 2, "11.0");
  EXPECT_THAT(day.told.take(), IsEmpty());
  day.series.heard(1, Day::at("12:01:00"));
  EXPECT_THAT(day.told.take(), ElementsAre("12:00 1m closed C 10.0 N 1"));
  EXPECT_EQ(day.told.told_at.back(), Day::at("12:01:00.050"));
  day.pass("12:01:01");
  EXPECT_THAT(day.told.take(), IsEmpty());
  day.pass("12:02:01");
  EXPECT_THAT(day.told.take(), ElementsAre("12:01 1m closed C 11.0 N 1"));
}

TEST(Candles, NextTakesAnOhlcMessageOfALaterIntervalForATrade) {
  Day day({.intervals = {1min, 5min}, .policy = ClosePolicy::Next}, "12:00:00");
  day.trade("12:00:10", 1, "10.0");
  Candle later;
  later.symbol = "TEST/USD";
  later.source = CandleSource::Exchange;
  later.interval = 1min;
  later.begin = Day::at("12:05:00");
  later.trades = 1;
  day.series.add(later);
  EXPECT_THAT(day.told.take(), ElementsAre("12:00 1m closed C 10.0 N 1", "12:00 5m closed C 10.0 N 1"));
}

}  // namespace
}  // namespace ktape
