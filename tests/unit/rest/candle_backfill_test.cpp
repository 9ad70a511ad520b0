#include "rest/candle_backfill.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/client/candle_series.hpp"
#include "tests/support/trade_shelf.hpp"

namespace ktape::rest {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// 09:00:40, so that the minute's beginning was missed. The shelf has a trade every second since 08:40, ids from 1000.
constexpr Timestamp kShelf = from_nanoseconds(1'788'252'000'000'000'000);
constexpr Timestamp kStart = kShelf + 20min + 40s;

class CandleBackfillTest : public ::testing::Test, public EventSink {
 protected:
  void SetUp() override {
    for (int i = 0; i < 2000; ++i) shelf.rows.push_back({1000 + i, nanoseconds(kShelf + i * 1s)});
    for (const Duration interval : {Duration(1min), Duration(5min), Duration(4h)}) intervals.push_back(interval);
    series.emplace(clock, *this, CandleOptions{.intervals = intervals});
  }

  // Puts the candles' series where a client would be.
  CandleBackfill& backfill() {
    if (!backfill_) {
      backfill_.emplace(
          rest, clock, *this,
          [this](std::string_view symbol, std::span<const Trade> trades) { return series->backfill(symbol, trades); },
          [this](std::string_view what) { told.emplace_back(what); }, CandleBackfillOptions{.intervals = intervals});
    }
    return *backfill_;
  }
  void hear(std::int64_t id) {
    const Trade trade{.symbol = "ETH/EUR",
                      .price = Decimal::parse("3120.90000").value(),
                      .quantity = Decimal::parse("0.05000000").value(),
                      .trade_id = id,
                      .exchange_time = kShelf + (id - 1000) * 1s};
    if (heard++ == 0) series->covered_from("ETH/EUR", trade.exchange_time);
    backfill().on_event(trade);
  }
  void serve_until(Timestamp end) {
    while (true) {
      if (far_end.under_way() > 0) {
        far_end.answer(shelf.answer(far_end.seen[far_end.seen.size() - far_end.under_way()].request));
      } else if (const auto next = clock.next_deadline(); next && *next <= end) {
        clock.advance_to(*next);
      } else {
        return clock.advance_to(end);
      }
    }
  }
  std::string candle(Duration interval, Timestamp begin) const {
    std::string last;
    for (const Candle& each : candles) {
      if (each.interval != interval || each.begin != begin) continue;
      last = fmt::format("{} {} trades", to_string(each.state), each.trades);
    }
    return last;
  }

  VirtualClock clock{kStart};
  test::ScriptedRest far_end{clock};
  RestClient rest{far_end, clock, {.public_limit = {.ceiling = 100, .decay = 1ms}}};
  test::TradeShelf shelf;
  std::vector<Duration> intervals;
  std::optional<CandleSeries> series;
  std::vector<Candle> candles;
  std::vector<std::string> told;
  int heard = 0;

 private:
  void on_event(const Event& event) override {
    if (const auto* trade = std::get_if<Trade>(&event)) {
      EXPECT_TRUE(series->add(*trade).has_value());
    }
    if (const auto* made = std::get_if<Candle>(&event)) {
      candles.push_back(*made);
      candles.back().symbol = {};
    }
    if (const auto* gap = std::get_if<TradeGap>(&event)) series->interrupted(gap->symbol);
  }
  std::optional<CandleBackfill> backfill_;
};

TEST_F(CandleBackfillTest, MakesTheFirstCandlesWhole) {
  for (std::int64_t id = 2241; id < 2260; ++id) hear(id);
  serve_until(kShelf + 21min + 1s);
  EXPECT_EQ(candle(1min, kShelf + 20min), "closed 60 trades");
  EXPECT_THAT(told, IsEmpty());
  EXPECT_FALSE(backfill().pending());
}

TEST_F(CandleBackfillTest, ReachesBackToTheLongestIntervalThatIsNotTooLong) {
  clock.advance_to(kShelf + 23min + 20s);
  hear(2400);
  serve_until(clock.now());
  for (std::int64_t id = 2401; id < 2500; ++id) hear(id);
  serve_until(kShelf + 25min + 1s);
  EXPECT_EQ(candle(5min, kShelf + 20min), "closed 300 trades");
  EXPECT_GT(backfill().trades_fetched(), 200U);
}

TEST_F(CandleBackfillTest, AsksNothingWhereTheSnapshotReachesBack) {
  clock.advance_to(kShelf + 20min + 40s);
  for (std::int64_t id = 2199; id < 2240; ++id) hear(id);
  serve_until(clock.now());
  EXPECT_THAT(far_end.seen, IsEmpty());
}

TEST_F(CandleBackfillTest, FetchesTheTradesOfIdsThatWereLeftOut) {
  for (std::int64_t id = 2199; id < 2230; ++id) hear(id);
  backfill().on_event(TradeGap{.symbol = "ETH/EUR", .expected_id = 2230, .received_id = 2250});
  for (std::int64_t id = 2250; id < 2260; ++id) hear(id);
  serve_until(kShelf + 21min + 1s);
  EXPECT_EQ(candle(1min, kShelf + 20min), "closed 60 trades");
  EXPECT_EQ(backfill().trades_fetched(), 20U);
}

TEST_F(CandleBackfillTest, SaysThatThereAreNoneSoThatTheCandleStaysPartial) {
  shelf.rows.erase(shelf.rows.begin(), shelf.rows.begin() + 1240);
  for (std::int64_t id = 2241; id < 2260; ++id) hear(id);
  serve_until(kShelf + 21min + 1s);
  EXPECT_EQ(candle(1min, kShelf + 20min), "partial 20 trades");
  EXPECT_THAT(told, ElementsAre(HasSubstr("stay partial")));
}

TEST_F(CandleBackfillTest, SaysWhyTradesCouldNotBeHad) {
  hear(2241);
  clock.advance_to(clock.now());
  ASSERT_EQ(far_end.under_way(), 1U);
  far_end.answer_json(R"({"error":["EQuery:Unknown asset pair"]})");
  clock.advance_to(clock.now() + 1ms);
  EXPECT_THAT(told, ElementsAre(HasSubstr("EQuery:Unknown asset pair")));
  EXPECT_FALSE(backfill().pending());
}

}  // namespace
}  // namespace ktape::rest
