#include "hosts/spot_rest.hpp"

#include <gmock/gmock.h>

#include "rest/requests.hpp"
#include "tests/support/small_market.hpp"

namespace ktape::hosts {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class SpotRestTest : public testing::Test {
 protected:
  SpotRestTest() { market.clock.advance_to(test::SmallMarket::kStart + seconds(20)); }

  std::string get(std::string target) {
    const auto response = market.kraken.answer({.target = std::move(target)});
    return response ? response->body : "no page";
  }
  std::string post(std::string_view method, const rest::Parameters& parameters = {}) {
    const auto credentials = test::example_credentials();
    const auto response = market.kraken.answer(rest::private_request(method, ++nonce, parameters, credentials).value());
    EXPECT_EQ(response->status, 200U);
    return response->body;
  }

  test::SmallMarket market;
  std::uint64_t nonce = 0;
};

TEST_F(SpotRestTest, TellsTheExchangesTimeAndState) {
  EXPECT_EQ(get("/0/public/Time"),
            R"({"error":[],"result":{"unixtime":1788249620,"rfc1123":"Tue, 01 Sep 26 08:00:20 +0000"}})");
  EXPECT_EQ(get("/0/public/SystemStatus"),
            R"({"error":[],"result":{"status":"online","timestamp":"2026-09-01T08:00:20Z"}})");
}

TEST_F(SpotRestTest, TellsPairsUnderTheNameThatWasAskedFor) {
  const std::string all = get("/0/public/AssetPairs");
  EXPECT_THAT(
      all,
      StartsWith(
          R"({"error":[],"result":{"XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD","aclass_base":"currency","base":"XXBT","aclass_quote":"currency","quote":"ZUSD",)"));
  EXPECT_THAT(all, HasSubstr(R"("cost_decimals":5,"pair_decimals":1,"lot_decimals":8,)"));
  EXPECT_THAT(all, HasSubstr(R"("ordermin":"0.00005","costmin":"0.5","tick_size":"0.1","status":"online"})"));
  EXPECT_THAT(get("/0/public/AssetPairs?pair=XBTUSD"), HasSubstr(R"("result":{"XXBTZUSD":)"));
  EXPECT_THAT(get("/0/public/AssetPairs?pair=BTC%2FUSD"), HasSubstr(R"("result":{"BTC/USD":)"));
  EXPECT_THAT(get("/0/public/AssetPairs?assetVersion=1"),
              HasSubstr(R"("BTC/USD":{"altname":"XBTUSD","wsname":"BTC/USD","aclass_base":"currency","base":"BTC",)"));
  EXPECT_EQ(get("/0/public/AssetPairs?pair=WWWUSD"), R"({"error":["EQuery:Unknown asset pair"]})");
}

TEST_F(SpotRestTest, TellsAssets) {
  EXPECT_EQ(
      get("/0/public/Assets"),
      R"({"error":[],"result":{"XXBT":{"aclass":"currency","altname":"XBT","decimals":10,"display_decimals":5,"collateral_value":0.98,"margin_rate":0.01,"status":"enabled"},"ZUSD":{"aclass":"currency","altname":"USD","decimals":4,"display_decimals":2,"status":"enabled"}}})");
  EXPECT_THAT(get("/0/public/Assets?asset=XBT"), Not(HasSubstr("ZUSD")));
  EXPECT_EQ(get("/0/public/Assets?asset=WWW"), R"({"error":["EQuery:Unknown asset"]})");
}

TEST_F(SpotRestTest, PagesOverTheTradesOfTheRecording) {
  EXPECT_EQ(
      get("/0/public/Trades?pair=XBTUSD&count=2"),
      R"({"error":[],"result":{"XXBTZUSD":[["63000.10000","0.01000000",1788249609.0000000,"b","l","",108],["63000.00000","0.01000000",1788249610.0000000,"s","l","",109]],"last":"1788249610000000000"}})");
  const std::string page = get("/0/public/Trades?pair=XBTUSD&count=2&since=1788249602000000000");
  EXPECT_THAT(page, HasSubstr(",102]"));
  EXPECT_THAT(page, HasSubstr(R"(,103]],"last":"1788249604000000000")"));
  EXPECT_THAT(get("/0/public/Trades?pair=XBTUSD&since=1788249609"), HasSubstr(R"("",109]])")) << "seconds, too";
  EXPECT_EQ(get("/0/public/Trades?pair=XBTUSD&count=5000"), R"({"error":["EGeneral:Invalid arguments:count"]})");
}

TEST_F(SpotRestTest, BuildsCandlesFromTradesWhereNoneWereTold) {
  market.clock.advance_to(test::SmallMarket::kStart + seconds(130));
  EXPECT_EQ(
      get("/0/public/OHLC?pair=XBTUSD"),
      R"({"error":[],"result":{"XXBTZUSD":[[1788249600,"63000.1","63000.1","63000.0","63000.0","63000.1","0.10000000",10],[1788249660,"63000.0","63000.0","63000.0","63000.0","0.0","0.00000000",0],[1788249720,"63000.0","63000.0","63000.0","63000.0","0.0","0.00000000",0]],"last":1788249660}})");
  EXPECT_EQ(get("/0/public/OHLC?pair=XBTUSD&interval=7"), R"({"error":["EGeneral:Invalid arguments:interval"]})");
}

TEST_F(SpotRestTest, TellsTheBookWithCutVolumesAndTheTicker) {
  EXPECT_EQ(
      get("/0/public/Depth?pair=XBTUSD&count=2"),
      R"({"error":[],"result":{"XXBTZUSD":{"asks":[["63000.10000","0.100",1788249620],["63001.00000","1.234",1788249620]],"bids":[["63000.00000","0.500",1788249620],["62999.90000","1.000",1788249620]]}}})");
  EXPECT_THAT(get("/0/public/Ticker?pair=XBTUSD"), HasSubstr(R"("a":["63000.10000","0","0.10000000"])"));
}

TEST_F(SpotRestTest, TellsTheBestPricesFromTheBooksWhereNoChannelDid) {
  EXPECT_EQ(get("/0/public/Spread?pair=XBTUSD"),
            R"({"error":[],"result":{"XXBTZUSD":[[1788249600,"63000.00000","63000.10000"]],"last":1788249600}})");
  EXPECT_THAT(get("/0/public/Spread?pair=XBTUSD&since=1788249600"), HasSubstr("63000.10000"));
  EXPECT_THAT(get("/0/public/Spread?pair=XBTUSD&since=1788249601"), HasSubstr(R"("XXBTZUSD":[],"last":1788249600)"));
  EXPECT_EQ(get("/0/public/Spread?pair=XBTUSD&since=soon"), R"({"error":["EGeneral:Invalid arguments:since"]})");
  EXPECT_EQ(get("/0/public/Spread?pair=WWWUSD"), R"({"error":["EQuery:Unknown asset pair"]})");
}

// What ran into a KeyError with clients that take their own name out of the answer.
TEST_F(SpotRestTest, AnswersEveryCallAboutAPairUnderTheNameThatWasAskedFor) {
  for (const char* const method : {"AssetPairs", "Ticker", "OHLC", "Depth", "Trades", "Spread"}) {
    const std::string call = std::string("/0/public/") + method;
    EXPECT_THAT(get(call + "?pair=BTC%2FUSD"), HasSubstr(R"("result":{"BTC/USD":)")) << method;
    EXPECT_THAT(get(call + "?pair=BTC/USD"), HasSubstr(R"("result":{"BTC/USD":)")) << method;
    EXPECT_THAT(get(call + "?pair=XBTUSD"), HasSubstr(R"("result":{"XXBTZUSD":)")) << method;
    EXPECT_THAT(get(call + "?pair=XBTUSD&assetVersion=1"), HasSubstr(R"("result":{"BTC/USD":)")) << method;
  }
  EXPECT_THAT(get("/0/public/Assets?assetVersion=1"), HasSubstr(R"("result":{"BTC":)"));
}

// kraken-api posts everything and says nothing of its Content-Type; node-kraken-api adds a nonce.
TEST_F(SpotRestTest, TakesPublicCallsByPostToo) {
  const auto answer = [&](std::string body, net::HttpHeaders headers) {
    return market.kraken
        .answer({.method = "POST", .target = "/0/public/Depth", .headers = std::move(headers), .body = std::move(body)})
        ->body;
  };
  const std::string book = get("/0/public/Depth?pair=XBTUSD&count=1");
  EXPECT_THAT(book, HasSubstr(R"("asks":[["63000.10000")"));
  EXPECT_EQ(answer("pair=XBTUSD&count=1", {}), book);
  EXPECT_EQ(answer("nonce=1&pair=XBTUSD&count=1", {{"Content-Type", "application/x-www-form-urlencoded"}}), book);
  EXPECT_EQ(answer(R"({"pair":"XBTUSD","count":1})", {{"Content-Type", "application/json"}}), book);
}

TEST_F(SpotRestTest, TellsErrorsWithStatus200AndAsJson) {
  const auto response = market.kraken.answer({.target = "/0/public/Depth?pair=WWWUSD"});
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->status, 200U);
  EXPECT_EQ(net::find_header(response->headers, "Content-Type"), "application/json");
  EXPECT_EQ(net::find_header(response->headers, "Access-Control-Allow-Origin"), "") << "as Kraken sends none";
}

