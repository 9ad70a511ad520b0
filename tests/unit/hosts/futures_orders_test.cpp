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
  // A linear product: its mark moves after 20 seconds, and it trades at 1998 after 10 and at 1999 after 11.
  for (const char* const feed : {"book", "ticker", "trade"}) {
    out.hear(kStart, std::string(R"({"event":"subscribed","feed":")") + feed + R"(","product_ids":["PF_ETHUSD"]})");
  }
  out.hear(
      kStart,
      R"({"feed":"book_snapshot","product_id":"PF_ETHUSD","timestamp":1788249600000,"seq":7,"tickSize":null,"bids":[{"price":2000.0,"qty":5},{"price":1999.5,"qty":10}],"asks":[{"price":2001.0,"qty":2},{"price":2002.0,"qty":3}]})");
  const auto ticker = [](std::string_view mark) {
    return R"({"time":1788249600000,"product_id":"PF_ETHUSD","feed":"ticker","bid":2000,"ask":2001,"bid_size":5,"ask_size":2,"volume":1,"dtm":0,"leverage":"50x","index":2000.0,"premium":0,"last":2000,"change":0,"suspended":false,"tag":"perpetual","pair":"ETH:USD","openInterest":1,"markPrice":)" +
           std::string(mark) + R"(,"maturityTime":0,"post_only":false,"volumeQuote":1})";
  };
  const auto trade = [](int seq, std::string_view price, std::string_view quantity) {
    return R"({"feed":"trade","product_id":"PF_ETHUSD","uid":"05af78ac-a774-478c-a50c-8b9c234e07)" +
           std::to_string(seq) + R"(","side":"sell","type":"fill","seq":)" + std::to_string(seq) +
           R"(,"time":1788249610000,"qty":)" + std::string(quantity) + R"(,"price":)" + std::string(price) + "}";
  };
  out.hear(kStart, ticker("2000.5"));
  out.hear(kStart + seconds(10), trade(10, "1998", "1.5"));
  out.hear(kStart + seconds(11), trade(11, "1999", "1"));
  out.hear(kStart + seconds(20), ticker("2010.5"));
  const auto state = [&](int after, const char* what) {
    out.hear(kStart + seconds(after),
             R"({"feed":"ticker","product_id":"PI_XBTUSD","bid":100.0,"ask":101.0,"bid_size":5,"ask_size":2,)"
             R"("last":100.5,"volume":10,"time":1788249600000,)" +
                 std::string(what) + "}");
  };
  out.hear(kStart, R"({"event":"subscribed","feed":"ticker","product_ids":["PI_XBTUSD"]})");
  state(21, R"("suspended":false,"post_only":false)");
  state(30, R"("suspended":true,"post_only":false)");
  state(40, R"("suspended":false,"post_only":true)");
  state(50, R"("suspended":false,"post_only":false)");
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
    accounts[0].futures.wallets.flex = {{"USD", test::decimal("5000")}};
    accounts[0].futures.wallets.margin = {{"F-XBT:USD", test::decimal("0.5")}};
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
    clock.advance_to(clock.now());
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
  void hear_fills_of(const std::string& product) {
    const ConnectionId id{2};
    kraken_->attach(id, Endpoint::parse("wss://futures.kraken.com/ws/v1").value(), second);
    clock.advance_to(clock.now());
    const auto say = [&](const std::string& text) {
      kraken_->on_frame({clock.now(), id, Direction::ToExchange, FrameKind::Text, text});
    };
    say(R"({"event":"challenge","api_key":"all"})");
    const std::string challenge = second.frames.back().payload.substr(32, 36);
    say(R"({"event":"subscribe","feed":"fills","product_ids":[")" + product +
        R"("],"api_key":"all","original_challenge":")" + challenge + R"(","signed_challenge":")" +
        futures::sign_challenge(challenge, kSecret).value() + "\"}");
    second.frames.clear();
  }
  // Ids differ from seed to seed, and do not matter here.
  static std::string id_in(const std::string& text) {
    const std::string name = R"("order_id":")";
    return text.substr(text.find(name) + name.size(), 36);
  }

  VirtualClock clock{kStart};
  test::FrameLog client, second;

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
              HasSubstr(R"("openPositions":[{"side":"long","symbol":"PI_XBTUSD","price":101.4975370367)"))
      << "contracts are worth their number by the price";
  EXPECT_THAT(call("GET", "fills"), HasSubstr(R"("size":2,"price":102.0)"));

  EXPECT_THAT(
      call("POST", "sendorder", "orderType=ioc&symbol=PI_XBTUSD&side=buy&size=1&limitPrice=100&reduceOnly=true"),
      HasSubstr(R"("status":"wouldNotReducePosition")"));
  EXPECT_THAT(
      call("POST", "sendorder", "orderType=ioc&symbol=PI_XBTUSD&side=sell&size=99&limitPrice=99&reduceOnly=true"),
      HasSubstr(R"("amount":4)"));
  EXPECT_THAT(call("GET", "openpositions"), HasSubstr(R"("openPositions":[])"));
  EXPECT_THAT(call("POST", "sendorder", "orderType=mkt&symbol=PI_XBTUSD&side=sell&size=3"), HasSubstr("placed"));
  EXPECT_THAT(call("GET", "openpositions"), HasSubstr(R"("side":"short","symbol":"PI_XBTUSD","price":100,)"));
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
  EXPECT_THAT(call("GET", "accounts"), HasSubstr(R"("accounts":{"cash":{"balances":{},"type":"cashAccount"})"));
  EXPECT_THAT(call("GET", "accounts", "", true, "reader"), HasSubstr(R"("result":"success")"));
  EXPECT_THAT(call("POST", "cancelallorders", "", true, "reader"), HasSubstr(R"("error":"authenticationError")"));
  EXPECT_THAT(call("GET", "accounts", "", true, "nobody"), HasSubstr(R"("error":"authenticationError")"));
  EXPECT_THAT(call("GET", "sendorder"), HasSubstr(R"("error":"notFound")"));
}

