// What simulators of Kraken usually get wrong about accounts, orders and their limits: each mistake that is known would
// make one of these fail. What they get wrong about market data is in the file beside this one.
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/protocol/spot_v2/codec.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/private_talk.hpp"
#include "tests/support/served_data_set.hpp"

namespace ktape {
namespace {

using std::chrono::seconds;
using test::value_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Texts = std::vector<std::string>;

// A test of the order's own: clients without a script, who act on what they hear.
class SimulatorsGetWrongOfAccounts : public test::PrivateTalk {
 protected:
  ConnectionId connect() {
    const ConnectionId client = driver.connect();
    driver.take(client);
    return client;
  }
  Texts said(ConnectionId client, std::string_view text) {
    driver.say(client, filled_in(text));
    return driver.take(client);
  }
  // The error of the first answer; empty for a success.
  std::string error_of(ConnectionId client, std::string_view text) {
    const auto quoted = value_of(said(client, text).at(0), "error");
    return quoted.empty() ? quoted : quoted.substr(1, quoted.size() - 2);
  }
  static std::string limit_order(std::string_view token, std::string_view more = {}) {
    return fmt::format(
        R"({{"method":"add_order","params":{{"order_type":"limit","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","limit_price":3000.0{},"token":"{}"}}}})",
        more, token);
  }

  test::ExchangeDriver driver{clock, front};
};

// ---- 2: numbers as text

TEST_F(SimulatorsGetWrongOfAccounts, RefusesNumbersSentAsText) {
  const ConnectionId client = connect();
  const auto refused = [&](std::string_view params) {
    return error_of(
        client,
        fmt::format(
            R"({{"method":"add_order","params":{{"side":"buy","symbol":"ETH/EUR",{},"token":"$T"}},"req_id":1}})",
            params));
  };
  EXPECT_EQ(refused(R"("order_type":"limit","order_qty":"0.5","limit_price":3000.0)"),
            "Order_qty field must be a number_float");
  EXPECT_EQ(refused(R"("order_type":"limit","order_qty":0.5,"limit_price":"3000.0")"),
            "Limit_price field must be a number_float");
  EXPECT_EQ(refused(R"("order_type":"market","cash_order_qty":"100")"), "Cash_order_qty field must be a number_float");
  EXPECT_EQ(error_of(client, R"({"method":"cancel_all_orders_after","params":{"timeout":"60","token":"$T"}})"),
            "Timeout field must be an integer");
  EXPECT_EQ(refused(R"("order_type":"limit","order_qty":1,"limit_price":3000)"), "") << "whole numbers are numbers";
}

// ---- 6: errors of the backend, which look like data to who looks at `channel` first

TEST_F(SimulatorsGetWrongOfAccounts, ErrorsOfTheBackendHaveChannelAndStatusAndAreNoData) {
  const ConnectionId client = connect();
  for (const char* const channel : {"executions", "balances"}) {
    const Texts heard =
        said(client,
             fmt::format(R"({{"method":"subscribe","params":{{"channel":"{}","token":"x"}},"req_id":20}})", channel));
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(
        heard[0],
        fmt::format(
            R"({{"channel":"{}","error":"ESession:Invalid session","method":"subscribe","req_id":20,"status":"error","success":false,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000100Z"}})",
            channel));
    struct Kinds final : EventSink {
      void on_event(const Event& event) override {
        replies += std::holds_alternative<Reply>(event) ? 1 : 0;
        ++all;
      }
      int replies = 0, all = 0;
    } kinds;
    spot_v2::SpotV2Codec().decode(heard[0], kinds);
    EXPECT_EQ(kinds.replies, 1) << "our own client takes it for the answer that it is";
    EXPECT_EQ(kinds.all, 1);
  }
}

// ---- 13