TEST_F(SpotRestTest, MakesOneOfTheFillsOfAnOrderUnlessAskedNotTo) {
  EXPECT_THAT(post("AddOrder", {{"pair", "XBTUSD"}, {"type", "buy"}, {"ordertype", "market"}, {"volume", "0.15"}}),
              HasSubstr(R"("error":[])"));
  const std::string one = post("TradesHistory");
  EXPECT_THAT(one, HasSubstr(R"("price":"63000.4","cost":"9450.06000","fee":"37.80024","vol":"0.15000000")"));
  EXPECT_THAT(one, HasSubstr(R"("count":1)"));
  const std::string two = post("TradesHistory", {{"consolidate_taker", "false"}});
  EXPECT_THAT(two, HasSubstr(R"("vol":"0.10000000")"));
  EXPECT_THAT(two, HasSubstr(R"("vol":"0.05000000")"));
  EXPECT_THAT(two, HasSubstr(R"("count":2)"));
}

TEST_F(SpotRestTest, SaysWhatItDoesNotHave) {
  test::SmallMarket fresh(std::vector<Account>{});
  const auto answer = [&](std::string target) { return fresh.kraken.answer({.target = std::move(target)})->body; };
  EXPECT_EQ(answer("/0/public/AssetPairs"),
            R"({"error":["EAPI:Feature disabled:the recording has shown no instruments so far"]})");
  EXPECT_THAT(answer("/0/public/Spread?pair=XBTUSD"), HasSubstr("EQuery:Unknown asset pair"));
  EXPECT_EQ(get("/0/public/GroupedBook?pair=XBTUSD"), R"({"error":["EGeneral:Unknown method"]})");
  EXPECT_EQ(get("/0/other"), R"({"error":["EGeneral:Unknown method"]})");
  EXPECT_EQ(get("/index.html"), "no page");
  EXPECT_EQ(get("/0/private/Balance"), R"({"error":["EAPI:Invalid key"]})");
}

