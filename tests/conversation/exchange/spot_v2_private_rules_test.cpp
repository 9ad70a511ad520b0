// What the private host of Spot v2 does besides answering: the state of the market, who hears which reports, and
// connections that nobody subscribes on.
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/exchange_driver.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/private_talk.hpp"

namespace ktape {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SpotV2PrivateRules : public test::PrivateTalk {};

TEST_F(SpotV2PrivateRules, TellsEveryConnectionOfItsOwnWhenTheEngineChangesItsState) {
  test::ExchangeDriver driver(clock, front);
  const ConnectionId client = driver.connect();
  test::FrameLog guest;
  front.attach_guest(ConnectionId{99}, guest);
  driver.take(client);
  market.state = "cancel_only";
  front.on_system(market.state);
  EXPECT_THAT(
      driver.take(client),
      ElementsAre(HasSubstr(R"({"version":"2.0.10","system":"cancel_only","api_version":"v2","connection_id":)")));
  EXPECT_THAT(guest.frames, IsEmpty()) << "the public side tells it";
  // Who has just come hears it in its greeting, and once.
  market.state = "online";
  const ConnectionId next = driver.connect();
  EXPECT_THAT(driver.take(next), ElementsAre(HasSubstr(R"("system":"online")")));
}

TEST_F(SpotV2PrivateRules, TellsOnlyOpeningsAndEndingsToWhoWantsNoMore) {
  const std::string orders = R"(
> {"method":"subscribe","params":{"channel":"executions","order_status":false,"token":"$T"}}
< {"method":"subscribe",...}
< {"channel":"executions","type":"snapshot","data":[],"sequence":1}
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","limit_price":3000.0,"cl_ord_id":"one","token":"$T"}}
< {"method":"add_order",...}
< {...,"exec_type":"new",...,"sequence":2}
> {"method":"amend_order","params":{"cl_ord_id":"one","order_qty":0.2,"token":"$T"}}
< {"method":"amend_order",...}
> {"method":"cancel_order","params":{"cl_ord_id":["one"],"token":"$T"}}
< {"method":"cancel_order",...}
< {...,"exec_type":"canceled",...,"sequence":3}
> {"method":"add_order","params":{"order_type":"market","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","token":"$T"}}
< {"method":"add_order",...}
< {...,"exec_type":"new",...,"sequence":4}
)";
  EXPECT_EQ(talk(kHello + orders + R"(
< {...,"exec_type":"filled",...,"sequence":5}
)"),
            "");
  SpotV2PrivateOptions options;
  options.trades_with_main_events = true;
  SpotV2Private other(clock, engine, desk, market, options);
  EXPECT_EQ(talk(other, kHello + orders + R"(
< {...,"exec_type":"trade",...,"sequence":5}
< {...,"exec_type":"filled",...,"sequence":6}
)"),
            "");
}

TEST_F(SpotV2PrivateRules, NamesTheAccountToWhoHearsAllOfThemAndSendsThatOneNoSnapshot) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"subscribe","params":{"channel":"executions","users":"all","token":"$T"}}
< {"method":"subscribe","result":{"channel":"executions",...},"success":true,...}
> {"method":"subscribe","params":{"channel":"balances","users":"all","token":"$T"}}
< {"method":"subscribe","result":{"channel":"balances","snapshot":true},"success":true,...}
> {"method":"add_order","params":{"order_type":"market","side":"sell","order_qty":0.1,"symbol":"ETH/EUR","token":"$T"}}
< {"method":"add_order",...}
< {"channel":"executions","type":"update","data":[{...,"exec_type":"pending_new",...,"user":"alice"}],"sequence":1}
< {...,"exec_type":"new",...,"user":"alice"}],"sequence":2}
< {...,"exec_type":"trade",...,"user":"alice"}],"sequence":3}
< {"channel":"balances","type":"update","data":[{...,"asset":"EUR",...,"user":"alice"}],"sequence":1}
< {"channel":"balances","type":"update","data":[{...,"asset":"ETH",...,"user":"alice"}],"sequence":2}
< {...,"exec_type":"filled",...,"user":"alice"}],"sequence":4}
)"),
            "");
}