TEST_F(SimulatorsGetWrongOfAccounts, ATradeThatFillsAnOrderSaysPartiallyFilledAndFilledIsAnEventOfItsOwn) {
  EXPECT_EQ(talk(kHello + kExecutions + R"(
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.5,"symbol":"ETH/EUR","limit_price":3120.9,"cl_ord_id":"sim-000001","token":"$T"},"req_id":41}
< {"method":"add_order","req_id":41,"result":{"cl_ord_id":"sim-000001","order_id":"O..."},"success":true,...}
< {"channel":"executions","type":"update","data":[{...,"exec_type":"pending_new",...,"order_status":"pending_new",...}],"sequence":2}
< {"channel":"executions","type":"update","data":[{...,"order_status":"new","exec_type":"new",...}],"sequence":3}
< {"channel":"executions","type":"update","data":[{...,"exec_type":"trade",...,"last_qty":0.50000000,...,"order_status":"partially_filled","cum_qty":0.50000000,...}],"sequence":4}
< {"channel":"executions","type":"update","data":[{"timestamp":"2026-09-01T08:00:00.000100Z","order_status":"filled","exec_type":"filled","cum_qty":0.50000000,"cum_cost":1560.45000,"avg_price":3120.90,"cl_ord_id":"sim-000001","order_id":"O..."}],"sequence":5}
)"),
            "");
}

// ---- 14

TEST_F(SimulatorsGetWrongOfAccounts, ReportsAreSparseAndNameSymbolSideAndTypeOnlyAtTheBeginningAndInTrades) {
  const ConnectionId client = connect();
  said(client, R"({"method":"subscribe","params":{"channel":"executions","token":"$T"}})");
  Texts heard = said(client, limit_order("$T", R"(,"cl_ord_id":"sparse")"));
  const auto append = [&](const Texts& more) { heard.insert(heard.end(), more.begin(), more.end()); };
  append(said(client, R"({"method":"amend_order","params":{"cl_ord_id":"sparse","order_qty":0.2,"token":"$T"}})"));
  append(said(client, R"({"method":"cancel_order","params":{"cl_ord_id":["sparse"],"token":"$T"}})"));
  append(said(
      client,
      R"({"method":"add_order","params":{"order_type":"market","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","token":"$T"}})"));
  std::map<std::string, int> kinds;
  for (const std::string& text : heard) {
    const std::string kind = value_of(text, "exec_type");
    if (kind.empty()) continue;
    ++kinds[kind];
    const bool whole = kind == R"("pending_new")" || kind == R"("trade")";
    for (const char* const key : {"symbol", "side", "order_type"})
      EXPECT_EQ(value_of(text, key).empty(), !whole) << text;
    EXPECT_NE(value_of(text, "order_id"), "") << "which is what a client merges them by: " << text;
  }
  EXPECT_EQ(kinds, (std::map<std::string, int>{{R"("pending_new")", 2},
                                               {R"("new")", 2},
                                               {R"("amended")", 1},
                                               {R"("canceled")", 1},
                                               {R"("trade")", 1},
                                               {R"("filled")", 1}}));
}

// ---- 15

TEST_F(SimulatorsGetWrongOfAccounts, CountsEachChannelFromOneBeginningWithTheSnapshotHoweverEmpty) {
  EXPECT_EQ(talk(kHello + kExecutions + R"(
> {"method":"subscribe","params":{"channel":"balances","token":"$T"}}
< {"method":"subscribe","result":{"channel":"balances","snapshot":true},"success":true,...}
< {"channel":"balances","type":"snapshot","data":[...],"sequence":1}
> {"method":"add_order","params":{"order_type":"market","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","token":"$T"}}
< {"method":"add_order",...}
< {"channel":"executions",...,"sequence":2}
< {"channel":"executions",...,"sequence":3}
< {"channel":"executions",...,"exec_type":"trade",...,"sequence":4}
< {"channel":"balances","type":"update",...,"sequence":2}
< {"channel":"balances","type":"update",...,"sequence":3}
< {"channel":"executions",...,"exec_type":"filled",...,"sequence":5}
# A subscription of its own counts for itself, on another connection and anew on the same one.
2< {"channel":"status",...}
2> {"method":"subscribe","params":{"channel":"executions","token":"$T"}}
2< {"method":"subscribe",...}
2< {"channel":"executions","type":"snapshot","data":[],"sequence":1}
> {"method":"unsubscribe","params":{"channel":"executions","token":"$T"}}
< {"method":"unsubscribe","result":{"channel":"executions"},"success":true,...}
> {"method":"subscribe","params":{"channel":"executions","token":"$T"}}
< {"method":"subscribe",...}
< {"channel":"executions","type":"snapshot","data":[],"sequence":1}
)"),
            "");
}

