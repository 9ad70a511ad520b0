#include "exchange/spot_v1_private.hpp"

#include <string>

#include <gtest/gtest.h>

#include "exchange/resting_engine.hpp"
#include "tests/support/conversation.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/fixed_market.hpp"

namespace ktape {
namespace {

using test::decimal;

class SpotV1PrivateTalk : public testing::Test {
 protected:
  static std::vector<AccountTerms> accounts() {
    AccountTerms alice;
    alice.name = "alice";
    alice.balances = {{"EUR", decimal("5000")}, {"ETH", decimal("2.5")}};
    return {alice};
  }
  void SetUp() override {
    market.show("ETH/EUR", Side::Sell, "3120.90x0.75 3121.00x2");
    market.show("ETH/EUR", Side::Buy, "3110.00x5");
    token = desk.issue({AccountId{1}, {}});
  }
  std::string talk(std::string script) {
    for (auto at = script.find("$T"); at != std::string::npos; at = script.find("$T", at)) script.replace(at, 2, token);
    return test::play(clock, front, script);
  }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00.000100Z").value()};
  test::FixedMarket market;
  RestingEngine engine{clock, market, accounts()};
  TokenDesk desk{clock};
  SpotV1Private front{clock, engine, desk, market};
  std::string token;
};

const std::string kHello = R"(
< {"connectionID":...,"event":"systemStatus","status":"online","version":"1.9.6"}
)";
const std::string kSubscribed = R"(
> {"event":"subscribe","reqid":1,"subscription":{"name":"openOrders","token":"$T"}}
< {"channelName":"openOrders","event":"subscriptionStatus","reqid":1,"status":"subscribed","subscription":{"maxratecount":125,"name":"openOrders"}}
< [[],"openOrders",{"sequence":1}]
> {"event":"subscribe","reqid":2,"subscription":{"name":"ownTrades","token":"$T"}}
< {"channelName":"ownTrades","event":"subscriptionStatus","reqid":2,"status":"subscribed","subscription":{"name":"ownTrades"}}
< [[],"ownTrades",{"sequence":1}]
)";

TEST_F(SpotV1PrivateTalk, TellsAnOrderByItsChanges) {
  EXPECT_EQ(talk(kHello + kSubscribed + R"(
> {"event":"addOrder","reqid":3,"ordertype":"limit","pair":"ETH/EUR","price":"3000.00","token":"$T","type":"buy","userref":"7","volume":"0.5"}
< {"descr":"buy 0.50000000 ETHEUR @ limit 3000.00","event":"addOrderStatus","reqid":3,"status":"ok","txid":"O..."}
< [[{"O...":{"avg_price":"0.00","cost":"0.00000","descr":{"close":null,"leverage":null,"order":"buy 0.50000000 ETH/EUR @ limit 3000.00000000","ordertype":"limit","pair":"ETH/EUR","price":"3000.00","price2":"0.00000000","type":"buy"},"expiretm":null,"fee":"0.00000","limitprice":"0.00000000","misc":"","oflags":"fciq","opentm":"1788249600.000100","refid":null,"starttm":null,"status":"pending","stopprice":"0.00000000","timeinforce":"GTC","userref":7,"vol":"0.50000000","vol_exec":"0.00000000"}}],"openOrders",{"sequence":2}]
< [[{"O...":{"status":"open","userref":7}}],"openOrders",{"sequence":3}]
> {"event":"cancelOrder","reqid":4,"token":"$T","txid":["7","OAAAAA-BBBBB-CCCCCC"]}
< {"errorMessage":"EOrder:Unknown order","event":"cancelOrderStatus","reqid":4,"status":"error"}
< {"event":"cancelOrderStatus","reqid":4,"status":"ok"}
< [[{"O...":{"avg_price":"0.00","cancel_reason":"User requested","cost":"0.00000","fee":"0.00000","lastupdated":"1788249600.000100","status":"canceled","userref":7,"vol_exec":"0.00000000"}}],"openOrders",{"sequence":4}]
@ +1s
< {"event":"heartbeat"}
)"),
            "");
}

TEST_F(SpotV1PrivateTalk, TellsFillsToOwnTrades) {
  EXPECT_EQ(talk(kHello + kSubscribed + R"(
> {"event":"addOrder","ordertype":"market","pair":"ETH/EUR","token":"$T","type":"buy","volume":"0.5"}
< {"descr":"buy 0.50000000 ETHEUR @ market","event":"addOrderStatus","status":"ok","txid":"O..."}
< [[{"O...":{...,"status":"pending",...}}],"openOrders",{"sequence":2}]
< [[{"O...":{"status":"open","userref":0}}],"openOrders",{"sequence":3}]
< [[{"O...":{"avg_price":"3120.90","cost":"1560.45000","fee":"6.24180","userref":0,"vol_exec":"0.50000000"}}],"openOrders",{"sequence":4}]
< [[{"T...":{"cost":"1560.45000","fee":"6.24180","margin":"0.00000","ordertxid":"O...","ordertype":"market","pair":"ETH/EUR","postxid":"","price":"3120.90","time":"1788249600.000100","type":"buy","vol":"0.50000000"}}],"ownTrades",{"sequence":2}]
< [[{"O...":{"avg_price":"3120.90","cost":"1560.45000","fee":"6.24180","lastupdated":"1788249600.000100","status":"closed","userref":0,"vol_exec":"0.50000000"}}],"openOrders",{"sequence":5}]
)"),
            "");
}

