#include "exchange/spot_v2_private.hpp"

#include <string>

#include <gtest/gtest.h>

#include "exchange/resting_engine.hpp"
#include "exchange/shared_endpoint.hpp"
#include "tests/support/conversation.hpp"
#include "tests/support/fixed_market.hpp"
#include "tests/support/open_exchange.hpp"

namespace ktape {
namespace {

using test::decimal;

std::vector<AccountTerms> two_accounts() {
  AccountTerms alice;
  alice.name = "alice";
  alice.balances = {{"EUR", decimal("5000")}, {"ETH", decimal("2.5")}};
  AccountTerms bob;
  bob.name = "bob";
  bob.tier = AccountTier::Starter;
  return {alice, bob};
}

class SpotV2PrivateTalk : public testing::Test {
 protected:
  void SetUp() override {
    market.show("ETH/EUR", Side::Sell, "3120.90x0.75 3121.00x2");
    market.show("ETH/EUR", Side::Buy, "3120.50x1");
    token = desk.issue({AccountId{1}, {}});
  }
  // The script with T for alice's token.
  std::string talk(std::string script) {
    for (auto at = script.find("$T"); at != std::string::npos; at = script.find("$T", at)) script.replace(at, 2, token);
    return test::play(clock, front, script);
  }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00.000100Z").value()};
  test::FixedMarket market;
  RestingEngine engine{clock, market, two_accounts()};
  TokenDesk desk{clock};
  SpotV2Private front{clock, engine, desk, market};
  std::string token;
};

const std::string kHello = R"(
< {"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":...,"upcoming_maintenance":[],"emergency":[]}]}
)";

const std::string kExecutions = R"(
> {"method":"subscribe","params":{"channel":"executions","token":"$T"},"req_id":30}
< {"method":"subscribe","req_id":30,"result":{"channel":"executions","maxratecount":125,"snap_orders":true,"snap_trades":false,"snapshot":true,"warnings":["cancel_reason is deprecated, use reason","stop_price is deprecated, use triggers.price","trigger is deprecated use triggers.reference","triggered_price is deprecated use triggers.last_price"]},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000100Z"}
< {"channel":"executions","type":"snapshot","data":[],"sequence":1}
)";

const std::string kBalances = R"(
> {"method":"subscribe","params":{"channel":"balances","token":"$T"},"req_id":31}
< {"method":"subscribe","req_id":31,"result":{"channel":"balances","snapshot":true},"success":true,...}
< {"channel":"balances","type":"snapshot","data":[{"asset":"ETH","asset_class":"currency","wallets":[{"type":"spot","id":"main","balance":2.5000000000}],"balance":2.5000000000},{"asset":"EUR","asset_class":"currency","wallets":[{"type":"spot","id":"main","balance":5000.0000}],"balance":5000.0000}],"sequence":1}
)";

TEST_F(SpotV2PrivateTalk, GreetsAndSendsSnapshotsAndAHeartbeatEverySecond) {
  EXPECT_EQ(talk(kHello + kExecutions + kBalances + R"(
@ +1s
< {"channel":"heartbeat"}
@ +1s
< {"channel":"heartbeat"}
)"),
            "");
}

