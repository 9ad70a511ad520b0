#include "core/market/candle_builder.hpp"

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ktape {
namespace {

using namespace std::chrono_literals;

Timestamp time_of(std::string_view text) { return parse_rfc3339(text).value(); }

std::string show(const Candle& candle) {
  return fmt::format("{} {} O {} H {} L {} C {} V {} vwap {} N {} r{}", format_rfc3339(candle.begin, 0).substr(11, 5),
                     to_string(candle.state), candle.open.text(), candle.high.text(), candle.low.text(),
                     candle.close.text(), candle.volume.text(), candle.vwap.text(), candle.trades, candle.revision);
}
std::string show(const std::optional<Candle>& candle) { return candle ? show(*candle) : "none"; }

std::optional<Candle> close_at(CandleBuilder& builder, Timestamp boundary) {
  std::vector<Candle> closed;
  builder.close(boundary, true, closed);
  EXPECT_LE(closed.size(), 1U);
  return closed.empty() ? std::nullopt : std::optional(closed.front());
}

struct Minutes {
  CandleBuilder builder{{.symbol = "TEST/USD", .intervals = {1min}, .price_places = 1}};
  std::vector<CandleRevision> revised;

  Minutes() { builder.covered_from(time_of("2026-11-21T00:00:00Z")); }
  void trade(std::string_view at, std::int64_t id, std::string_view price, std::string_view quantity = "1.00000000") {
    const auto added = builder.add({.symbol = "TEST/USD",
                                    .price = Decimal::parse(price).value(),
                                    .quantity = Decimal::parse(quantity).value(),
                                    .trade_id = id,
                                    .exchange_time = time_of(fmt::format("2026-11-21T{}Z", at))},
                                   revised);
    EXPECT_TRUE(added.has_value());
  }
  std::string close(std::string_view at) { return show(close_at(builder, time_of(fmt::format("2026-11-21T{}Z", at)))); }
  std::string running(std::string_view at) {
    return show(builder.running(1min, time_of(fmt::format("2026-11-21T{}Z", at))));
  }
};

TEST(CandleBuilder, PutsATradeAtTheBoundaryIntoTheNewCandle) {
  Minutes minutes;
  minutes.trade("11:59:59.999999", 1, "10.0");
  minutes.trade("12:00:00.000000", 2, "11.0");
  EXPECT_EQ(minutes.close("12:00:00"), "11:59 closed O 10.0 H 10.0 L 10.0 C 10.0 V 1.00000000 vwap 10.0 N 1 r0");
  EXPECT_EQ(minutes.running("12:00:00"), "12:00 open O 11.0 H 11.0 L 11.0 C 11.0 V 1.00000000 vwap 11.0 N 1 r0");
}

TEST(CandleBuilder, OrdersTradesByTimeAndIdNotByArrival) {
  Minutes minutes;
  minutes.trade("12:00:01", 6, "12.0");
  minutes.trade("12:00:01", 5, "10.0");
  EXPECT_EQ(minutes.close("12:01:00"), "12:00 closed O 10.0 H 12.0 L 10.0 C 12.0 V 2.00000000 vwap 11.0 N 2 r0");
}

TEST(CandleBuilder, OrdersTradesWithoutIdsByTimeAndThenByArrival) {
  Minutes minutes;
  minutes.trade("12:00:02", 0, "12.0");
  minutes.trade("12:00:02", 0, "13.0");
  minutes.trade("12:00:02", 0, "13.0");  // alike, and yet another trade
  minutes.trade("12:00:01", 0, "11.0");
  minutes.trade("12:00:01", 0, "10.0");
  EXPECT_EQ(minutes.close("12:01:00"), "12:00 closed O 11.0 H 13.0 L 10.0 C 13.0 V 5.00000000 vwap 11.8 N 5 r0");
}

TEST(CandleBuilder, AveragesExactly) {
  Minutes minutes;
  minutes.trade("12:00:01", 1, "100.0", "0.10000000");
  minutes.trade("12:00:02", 2, "100.0", "0.20000000");
  EXPECT_EQ(minutes.close("12:01:00"), "12:00 closed O 100.0 H 100.0 L 100.0 C 100.0 V 0.30000000 vwap 100.0 N 2 r0");
}

TEST(CandleBuilder, TruncatesTheAverageToThePriceOfThePair) {
  Minutes minutes;
  minutes.trade("12:00:01", 1, "100.10000", "1.00000000");  // as v1 pads it
  minutes.trade("12:00:02", 2, "100.20000", "2.00000000");
  EXPECT_EQ(minutes.close("12:01:00"), "12:00 closed O 100.1 H 100.2 L 100.1 C 100.2 V 3.00000000 vwap 100.1 N 2 r0");
}

TEST(CandleBuilder, TellsEmptyIntervalsFlatAtTheLastClose) {
  Minutes minutes;
  EXPECT_EQ(minutes.close("11:59:00"), "none");
  minutes.trade("12:00:30", 1, "10.0");
  minutes.trade("12:00:40", 2, "11.0");
  EXPECT_EQ(minutes.close("12:01:00"), "12:00 closed O 10.0 H 11.0 L 10.0 C 11.0 V 2.00000000 vwap 10.5 N 2 r0");
  EXPECT_EQ(minutes.close("12:02:00"), "12:01 empty O 11.0 H 11.0 L 11.0 C 11.0 V 0.00000000 vwap 0.0 N 0 r0");
  EXPECT_EQ(minutes.close("12:03:00"), "12:02 empty O 11.0 H 11.0 L 11.0 C 11.0 V 0.00000000 vwap 0.0 N 0 r0");
}

TEST(CandleBuilder, RemembersTheLastCloseBeyondTheHorizon) {
  Minutes minutes;
  minutes.trade("12:00:30", 1, "10.0");
  for (int minute = 1; minute < 59; ++minute) {
    EXPECT_NE(minutes.close(fmt::format("12:{:02}:00", minute)), "none");
  }
  EXPECT_EQ(minutes.close("12:59:00"), "12:58 empty O 10.0 H 10.0 L 10.0 C 10.0 V 0.00000000 vwap 0.0 N 0 r0");
}

TEST(CandleBuilder, RevisesAClosedCandleAndTheEmptyOnesBehindIt) {
  Minutes minutes;
  minutes.trade("12:00:30", 1, "10.0");
  EXPECT_EQ(minutes.close("12:01:00"), "12:00 closed O 10.0 H 10.0 L 10.0 C 10.0 V 1.00000000 vwap 10.0 N 1 r0");
  EXPECT_EQ(minutes.close("12:02:00"), "12:01 empty O 10.0 H 10.0 L 10.0 C 10.0 V 0.00000000 vwap 0.0 N 0 r0");
  minutes.trade("12:00:59.9", 2, "12.0");
  ASSERT_EQ(minutes.revised.size(), 2U);
  EXPECT_EQ(show(minutes.revised[0].now), "12:00 revised O 10.0 H 12.0 L 10.0 C 12.0 V 2.00000000 vwap 11.0 N 2 r1");
  EXPECT_EQ(show(minutes.revised[1].now), "12:01 revised O 12.0 H 12.0 L 12.0 C 12.0 V 0.00000000 vwap 0.0 N 0 r1");
}

TEST(CandleBuilder, LeavesEmptyCandlesAloneWhenTheCloseStays) {
  Minutes minutes;
  minutes.trade("12:00:30", 2, "10.0");
  minutes.close("12:01:00");
  minutes.close("12:02:00");
  minutes.trade("12:00:20", 1, "9.0");
  ASSERT_EQ(minutes.revised.size(), 1U);
  EXPECT_EQ(show(minutes.revised[0].now), "12:00 revised O 9.0 H 10.0 L 9.0 C 10.0 V 2.00000000 vwap 9.5 N 2 r1");
}

TEST(CandleBuilder, FlagsARevisionBeyondTheHorizon) {
  Minutes minutes;
  minutes.trade("12:00:30", 1, "10.0");
  for (int minute = 1; minute <= 12; ++minute) minutes.close(fmt::format("12:{:02}:00", minute));
  minutes.trade("12:00:31", 2, "99.0");
  ASSERT_EQ(minutes.revised.size(), 12U);
  EXPECT_EQ(show(minutes.revised[0].now), "12:00 revised O 10.0 H 99.0 L 10.0 C 99.0 V 2.00000000 vwap 54.5 N 2 r1");
  ASSERT_TRUE(minutes.revised[0].before.has_value());
  EXPECT_EQ(show(*minutes.revised[0].before), "12:00 closed O 10.0 H 10.0 L 10.0 C 10.0 V 1.00000000 vwap 10.0 N 1 r0");
  EXPECT_TRUE(minutes.revised[0].now.stale_revision);
  EXPECT_FALSE(minutes.revised[2].now.stale_revision);
}

TEST(CandleBuilder, CountsTradesOlderThanAllThatIsKept) {
  Minutes minutes;
  minutes.trade("12:00:30", 1, "10.0");
  for (int minute = 1; minute <= 721; ++minute) {
    close_at(minutes.builder, time_of("2026-11-21T12:00:00Z") + minute * 1min);
  }
  minutes.trade("12:00:31", 2, "99.0");
  EXPECT_TRUE(minutes.revised.empty());
  EXPECT_EQ(minutes.builder.forgotten_trades(), 1U);
}

TEST(CandleBuilder, CallsACandlePartialWhoseBeginningWasNotSeen) {
  CandleBuilder builder({.symbol = "TEST/USD", .intervals = {1min}, .price_places = 1});
  std::vector<CandleRevision> revised;
  const auto trade = [&](std::string_view at, std::int64_t id, bool snapshot = false) {
    ASSERT_TRUE(builder
                    .add({.symbol = "TEST/USD",
                          .price = Decimal::parse("10.0").value(),
                          .quantity = Decimal::parse("1.0").value(),
                          .trade_id = id,
                          .exchange_time = time_of(fmt::format("2026-11-21T{}Z", at)),
                          .snapshot = snapshot},
                         revised)
                    .has_value());
  };
  const auto close = [&](std::string_view at) {
    return close_at(builder, time_of(fmt::format("2026-11-21T{}Z", at)))->state;
  };

  builder.covered_from(time_of("2026-11-21T12:00:20Z"));
  trade("12:00:30", 10);
  EXPECT_EQ(close("12:01:00"), CandleState::Partial);
  trade("12:01:30", 11);
  EXPECT_EQ(close("12:02:00"), CandleState::Closed);
  builder.interrupted(time_of("2026-11-21T12:02:10Z"));
  EXPECT_EQ(close("12:03:00"), CandleState::Suspect);
  builder.covered_from(time_of("2026-11-21T12:04:10Z"));  // told again
  trade("12:04:30", 20);                                  // 12 to 19 are missing
  EXPECT_EQ(close("12:04:00"), CandleState::Suspect);
  EXPECT_EQ(close("12:05:00"), CandleState::Suspect);
  EXPECT_EQ(close("12:06:00"), CandleState::Empty);
}

TEST(CandleBuilder, LearnsFromTheNextIdThatNothingWasMissed) {
  Minutes minutes;
  minutes.trade("12:00:30", 10, "10.0");
  minutes.builder.interrupted(time_of("2026-11-21T12:00:40Z"));
  EXPECT_EQ(minutes.close("12:01:00"), "12:00 suspect O 10.0 H 10.0 L 10.0 C 10.0 V 1.00000000 vwap 10.0 N 1 r0");
  minutes.builder.covered_from(time_of("2026-11-21T12:01:10Z"));
  minutes.trade("12:01:30", 11, "11.0");
  ASSERT_EQ(minutes.revised.size(), 1U);
  EXPECT_EQ(show(minutes.revised[0].now), "12:00 revised O 10.0 H 10.0 L 10.0 C 10.0 V 1.00000000 vwap 10.0 N 1 r1");
  EXPECT_FALSE(minutes.revised[0].now.suspect);
  EXPECT_EQ(minutes.close("12:02:00"), "12:01 closed O 11.0 H 11.0 L 11.0 C 11.0 V 1.00000000 vwap 11.0 N 1 r0");
}

TEST(CandleBuilder, IsCompletedByATradeSnapshotThatReachesBack) {
  CandleBuilder builder({.symbol = "TEST/USD", .intervals = {1min}, .price_places = 1});
  std::vector<CandleRevision> revised;
  builder.start_at(time_of("2026-11-21T12:00:20Z"));
  builder.covered_from(time_of("2026-11-21T12:00:20Z"));
  for (const auto& [at, id] : {std::pair{"2026-11-21T11:59:59Z", 1}, std::pair{"2026-11-21T12:00:10Z", 2}}) {
    ASSERT_TRUE(builder
                    .add({.symbol = "TEST/USD",
                          .price = Decimal::parse("10.0").value(),
                          .quantity = Decimal::parse("1.0").value(),
                          .trade_id = id,
                          .exchange_time = time_of(at),
                          .snapshot = true},
                         revised)
                    .has_value());
  }
  const auto closed = close_at(builder, time_of("2026-11-21T12:01:00Z"));
  EXPECT_EQ(closed->state, CandleState::Closed);
  EXPECT_EQ(closed->completed_by, CandleCompletion::TradeSnapshot);
}

TEST(CandleBuilder, DoesNotTellHistory) {
  Minutes minutes;
  minutes.builder.start_at(time_of("2026-11-21T12:05:10Z"));
  minutes.trade("12:03:30", 1, "10.0");
  EXPECT_TRUE(minutes.revised.empty());
  EXPECT_EQ(minutes.close("12:06:00"), "12:05 empty O 10.0 H 10.0 L 10.0 C 10.0 V 0.00000000 vwap 0.0 N 0 r0");
}

TEST(CandleBuilder, LearnsPlacesFromTheWidestNumber) {
  CandleBuilder builder({.symbol = "X/Y", .intervals = {1min}});
  std::vector<CandleRevision> revised;
  for (const auto& [price, quantity] : {std::pair{"10", "1"}, std::pair{"10.55", "0.5"}}) {
    ASSERT_TRUE(builder
                    .add({.symbol = "X/Y",
                          .price = Decimal::parse(price).value(),
                          .quantity = Decimal::parse(quantity).value(),
                          .trade_id = 0,
                          .exchange_time = time_of("2026-11-21T12:00:01Z")},
                         revised)
                    .has_value());
  }
  EXPECT_EQ(show(builder.running(1min, time_of("2026-11-21T12:00:00Z"))),
            "12:00 open O 10.00 H 10.55 L 10.00 C 10.55 V 1.5 vwap 10.18 N 2 r0");
}

TEST(CandleBuilder, LeavesOutATradeBeyondAllBounds) {
  CandleBuilder builder({.symbol = "X/Y", .intervals = {1min}});
  std::vector<CandleRevision> revised;
  const auto added = builder.add({.symbol = "X/Y",
                                  .price = Decimal::parse("99999999999999999999999999999999999").value(),
                                  .quantity = Decimal::parse("99999999999999999999").value(),
                                  .trade_id = 7,
                                  .exchange_time = time_of("2026-11-21T12:00:01Z")},
                                 revised);
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().code, Errc::Limit);
  EXPECT_NE(added.error().detail.find("trade 7"), std::string::npos);
  EXPECT_FALSE(builder.running(1min, time_of("2026-11-21T12:00:00Z")).has_value());
}

}  // namespace
}  // namespace ktape