// A market order takes 0.75 at 3120.90 and 0.25 at 3121.00.
TEST_F(SpotV1PrivateTalk, TellsEachFillWhereConsolidationIsNotWanted) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"subscribe","subscription":{"name":"ownTrades","snapshot":false,"consolidate_taker":false,"token":"$T"}}
< {..."status":"subscribed","subscription":{"name":"ownTrades"}}
> {"event":"addOrder","ordertype":"market","pair":"ETH/EUR","token":"$T","type":"buy","volume":"1"}
< {"descr":...}
< [[{"T...":{..."price":"3120.90",..."vol":"0.75000000"}}],"ownTrades",{"sequence":1}]
< [[{"T...":{..."price":"3121.00",..."vol":"0.25000000"}}],"ownTrades",{"sequence":2}]
)"),
            "");
}

// The mean of both in the pair's places, and the sums of costs and fees.
TEST_F(SpotV1PrivateTalk, TellsWhatAnOrderTakesAsOne) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"addOrder","ordertype":"market","pair":"ETH/EUR","token":"$T","type":"buy","volume":"1"}
< {"descr":...}
> {"event":"subscribe","subscription":{"name":"ownTrades","token":"$T"}}
< {..."status":"subscribed","subscription":{"name":"ownTrades"}}
< [[{"T...":{"cost":"3120.92500","fee":"12.48370","margin":"0.00000",..."price":"3120.93",..."vol":"1.00000000"}}],"ownTrades",{"sequence":1}]
> {"event":"addOrder","ordertype":"market","pair":"ETH/EUR","token":"$T","type":"sell","volume":"0.5"}
< {"descr":...}
< [[{"T...":{..."price":"3110.00",..."vol":"0.50000000"}}],"ownTrades",{"sequence":2}]
)"),
            "");
}

TEST_F(SpotV1PrivateTalk, TellsWhatAnOrderHasTakenThoughTheRestOfItStays) {
  market.show("ETH/EUR", Side::Sell, "3000.00x0.01 3000.10x0.01");
  EXPECT_EQ(talk(kHello + R"(
> {"event":"subscribe","subscription":{"name":"ownTrades","snapshot":false,"token":"$T"}}
< {..."status":"subscribed","subscription":{"name":"ownTrades"}}
> {"event":"addOrder","ordertype":"limit","pair":"ETH/EUR","price":"3000.10","token":"$T","type":"buy","volume":"0.03"}
< {"descr":...}
< [[{"T...":{..."price":"3000.05",..."vol":"0.02000000"}}],"ownTrades",{"sequence":1}]
)"),
            "");
}

TEST_F(SpotV1PrivateTalk, AnswersEditsAmendmentsAndChecksOnly) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"addOrder","ordertype":"limit","pair":"ETH/EUR","price":"3000.00","token":"$T","type":"buy","userref":"7","volume":"0.5"}
< {"descr":"buy 0.50000000 ETHEUR @ limit 3000.00",..."status":"ok","txid":"O..."}
> {"event":"addOrder","cl_ord_id":"mine","ordertype":"limit","pair":"ETH/EUR","price":"3000.00","token":"$T","type":"buy","volume":"0.5"}
< {"cl_ord_id":"mine","descr":"buy 0.50000000 ETHEUR @ limit 3000.00",..."status":"ok","txid":"O..."}
> {"event":"addOrder","ordertype":"limit","pair":"ETH/EUR","price":"3000.00","token":"$T","type":"buy","validate":"true","volume":"0.5"}
< {"descr":"buy 0.50000000 ETHEUR @ limit 3000.00","event":"addOrderStatus","status":"ok"}
> {"event":"amendOrder","cl_ord_id":"mine","limit_price":"2999.00","reqid":1,"token":"$T"}
< {"amend_id":"T...","cl_ord_id":"mine","event":"amendOrderStatus","reqid":1,"status":"ok"}
> {"event":"cancelOrder","cl_ord_id":["mine"],"token":"$T"}
< {"event":"cancelOrderStatus","status":"ok"}
> {"event":"editOrder","orderid":"OAAAAA-BBBBB-CCCCCC","pair":"ETH/EUR","price":"2990.00","token":"$T","volume":"0.5"}
< {"errorMessage":"EOrder:Unknown order","event":"editOrderStatus","status":"error"}
> {"event":"cancelAll","reqid":2,"token":"$T"}
< {"count":1,"event":"cancelAllStatus","reqid":2,"status":"ok"}
)"),
            "");
}

