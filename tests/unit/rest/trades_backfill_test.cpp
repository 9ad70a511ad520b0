#include "rest/trades_backfill.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/base/random.hpp"
#include "tests/support/scripted_rest.hpp"
#include "tests/support/trade_shelf.hpp"

namespace ktape::rest {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Timestamp kStart = from_nanoseconds(1'788'249'600'000'000'000);

using test::TradeShelf;

class TradesBackfillTest : public ::testing::Test {
 protected:
  // `count` trades from id 1000 on, `gap` apart.
  void stock(std::int64_t count, Duration gap) {
    for (std::int64_t i = 0; i < count; ++i) shelf.rows.push_back({1000 + i, nanoseconds(kStart) + i * gap.count()});
  }
  Timestamp time_of(std::int64_t id) const {
    return from_nanoseconds(shelf.rows[static_cast<std::size_t>(id - 1000)].at);
  }
  template <class What>
  Result<BackfillReport> fill(const What& what, BackfillOptions options = {}) {
    RestOptions quick;
    quick.public_limit = {.ceiling = 100, .decay = std::chrono::milliseconds(1)};
    RestClient client(far_end, clock, quick);
    TradesBackfill backfill(client, clock, options);
    std::optional<Result<BackfillReport>> report;
    delivered.clear();
    backfill.fill(
        what,
        [&](const Trade& trade) {
          EXPECT_EQ(trade.symbol, "ETH/EUR");
          delivered.push_back(trade.trade_id);
        },
        [&](Result<BackfillReport> result) { report = std::move(result); });
    far_end.serve([this](const auto& request) { return shelf.answer(request); });
    EXPECT_TRUE(report.has_value());
    return report ? *report : fail(Errc::Timeout, "no report");
  }
  bool delivered_all(std::int64_t from, std::int64_t to) const {
    std::int64_t next = from;
    for (const std::int64_t id : delivered) {
      if (id != next++) return false;
    }
    return next == to;
  }

