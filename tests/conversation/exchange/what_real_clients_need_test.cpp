// What the libraries that people really use need of a server of Spot v2. Each test stands for a library that failed
// without it; what needs sockets is in tests/integration/mock_server.
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "rest/requests.hpp"
#include "tests/support/conversation.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/plain_book.hpp"
#include "tests/support/private_talk.hpp"
#include "tests/support/served_data_set.hpp"
#include "tests/support/small_market.hpp"

namespace ktape {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::PlainBook;
using test::ServedDataSet;
using test::value_of;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Texts = std::vector<std::string>;

std::string subscribe(std::string_view params) {
  return fmt::format(R"({{"method":"subscribe","params":{{{}}}}})", params);
}

// The members of "result", as the parameters of another request: python-kraken-sdk makes a list of the symbol, takes
// maxratecount and warnings away and sends all the rest.
std::string result_as_params(const std::string& answer, std::string_view more) {
  const auto begin = answer.find(R"("result":{)") + 10;
  std::string params = answer.substr(begin, answer.find(R"(},"success")", begin) - begin);
  if (const auto at = params.find(R"("symbol":)"); at != std::string::npos) {
    const auto quote = params.find('"', at + 10);
    params.insert(quote + 1, "]");
    params.insert(at + 9, "[");
  }
  return params + std::string(more);
}

class RealClients : public testing::Test {};

TEST_F(RealClients, SubscribeAgainWithWhatWasAnswered) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(30));
  for (const char* const params : {
           R"("channel":"book","symbol":["BTC/USD"],"depth":25)",
           R"("channel":"book","symbol":["BTC/USD"])",
           R"("channel":"trade","symbol":["BTC/USD"],"snapshot":true)",
           R"("channel":"ticker","symbol":["BTC/USD"])",
           R"("channel":"ohlc","symbol":["BTC/USD"],"interval":1)",
           R"("channel":"instrument")",
       }) {
    SCOPED_TRACE(params);
    const ConnectionId client = market.driver.connect();
    market.driver.take(client);
    market.driver.say(client, subscribe(params));
    const std::string answer = market.driver.take(client).at(0);
    ASSERT_THAT(answer, HasSubstr(R"("success":true)"));
    const ConnectionId again = market.driver.connect();
    market.driver.take(again);
    // With fields that no channel knows among them, as the answers have warnings.
    market.driver.say(again, subscribe(result_as_params(answer, R"(,"some_day":{"nobody":["knows"]})")));
    EXPECT_EQ(market.driver.take(again).at(0), answer);
  }
}

TEST_F(RealClients, HearTheAnswerOfEachSymbolBeforeItsSnapshot) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(30));
  const ConnectionId client = market.driver.connect();
  market.driver.say(client, subscribe(R"("channel":"book","symbol":["BTC/USD","ETH/USD","XRP/USD"],"depth":10)"));
  market.driver.run_for(seconds(3));
  std::map<std::string, int> stage;  // 1: answered, 2: has its snapshot
  for (const std::string& text : market.driver.take(client)) {
    const std::string symbol = value_of(text, "symbol");
    if (text.starts_with(R"({"method":"subscribe")")) {
      EXPECT_EQ(stage[symbol]++, 0) << text;
    } else if (text.starts_with(R"({"channel":"book","type":"snapshot")")) {
      EXPECT_EQ(stage[symbol]++, 1) << text;
    } else if (text.starts_with(R"({"channel":"book")")) {
      EXPECT_EQ(stage[symbol], 2) << text;
    }
  }
  EXPECT_EQ(stage.size(), 3U);
}

