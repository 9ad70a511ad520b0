// Orders of Futures by REST, with Kraken's signature, and what the private feeds tell of them.
#include <gmock/gmock.h>

#include "core/base/virtual_clock.hpp"
#include "core/protocol/futures/challenge.hpp"
#include "hosts/kraken_hosts.hpp"
#include "replay/playback_exchange.hpp"
#include "replay/recording_survey.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/small_market.hpp"
#include "tests/support/tape.hpp"

namespace ktape::hosts {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();
constexpr std::string_view kSecret = "c2VjcmV0";

test::Tape tape() {
  test::Tape out;
  out.add(kStart, FrameKind::Opened, "wss://futures.kraken.com/ws/v1");
  out.hear(kStart, R"({"event":"info","version":1})");
  out.hear(kStart, R"({"event":"subscribed","feed":"book","product_ids":["PI_XBTUSD"]})");
  out.hear(
      kStart,
      R"({"feed":"book_snapshot","product_id":"PI_XBTUSD","timestamp":1788249600000,"seq":41,"tickSize":null,"bids":[{"price":100.0,"qty":5},{"price":99.5,"qty":10}],"asks":[{"price":101.0,"qty":2},{"price":102.0,"qty":3}]})");
  out.hear(kStart + std::chrono::hours(1), R"({"feed":"heartbeat","time":1788253200000})");
  return out;
}

class FuturesOrdersTest : public testing::Test {
 protected:
  FuturesOrdersTest() {
    const auto source = tape().source();
    auto found = survey_recording(*source, Dialect::FuturesV1).value();
    PlaybackOptions options;
    options.dialect = Dialect::FuturesV1;
    options.known_feeds = found.feeds;
    playback_ = PlaybackExchange::create(
                    clock, [] { return Result<std::unique_ptr<FrameSource>>(tape().source()); }, options)
                    .value();
    auto accounts = test::SmallMarket::accounts();
    accounts[0].futures_balances = {{"USD", test::decimal("5000")}};
    accounts[0].futures_keys.push_back({rest::Credentials::create("all", kSecret).value()});
    Permissions reader;
    reader.modify_trades = reader.close_trades = false;
    accounts[0].futures_keys.push_back({rest::Credentials::create("reader", kSecret).value(), reader});
    kraken_ = std::make_unique<KrakenHosts>(clock, *playback_,
                                            KrakenHostsOptions{.accounts = std::move(accounts),
                                                               .watch = {.dialect = Dialect::FuturesV1,
                                                                         .feeds = found.feeds,
                                                                         .known_products = std::move(found.products)}});
    clock.advance_to(kStart + seconds(1));
  }

  // Parameters in the query, as ccxt sends them, or in the body.
  std::string call(const std::string& method, const std::string& path, const std::string& parameters = "",
                   bool in_query = true, const std::string& key = "all") {
    net::HttpRequest request{.method = method, .target = "/derivatives/api/v3/" + path};
    if (in_query && !parameters.empty()) request.target += "?" + parameters;
    if (!in_query) request.body = parameters;
    const std::string nonce = in_query ? "" : "1788249600000";
    if (!nonce.empty()) request.headers.emplace_back("Nonce", nonce);
    request.headers.emplace_back("APIKey", key);
    request.headers.emplace_back("Authent",
                                 futures::sign_challenge(parameters + nonce + "/api/v3/" + path, kSecret).value());
    return kraken_->answer(request).value().body;
  }
  void hear(const std::vector<std::string>& feeds) {
    kraken_->attach(ConnectionId{1}, Endpoint::parse("wss://futures.kraken.com/ws/v1").value(), client);
    const auto say = [&](const std::string& text) {
      kraken_->on_frame({clock.now(), ConnectionId{1}, Direction::ToExchange, FrameKind::Text, text});
    };
    say(R"({"event":"challenge","api_key":"all"})");
    const std::string challenge = client.frames.back().payload.substr(32, 36);
    const std::string signature = futures::sign_challenge(challenge, kSecret).value();
    for (const std::string& feed : feeds) {
      say(R"({"event":"subscribe","feed":")" + feed + R"(","api_key":"all","original_challenge":")" + challenge +
          R"(","signed_challenge":")" + signature + "\"}");
    }
    client.frames.clear();
  }
  // Ids differ from seed to seed, and do not matter here.
  static std::string id_in(const std::string& text) {
    const std::string name = R"("order_id":")";
    return text.substr(text.find(name) + name.size(), 36);
  }

  VirtualClock clock{kStart};
  test::FrameLog client;

 private:
  std::unique_ptr<PlaybackExchange> playback_;
  std::unique_ptr<KrakenHosts> kraken_;
};

