#include "core/market/order_table.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace ktape {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

Decimal dec(std::string_view text) { return Decimal::parse(text).value(); }

struct OrderTableTest : testing::Test {
  Result<void> tell(std::vector<OrderReport> reports, bool snapshot = false) {
    return table.apply({.channel = "executions", .snapshot = snapshot, .reports = reports}, now);
  }
  std::vector<std::string> open() const {
    std::vector<std::string> ids;
    for (const auto& order : table.open_orders()) ids.push_back(order->order_id);
    return ids;
  }

  OrderTable table{{.max_open = 3, .max_closed = 2, .keep_closed = 60s}};
  Timestamp now = parse_rfc3339("2026-09-01T08:00:00Z").value();
};

OrderReport pending(std::string_view id, std::string_view client_id = {}) {
  return {.order_id = id,
          .client_order_id = client_id,
          .what = "pending_new",
          .status = "pending_new",
          .symbol = "ETH/EUR",
          .side = Side::Buy,
          .order_type = "limit",
          .quantity = dec("0.50"),
          .limit_price = dec("3120.90")};
}
OrderReport sparse(std::string_view id, std::string_view what) {
  return {.order_id = id, .what = what, .status = what};
}

TEST_F(OrderTableTest, MakesAWholeOrderOfSparseReports) {
  ASSERT_TRUE(tell({pending("O1", "mine")}).has_value());
  ASSERT_TRUE(tell({sparse("O1", "new")}).has_value());
  ASSERT_TRUE(tell({{.order_id = "O1",
                     .what = "trade",
                     .status = "partially_filled",
                     .filled_quantity = dec("0.20"),
                     .filled_cost = dec("624.18"),
                     .average_price = dec("3120.90")}})
                  .has_value());
  const auto order = table.get("O1");
  ASSERT_NE(order, nullptr);
  EXPECT_EQ(order->symbol, "ETH/EUR");
  EXPECT_EQ(order->side, Side::Buy);
  EXPECT_EQ(order->order_type, "limit");
  EXPECT_EQ(order->quantity->text(), "0.50");
  EXPECT_EQ(order->filled_quantity->text(), "0.20");
  EXPECT_EQ(order->status, "partially_filled");
  EXPECT_EQ(order->what, "trade");
  EXPECT_EQ(order->reports, 3U);
  EXPECT_FALSE(order->closed);
  EXPECT_EQ(table.find_by_client_id("mine"), order);
}

TEST_F(OrderTableTest, WhatWasHandedOutDoesNotChange) {
  ASSERT_TRUE(tell({pending("O1")}).has_value());
  const auto before = table.get("O1");
  ASSERT_TRUE(tell({sparse("O1", "canceled")}).has_value());
  EXPECT_EQ(before->status, "pending_new");
  EXPECT_EQ(table.get("O1")->status, "canceled");
}

TEST_F(OrderTableTest, NothingOpensAClosedOrderAgain) {
  ASSERT_TRUE(tell({pending("O1"), sparse("O1", "filled")}).has_value());
  ASSERT_TRUE(tell({{.order_id = "O1", .what = "trade", .status = "partially_filled", .filled_quantity = dec("0.50")}})
                  .has_value());
  EXPECT_EQ(table.get("O1")->status, "filled");
  EXPECT_EQ(table.get("O1")->filled_quantity->text(), "0.50");
  EXPECT_EQ(table.open_count(), 0U);
  EXPECT_EQ(table.closed_count(), 1U);
}

TEST_F(OrderTableTest, ASnapshotReplacesTheOpenOrders) {
  ASSERT_TRUE(tell({pending("O1", "a"), pending("O2"), sparse("O2", "filled"), pending("O3")}).has_value());
  ASSERT_TRUE(
      tell({{.order_id = "O3", .what = "new", .status = "new", .symbol = "ETH/EUR"}, pending("O4")}, true).has_value());
  EXPECT_THAT(open(), ElementsAre("O3", "O4"));
  EXPECT_EQ(table.get("O1"), nullptr);
  EXPECT_EQ(table.find_by_client_id("a"), nullptr);
  ASSERT_NE(table.get("O2"), nullptr) << "closed orders are remembered";
  EXPECT_FALSE(table.get("O3")->quantity.has_value()) << "a snapshot tells its orders whole";
  ASSERT_TRUE(tell({}, true).has_value());
  EXPECT_EQ(table.open_count(), 0U);
}

TEST_F(OrderTableTest, FillsInASnapshotAreHistory) {
  ASSERT_TRUE(tell({{.order_id = "O9", .what = "trade", .status = "filled"},
                    pending("O1"),
                    {.order_id = "O1", .what = "trade", .status = "partially_filled", .filled_quantity = dec("9")}},
                   true)
                  .has_value());
  EXPECT_EQ(table.get("O9"), nullptr);
  EXPECT_FALSE(table.get("O1")->filled_quantity.has_value());
}

TEST_F(OrderTableTest, ForgetsClosedOrdersByNumberAndByTime) {
  for (const char* id : {"O1", "O2", "O3"}) {
    ASSERT_TRUE(tell({pending(id), sparse(id, "canceled")}).has_value());
    now += 20s;
  }
  EXPECT_EQ(table.get("O1"), nullptr) << "two are kept";
  EXPECT_NE(table.get("O2"), nullptr);
  now += 30s;
  ASSERT_TRUE(tell({}).has_value());
  EXPECT_EQ(table.get("O2"), nullptr) << "closed 70 seconds ago";
  EXPECT_NE(table.get("O3"), nullptr);
}

TEST_F(OrderTableTest, AClientIdMeansTheOpenOrder) {
  ASSERT_TRUE(tell({pending("O1", "x"), sparse("O1", "canceled"), pending("O2", "x")}).has_value());
  EXPECT_EQ(table.find_by_client_id("x")->order_id, "O2");
  ASSERT_TRUE(tell({{.order_id = "O1", .client_order_id = "x", .what = "canceled", .status = "canceled"}}).has_value());
  EXPECT_EQ(table.find_by_client_id("x")->order_id, "O2") << "a late word about the closed one changes nothing";
  EXPECT_EQ(table.find_by_client_id("y"), nullptr);
}

TEST_F(OrderTableTest, KeepsNoMoreOpenOrdersThanItsLimit) {
  const auto done = tell({pending("O1"), pending("O2"), pending("O3"), pending("O4"), sparse("O1", "new")});
  EXPECT_EQ(done.error().code, Errc::Limit);
  EXPECT_EQ(done.error().detail, "order O4 is one more than the 3 open orders that are kept");
  EXPECT_THAT(open(), ElementsAre("O1", "O2", "O3"));
  EXPECT_EQ(table.get("O1")->status, "new") << "the others were applied";
}

TEST_F(OrderTableTest, RefusesAReportWithoutAnOrder) {
  EXPECT_THAT(tell({sparse("", "new")}).error().detail, HasSubstr("without an order id"));
}

TEST_F(OrderTableTest, ClearForgetsAll) {
  ASSERT_TRUE(tell({pending("O1", "x"), sparse("O2", "filled")}).has_value());
  table.clear();
  EXPECT_EQ(table.open_count() + table.closed_count(), 0U);
  EXPECT_EQ(table.find_by_client_id("x"), nullptr);
}

}  // namespace
}  // namespace ktape