// ccxt waits for ever for an answer without its number, and so do siebly and ts-kraken.
TEST_F(RealClients, FindTheNumberOfTheirRequestInEveryAnswerAndNoneWhereTheyGaveNone) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(30));
  const ConnectionId client = market.driver.connect();
  market.driver.take(client);
  int id = 0;
  for (const char* const body : {
           R"("method":"ping")",
           R"("method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD","XBT/USD","NONSENSE"]})",
           R"("method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]})",
           R"("method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":7})",
           R"("method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"never"})",
           R"("method":"subscribe","params":{"channel":"nothing"})",
           R"("method":"subscribe","params":{"channel":"book"})",
           R"("method":"subscribe")",
           R"("method":"subscribe","params":{"channel":"executions","token":"x"})",
           R"("method":"subscribe","params":{"channel":"level3","symbol":["BTC/USD"]})",
           R"("method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":100})",
           R"("method":"unsubscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":1})",
           R"("method":"unsubscribe","params":{"channel":"trade","symbol":["BTC/USD"]})",
           R"("method":"cancel_all","params":{})",
           R"("method":"nonsense")",
           R"("event":"ping")",
       }) {
    SCOPED_TRACE(body);
    const std::int64_t number = 1'700'000'000'000 + ++id;
    market.driver.say(client, fmt::format(R"({{{},"req_id":{}}})", body, number));
    Texts heard = market.driver.take(client);
    ASSERT_FALSE(heard.empty());
    for (const std::string& text : heard) {
      if (text.starts_with(R"({"channel")")) continue;
      EXPECT_EQ(value_of(text, "req_id"), std::to_string(number)) << text;
    }
    market.driver.say(client, fmt::format("{{{}}}", body));
    heard = market.driver.take(client);
    for (const std::string& text : heard) EXPECT_EQ(value_of(text, "req_id"), "") << text;
  }
}

// python-kraken-sdk and the script of Kraken's support pages cut their book after each level.
TEST_F(RealClients, MayCutTheirBookAfterEachLevelSinceRemovalsComeFirst) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(5));
  std::map<std::string, std::pair<ConnectionId, PlainBook>> books;
  for (const char* const symbol : {"BTC/USD", "ETH/USD", "XRP/USD"}) {
    const ConnectionId client = market.driver.connect();
    market.driver.say(client, subscribe(fmt::format(R"("channel":"book","symbol":["{}"],"depth":10)", symbol)));
    books.emplace(symbol, std::pair(client, PlainBook(10, PlainBook::Cut::AfterEachLevel)));
  }
  market.driver.run_for(minutes(2));
  int mixed = 0;
  for (auto& [symbol, one] : books) {
    auto& [client, held] = one;
    for (const std::string& text : market.driver.take(client)) {
      ASSERT_EQ(held.hear(text), "") << symbol;
      if (held.snapshots == 0) continue;
      ASSERT_EQ(held.bids(), 10U) << "bittrade keeps the length that a side had: " << text;
      ASSERT_EQ(held.asks(), 10U) << text;
    }
    EXPECT_EQ(held.late_removals, 0) << symbol;
    EXPECT_EQ(held.snapshots, 1) << "never a second one on a subscription that stands";
    EXPECT_GT(held.updates, 20) << symbol;
    mixed += held.mixed_lists;
  }
  EXPECT_GT(mixed, 50) << "lists with both kinds, so that it has been seen";
}

// ccxt and Kraken's own sample take the asks of the snapshot for the depth of both sides from then on.
TEST_F(RealClients, GetTheWholeDepthInTheSnapshot) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(minutes(3));
  for (const int depth : {10, 25}) {
    const ConnectionId client = market.driver.connect();
    market.driver.say(client, subscribe(fmt::format(R"("channel":"book","symbol":["ETH/USD"],"depth":{})", depth)));
    PlainBook held(static_cast<std::size_t>(depth));
    for (const std::string& text : market.driver.take(client)) {
      EXPECT_EQ(held.hear(text), "");
      if (!text.starts_with(R"({"channel":"book")")) continue;
      EXPECT_NE(value_of(text, "checksum"), "0") << "which the SDK takes for no book message";
      EXPECT_EQ(value_of(text, "checksum").find('"'), std::string::npos) << "a number";
    }
    EXPECT_EQ(held.bids(), static_cast<std::size_t>(depth));
    EXPECT_EQ(held.asks(), static_cast<std::size_t>(depth));
  }
}

// After a checksum that did not fit, python-kraken-sdk unsubscribes, does not read for three seconds, and subscribes.
TEST_F(RealClients, AreSilentOnAChannelThatTheyLeftAndBeginAnewWhenTheyComeBack) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(10));
  const ConnectionId client = market.driver.connect();
  const std::string book = R"("channel":"book","symbol":["BTC/USD"],"depth":10)";
  market.driver.say(client, subscribe(book));
  market.driver.run_for(seconds(5));
  market.driver.say(client, fmt::format(R"({{"method":"unsubscribe","params":{{{}}}}})", book));
  EXPECT_THAT(market.driver.take(client).back(), StartsWith(R"({"method":"unsubscribe","result":{"channel":"book",)"));
  market.driver.run_for(seconds(3));
  EXPECT_THAT(market.driver.take(client), Not(Contains(HasSubstr("\"book\"")))) << "but heartbeats";
  market.driver.say(client, subscribe(book));
  market.driver.run_for(seconds(5));
  PlainBook held(10);
  for (const std::string& text : market.driver.take(client)) EXPECT_EQ(held.hear(text), "");
  EXPECT_EQ(held.snapshots, 1);
  EXPECT_GT(held.updates, 0);
}