// Whoever rests at a better price than somebody has traded at was filled before, whatever the queues are.
TEST_F(FuturesOrdersTest, AreFilledAsMakersWhenATradeGoesThroughTheirPrice) {
  hear({"open_orders", "fills", "open_positions", "balances", "account_log"});
  call("POST", "sendorder", "orderType=lmt&symbol=PF_ETHUSD&side=buy&size=1&limitPrice=1998.5");
  const std::string best = call("POST", "sendorder", "orderType=lmt&symbol=PF_ETHUSD&side=buy&size=2&limitPrice=1999");
  client.frames.clear();
  clock.advance_to(kStart + seconds(12));
  ASSERT_EQ(client.frames.size(), 6U) << "one fill: the second trade is at the price and fills nothing";
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("qty":0.5,"filled":1.5,"limit_price":1999,)"));
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("order_id":")" + id_in(best)));
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("is_cancel":false,"reason":"partial_fill")"));
  EXPECT_THAT(client.frames[1].payload,
              HasSubstr(R"("fill_type":"maker","fee_paid":0.5997,"fee_currency":"USD","order_type":"lmt")"));
  EXPECT_THAT(client.frames[1].payload, HasSubstr(R"("price":1999,"seq":0,"buy":true,"qty":1.5,)"
                                                  R"("remaining_order_qty":0.5)"));
  EXPECT_THAT(
      client.frames[2].payload,
      HasSubstr(
          R"("instrument":"PF_ETHUSD","balance":1.5,"pnl":2.25,"entry_price":1999,"mark_price":2000.5,"index_price":2000.0,"liquidation_threshold":0,)"));
  EXPECT_THAT(
      client.frames[2].payload,
      HasSubstr(
          R"("unrealized_funding":0,"initial_margin":60.015,"initial_margin_with_orders":119.975,"maintenance_margin":30.0075,"pnl_currency":"USD")"));
  EXPECT_THAT(client.frames[3].payload, HasSubstr(R"("feed":"balances")"));
  EXPECT_THAT(client.frames[3].payload, HasSubstr(R"("flex_futures":{"currencies":{"USD":{"quantity":4999.4003,)"));
  EXPECT_THAT(client.frames[3].payload, HasSubstr(R"("portfolio_value":5001.6503,)"));
  EXPECT_THAT(client.frames[3].payload, Not(HasSubstr("holding"))) << "only the wallet that changed";
  EXPECT_THAT(client.frames[4].payload, HasSubstr(R"("asset":"pf_ethusd","info":"futures trade")"));
  EXPECT_THAT(client.frames[5].payload, HasSubstr(R"("asset":"usd","info":"futures trade")"));
  EXPECT_THAT(client.frames[5].payload, HasSubstr(R"("old_balance":5000,"new_balance":4999.4003)"));
}

TEST_F(FuturesOrdersTest, TellPositionsAnewWhenTheirMarkMoves) {
  hear({"open_positions"});
  call("POST", "sendorder", "orderType=mkt&symbol=PF_ETHUSD&side=sell&size=1");
  ASSERT_EQ(client.frames.size(), 1U);
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("balance":-1,"pnl":-0.5,"entry_price":2000,)"));
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("seq":1,)")) << "the snapshot was the first";
  clock.advance_to(kStart + seconds(21));
  ASSERT_EQ(client.frames.size(), 2U);
  EXPECT_THAT(client.frames[1].payload,
              HasSubstr(R"("balance":-1,"pnl":-10.5,"entry_price":2000,"mark_price":2010.5)"));
  EXPECT_THAT(client.frames[1].payload, HasSubstr(R"("seq":2,)"));
}