// ---- 16

TEST_F(SimulatorsGetWrongOfAccounts, WritesTimesInForceInCapitalsAndCanceledWithOneL) {
  EXPECT_EQ(talk(kHello + kExecutions + R"(
> {"method":"batch_add","params":{"symbol":"ETH/EUR","orders":[{"order_type":"limit","side":"buy","order_qty":0.1,"limit_price":3000.0,"time_in_force":"gtc","cl_ord_id":"one"},{"order_type":"limit","side":"buy","order_qty":0.1,"limit_price":3000.0,"time_in_force":"gtd","expire_time":"2026-09-02T08:00:00Z","cl_ord_id":"two"}],"token":"$T"}}
< {"method":"batch_add","result":[{"cl_ord_id":"one","order_id":"O..."},{"cl_ord_id":"two","order_id":"O..."}],"success":true,...}
< {...,"time_in_force":"GTC","exec_type":"pending_new",...}
< {...,"exec_type":"new",...}
< {...,"time_in_force":"GTD","exec_type":"pending_new",...}
< {...,"exec_type":"new",...}
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","limit_price":3000.0,"time_in_force":"ioc","token":"$T"}}
< {"method":"add_order",...,"success":true,...}
< {...,"time_in_force":"IOC","exec_type":"pending_new",...}
< {...,"exec_type":"new",...}
< {...,"order_status":"canceled","exec_type":"canceled",...}
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","limit_price":3000.0,"time_in_force":"GTC","token":"$T"}}
< {"error":"EGeneral:Invalid arguments:time_in_force","method":"add_order","success":false,...}
> {"method":"batch_cancel","params":{"orders":[],"cl_ord_id":["one","two"],"token":"$T"},"req_id":48}
< {"method":"batch_cancel","orders_cancelled":2,"req_id":48,"success":true,...}
< {...,"order_status":"canceled","exec_type":"canceled",...}
< {...,"order_status":"canceled","exec_type":"canceled",...}
)"),
            "");
}

// ---- 17

TEST_F(SimulatorsGetWrongOfAccounts, AnswersACancelOfSeveralForEachNotInTheirOrderAndNamesNoFailure) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"batch_add","params":{"symbol":"ETH/EUR","orders":[{"order_type":"limit","side":"buy","order_qty":0.1,"limit_price":3000.0,"cl_ord_id":"one"},{"order_type":"limit","side":"buy","order_qty":0.1,"limit_price":3000.0,"cl_ord_id":"two"}],"token":"$T"}}
< {"method":"batch_add",...}
> {"method":"cancel_order","params":{"cl_ord_id":["one","nobody's","two"],"token":"$T"},"req_id":44}
< {"method":"cancel_order","req_id":44,"result":{"cl_ord_id":"two"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000100Z"}
< {"error":"EOrder:Unknown order","method":"cancel_order","req_id":44,"success":false,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000100Z"}
< {"method":"cancel_order","req_id":44,"result":{"cl_ord_id":"one"},"success":true,...}
)"),
            "");
  SpotV2PrivateOptions in_order;
  in_order.cancel_answers_in_order = true;
  SpotV2Private other(clock, engine, desk, market, in_order);
  EXPECT_EQ(talk(other, kHello + R"(
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","limit_price":3000.0,"cl_ord_id":"one","token":"$T"}}
< {"method":"add_order",...}
> {"method":"cancel_order","params":{"cl_ord_id":["one","two"],"token":"$T"}}
< {"method":"cancel_order","result":{"cl_ord_id":"one"},"success":true,...}
< {"error":"EOrder:Unknown order",...}
)"),
            "");
}