TEST_F(RealClients, SubscribeToManyFeedsOfOneConnectionAtOnce) {
  ServedDataSet market("ten-minutes");
  const ConnectionId client = market.driver.connect();
  // autobahn's clients do not wait for the status.
  market.driver.say(client, subscribe(R"("channel":"book","symbol":["BTC/USD"],"depth":25)"));
  for (const char* const symbol : {"BTC/USD", "ETH/USD", "XRP/USD"}) {
    for (const char* const feed :
         {R"("channel":"trade","snapshot":true)", R"("channel":"ticker")", R"("channel":"ohlc","interval":1)"}) {
      market.driver.say(client, subscribe(fmt::format(R"({},"symbol":["{}"])", feed, symbol)));
    }
  }
  market.driver.run_for(seconds(10));
  const Texts heard = market.driver.take(client);
  EXPECT_THAT(heard.front(), StartsWith(R"({"channel":"status")")) << "before anything else";
  std::map<std::string, int> kinds;
  for (const std::string& text : heard) {
    ++kinds[text.starts_with(R"({"method")") ? value_of(text, "success") : value_of(text, "channel")];
  }
  EXPECT_EQ(kinds["true"], 10);
  for (const char* const channel : {"book", "trade", "ticker", "ohlc", "heartbeat"}) {
    EXPECT_GT(kinds[fmt::format("\"{}\"", channel)], 0) << channel;
  }
}

// The end of a connection is told, and who comes back finds the market at its beginning, or as it is now.
TEST_F(RealClients, AreSentAwayWhereARecordingBeginsAnewAndGetASnapshotWhenTheyAreBack) {
  PlaybackOptions options;
  options.at_end = PlaybackEnd::RestartAtOnce;
  ServedDataSet market("decimals", options);
  market.driver.run_for(seconds(100));
  const ConnectionId client = market.driver.connect();
  market.driver.say(client, subscribe(R"("channel":"book","symbol":["EUR/USD"])"));
  market.driver.run_for(minutes(1));
  PlainBook held(10);
  const Texts heard = market.driver.take(client);
  for (const std::string& text : heard) EXPECT_EQ(held.hear(text), "");
  EXPECT_EQ(held.snapshots, 1);
  EXPECT_THAT(heard.back(), StartsWith("closed 1001 "));
  const ConnectionId back = market.driver.connect();
  market.driver.say(back, subscribe(R"("channel":"book","symbol":["EUR/USD"])"));
  market.driver.run_for(seconds(5));
  PlainBook anew(10);
  for (const std::string& text : market.driver.take(back)) EXPECT_EQ(anew.hear(text), "");
  EXPECT_EQ(anew.snapshots, 1);
}

// With one address to override, clients send both kinds to the same place: on a host that is not Kraken's nothing is
// refused for being asked there.
TEST_F(RealClients, AskForEverythingAtAnAddressThatIsNotKrakens) {
  test::SmallMarket market;
  market.clock.advance_to(test::SmallMarket::kStart + seconds(5));
  const auto credentials = test::example_credentials();
  const auto answered =
      market.kraken.answer(rest::private_request("GetWebSocketsToken", 1, {}, credentials).value()).value().body;
  const std::string token = value_of(answered, "token");
  test::FrameLog client;
  const ConnectionId id{1};
  market.kraken.attach(id, Endpoint::parse("ws://127.0.0.1:8080/v2").value(), client);
  const auto answer = [&](const std::string& params) {
    client.frames.clear();
    market.kraken.on_frame({market.clock.now(), id, Direction::ToExchange, FrameKind::Text, subscribe(params)});
    for (const auto& frame : client.frames) {
      if (!value_of(frame.payload, "success").empty()) return value_of(frame.payload, "success");
    }
    return std::string("no answer");
  };
  EXPECT_EQ(answer(R"("channel":"book","symbol":["BTC/USD"])"), "true");
  EXPECT_EQ(answer(R"("channel":"executions","token":)" + token), "true");
  EXPECT_EQ(answer(R"("channel":"balances","token":)" + token), "true");
}