TEST_F(SpotRestTest, GivesTokensAndBalancesToSignedCalls) {
  EXPECT_THAT(post("GetWebSocketsToken"),
              ::testing::MatchesRegex(R"(\{"error":\[\],"result":\{"token":".{43}","expires":900\}\})"));
  EXPECT_EQ(post("Balance"), R"({"error":[],"result":{"XXBT":"1.5000000000","ZUSD":"10000.0000"}})");
  EXPECT_EQ(
      post("BalanceEx"),
      R"({"error":[],"result":{"XXBT":{"balance":"1.5000000000","hold_trade":"0.0000000000"},"ZUSD":{"balance":"10000.0000","hold_trade":"0.0000"}}})");
  --nonce;
  EXPECT_THAT(post("Balance"), HasSubstr(R"("error":[])")) << "nonces need not rise unless the key says so";
  EXPECT_THAT(post("TradeVolume", {{"pair", "XBTUSD"}}), HasSubstr(R"("XXBTZUSD":{"fee":"0.4000")"));
}

TEST_F(SpotRestTest, TakesOrdersInBatchesAndEditsThem) {
  const auto json = [&](std::string_view method, const std::string& members) {
    const auto credentials = test::example_credentials();
    const std::string path = "/0/private/" + std::string(method);
    const std::string number = std::to_string(++nonce);
    net::HttpRequest request{.method = "POST", .target = path};
    request.body = R"({"nonce":")" + number + "\"," + members + "}";
    const auto signature =
        rest::sign_request({.path = path, .nonce = number, .body = request.body}, credentials.api_secret());
    request.headers = {{"API-Key", std::string(credentials.api_key())}, {"API-Sign", signature.value()}};
    return market.kraken.answer(request)->body;
  };
  const std::string orders =
      json("AddOrderBatch", R"("pair":"XBTUSD","orders":[)"
                            R"({"ordertype":"limit","type":"buy","price":"50000","volume":"0.1","userref":7},)"
                            R"({"ordertype":"limit","type":"buy","price":"50001","volume":"100"}])");
  EXPECT_THAT(
      orders,
      StartsWith(
          R"({"error":[],"result":{"orders":[{"descr":{"order":"buy 0.10000000 XBTUSD @ limit 50000.0"},"txid":"O)"));
  EXPECT_THAT(orders, HasSubstr(R"({"error":"EOrder:Insufficient funds"}]}})"));
  EXPECT_THAT(json("AddOrderBatch", R"("pair":"XBTUSD","orders":7)"), HasSubstr("EGeneral:Invalid arguments:orders"));
  const std::string key = R"("txid":")";
  const std::string id = orders.substr(orders.find(key) + key.size(), 19);
  const std::string edited =
      post("EditOrder", {{"pair", "XBTUSD"}, {"txid", id}, {"price", "50002"}, {"userref", "8"}});
  EXPECT_THAT(edited, HasSubstr(R"("descr":{"order":"buy 0.10000000 XBTUSD @ limit 50002.0"},"txid":"O)"));
  EXPECT_THAT(edited, HasSubstr(R"("originaltxid":")" + id + R"(","orders_cancelled":1,"status":"ok")"));
  EXPECT_EQ(json("CancelOrderBatch", R"("orders":[8,"OAAAAA-BBBBB-CCCCCC"])"), R"({"error":[],"result":{"count":1}})");
  EXPECT_EQ(json("CancelOrderBatch", R"("orders":[8,"OAAAAA-BBBBB-CCCCCC"])"), R"({"error":["EOrder:Unknown order"]})");
}

