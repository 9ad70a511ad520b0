#include "core/protocol/spot_v1/server_encode.hpp"

#include <array>

#include <gtest/gtest.h>

namespace ktape::spot_v1 {
namespace {

Decimal number(std::string_view text) { return Decimal::parse(text).value(); }
Timestamp micros(std::int64_t count) { return from_nanoseconds(count * 1000); }

TEST(SpotV1ServerEncode, WritesABookWithTheTimeOfEachLevel) {
  const std::array asks{BookEntry{{number("27120.00000"), number("4.28732553")}, micros(1693415327935623)}};
  const std::array bids{BookEntry{{number("27117.40000"), number("0.00000000")}, micros(1693415330886651)},
                        BookEntry{{number("27116.80000"), number("0.14741986")}, micros(1693415325036931), true}};
  std::string out;
  append_book_snapshot(out, 336, 10, {.symbol = "BTC/USD", .bids = std::span(bids).first(1), .asks = asks});
  EXPECT_EQ(out, R"([336,{"as":[["27120.00000","4.28732553","1693415327.935623"]],)"
                 R"("bs":[["27117.40000","0.00000000","1693415330.886651"]]},"book-10","XBT/USD"])");
  out.clear();
  append_book_update(out, 336, 10, {.symbol = "BTC/USD", .bids = bids, .checksum = 3139033408});
  EXPECT_EQ(out, R"([336,{"b":[["27117.40000","0.00000000","1693415330.886651"],)"
                 R"(["27116.80000","0.14741986","1693415325.036931","r"]],"c":"3139033408"},"book-10","XBT/USD"])");
  out.clear();
  append_book_update(out, 336, 25,
                     {.symbol = "BTC/USD", .bids = std::span(bids).first(1), .asks = asks, .checksum = 5});
  EXPECT_EQ(out, R"([336,{"a":[["27120.00000","4.28732553","1693415327.935623"]]},)"
                 R"({"b":[["27117.40000","0.00000000","1693415330.886651"]],"c":"5"},"book-25","XBT/USD"])");
  out.clear();
  append_book_update(out, 336, 25, {.symbol = "BTC/USD", .asks = asks, .checksum = 5});
  EXPECT_EQ(out, R"([336,{"a":[["27120.00000","4.28732553","1693415327.935623"]],"c":"5"},"book-25","XBT/USD"])");
}

TEST(SpotV1ServerEncode, WritesATickerOfTodayAndOfTheLastDay) {
  const Ticker ticker{.symbol = "BTC/USD",
                      .bid = number("29938.50000"),
                      .bid_quantity = number("0.08410000"),
                      .ask = number("29938.60000"),
                      .ask_quantity = number("12.41074632"),
                      .last = number("29938.60000"),
                      .volume = number("5243.60824494"),
                      .vwap = number("30272.79057"),
                      .low = number("29328.60000"),
                      .high = number("31869.30000"),
                      .trades = 30832,
                      .open = number("31614.50000")};
  const TickerToday today{.last_quantity = number("0.10146338"),
                          .volume = number("735.06931643"),
                          .vwap = number("29812.62518"),
                          .low = number("29581.10000"),
                          .high = number("30085.80000"),
                          .open = number("29790.00000"),
                          .trades = 6120};
  std::string out;
  append_ticker(out, 340, ticker, today);
  EXPECT_EQ(out, R"([340,{"a":["29938.60000",12,"12.41074632"],"b":["29938.50000",0,"0.08410000"],)"
                 R"("c":["29938.60000","0.10146338"],"v":["735.06931643","5243.60824494"],)"
                 R"("p":["29812.62518","30272.79057"],"t":[6120,30832],"l":["29581.10000","29328.60000"],)"
                 R"("h":["30085.80000","31869.30000"],"o":["29790.00000","31614.50000"]},"ticker","XBT/USD"])");
}

TEST(SpotV1ServerEncode, WritesTradesSpreadsAndCandles) {
  const std::array trades{Trade{.symbol = "BTC/USD",
                                .side = Side::Buy,
                                .order_type = OrderType::Market,
                                .price = number("57126.70000"),
                                .quantity = number("0.02063928"),
                                .exchange_time = micros(1616333924737428)},
                          Trade{.symbol = "BTC/USD",
                                .side = Side::Sell,
                                .order_type = OrderType::Limit,
                                .price = number("57126.60000"),
                                .quantity = number("0.00000001"),
                                .exchange_time = micros(1616333924737429)}};
  std::string out;
  append_trades(out, 321, trades);
  EXPECT_EQ(out, R"([321,[["57126.70000","0.02063928","1616333924.737428","b","m",""],)"
                 R"(["57126.60000","0.00000001","1616333924.737429","s","l",""]],"trade","XBT/USD"])");
  out.clear();
  append_spread(out, 341,
                {"BTC/USD", number("1.0"), number("2.0"), number("3.0"), number("4.0"), micros(1654031976197239)});
  EXPECT_EQ(out, R"([341,["1.0","2.0","1654031976.197239","3.0","4.0"],"spread","XBT/USD"])");
  out.clear();
  append_ohlc(out, 343,
              {.symbol = "ETH/BTC",
               .interval = std::chrono::minutes(5),
               .begin = micros(1675209600000000),
               .open = number("1.0"),
               .high = number("4.0"),
               .low = number("0.5"),
               .close = number("2.0"),
               .volume = number("9.0"),
               .vwap = number("1.5"),
               .trades = 7,
               .exchange_time = micros(1675209613118218)});
  EXPECT_EQ(out, R"([343,["1675209613.118218","1675209900.000000","1.0","4.0","0.5","2.0","1.5","9.0",7],)"
                 R"("ohlc-5","ETH/XBT"])");
}

TEST(SpotV1ServerEncode, AnswersInAlphabeticalOrder) {
  std::string out;
  append_reply(
      out,
      {.method = "subscribe", .request_id = 9, .success = true, .channel = "book", .symbol = "DOGE/USD", .depth = 25},
      {.channel_id = 711});
  EXPECT_EQ(out, R"({"channelID":711,"channelName":"book-25","event":"subscriptionStatus","pair":"XDG/USD","reqid":9,)"
                 R"("status":"subscribed","subscription":{"depth":25,"name":"book"}})");
  out.clear();
  append_reply(out, {.method = "subscribe", .success = true, .channel = "openOrders"}, {.max_rate_count = 180});
  EXPECT_EQ(out, R"({"channelName":"openOrders","event":"subscriptionStatus","status":"subscribed",)"
                 R"("subscription":{"maxratecount":180,"name":"openOrders"}})");
  out.clear();
  append_reply(out,
               {.method = "subscribe", .error = "Subscription depth not supported", .channel = "book", .symbol = "A/B"},
               {.subscription = R"({"name":"book","depth":12})"});
  EXPECT_EQ(out, R"({"errorMessage":"Subscription depth not supported","event":"subscriptionStatus","pair":"A/B",)"
                 R"("status":"error","subscription":{"name":"book","depth":12}})");
  out.clear();
  append_reply(out, {.method = "error", .request_id = 5, .error = "Malformed request"});
  EXPECT_EQ(out, R"({"errorMessage":"Malformed request","event":"error","reqid":5})");
  out.clear();
  append_reply(out, {.method = "pong"});
  EXPECT_EQ(out, R"({"event":"pong"})");
  out.clear();
  append_status(out, {.system = "online", .version = "1.9.1", .connection_id = 17525506704445754232U});
  EXPECT_EQ(out, R"({"connectionID":17525506704445754232,"event":"systemStatus","status":"online","version":"1.9.1"})");
}

TEST(SpotV1ServerEncode, AnswersTradingRequests) {
  const std::array order{OrderAnswer{.order_id = "O1", .client_order_id = "c", .description = "buy 1 XBTUSD @ market"}};
  std::string out;
  append_trading_reply(out, {.method = "add_order", .request_id = 5, .success = true, .orders = order});
  EXPECT_EQ(out, R"({"cl_ord_id":"c","descr":"buy 1 XBTUSD @ market","event":"addOrderStatus","reqid":5,"status":"ok",)"
                 R"("txid":"O1"})");
  out.clear();
  append_trading_reply(
      out, {.method = "cancel_all_orders_after", .success = true, .current_time = micros(1788249600000000)});
  EXPECT_EQ(out, R"({"currentTime":"2026-09-01T08:00:00Z","event":"cancelAllOrdersAfterStatus","status":"ok",)"
                 R"("triggerTime":"0"})");
  out.clear();
  append_trading_reply(out, {.method = "cancel_order", .error = "EOrder:Unknown order"});
  EXPECT_EQ(out, R"({"errorMessage":"EOrder:Unknown order","event":"cancelOrderStatus","status":"error"})");
}

TEST(SpotV1ServerEncode, WritesAWholeOrderWithNullsAndAChangeWithout) {
  const std::array orders{OrderReport{.order_id = "O1",
                                      .user_reference = 17,
                                      .what = "pending_new",
                                      .status = "pending_new",
                                      .symbol = "BTC/USD",
                                      .side = Side::Buy,
                                      .order_type = "limit",
                                      .time_in_force = "gtc",
                                      .quantity = number("0.05"),
                                      .filled_quantity = number("0.00"),
                                      .limit_price = number("27120.5"),
                                      .exchange_time = micros(1693415330621700)},
                          OrderReport{.order_id = "O2", .what = "new", .status = "new"}};
  std::string out;
  append_open_orders(out, {.channel = "openOrders", .sequence = 2, .reports = orders});
  EXPECT_EQ(
      out,
      R"([[{"O1":{"descr":{"close":null,"leverage":null,"order":"buy 0.05000000 XBT/USD @ limit 27120.50000000",)"
      R"("ordertype":"limit","pair":"XBT/USD","price":"27120.5","price2":"0.00","type":"buy"},"expiretm":null,)"
      R"("limitprice":"0.00","misc":"","opentm":"1693415330.621700","refid":null,"starttm":null,"status":"pending",)"
      R"("stopprice":"0.00","timeinforce":"GTC","userref":17,"vol":"0.05","vol_exec":"0.00"}},)"
      R"({"O2":{"status":"open"}}],"openOrders",{"sequence":2}])");
}

TEST(SpotV1ServerEncode, SaysAnOrderInWords) {
  const auto words = [](std::string_view type, std::optional<Decimal> limit, std::optional<Decimal> trigger) {
    const std::array orders{OrderReport{.order_id = "O1",
                                        .symbol = "DOGE/EUR",
                                        .side = Side::Sell,
                                        .order_type = type,
                                        .quantity = number("10"),
                                        .limit_price = limit,
                                        .trigger_price = trigger}};
    std::string out;
    append_open_orders(out, {.reports = orders});
    const std::string key = R"("order":")";
    const auto at = out.find(key) + key.size();
    return out.substr(at, out.find('"', at) - at);
  };
  EXPECT_EQ(words("market", {}, {}), "sell 10.00000000 XDG/EUR @ market");
  EXPECT_EQ(words("iceberg", number("0.06"), {}), "sell 10.00000000 XDG/EUR @ limit 0.06000000");
  EXPECT_EQ(words("stop-loss", {}, number("0.05")), "sell 10.00000000 XDG/EUR @ stop loss 0.05000000");
  EXPECT_EQ(words("take-profit-limit", number("0.06"), number("0.07")),
            "sell 10.00000000 XDG/EUR @ take profit 0.07000000 -> limit 0.06000000");
}

}  // namespace
}  // namespace ktape::spot_v1