TEST_F(SimulatorsGetWrongOfAccounts, AnswersForEveryOrderThatAUserReferenceNames) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"batch_add","params":{"symbol":"ETH/EUR","orders":[{"order_type":"limit","side":"buy","order_qty":0.1,"limit_price":3000.0,"order_userref":7},{"order_type":"limit","side":"buy","order_qty":0.1,"limit_price":3000.0,"order_userref":7}],"token":"$T"}}
< {"method":"batch_add",...}
> {"method":"cancel_order","params":{"order_userref":[7],"token":"$T"},"req_id":44}
< {"method":"cancel_order","req_id":44,"result":{"order_id":"O..."},"success":true,...}
< {"method":"cancel_order","req_id":44,"result":{"order_id":"O..."},"success":true,...}
> {"method":"cancel_order","params":{"order_userref":[7],"token":"$T"},"req_id":45}
< {"error":"EOrder:Unknown order","method":"cancel_order","req_id":45,"success":false,...}
)"),
            "");
}

// ---- 18

TEST_F(SimulatorsGetWrongOfAccounts, ALostConnectionCancelsNothingAndTheDeadMansSwitchIsTheAccounts) {
  const ConnectionId one = connect();
  const ConnectionId two = connect();
  said(one, limit_order("$T"));
  said(two, limit_order("$T"));
  driver.leave(one);
  driver.run_for(std::chrono::hours(1));
  EXPECT_EQ(engine.open_orders(AccountId{1}).size(), 2U);
  alice = desk.issue({AccountId{1}, {}});
  const ConnectionId three = connect();
  EXPECT_EQ(error_of(three, R"({"method":"cancel_all_orders_after","params":{"timeout":60,"token":"$T"}})"), "");
  said(two, limit_order("$T"));
  driver.leave(two);
  driver.leave(three);
  driver.run_for(seconds(59));
  EXPECT_EQ(engine.open_orders(AccountId{1}).size(), 3U);
  driver.run_for(seconds(2));
  EXPECT_EQ(engine.open_orders(AccountId{1}).size(), 0U) << "of whatever connection, and with none left";
}

// ---- 19

TEST_F(SimulatorsGetWrongOfAccounts, ReconnectingResetsNeitherTheDeadMansSwitchNorTheRateCounter) {
  bob = desk.issue({AccountId{2}, {}});
  ConnectionId client = connect();
  EXPECT_EQ(error_of(client, R"({"method":"cancel_all_orders_after","params":{"timeout":10,"token":"$B"}})"), "");
  // Seven orders placed and cancelled at once are 63 points, beyond a starter's 60.
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(error_of(client, limit_order("$B", R"(,"cl_ord_id":"again")")), "") << i;
    EXPECT_EQ(error_of(client, R"({"method":"cancel_order","params":{"cl_ord_id":["again"],"token":"$B"}})"), "") << i;
    driver.leave(client);
    client = connect();
  }
  EXPECT_EQ(error_of(client, limit_order("$B")), "EOrder:Rate limit exceeded");
  driver.run_for(seconds(8));
  EXPECT_EQ(error_of(client, limit_order("$B")), "") << "time lowers it";
  driver.leave(client);
  client = connect();
  EXPECT_EQ(engine.open_orders(AccountId{2}).size(), 1U);
  driver.run_for(seconds(3));
  EXPECT_EQ(engine.open_orders(AccountId{2}).size(), 0U);
}

// ---- 20

