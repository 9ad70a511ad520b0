#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "core/protocol/spot_v2/server_account.hpp"

namespace ktape::spot_v2 {
namespace {

Decimal dec(std::string_view text) { return Decimal::parse(text).value(); }
Timestamp at(std::string_view text) { return parse_rfc3339(text).value(); }

std::string told(const Execution& execution, std::int64_t sequence, bool snapshot = false) {
  std::string out;
  append_executions(out, {&execution, 1}, snapshot, sequence);
  return out;
}

// The captured forms of spot-v2 section 6.1, to the byte.
TEST(ServerExecutions, WritesAnOrderThatIsPending) {
  Execution execution{.order = {.order_id = "OAAAA5-BBBBB-CCCCC5",
                                .client_order_id = "sim-000001",
                                .what = "pending_new",
                                .status = "pending_new",
                                .symbol = "ETH/EUR",
                                .side = Side::Buy,
                                .order_type = "limit",
                                .time_in_force = "GTC",
                                .quantity = dec("0.50000000"),
                                .filled_cost = dec("0.00000"),
                                .limit_price = dec("3120.90"),
                                .exchange_time = at("2026-09-01T08:01:01.637700Z")},
                      .limit_price_type = "static",
                      .stop_price = dec("0.00"),
                      .fee_usd_equivalent = dec("0.00000"),
                      .fee_preference = "fciq"};
  EXPECT_EQ(
      told(execution, 2),
      R"({"channel":"executions","type":"update","data":[{"order_id":"OAAAA5-BBBBB-CCCCC5","symbol":"ETH/EUR","order_qty":0.50000000,"cum_cost":0.00000,"time_in_force":"GTC","exec_type":"pending_new","side":"buy","order_type":"limit","cl_ord_id":"sim-000001","limit_price_type":"static","limit_price":3120.90,"stop_price":0.00,"order_status":"pending_new","fee_usd_equiv":0.00000,"fee_ccy_pref":"fciq","timestamp":"2026-09-01T08:01:01.637700Z"}],"sequence":2})");
}

TEST(ServerExecutions, WritesAnOrderThatIsLive) {
  const Execution execution{.order = {.order_id = "OAAAA5-BBBBB-CCCCC5",
                                      .client_order_id = "sim-000001",
                                      .what = "new",
                                      .status = "new",
                                      .exchange_time = at("2026-09-01T08:01:01.637732Z")}};
  EXPECT_EQ(
      told(execution, 3),
      R"({"channel":"executions","type":"update","data":[{"timestamp":"2026-09-01T08:01:01.637732Z","order_status":"new","exec_type":"new","cl_ord_id":"sim-000001","order_id":"OAAAA5-BBBBB-CCCCC5"}],"sequence":3})");
}

TEST(ServerExecutions, WritesAFill) {
  const std::vector<Fee> fees{{"EUR", dec("6.24180")}};
  const Execution execution{.order = {.order_id = "OAAAA5-BBBBB-CCCCC5",
                                      .client_order_id = "sim-000001",
                                      .what = "trade",
                                      .status = "partially_filled",
                                      .symbol = "ETH/EUR",
                                      .side = Side::Buy,
                                      .order_type = "limit",
                                      .filled_quantity = dec("0.50000000"),
                                      .filled_cost = dec("1560.45000"),
                                      .average_price = dec("3120.90"),
                                      .exchange_time = at("2026-09-01T08:01:01.637743Z")},
                            .fill = Fill{.fill_id = "TAAAA1-BBBBB-CCCCC1",
                                         .trade_id = 48210003,
                                         .price = dec("3120.90"),
                                         .quantity = dec("0.50000000"),
                                         .cost = dec("1560.45000"),
                                         .maker = false,
                                         .fees = fees},
                            .fee_usd_equivalent = dec("6.80000")};
  EXPECT_EQ(
      told(execution, 4),
      R"({"channel":"executions","type":"update","data":[{"order_id":"OAAAA5-BBBBB-CCCCC5","cl_ord_id":"sim-000001","exec_id":"TAAAA1-BBBBB-CCCCC1","exec_type":"trade","trade_id":48210003,"symbol":"ETH/EUR","side":"buy","last_qty":0.50000000,"last_price":3120.90,"liquidity_ind":"t","cost":1560.45000,"order_type":"limit","timestamp":"2026-09-01T08:01:01.637743Z","order_status":"partially_filled","cum_qty":0.50000000,"cum_cost":1560.45000,"avg_price":3120.90,"fee_usd_equiv":6.80000,"fees":[{"asset":"EUR","qty":6.24180}]}],"sequence":4})");
}

TEST(ServerExecutions, WritesACancellation) {
  const Execution execution{.order = {.order_id = "OAAAA6-BBBBB-CCCCC6",
                                      .client_order_id = "sim-000002",
                                      .what = "canceled",
                                      .status = "canceled",
                                      .filled_quantity = dec("0.00000000"),
                                      .filled_cost = dec("0.00000"),
                                      .average_price = dec("0.00"),
                                      .reason = "User requested",
                                      .exchange_time = at("2026-09-01T08:01:02.499881Z")},
                            .fee_usd_equivalent = dec("0.0000"),
                            .cancel_reason = "User requested"};
  EXPECT_EQ(
      told(execution, 8),
      R"({"channel":"executions","type":"update","data":[{"timestamp":"2026-09-01T08:01:02.499881Z","order_status":"canceled","exec_type":"canceled","cum_qty":0.00000000,"cum_cost":0.00000,"fee_usd_equiv":0.0000,"avg_price":0.00,"cl_ord_id":"sim-000002","cancel_reason":"User requested","reason":"User requested","order_id":"OAAAA6-BBBBB-CCCCC6"}],"sequence":8})");
}

TEST(ServerExecutions, WritesAnAmendment) {
  const Execution execution{.order = {.order_id = "OAAAA7-BBBBB-CCCCC7",
                                      .client_order_id = "sim-000003",
                                      .what = "amended",
                                      .status = "new",
                                      .quantity = dec("0.60000000"),
                                      .filled_quantity = dec("0.00000000"),
                                      .limit_price = dec("3119.00"),
                                      .reason = "User requested",
                                      .exchange_time = at("2026-09-01T08:01:03.273886Z")},
                            .limit_price_type = "static",
                            .amended = true};
  EXPECT_EQ(
      told(execution, 9),
      R"({"channel":"executions","type":"update","data":[{"timestamp":"2026-09-01T08:01:03.273886Z","exec_type":"amended","order_status":"new","cum_qty":0.00000000,"reason":"User requested","amended":true,"order_qty":0.60000000,"limit_price":3119.00,"limit_price_type":"static","cl_ord_id":"sim-000003","order_id":"OAAAA7-BBBBB-CCCCC7"}],"sequence":9})");
}

TEST(ServerExecutions, AnEmptySnapshotIsStillSaid) {
  std::string out;
  append_executions(out, {}, true, 1);
  EXPECT_EQ(out, R"({"channel":"executions","type":"snapshot","data":[],"sequence":1})");
}

TEST(ServerExecutions, WhatWasNotSeenInAKindOfReportFollowsWhatWas) {
  const Execution execution{
      .order =
          {.order_id = "O1", .user_reference = 0, .what = "status", .status = "new", .display_quantity = dec("0.1")},
      .trigger =
          TriggerReport{.reference = "last", .price = dec("9.0"), .price_type = "static", .status = "untriggered"},
      .user = "AA11"};
  EXPECT_EQ(
      told(execution, 5),
      R"({"channel":"executions","type":"update","data":[{"order_status":"new","exec_type":"status","order_userref":0,"order_id":"O1","display_qty":0.1,"triggers":{"reference":"last","price":9.0,"price_type":"static","status":"untriggered"},"user":"AA11"}],"sequence":5})");
}

TEST(ServerTrading, WritesTheOtherFormsWhereTheCallerAsksForThem) {
  const std::vector<OrderAnswer> orders{{.order_id = "O1"},
                                        {.client_order_id = "x", .error = "EOrder:Insufficient funds"}};
  std::string out;
  append_trading_reply(out, {.method = "batch_add", .request_id = 1, .success = true, .orders = orders},
                       {.failed_orders_in_list = true});
  EXPECT_EQ(out, R"({"method":"batch_add","req_id":1,"result":{"orders":[{"order_id":"O1","success":true},)"
                 R"({"cl_ord_id":"x","error":"EOrder:Insufficient funds","success":false}]},"success":true})");
  out.clear();
  append_trading_reply(out, {.method = "batch_cancel", .request_id = 2, .success = true, .count = 3},
                       {.cancelled_at_top_level = false});
  EXPECT_EQ(out, R"({"method":"batch_cancel","req_id":2,"result":{"count":3},"success":true})");
}

}  // namespace
}  // namespace ktape::spot_v2