TEST_F(SpotV2PrivateTalk, TellsARestingOrderFromItsBirthToItsEnd) {
  EXPECT_EQ(talk(kHello + kExecutions + R"(
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.5,"symbol":"ETH/EUR","limit_price":3000.0,"cl_ord_id":"sim-000001","token":"$T"},"req_id":41}
< {"method":"add_order","req_id":41,"result":{"cl_ord_id":"sim-000001","order_id":"O...-...-..."},"success":true,...}
< {"channel":"executions","type":"update","data":[{"order_id":"O...","symbol":"ETH/EUR","order_qty":0.50000000,"cum_cost":0.00000,"time_in_force":"GTC","exec_type":"pending_new","side":"buy","order_type":"limit","cl_ord_id":"sim-000001","limit_price_type":"static","limit_price":3000.00,"stop_price":0.00,"order_status":"pending_new","fee_usd_equiv":0.00000,"fee_ccy_pref":"fciq","timestamp":"2026-09-01T08:00:00.000100Z"}],"sequence":2}
< {"channel":"executions","type":"update","data":[{"timestamp":"2026-09-01T08:00:00.000100Z","order_status":"new","exec_type":"new","cl_ord_id":"sim-000001","order_id":"O..."}],"sequence":3}
> {"method":"amend_order","params":{"cl_ord_id":"sim-000001","order_qty":0.6,"limit_price":2999.5,"token":"$T"},"req_id":42}
< {"method":"amend_order","req_id":42,"result":{"amend_id":"T...","cl_ord_id":"sim-000001"},"success":true,...}
< {"channel":"executions","type":"update","data":[{"timestamp":"2026-09-01T08:00:00.000100Z","exec_type":"amended","order_status":"new","cum_qty":0.00000000,"reason":"User requested","amended":true,"order_qty":0.60000000,"limit_price":2999.50,"limit_price_type":"static","cl_ord_id":"sim-000001","order_id":"O..."}],"sequence":4}
> {"method":"cancel_order","params":{"cl_ord_id":["sim-000001","sim-000002"],"token":"$T"},"req_id":43}
< {"error":"EOrder:Unknown order","method":"cancel_order","req_id":43,"success":false,...}
< {"method":"cancel_order","req_id":43,"result":{"cl_ord_id":"sim-000001"},"success":true,...}
< {"channel":"executions","type":"update","data":[{"timestamp":"2026-09-01T08:00:00.000100Z","order_status":"canceled","exec_type":"canceled","cum_qty":0.00000000,"cum_cost":0.00000,"fee_usd_equiv":0.00000,"avg_price":0.00,"cl_ord_id":"sim-000001","cancel_reason":"User requested","reason":"User requested","order_id":"O..."}],"sequence":5}
)"),
            "");
}

TEST_F(SpotV2PrivateTalk, FillsAMarketOrderFromTheBookAndMovesTheMoneyExactly) {
  EXPECT_EQ(talk(kHello + kExecutions + kBalances + R"(
> {"method":"add_order","params":{"order_type":"market","side":"buy","order_qty":1.0,"symbol":"ETH/EUR","token":"$T"},"req_id":41}
< {"method":"add_order","req_id":41,"result":{"order_id":"O..."},"success":true,...}
< {"channel":"executions","type":"update","data":[{...,"exec_type":"pending_new",...}],"sequence":2}
< {"channel":"executions","type":"update","data":[{...,"exec_type":"new",...}],"sequence":3}
< {"channel":"executions","type":"update","data":[{"order_id":"O...","order_userref":0,"exec_id":"T...","exec_type":"trade","trade_id":1,"symbol":"ETH/EUR","side":"buy","last_qty":0.75000000,"last_price":3120.90,"liquidity_ind":"t","cost":2340.67500,"order_type":"market","timestamp":"2026-09-01T08:00:00.000100Z","order_status":"partially_filled","cum_qty":0.75000000,"cum_cost":2340.67500,"avg_price":3120.90,"fees":[{"asset":"EUR","qty":9.36270}]}],"sequence":4}
< {"channel":"balances","type":"update","data":[{"ledger_id":"L...","ref_id":"T...","timestamp":"2026-09-01T08:00:00.000100Z","type":"trade","asset":"EUR","asset_class":"currency","category":"trade","wallet_type":"spot","wallet_id":"main","amount":-2340.6750,"fee":9.3627,"balance":2649.9623}],"sequence":2}
< {"channel":"balances","type":"update","data":[{...,"asset":"ETH",...,"amount":0.7500000000,"fee":0.0000000000,"balance":3.2500000000}],"sequence":3}
< {"channel":"executions","type":"update","data":[{...,"exec_type":"trade","trade_id":2,...,"last_qty":0.25000000,"last_price":3121.00,"liquidity_ind":"t","cost":780.25000,...,"cum_qty":1.00000000,"cum_cost":3120.92500,"avg_price":3120.93,"fees":[{"asset":"EUR","qty":3.12100}]}],"sequence":5}
< {"channel":"balances","type":"update","data":[{...,"amount":-780.2500,"fee":3.1210,"balance":1866.5913}],"sequence":4}
< {"channel":"balances","type":"update","data":[{...,"balance":3.5000000000}],"sequence":5}
< {"channel":"executions","type":"update","data":[{"timestamp":"2026-09-01T08:00:00.000100Z","order_status":"filled","exec_type":"filled","cum_qty":1.00000000,"cum_cost":3120.92500,"avg_price":3120.93,"order_userref":0,"order_id":"O..."}],"sequence":6}
2< {"channel":"status",...}
2> {"method":"subscribe","params":{"channel":"executions","token":"$T","snap_trades":true,"snap_orders":false}}
2< {"method":"subscribe","result":{"channel":"executions",...,"snap_orders":false,"snap_trades":true,...},...}
2< {"channel":"executions","type":"snapshot","data":[{...,"exec_type":"trade","trade_id":1,...,"order_status":"filled",...},{...,"trade_id":2,...}],"sequence":1}
)"),
            "");
}