  VirtualClock clock{kStart + std::chrono::hours(1)};
  test::ScriptedRest far_end{clock};
  TradeShelf shelf;
  std::vector<std::int64_t> delivered;
};

TEST_F(TradesBackfillTest, FillsAHoleOfSeveralPages) {
  stock(100, seconds(1));
  for (const bool inclusive : {false, true}) {
    shelf.inclusive = inclusive;
    const auto report = fill(TradeHole{"ETH/EUR", 1010, 1045, time_of(1009)}, {.page_rows = 10});
    ASSERT_TRUE(report.has_value()) << report.error().detail;
    EXPECT_TRUE(delivered_all(1010, 1045));
    EXPECT_EQ(report->delivered, 35U);
    EXPECT_EQ(report->first_id, 1010);
    EXPECT_EQ(report->last_id, 1044);
    EXPECT_GE(report->duplicates, 1U);
    EXPECT_LE(report->pages, 5);
  }
}

TEST_F(TradesBackfillTest, TellsATradeAsTheChannelDoes) {
  shelf.rows = {{1000, nanoseconds(kStart) + 123'456'700}};
  RestClient client(far_end, clock);
  TradesBackfill backfill(client, clock);
  int seen = 0;
  backfill.fill(
      TradeHole{"ETH/EUR", 1000, 1001, kStart},
      [&](const Trade& trade) {
        ++seen;
        EXPECT_EQ(trade.price.text(), "3120.90000");
        EXPECT_EQ(trade.quantity.text(), "0.05000000");
        EXPECT_EQ(trade.side, Side::Buy);
        EXPECT_EQ(trade.order_type, OrderType::Limit);
        EXPECT_EQ(trade.exchange_time, kStart + Duration(123'456'700));
        EXPECT_TRUE(trade.snapshot);
      },
      [](const auto& report) { EXPECT_TRUE(report.has_value()); });
  far_end.serve([this](const auto& request) { return shelf.answer(request); });
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(test::field_of(far_end.seen[0].request.target, "pair"), "ETH%2FEUR");
}

TEST_F(TradesBackfillTest, GetsOverPageEndsInsideABurst) {
  for (std::int64_t i = 0; i < 60; ++i) shelf.rows.push_back({1000 + i, nanoseconds(kStart) + i / 7 * 1'000'000'000});
  for (const bool inclusive : {false, true}) {
    shelf.inclusive = inclusive;
    const auto report = fill(TradeHole{"ETH/EUR", 1003, 1058, kStart}, {.page_rows = 10});
    ASSERT_TRUE(report.has_value()) << report.error().detail;
    EXPECT_TRUE(delivered_all(1003, 1058));
  }
}

TEST_F(TradesBackfillTest, LooksFurtherBackIfItBeganTooLate) {
  stock(100, std::chrono::milliseconds(10));
  const auto report = fill(TradeHole{"ETH/EUR", 1010, 1020, time_of(1013)});
  ASSERT_TRUE(report.has_value()) << report.error().detail;
  EXPECT_TRUE(delivered_all(1010, 1020));
}

TEST_F(TradesBackfillTest, SaysThatTheExchangeItselfHasAHole) {
  stock(100, seconds(1));
  shelf.rows.erase(shelf.rows.begin() + 15, shelf.rows.begin() + 18);
  const auto report = fill(TradeHole{"ETH/EUR", 1010, 1030, kStart + seconds(9)});
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, Errc::NotFound);
  EXPECT_THAT(report.error().detail, AllOf(HasSubstr("ETH/EUR: the hole from trade 1015 to 1029 cannot be filled"),
                                           HasSubstr("goes on with id 1018")));
  EXPECT_TRUE(delivered_all(1010, 1015)) << "the part before it";
  EXPECT_LE(far_end.seen.size(), 10U);
}

TEST_F(TradesBackfillTest, WaitsForTradesThatRestDoesNotHaveYet) {
  stock(20, seconds(1));
  const auto all = shelf.rows;
  shelf.rows.resize(12);
  const Timer later = clock.at(clock.now() + seconds(3), [&](Timestamp) { shelf.rows = all; });
  const auto report = fill(TradeHole{"ETH/EUR", 1005, 1018, kStart + seconds(4)});
  ASSERT_TRUE(report.has_value()) << report.error().detail;
  EXPECT_TRUE(delivered_all(1005, 1018));
}

TEST_F(TradesBackfillTest, GivesUpOnTradesThatNeverAppear) {
  stock(20, seconds(1));
  const auto report = fill(TradeHole{"ETH/EUR", 1015, 1030, kStart + seconds(14)});
  ASSERT_FALSE(report.has_value());
  EXPECT_THAT(report.error().detail,
              AllOf(HasSubstr("from trade 1020 to 1029"), HasSubstr("the exchange has no later trades")));
  EXPECT_TRUE(delivered_all(1015, 1020));
}

TEST_F(TradesBackfillTest, StopsAtMoreTradesAtOneTimeThanAPageHas) {
  for (std::int64_t i = 0; i < 30; ++i) shelf.rows.push_back({1000 + i, nanoseconds(kStart)});
  for (const bool inclusive : {false, true}) {
    shelf.inclusive = inclusive;
    const auto report = fill(TradeHole{"ETH/EUR", 1000, 1030, kStart}, {.page_rows = 10});
    ASSERT_FALSE(report.has_value());
    EXPECT_TRUE(delivered_all(1000, 1010));
    EXPECT_LE(far_end.seen.size(), 24U);
  }
}

TEST_F(TradesBackfillTest, StopsAfterSoManyPages) {
  stock(100, seconds(1));
  const auto report = fill(TradeHole{"ETH/EUR", 1000, 1100, kStart}, {.page_rows = 10, .max_pages = 4});
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, Errc::Limit);
  EXPECT_EQ(far_end.seen.size(), 4U);
}

TEST_F(TradesBackfillTest, FetchesASpanOfTime) {
  stock(100, seconds(1));
  const auto report = fill(TradeSpan{"ETH/EUR", kStart + seconds(20), kStart + seconds(55)}, {.page_rows = 10});
  ASSERT_TRUE(report.has_value()) << report.error().detail;
  EXPECT_TRUE(delivered_all(1020, 1055));
  const auto open = fill(TradeSpan{"ETH/EUR", kStart + seconds(95), kStart + std::chrono::hours(9)});
  ASSERT_TRUE(open.has_value());
  EXPECT_TRUE(delivered_all(1095, 1100));
  const auto empty = fill(TradeSpan{"ETH/EUR", kStart + seconds(5), kStart + seconds(5)});
  ASSERT_TRUE(empty.has_value());
  EXPECT_EQ(empty->pages, 0);
}

TEST_F(TradesBackfillTest, PassesAnErrorOfTheExchangeOn) {
  RestClient client(far_end, clock);
  TradesBackfill backfill(client, clock);
  std::string told;
  backfill.fill(
      TradeHole{"NO/NE", 1, 2, kStart}, [](const Trade&) {},
      [&](const Result<BackfillReport>& report) { told = report.error().detail; });
  far_end.answer_json(R"({"error":["EQuery:Unknown asset pair"]})");
  EXPECT_EQ(told,
            "NO/NE: the hole from trade 1 to 1 cannot be filled after 1 pages: Trades: EQuery:Unknown asset pair");
}

TEST_F(TradesBackfillTest, CallsNobodyWhenItIsGone) {
  stock(5, seconds(1));
  RestClient client(far_end, clock);
  {
    TradesBackfill backfill(client, clock);
    backfill.fill(
        TradeHole{"ETH/EUR", 1000, 1004, kStart}, [](const Trade&) { ADD_FAILURE(); },
        [](const auto&) { ADD_FAILURE(); });
  }
  far_end.serve([this](const auto& request) { return shelf.answer(request); });
}

// Any spacing of trades, bursts included, any page size that a burst fits into, both readings of `since`.
TEST_F(TradesBackfillTest, DeliversEveryTradeOnceInOrderWhateverThePages) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    shelf.rows.clear();
    shelf.inclusive = random.below(2) == 0;
    std::int64_t at = nanoseconds(kStart);
    const auto count = static_cast<std::int64_t>(20 + random.below(100));
    std::size_t burst = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      if (burst == 0) {
        at += 100 * static_cast<std::int64_t>(1 + random.below(20'000'000));
        burst = 1 + random.below(4);
      }
      --burst;
      shelf.rows.push_back({1000 + i, at});
    }
    const auto from = 1000 + static_cast<std::int64_t>(1 + random.below(10));
    const auto to = from + static_cast<std::int64_t>(1 + random.below(static_cast<std::uint64_t>(1000 + count - from)));
    const auto report =
        fill(TradeHole{"ETH/EUR", from, to, time_of(from - 1)}, {.page_rows = static_cast<int>(10 + random.below(20))});
    ASSERT_TRUE(report.has_value()) << report.error().detail;
    ASSERT_TRUE(delivered_all(from, to));
  }
}

}  // namespace
}  // namespace ktape::rest