// Clients take decimals from the one or the other.
TEST_F(RealClients, ReadTheSameDecimalsInTheInstrumentChannelAndInRest) {
  test::SmallMarket market;
  test::ExchangeDriver driver(market.clock, *market.playback);
  driver.run_for(seconds(2));
  const ConnectionId client = driver.connect();
  driver.say(client, subscribe(R"("channel":"instrument")"));
  const std::string told = driver.take(client).back();
  const std::string rest =
      market.kraken.answer({.method = "GET", .target = "/0/public/AssetPairs?pair=BTC%2FUSD"}).value().body;
  EXPECT_THAT(rest, HasSubstr(R"("result":{"BTC/USD":{)")) << "under the name that was asked for";
  for (const auto& [own, theirs] : std::map<std::string, std::string>{{"price_precision", "pair_decimals"},
                                                                      {"qty_precision", "lot_decimals"},
                                                                      {"cost_precision", "cost_decimals"}}) {
    EXPECT_EQ(value_of(told, own), value_of(rest, theirs)) << own;
    EXPECT_NE(value_of(told, own), "");
  }
}

class RealTraders : public test::PrivateTalk {};

// What python-kraken-sdk sends on a new connection, and what Kraken's own sample for v2 still sends.
TEST_F(RealTraders, SubscribeWithAnswersAndWithParametersOfOldNames) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"subscribe","params":{"channel":"executions","snap_orders":true,"snap_trades":false,"snapshot":true,"token":"$T"}}
< {"method":"subscribe","result":{"channel":"executions","maxratecount":125,"snap_orders":true,"snap_trades":false,"snapshot":true,"warnings":[...]},"success":true,...}
< {"channel":"executions","type":"snapshot","data":[],"sequence":1}
> {"method":"subscribe","params":{"channel":"balances","snapshot":true,"token":"$T"}}
< {"method":"subscribe","result":{"channel":"balances","snapshot":true},"success":true,...}
< {"channel":"balances","type":"snapshot",...,"sequence":1}
2< {"channel":"status",...}
2> {"method":"subscribe","params":{"channel":"executions","snapshot":true,"snapshot_trades":true,"order_status":true,"ratecounter":true,"token":"$T"},"req_id":1234567890}
2< {"method":"subscribe","req_id":1234567890,"result":{"channel":"executions","maxratecount":125,"snap_orders":true,"snap_trades":true,"snapshot":true,...},"success":true,...}
2< {"channel":"executions","type":"snapshot","data":[],"sequence":1}
3< {"channel":"status",...}
3> {"method":"subscribe","params":{"channel":"executions","maxratecount":125,"snap_orders":false,"snap_trades":false,"snapshot":false,"warnings":["any"],"token":"$T"}}
3< {"method":"subscribe","result":{"channel":"executions","maxratecount":125,"snap_orders":false,"snap_trades":false,"snapshot":false,...},"success":true,...}
)"),
            "");
}

// ccxt looks at the first element only to tell orders from trades, and wants these members of a trade.
TEST_F(RealTraders, HearOfOrdersAndOfTradesInMessagesOfTheirOwn) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"add_order","params":{"order_type":"market","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","token":"$T"}}
< {"method":"add_order",...}
> {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.1,"symbol":"ETH/EUR","limit_price":3000.0,"token":"$T"}}
< {"method":"add_order",...}
> {"method":"subscribe","params":{"channel":"executions","snap_orders":true,"snap_trades":true,"token":"$T"}}
< {"method":"subscribe",...}
< {"channel":"executions","type":"snapshot","data":[{"order_id":"O...","symbol":"ETH/EUR",...,"exec_type":"new",...,"order_status":"new",...}],"sequence":1}
< {"channel":"executions","type":"snapshot","data":[{"order_id":"O...",...,"exec_id":"T...","exec_type":"trade",...,"last_qty":0.10000000,"last_price":3120.90,...,"cost":312.09000,...,"order_status":"filled",..."fees":[{"asset":"EUR","qty":1.24836}]}],"sequence":2}
)"),
            "");
}

}  // namespace
}  // namespace ktape