TEST_F(SpotV2PrivateTalk, RefusesInKrakensWords) {
  const std::string weak =
      desk.issue({AccountId{1}, {.query_funds = false, .modify_trades = false, .close_trades = false}});
  std::string script = kHello + R"(
> {"method":"subscribe","params":{"channel":"executions","token":"wrong"},"req_id":1}
< {"channel":"executions","error":"ESession:Invalid session","method":"subscribe","req_id":1,"status":"error","success":false,...}
> {"method":"subscribe","params":{"channel":"executions"},"req_id":2}
< {"channel":"executions","error":"ESession:Invalid session","method":"subscribe","req_id":2,"status":"error","success":false,...}
> {"method":"subscribe","params":{"channel":"book","symbol":["ETH/EUR"]},"req_id":3}
< {"error":"Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com","method":"subscribe","req_id":3,"success":false,...}
> {"method":"subscribe","params":{"channel":"balances","token":"$W"},"req_id":4}
< {"error":"EGeneral:Permission denied","method":"subscribe","req_id":4,"success":false,...}
> {"method":"cancel_all","params":{"token":"$W"},"req_id":5}
< {"error":"EGeneral:Permission denied","method":"cancel_all","req_id":5,"success":false,...}
> {"method":"cancel_all","params":{},"req_id":6}
< {"error":"Token(s) not found","method":"cancel_all","req_id":6,"success":false,...}
> {"method":"cancel_all","params":{"token":"nobody's"},"req_id":7}
< {"error":"ESession:Invalid session","method":"cancel_all","req_id":7,"success":false,...}
> {"method":"unsubscribe","params":{"channel":"balances","token":"$T"},"req_id":8}
< {"error":"Subscription Not Found","method":"unsubscribe","req_id":8,"success":false,...}
> not JSON
< {"error":"Malformed request","method":"error","success":false,...}
> {"method":"ping","req_id":9}
< {"method":"pong","req_id":9,...}
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.00004,"symbol":"ETH/EUR","limit_price":3000.0,"token":"$T"},"req_id":10}
< {"error":"EGeneral:Invalid arguments:volume minimum not met","method":"add_order","req_id":10,"success":false,...}
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.5,"symbol":"ETH/EUR","limit_price":3000.001,"token":"$T"},"req_id":11}
< {"error":"EOrder:Invalid price:ETH/EUR price can only be specified up to 2 decimals.","method":"add_order","req_id":11,...}
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":50.0,"symbol":"ETH/EUR","limit_price":3000.0,"token":"$T"},"req_id":12}
< {"error":"EOrder:Insufficient funds","method":"add_order","req_id":12,...}
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":"1","symbol":"ETH/EUR","limit_price":3000.0,"token":"$T"},"req_id":13}
< {"error":"Order_qty field must be a number_float","method":"add_order","req_id":13,...}
> {"method":"cancel_order","params":{"order_id":["OAAAA5-BBBBB-CCCCC5"],"token":"$T"},"req_id":14}
< {"error":"EOrder:Unknown order","method":"cancel_order","req_id":14,"success":false,...}
)";
  for (auto at = script.find("$W"); at != std::string::npos; at = script.find("$W", at)) script.replace(at, 2, weak);
  EXPECT_EQ(talk(script), "");
}