TEST_F(SimulatorsGetWrongOfAccounts, OrdersHoldNothingOfBalancesAndATradeIsTwoEntriesInThePlacesOfTheAssets) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"subscribe","params":{"channel":"balances","token":"$T"}}
< {"method":"subscribe",...}
< {"channel":"balances","type":"snapshot","data":[...,"balance":5000.0000}],"sequence":1}
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":1.0,"symbol":"ETH/EUR","limit_price":3000.0,"token":"$T"}}
< {"method":"add_order",...,"success":true,...}
2< {"channel":"status",...}
2> {"method":"subscribe","params":{"channel":"balances","token":"$T"}}
2< {"method":"subscribe",...}
2< {"channel":"balances","type":"snapshot","data":[...,"balance":5000.0000}],"sequence":1}
2> {"method":"unsubscribe","params":{"channel":"balances","token":"$T"}}
2< {"method":"unsubscribe",...}
> {"method":"add_order","params":{"order_type":"market","side":"sell","order_qty":0.1,"symbol":"ETH/EUR","token":"$T"}}
< {"method":"add_order",...,"success":true,...}
< {"channel":"balances","type":"update","data":[{"ledger_id":"L...","ref_id":"T...","timestamp":"2026-09-01T08:00:00.000100Z","type":"trade","asset":"EUR","asset_class":"currency","category":"trade","wallet_type":"spot","wallet_id":"main","amount":312.0500,"fee":1.2482,"balance":5310.8018}],"sequence":2}
< {"channel":"balances","type":"update","data":[{"ledger_id":"L...","ref_id":"T...",...,"asset":"ETH",...,"amount":-0.1000000000,"fee":0.0000000000,"balance":2.4000000000}],"sequence":3}
)"),
            "");
}

// ---- 24

TEST_F(SimulatorsGetWrongOfAccounts, KeepsDeadlinesAndStampsReportsByTheClockOfTheMarket) {
  driver.run_for(std::chrono::minutes(5));
  const ConnectionId client = connect();
  const auto with_deadline = [](std::string_view at) {
    return limit_order("$T", fmt::format(R"(,"deadline":"{}")", at));
  };
  EXPECT_EQ(error_of(client, with_deadline("2026-09-01T08:05:05.000Z")), "") << "five seconds from the market's now";
  EXPECT_EQ(error_of(client, with_deadline("2026-09-01T08:04:59.999Z")), "EService:Deadline elapsed");
  EXPECT_EQ(error_of(client, with_deadline("2026-09-01T08:05:00.400Z")), "EGeneral:Invalid arguments:deadline");
  EXPECT_EQ(error_of(client, with_deadline("2026-09-01T08:06:01.000Z")), "EGeneral:Invalid arguments:deadline");
  said(client, R"({"method":"subscribe","params":{"channel":"executions","token":"$T"}})");
  driver.run_for(std::chrono::milliseconds(250));
  for (const std::string& text : said(client, limit_order("$T"))) {
    const std::string time = value_of(text, text.find("time_in\"") != std::string::npos ? "time_in" : "timestamp");
    EXPECT_EQ(time, R"("2026-09-01T08:05:00.250100Z")") << text;
  }
  EXPECT_THAT(said(client, R"({"method":"cancel_all_orders_after","params":{"timeout":60,"token":"$T"}})"),
              ElementsAre(HasSubstr(
                  R"("result":{"currentTime":"2026-09-01T08:05:01Z","triggerTime":"2026-09-01T08:06:01Z"})")));
}

// ---- 25

TEST_F(SimulatorsGetWrongOfAccounts, RefusesTooSmallAnOrderAsKrakenDoesOnThisEndpoint) {
  const ConnectionId client = connect();
  const auto added = [&](std::string_view quantity, std::string_view price) {
    return error_of(
        client,
        fmt::format(
            R"({{"method":"add_order","params":{{"order_type":"limit","side":"buy","order_qty":{},"symbol":"ETH/EUR","limit_price":{},"token":"$T"}}}})",
            quantity, price));
  };
  EXPECT_EQ(added("0.00004", "3000.0"), "EGeneral:Invalid arguments:volume minimum not met");
  EXPECT_EQ(added("0.00005", "9000.0"), "EOrder:Cost minimum not met");
  EXPECT_EQ(added("0.0005", "3000.0"), "");
}

}  // namespace
}  // namespace ktape