TEST_F(SpotV1PrivateTalk, SaysAtWhatPriceAnOrderWasEdited) {
  test::ExchangeDriver driver(clock, front);
  const auto client = driver.connect();
  const auto said = [&](const std::string& text) {
    driver.say(client, text);
    return driver.take(client).back();
  };
  const std::string added =
      said(R"({"event":"addOrder","ordertype":"limit","pair":"ETH/EUR","price":"3000.00","token":")" + token +
           R"(","type":"buy","volume":"0.5"})");
  const std::string key = R"("txid":")";
  const std::string id = added.substr(added.find(key) + key.size(), 19);
  const std::string edited = said(R"({"event":"editOrder","orderid":")" + id +
                                  R"(","pair":"ETH/EUR","price":"2990.00","token":")" + token + R"(","volume":"0.4"})");
  EXPECT_TRUE(
      edited.starts_with(R"({"descr":"order edited price = 2990.00000000","event":"editOrderStatus","originaltxid":")" +
                         id + R"(","status":"ok","txid":"O)"))
      << edited;
}

TEST_F(SpotV1PrivateTalk, TellsTheRateCounterToWhoAsksForIt) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"subscribe","subscription":{"name":"openOrders","ratecounter":true,"token":"$T"}}
< {"channelName":"openOrders",..."subscription":{"maxratecount":125,"name":"openOrders"}}
< [[],"openOrders",{"sequence":1}]
> {"event":"addOrder","ordertype":"limit","pair":"ETH/EUR","price":"3000.00","token":"$T","type":"buy","userref":"7","volume":"0.5"}
< {"descr":...}
< [[{"O...":{...,"ratecount":1,...,"status":"pending",...}}],"openOrders",{"sequence":2}]
< [[{"O...":{"ratecount":1,"status":"open","userref":7}}],"openOrders",{"sequence":3}]
> {"event":"cancelOrder","token":"$T","txid":["7"]}
< {"event":"cancelOrderStatus","status":"ok"}
< [[{"O...":{...,"ratecount":9,"status":"canceled",...}}],"openOrders",{"sequence":4}]
)"),
            "");
}

TEST_F(SpotV1PrivateTalk, TellsTheStateOfTheMarketAgainWhenItChanges) {
  test::ExchangeDriver driver(clock, front);
  const auto client = driver.connect();
  driver.say(client, R"({"event":"ping"})");
  driver.take(client);
  front.on_system("cancel_only");
  EXPECT_EQ(driver.take(client),
            std::vector<std::string>{R"({"event":"systemStatus","status":"cancel_only","version":"1.9.6"})"})
      << "the number of the connection is told once";
}

TEST_F(SpotV1PrivateTalk, SendsMarketDataAndUnknownNamesToTheOtherHost) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"subscribe","reqid":1,"pair":["ETH/EUR"],"subscription":{"depth":10,"name":"book"}}
< {"errorMessage":"Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com","event":"subscriptionStatus","reqid":1,"status":"error","subscription":{"depth":10,"name":"book"}}
> {"event":"subscribe","subscription":{"name":"openTrades","token":"T"}}
< {"errorMessage":"Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com","event":"subscriptionStatus","status":"error","subscription":{"name":"openTrades","token":"T"}}
)"),
            "");
}

TEST_F(SpotV1PrivateTalk, RefusesInKrakensWordsAndNeverRepeatsAToken) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"subscribe","reqid":1,"subscription":{"name":"openOrders","token":"nobody's"}}
< {"errorMessage":"ESession:Invalid session","event":"subscriptionStatus","reqid":1,"status":"error","subscription":{"name":"openOrders"}}
> {"event":"unsubscribe","reqid":2,"subscription":{"name":"ownTrades","token":"$T"}}
< {"errorMessage":"Subscription Not Found","event":"subscriptionStatus","reqid":2,"status":"error","subscription":{"name":"ownTrades"}}
> {"event":"cancelAll","reqid":3,"token":"nobody's"}
< {"errorMessage":"ESession:Invalid session","event":"cancelAllStatus","reqid":3,"status":"error"}
> {"event":"cancelAll","reqid":4,"token":"$T"}
< {"count":0,"event":"cancelAllStatus","reqid":4,"status":"ok"}
> {"event":"cancelAllOrdersAfter","reqid":5,"timeout":60,"token":"$T"}
< {"currentTime":"2026-09-01T08:00:01Z","event":"cancelAllOrdersAfterStatus","reqid":5,"status":"ok","triggerTime":"2026-09-01T08:01:01Z"}
> {"event":"addOrder","reqid":6,"ordertype":"limit","pair":"ETH/EUR","price":"3000.00","token":"$T","type":"buy","volume":"0.00001"}
< {"errorMessage":"EGeneral:Invalid arguments:volume minimum not met","event":"addOrderStatus","reqid":6,"status":"error"}
> {"event":"ping","reqid":7}
< {"event":"pong","reqid":7}
)"),
            "");
}

}  // namespace
}  // namespace ktape