TEST_F(SpotV2PrivateTalk, ForgetsATokenAfterFifteenMinutesUnlessItsConnectionHolds) {
  EXPECT_EQ(talk(kHello + R"(
@ +14m59s
> {"method":"cancel_all","params":{"token":"$T"},"req_id":1}
< {"method":"cancel_all","req_id":1,"result":{"count":0},"success":true,...}
@ +1s
> {"method":"cancel_all","params":{"token":"$T"},"req_id":2}
< {"error":"ESession:Invalid session","method":"cancel_all","req_id":2,"success":false,...}
)"),
            "");
  token = desk.issue({AccountId{1}, {}});
  SpotV2PrivateOptions silent;
  silent.heartbeat_interval = std::chrono::hours(24);
  SpotV2Private quiet(clock, engine, desk, market, silent);
  std::string script = kHello + R"(
> {"method":"subscribe","params":{"channel":"balances","token":"$T","snapshot":false}}
< {"method":"subscribe",...,"success":true,...}
@ +16m
> {"method":"cancel_all","params":{"token":"$T"},"req_id":3}
< {"method":"cancel_all","req_id":3,"result":{"count":0},"success":true,...}
2< {"channel":"status",...}
2> {"method":"cancel_all","params":{"token":"$T"},"req_id":4}
2< {"error":"ESession:Invalid session","method":"cancel_all","req_id":4,"success":false,...}
)";
  for (auto at = script.find("$T"); at != std::string::npos; at = script.find("$T", at)) script.replace(at, 2, token);
  EXPECT_EQ(test::play(clock, quiet, script), "");
}

TEST_F(SpotV2PrivateTalk, TheDeadMansSwitchCancelsAllAndTellsWhy) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"batch_add","params":{"symbol":"ETH/EUR","orders":[{"order_type":"limit","side":"buy","order_qty":0.1,"limit_price":3000.0,"order_userref":1},{"order_type":"limit","side":"sell","order_qty":50.0,"limit_price":3300.0,"order_userref":2}],"token":"$T"},"req_id":47}
< {"method":"batch_add","req_id":47,"result":[{"order_id":"O...","order_userref":1},{"error":"EOrder:Insufficient funds"}],"success":true,...}
> {"method":"cancel_all_orders_after","params":{"timeout":60,"token":"$T"},"req_id":46}
< {"method":"cancel_all_orders_after","req_id":46,"result":{"currentTime":"2026-09-01T08:00:01Z","triggerTime":"2026-09-01T08:01:01Z"},"success":true,...}
)"),
            "");
  EXPECT_EQ(engine.open_orders(AccountId{1}).size(), 1U);
  clock.advance_to(parse_rfc3339("2026-09-01T08:01:00.999Z").value());
  EXPECT_EQ(engine.open_orders(AccountId{1}).size(), 1U);
  clock.advance_to(parse_rfc3339("2026-09-01T08:01:01Z").value());
  EXPECT_EQ(engine.open_orders(AccountId{1}).size(), 0U);
  ASSERT_EQ(engine.closed_orders(AccountId{1}).size(), 1U);
  EXPECT_EQ(engine.closed_orders(AccountId{1})[0].reason, "CancelAllOrdersAfter Timeout");
}

TEST_F(SpotV2PrivateTalk, OneUrlServesBothSidesToWhomCanSetOneOnly) {
  test::OpenExchange open(clock);
  open.echo();
  SharedEndpoint shared(open, front, SharedEndpoint::spot_v2());
  std::string script = R"(
> {"method":"subscribe","params":{"channel":"book","symbol":["ETH/EUR"]}}
< {"method":"subscribe","params":{"channel":"book","symbol":["ETH/EUR"]}}
> {"method":"subscribe","params":{"channel":"balances","token":"$T","snapshot":false}}
< {"method":"subscribe","result":{"channel":"balances","snapshot":false},"success":true,...}
> {"method":"cancel_all","params":{"token":"$T"}}
< {"method":"cancel_all","result":{"count":0},"success":true,...}
@ +1s
< {"channel":"heartbeat"}
> gibberish
< gibberish
> {"method":"ping"}
< {"method":"ping"}
)";
  for (auto at = script.find("$T"); at != std::string::npos; at = script.find("$T", at)) script.replace(at, 2, token);
  EXPECT_EQ(test::play(clock, shared, script), "");
}

TEST_F(SpotV2PrivateTalk, TheEndOfOneSideEndsASharedConnection) {
  test::OpenExchange open(clock);
  SharedEndpoint shared(open, front, SharedEndpoint::spot_v2());
  test::FrameLog client;
  shared.attach(ConnectionId{5}, Endpoint::parse("ws://127.0.0.1/v2").value(), client);
  front.close_all({1001, "recording ended"});
  EXPECT_EQ(client.closed(), "< 1001 recording ended");
  ASSERT_EQ(open.heard.frames.size(), 1U);
  EXPECT_EQ(open.heard.frames[0].kind, FrameKind::Closed) << "the public side is told";
}

}  // namespace
}  // namespace ktape