TEST_F(SpotV2PrivateRules, ClosesAConnectionWithoutAPrivateSubscriptionWhateverItSays) {
  SpotV2PrivateOptions options;
  options.close_without_subscription = std::chrono::minutes(1);
  options.heartbeat_interval = std::chrono::hours(24);
  SpotV2Private strict(clock, engine, desk, market, options);
  EXPECT_EQ(talk(strict, kHello + R"(
@ +59s
> {"method":"ping"}
< {"method":"pong",...}
@ +1s
< closed 1001 no private subscription for 1m
2< {"channel":"status",...}
@ +30s
2> {"method":"subscribe","params":{"channel":"balances","token":"$T","snapshot":false}}
2< {"method":"subscribe",...}
@ +5m
2> {"method":"unsubscribe","params":{"channel":"balances","token":"$T"}}
2< {"method":"unsubscribe",...}
@ +59s
@ +1s
2< closed 1001 no private subscription for 1m
)"),
            "");
  test::ExchangeDriver driver(clock, front);
  const ConnectionId client = driver.connect();
  driver.run_for(std::chrono::hours(1));
  EXPECT_EQ(driver.take(client).size(), 1U) << "unless it is switched on";
}

TEST_F(SpotV2PrivateRules, AcknowledgesAutomaticChannelsOrStaysSilent) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"subscribe","params":{"channel":"heartbeat"},"req_id":3}
< {"method":"subscribe","req_id":3,"result":{"channel":"heartbeat"},"success":true,...}
@ +1s
< {"channel":"heartbeat"}
)"),
            "");
  SpotV2PrivateOptions options;
  options.acknowledge_automatic_channels = false;
  SpotV2Private silent(clock, engine, desk, market, options);
  EXPECT_EQ(talk(silent, kHello + R"(
> {"method":"subscribe","params":{"channel":"heartbeat"},"req_id":3}
@ +5s
)"),
            "");
}

TEST_F(SpotV2PrivateRules, TellsBalancesOfAnAssetThatNobodyHasToldOfInItsUsualPlaces) {
  AccountTerms odd;
  odd.name = "odd";
  odd.balances = {{"CAD", test::decimal("1")}, {"XYZ", test::decimal("2.5")}};
  RestingEngine other_engine(clock, market, {odd});
  SpotV2Private other(clock, other_engine, desk, market);
  EXPECT_EQ(talk(other, kHello + R"(
> {"method":"subscribe","params":{"channel":"balances","token":"$T"}}
< {"method":"subscribe",...}
< {"channel":"balances","type":"snapshot","data":[{"asset":"CAD",...,"balance":1.0000},{"asset":"XYZ",...,"balance":2.5000000000}],"sequence":1}
)"),
            "");
}

// Without maintenance that passes, it fires at its time: see simulators_get_wrong_account_test.cpp.
TEST_F(SpotV2PrivateRules, ADeadMansSwitchThatIsArmedThroughMaintenanceFiresWhenTheMarketIsBack) {
  test::ExchangeDriver driver(clock, front);
  const ConnectionId client = driver.connect();
  const auto say = [&](std::string_view text) {
    driver.say(client, filled_in(text));
    return driver.take(client).back();
  };
  const std::string order =
      R"({"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","limit_price":3000.0,"token":"$T"}})";
  const auto become = [&](std::string_view state) {
    market.state = state;
    engine.on_system(state);
  };
  for (const int timeout : {10, 600}) {
    SCOPED_TRACE(timeout);
    EXPECT_THAT(say(order), HasSubstr(R"("success":true)"));
    say(fmt::format(R"({{"method":"cancel_all_orders_after","params":{{"timeout":{},"token":"$T"}}}})", timeout));
    become("maintenance");
    driver.run_for(seconds(30));
    EXPECT_THAT(say(R"({"method":"cancel_all","params":{"token":"$T"}})"), HasSubstr("EService:Unavailable"));
    EXPECT_EQ(engine.open_orders(AccountId{1}).size(), 1U) << "in maintenance nothing is cancelled";
    become("cancel_only");
    EXPECT_EQ(engine.open_orders(AccountId{1}).size(), 0U) << "whether its time has come or not";
    EXPECT_EQ(engine.closed_orders(AccountId{1}).back().reason, "CancelAllOrdersAfter Timeout");
    become("online");
  }
  say(order);
  driver.run_for(std::chrono::minutes(10));
  EXPECT_EQ(engine.open_orders(AccountId{1}).size(), 1U) << "it is off until it is armed again";
}