TEST_F(FuturesOrdersTest, MoveTheWalletsByFeesAndProfitsExactly) {
  call("POST", "sendorder", "orderType=mkt&symbol=PF_ETHUSD&side=buy&size=4");
  call("POST", "sendorder", "orderType=mkt&symbol=PF_ETHUSD&side=sell&size=4");
  // 8006 were paid and 8000 received, with 0.05% of both.
  EXPECT_THAT(call("GET", "accounts"),
              HasSubstr(R"("flex":{"currencies":{"USD":{"quantity":4985.997,"value":4985.997,)"));
  call("POST", "sendorder", "orderType=mkt&symbol=PI_XBTUSD&side=buy&size=4");
  call("POST", "sendorder", "orderType=mkt&symbol=PI_XBTUSD&side=sell&size=4");
  EXPECT_THAT(call("GET", "accounts"), HasSubstr(R"("fi_xbtusd":{"auxiliary":{"usd":0,"pv":0.4993701184,)"));
  EXPECT_THAT(call("GET", "fills"), HasSubstr(R"("size":4,"price":100.0)"));
}

TEST_F(FuturesOrdersTest, AreEditedAndMayTakeThen) {
  hear({"open_orders", "fills"});
  const std::string id =
      id_in(call("POST", "sendorder", "orderType=lmt&symbol=PF_ETHUSD&side=buy&size=2&limitPrice=1990"));
  client.frames.clear();
  const std::string edited = call("POST", "editorder", "orderId=" + id + "&size=3&limitPrice=1995");
  EXPECT_THAT(edited, HasSubstr(R"("result":"success","editStatus":{"status":"edited")"));
  EXPECT_THAT(edited, HasSubstr(R"("orderId":")" + id + R"(","orderEvents":[{"type":"EDIT","old":{"orderId":")" + id));
  EXPECT_THAT(edited, HasSubstr(R"("quantity":3,"filled":0,"limitPrice":1995)"));
  ASSERT_EQ(client.frames.size(), 1U);
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("qty":3,"filled":0,"limit_price":1995,)"));
  EXPECT_THAT(client.frames[0].payload, HasSubstr(R"("is_cancel":false,"reason":"edited_by_user")"));
  EXPECT_THAT(call("POST", "editorder", "orderId=" + id + "&limitPrice=2001"), HasSubstr(R"("amount":2)"));
  ASSERT_EQ(client.frames.size(), 4U);
  EXPECT_THAT(client.frames[3].payload, HasSubstr(R"("fill_type":"takerAfterEdit")"));
  EXPECT_THAT(call("POST", "editorder", "orderId=" + id + "&size=2"), HasSubstr(R"("status":"invalidSize")"));
  EXPECT_THAT(call("POST", "editorder", "orderId=" + id + "&limitPrice=0"), HasSubstr(R"("status":"invalidPrice")"));
  call("POST", "editorder", "orderId=" + id + "&limitPrice=2002");
  EXPECT_THAT(client.frames[client.frames.size() - 2].payload, HasSubstr(R"("is_cancel":true,"reason":"full_fill")"));
  EXPECT_THAT(call("POST", "editorder", "orderId=" + id + "&size=9"), HasSubstr(R"("status":"orderForEditNotFound")"));
  const std::string post =
      id_in(call("POST", "sendorder", "orderType=post&symbol=PF_ETHUSD&side=buy&size=1&limitPrice=1990"));
  EXPECT_THAT(call("POST", "editorder", "orderId=" + post + "&limitPrice=2001"),
              HasSubstr(R"("status":"postWouldExecute")"));
  EXPECT_THAT(call("GET", "openorders"), HasSubstr(R"("limitPrice":1990)"));
}

TEST_F(FuturesOrdersTest, ComeInBatches) {
  const std::string done = call(
      "POST", "batchorder",
      R"(json={"batchOrder":[{"order":"send","order_tag":"1","orderType":"lmt","symbol":"PF_ETHUSD","side":"buy","size":2,"limitPrice":1990,"cliOrdId":"a"},{"order":"edit","cliOrdId":"a","size":"3"},{"order":"send","order_tag":"2","orderType":"lmt"},{"order":"cancel","cliOrdId":"a"},{"order":"cancel","cliOrdId":"b"},{"order":"dance"}]})",
      false);
  EXPECT_THAT(done, HasSubstr(R"("batchStatus":[{"status":"placed",)"));
  EXPECT_THAT(done, HasSubstr(R"("order_tag":"1"},{"status":"edited",)"));
  EXPECT_THAT(done, HasSubstr(R"({"status":"requiredArgumentMissing","orderEvents":[],"order_tag":"2"})"));
  EXPECT_THAT(done, HasSubstr(R"({"status":"cancelled",)"));
  EXPECT_THAT(done, HasSubstr(R"({"status":"notFound",)"));
  EXPECT_THAT(done, HasSubstr(R"({"status":"invalidArgument: order","orderEvents":[]}])"));
  EXPECT_THAT(call("POST", "batchorder", "json=[]", false), HasSubstr(R"("error":"invalidArgument: json")"));
}

TEST_F(FuturesOrdersTest, AreToldByTheirIdsWhateverBecameOfThem) {
  const std::string open =
      id_in(call("POST", "sendorder", "orderType=lmt&symbol=PF_ETHUSD&side=buy&size=2&limitPrice=1990"));
  const std::string filled = id_in(call("POST", "sendorder", "orderType=mkt&symbol=PF_ETHUSD&side=buy&size=1"));
  const std::string refused =
      id_in(call("POST", "sendorder", "orderType=post&symbol=PF_ETHUSD&side=buy&size=1&limitPrice=2001"));
  const std::string told =
      call("GET", "orders/status", "orderIds=" + open + "&orderIds=" + filled + "&orderIds=" + refused);
  EXPECT_THAT(told, HasSubstr(R"("orders":[{"order":{"type":"ORDER","orderId":")" + open));
  EXPECT_THAT(told, HasSubstr(R"("status":"ENTERED_BOOK")"));
  EXPECT_THAT(told, HasSubstr(R"("status":"FULLY_EXECUTED")"));
  EXPECT_THAT(told, HasSubstr(R"("status":"REJECTED")"));
  EXPECT_THAT(call("POST", "orders/status", "orderIds=unknown", false), HasSubstr(R"("orders":[])"));
}

// Fills of some products only; each feed counts its own messages.
TEST_F(FuturesOrdersTest, AreToldOfTheProductsThatWereAskedFor) {
  hear({"open_positions", "balances"});
  call("POST", "sendorder", "orderType=mkt&symbol=PI_XBTUSD&side=buy&size=1");
  ASSERT_EQ(client.frames.size(), 2U);
  EXPECT_THAT(client.frames[1].payload,
              HasSubstr(R"("futures":{"F-XBT:USD":{"name":"F-XBT:USD","pair":"XBT/USD","unit":"XBT",)"));
  EXPECT_THAT(client.frames[1].payload, HasSubstr(R"("seq":1)"));
  hear_fills_of("PF_ETHUSD");
  call("POST", "sendorder", "orderType=mkt&symbol=PI_XBTUSD&side=buy&size=1");
  EXPECT_TRUE(second.frames.empty());
  call("POST", "sendorder", "orderType=mkt&symbol=PF_ETHUSD&side=buy&size=1");
  ASSERT_EQ(second.frames.size(), 1U);
  EXPECT_THAT(second.frames[0].payload,
              HasSubstr(R"("username":"00000000-0000-4000-8000-000000000001","fills":[{"instrument":"PF_ETHUSD")"));
  EXPECT_THAT(second.frames[0].payload, HasSubstr(R"("seq":2,)")) << "counted by account";
}

TEST_F(FuturesOrdersTest, AreRefusedOnceTheirPointsAreSpent) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(call("POST", "cancelallorders"), HasSubstr(R"("result":"success")")) << i;
  }
  EXPECT_THAT(call("GET", "accounts"), HasSubstr(R"("result":"error","error":"apiLimitExceeded")"));
  clock.advance_to(clock.now() + std::chrono::milliseconds(40));
  EXPECT_THAT(call("GET", "accounts"), HasSubstr(R"("result":"success")"));
}

TEST_F(FuturesOrdersTest, AreRefusedWhileTheTickerTellsThatTheProductIsClosed) {
  const std::string limit = "orderType=lmt&symbol=PI_XBTUSD&side=buy&size=1&limitPrice=90";
  const std::string post = "orderType=post&symbol=PI_XBTUSD&side=buy&size=1&limitPrice=90";
  EXPECT_THAT(call("POST", "sendorder", limit), HasSubstr(R"("status":"placed")"));
  clock.advance_to(kStart + seconds(31));
  EXPECT_THAT(call("POST", "sendorder", limit), HasSubstr(R"("status":"marketSuspended")"));
  EXPECT_THAT(call("POST", "sendorder", post), HasSubstr(R"("status":"marketSuspended")"));
  clock.advance_to(kStart + seconds(41));
  EXPECT_THAT(call("POST", "sendorder", limit), HasSubstr(R"("status":"marketSuspended")"));
  EXPECT_THAT(call("POST", "sendorder", post), HasSubstr(R"("status":"placed")"));
  clock.advance_to(kStart + seconds(51));
  EXPECT_THAT(call("POST", "sendorder", limit), HasSubstr(R"("status":"placed")"));
}

}  // namespace
}  // namespace ktape::hosts