TEST_F(SpotRestTest, DescribesAnOrderThatIsOnlyToBeChecked) {
  EXPECT_EQ(post("AddOrder", {{"pair", "XBTUSD"},
                              {"type", "buy"},
                              {"ordertype", "limit"},
                              {"price", "60000"},
                              {"volume", "0.1"},
                              {"validate", "true"}}),
            R"({"error":[],"result":{"descr":{"order":"buy 0.10000000 XBTUSD @ limit 60000.0"}}})");
}

TEST_F(SpotRestTest, TakesOrdersAndTellsThem) {
  EXPECT_THAT(
      post("AddOrder", {{"pair", "XBTUSD"},
                        {"type", "buy"},
                        {"ordertype", "limit"},
                        {"price", "60000"},
                        {"volume", "0.1"},
                        {"userref", "7"}}),
      StartsWith(R"({"error":[],"result":{"descr":{"order":"buy 0.10000000 XBTUSD @ limit 60000.0"},"txid":["O)"));
  EXPECT_THAT(post("OpenOrders"), HasSubstr(R"("status":"open")"));
  EXPECT_EQ(post("CancelOrder", {{"txid", "7"}}), R"({"error":[],"result":{"count":1}})");
  EXPECT_EQ(post("CancelOrder", {{"txid", "7"}}), R"({"error":["EOrder:Unknown order"]})");
  EXPECT_THAT(post("AddOrder", {{"pair", "BTC/USD"}, {"type", "buy"}, {"ordertype", "market"}, {"volume", "0.1"}}),
              StartsWith(R"({"error":[],"result":{"descr":{"order":"buy 0.10000000 XBTUSD @ market"},"txid")"));
  EXPECT_THAT(post("TradesHistory"), HasSubstr(R"("price":"63000.1","cost":"6300.01000","fee":"25.20004")"));
  EXPECT_EQ(post("Balance"), R"({"error":[],"result":{"XXBT":"1.6000000000","ZUSD":"3674.7900"}})");
  EXPECT_EQ(post("AddOrder", {{"pair", "XBTUSD"}, {"type", "hold"}}),
            R"({"error":["EGeneral:Invalid arguments:type"]})");
  EXPECT_EQ(post("AddOrder", {{"pair", "WWW"}, {"type", "buy"}}), R"({"error":["EQuery:Unknown asset pair"]})");
}

}  // namespace
}  // namespace ktape::hosts