TEST_F(SpotV2PrivateRules, KeepsAFifteenthOfAnIcebergInSightWhateverIsAmended) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"add_order","params":{"order_type":"iceberg","side":"buy","order_qty":1.0,"display_qty":0.06,"symbol":"ETH/EUR","limit_price":3000.0,"token":"$T"}}
< {"error":"EGeneral:Invalid arguments:display_qty",...}
> {"method":"add_order","params":{"order_type":"iceberg","side":"buy","order_qty":1.0,"display_qty":0.1,"symbol":"ETH/EUR","limit_price":3000.0,"cl_ord_id":"ice","token":"$T"}}
< {"method":"add_order",...,"success":true,...}
> {"method":"amend_order","params":{"cl_ord_id":"ice","order_qty":1.6,"token":"$T"}}
< {"error":"EGeneral:Invalid arguments:display_qty",...}
> {"method":"amend_order","params":{"cl_ord_id":"ice","display_qty":0.06,"token":"$T"}}
< {"error":"EGeneral:Invalid arguments:display_qty",...}
> {"method":"amend_order","params":{"cl_ord_id":"ice","order_qty":0.9,"display_qty":0.06,"token":"$T"}}
< {"method":"amend_order","result":{"amend_id":"T...","cl_ord_id":"ice"},"success":true,...}
)"),
            "");
}

TEST_F(SpotV2PrivateRules, AcceptsAndCancelsAPostOnlyOrderThatWouldTakeOrRefusesIt) {
  const std::string order =
      R"(> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","limit_price":3200.0,"post_only":true,"token":"$T"}})";
  EXPECT_EQ(talk(kHello + kExecutions + order + R"(
< {"method":"add_order","result":{"order_id":"O..."},"success":true,...}
< {...,"exec_type":"pending_new",...}
< {...,"exec_type":"new",...}
< {...,"exec_type":"canceled",...,"reason":"Post only order",...}
)"),
            "");
  RestingEngineOptions options;
  options.refuse_post_only_that_takes = true;
  RestingEngine strict(clock, market, two_accounts(), options);
  SpotV2Private other(clock, strict, desk, market);
  EXPECT_EQ(talk(other, kHello + order + R"(
< {"error":"EOrder:Post only order","method":"add_order","success":false,...}
)"),
            "");
}

TEST_F(SpotV2PrivateRules, RefusesHonestlyWhatItsEngineDoesNotDo) {
  test::ExchangeDriver driver(clock, front);
  const ConnectionId client = driver.connect();
  const auto refused = [&](std::string_view params) {
    driver.say(client, filled_in(fmt::format(
                           R"({{"method":"add_order","params":{{"side":"buy","symbol":"ETH/EUR",{},"token":"$T"}}}})",
                           params)));
    const std::string heard = driver.take(client).back();
    const auto begin = heard.find(R"("error":")") + 9;
    return heard.substr(begin, heard.find(R"(","method")") - begin);
  };
  EXPECT_EQ(refused(R"("order_type":"stop-loss","order_qty":0.1,"triggers":{"price":3000.0})"),
            "EGeneral:Invalid arguments:order_type stop-loss is not simulated");
  EXPECT_EQ(refused(R"("order_type":"limit","order_qty":0.1,"limit_price":3000.0,"margin":true)"),
            "EOrder:Cannot open position");
  EXPECT_EQ(
      refused(R"("order_type":"limit","order_qty":0.1,"limit_price":3000.0,"effective_time":"2026-09-02T00:00:00Z")"),
      "EOrder:Scheduled orders limit exceeded");
  EXPECT_EQ(
      refused(
          R"("order_type":"limit","order_qty":0.1,"limit_price":3000.0,"conditional":{"order_type":"limit","limit_price":3500.0})"),
      "EGeneral:Invalid arguments:conditional is not simulated");
  EXPECT_EQ(refused(R"("order_type":"limit","order_qty":0.1,"limit_price":3000.0,"leverage":3)"),
            "Unsupported field: 'leverage' for the given msg type: add_order");
}

}  // namespace
}  // namespace ktape