TEST_F(FuturesOrdersTest, PlaceTellAndCancelAnOrderThatRests) {
  hear({"open_orders", "fills"});
  const std::string placed =
      call("POST", "sendorder", "orderType=lmt&symbol=pi_xbtusd&side=buy&size=7&limitPrice=99.0&cliOrdId=mine");
  EXPECT_THAT(placed, HasSubstr(R"("result":"success","sendStatus":{"status":"placed")"));
  EXPECT_THAT(placed, HasSubstr(R"("cliOrdId":"mine","orderEvents":[{"type":"PLACE","order":{"orderId":")"));
  EXPECT_THAT(placed, HasSubstr(R"("symbol":"PI_XBTUSD","side":"buy","quantity":7,"filled":0,"limitPrice":99.0)"));
  ASSERT_EQ(client.frames.size(), 1U);
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("feed":"open_orders")"));
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("reason":"new_placed_order_by_user")"));
  const std::string open = call("GET", "openorders");
  EXPECT_THAT(open, HasSubstr(R"("orderType":"lmt","limitPrice":99.0,"unfilledSize":7)"));
  EXPECT_THAT(open, HasSubstr(R"("status":"untouched","filledSize":0)"));
  EXPECT_EQ(id_in(open), id_in(placed));

  EXPECT_THAT(call("POST", "sendorder", "orderType=lmt&symbol=PI_XBTUSD&side=buy&size=1&limitPrice=98&cliOrdId=mine"),
              HasSubstr(R"("status":"clientOrderIdAlreadyExist")"));
  const std::string gone = call("POST", "cancelorder", "order_id=" + id_in(placed), false);
  EXPECT_THAT(gone, HasSubstr(R"("cancelStatus":{"status":"cancelled")"));
  EXPECT_THAT(gone, HasSubstr(R"("type":"CANCEL")"));
  EXPECT_THAT(client.frames.back().payload, HasSubstr(R"("is_cancel":true,"reason":"cancelled_by_user")"));
  EXPECT_THAT(call("GET", "openorders"), HasSubstr(R"("openOrders":[])"));
  EXPECT_THAT(call("POST", "cancelorder", "order_id=" + id_in(placed)), HasSubstr(R"("status":"notFound")"));
}

TEST_F(FuturesOrdersTest, TakeWhatTheBookDisplaysAndKeepThePosition) {
  hear({"open_orders", "fills", "open_positions"});
  const std::string bought = call("POST", "sendorder", "orderType=mkt&symbol=PI_XBTUSD&side=buy&size=4");
  EXPECT_THAT(bought, HasSubstr(R"("type":"EXECUTION")"));
  EXPECT_THAT(bought, HasSubstr(R"("price":101.0,"amount":2)"));
  EXPECT_THAT(bought, HasSubstr(R"("price":102.0,"amount":2)"));
  ASSERT_EQ(client.frames.size(), 4U) << "two fills and two positions, and nothing of an order that never rested";
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("feed":"fills")"));
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("seq":0,"buy":true)"));
  EXPECT_THAT(client.frames[3].payload, HasSubstr(R"("feed":"open_positions")"));
  EXPECT_THAT(call("GET", "openpositions"),
              HasSubstr(R"("openPositions":[{"side":"long","symbol":"PI_XBTUSD","price":101.5000000000)"));
  EXPECT_THAT(call("GET", "fills"), HasSubstr(R"("size":2,"price":102.0)"));

  EXPECT_THAT(
      call("POST", "sendorder", "orderType=ioc&symbol=PI_XBTUSD&side=buy&size=1&limitPrice=100&reduceOnly=true"),
      HasSubstr(R"("status":"wouldNotReducePosition")"));
  EXPECT_THAT(
      call("POST", "sendorder", "orderType=ioc&symbol=PI_XBTUSD&side=sell&size=99&limitPrice=99&reduceOnly=true"),
      HasSubstr(R"("amount":4)"));
  EXPECT_THAT(call("GET", "openpositions"), HasSubstr(R"("openPositions":[])"));
  EXPECT_THAT(call("POST", "sendorder", "orderType=mkt&symbol=PI_XBTUSD&side=sell&size=3"), HasSubstr("placed"));
  EXPECT_THAT(call("GET", "openpositions"), HasSubstr(R"("side":"short","symbol":"PI_XBTUSD","price":100.0)"));
}

TEST_F(FuturesOrdersTest, RestWithWhatIsLeft) {
  hear({"open_orders"});
  call("POST", "sendorder", "orderType=lmt&symbol=PI_XBTUSD&side=buy&size=10&limitPrice=101.5");
  ASSERT_EQ(client.frames.size(), 2U);
  EXPECT_THAT(client.frames[1].payload, HasSubstr(R"("reason":"partial_fill")"));
  EXPECT_THAT(client.frames[1].payload, HasSubstr(R"("qty":8,"filled":2)"));
  EXPECT_THAT(call("GET", "openorders"), HasSubstr(R"("unfilledSize":8)"));
  EXPECT_THAT(call("GET", "openorders"), HasSubstr(R"("status":"partiallyFilled","filledSize":2)"));
  EXPECT_THAT(call("POST", "cancelallordersafter", "timeout=60"),
              HasSubstr(R"("currentTime":"2026-09-01T08:00:01.000Z","triggerTime":"2026-09-01T08:01:01.000Z")"));
  clock.advance_to(clock.now() + seconds(60));
  EXPECT_THAT(client.frames.back().payload, HasSubstr(R"("reason":"dead_man_switch")"));
  EXPECT_THAT(call("POST", "cancelallorders"), HasSubstr(R"("status":"noOrdersToCancel")"));
}

TEST_F(FuturesOrdersTest, RefuseInRestsWords) {
  const auto order = [&](const std::string& parameters) { return call("POST", "sendorder", parameters); };
  EXPECT_THAT(order("symbol=PI_XBTUSD"), HasSubstr(R"("result":"error","error":"requiredArgumentMissing")"));
  EXPECT_THAT(order("orderType=stp&symbol=PI_XBTUSD&side=buy&size=1"), HasSubstr(R"("status":"invalidOrderType")"));
  EXPECT_THAT(order("orderType=lmt&symbol=PF_NOUSD&side=buy&size=1&limitPrice=1"), HasSubstr("marketInactive"));
  EXPECT_THAT(order("orderType=lmt&symbol=PI_XBTUSD&side=up&size=1&limitPrice=1"), HasSubstr("invalidSide"));
  EXPECT_THAT(order("orderType=lmt&symbol=PI_XBTUSD&side=buy&size=x&limitPrice=1"), HasSubstr("invalidSize"));
  EXPECT_THAT(order("orderType=lmt&symbol=PI_XBTUSD&side=buy&size=1"), HasSubstr("invalidPrice"));
  EXPECT_THAT(order("orderType=post&symbol=PI_XBTUSD&side=buy&size=1&limitPrice=101"),
              HasSubstr(R"("status":"postWouldExecute")"));
  EXPECT_THAT(order("orderType=ioc&symbol=PI_XBTUSD&side=buy&size=1&limitPrice=100"),
              HasSubstr(R"("reason":"IOC_WOULD_NOT_EXECUTE")"));
  EXPECT_THAT(call("GET", "accounts"), HasSubstr(R"("cash":{"type":"cashAccount","balances":{"usd":5000}})"));
  EXPECT_THAT(call("GET", "accounts", "", true, "reader"), HasSubstr(R"("result":"success")"));
  EXPECT_THAT(call("POST", "cancelallorders", "", true, "reader"), HasSubstr(R"("error":"authenticationError")"));
  EXPECT_THAT(call("GET", "accounts", "", true, "nobody"), HasSubstr(R"("error":"authenticationError")"));
  EXPECT_THAT(call("GET", "sendorder"), HasSubstr(R"("error":"notFound")"));
}

}  // namespace
}  // namespace ktape::hosts
