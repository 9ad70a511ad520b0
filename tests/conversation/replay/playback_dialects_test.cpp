// Playback of recordings of Spot v1 and Futures: what is told differs by dialect, who is told what does not.

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "core/protocol/dialect.hpp"
#include "replay/playback_exchange.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/tape.hpp"

namespace ktape {
namespace {

using std::chrono::milliseconds;
using Texts = std::vector<std::string>;

const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();

class PlaybackOf : public testing::Test {
 protected:
  explicit PlaybackOf(Dialect dialect) { options.dialect = dialect; }

  test::Tape tape;
  VirtualClock clock{kStart};
  PlaybackOptions options;
  std::unique_ptr<PlaybackExchange> exchange;
  std::unique_ptr<test::ExchangeDriver> driver;

  void load() {
    tape.sort();
    auto created = PlaybackExchange::create(
        clock, [this] { return Result<std::unique_ptr<FrameSource>>(tape.source()); }, options);
    ASSERT_TRUE(created) << created.error().detail;
    exchange = std::move(*created);
    driver = std::make_unique<test::ExchangeDriver>(clock, *exchange);
  }
  static Timestamp at(int ms) { return kStart + milliseconds(ms); }
  void hear(int ms, std::string_view text, std::uint32_t connection = 1) { tape.hear(at(ms), text, connection); }
  void say(int ms, std::string_view text) { tape.say(at(ms), text); }
  void run_to(int ms) { driver->run_to(at(ms)); }

  // Says what the recorded client said, when it said it, and compares all that is heard with what that client heard.
  void expect_byte_for_byte() {
    const auto client = driver->connect();
    std::vector<test::ExchangeDriver::Heard> recorded;
    for (const auto& entry : tape.entries) {
      if (entry.kind != FrameKind::Text) continue;
      if (entry.direction == Direction::FromExchange) {
        recorded.push_back({entry.at, entry.kind, entry.payload});
        continue;
      }
      driver->run_to(entry.at);
      driver->say(client, entry.payload);
    }
    run_to(60'000);
    auto heard = driver->heard(client);
    ASSERT_EQ(heard.back().payload, "1001 recording ended");
    heard.pop_back();
    ASSERT_EQ(heard.size(), recorded.size());
    for (std::size_t i = 0; i < heard.size(); ++i) EXPECT_EQ(heard[i], recorded[i]) << recorded[i].payload;
  }
};

// ---- Spot v1

class PlaybackOfSpotV1 : public PlaybackOf {
 protected:
  PlaybackOfSpotV1() : PlaybackOf(Dialect::SpotV1) {}

  static constexpr std::string_view kStatus =
      R"({"connectionID":17843232920108168701,"event":"systemStatus","status":"online","version":"1.8.3"})";
  static constexpr std::string_view kHeartbeat = R"({"event":"heartbeat"})";
  // v1's published book, eleven asks deep: asks 0.05005 to 0.05055, bids 0.05000 down.
  static std::string snapshot() {
    std::string asks, bids;
    for (int i = 0; i < 11; ++i)
      asks += fmt::format(R"({}["0.{:05}","0.00000500","1618678123.{:06}"])", i == 0 ? "" : ",", 5005 + 5 * i, i);
    for (int i = 0; i < 10; ++i)
      bids += fmt::format(R"({}["0.{:05}","0.00000500","1618678124.{:06}"])", i == 0 ? "" : ",", 5000 - 5 * i, i);
    return fmt::format(R"([464,{{"as":[{}],"bs":[{}]}},"book-25","XBT/USD"])", asks, bids);
  }
  static std::string answer(std::string_view channel, std::string_view subscription, int number, int reqid = 0,
                            std::string_view status = "subscribed") {
    return fmt::format(
        R"({{"channelID":{},"channelName":"{}","event":"subscriptionStatus","pair":"XBT/USD",{}"status":"{}","subscription":{{{}}}}})",
        number, channel, reqid == 0 ? "" : fmt::format(R"("reqid":{},)", reqid), status, subscription);
  }
  static std::string ask(std::string_view subscription, std::string_view event = "subscribe", int reqid = 0) {
    return fmt::format(R"({{"event":"{}",{}"pair":["XBT/USD"],"subscription":{{{}}}}})", event,
                       reqid == 0 ? "" : fmt::format(R"("reqid":{},)", reqid), subscription);
  }

  static constexpr std::string_view kTicker =
      R"([340,{"a":["5.1",0,"0.1"],"b":["5.0",1,"1.0"],"c":["5.0","0.1"],"v":["1.0","2.0"],"p":["5.0","5.0"],"t":[1,2],"l":["5.0","5.0"],"h":["5.1","5.1"],"o":["5.0","5.0"]},"ticker","XBT/USD"])";
  static constexpr std::string_view kCandle =
      R"([343,["1788249601.5","1788249660.000000","5.0","5.1","5.0","5.1","5.05","1.0",3],"ohlc-5","XBT/USD"])";
  static constexpr std::string_view kTrade =
      R"([337,[["5541.20000","0.15850568","1788249601.123456","s","l",""]],"trade","XBT/USD"])";
  static constexpr std::string_view kLaterTrade =
      R"([337,[["5541.30000","0.00010000","1788249602.123456","b","m",""]],"trade","XBT/USD"])";
  static constexpr std::string_view kSpread =
      R"([341,["5698.40000","5700.00000","1788249601.057345","1.01234567","0.98765432"],"spread","XBT/USD"])";

  void record() {
    tape.add(at(0), FrameKind::Opened, "wss://ws.kraken.com/");
    hear(30, kStatus);
    say(100, ask(R"("name":"book","depth":25)", "subscribe", 1));
    say(100, ask(R"("name":"ticker")", "subscribe", 2));
    say(100, ask(R"("name":"ohlc","interval":5)", "subscribe", 3));
    say(100, ask(R"("name":"trade")", "subscribe", 4));
    say(100, ask(R"("name":"spread")", "subscribe", 5));
    say(100, R"({"event":"subscribe","reqid":6,"pair":["WWW/USD"],"subscription":{"name":"trade"}})");
    say(100, R"({"event":"ping","reqid":7})");
    hear(140, answer("book-25", R"("depth":25,"name":"book")", 464, 1));
    hear(140, answer("ticker", R"("name":"ticker")", 340, 2));
    hear(140, answer("ohlc-5", R"("interval":5,"name":"ohlc")", 343, 3));
    hear(140, answer("trade", R"("name":"trade")", 337, 4));
    hear(140, answer("spread", R"("name":"spread")", 341, 5));
    hear(
        140,
        R"({"errorMessage":"Currency pair not supported WWW/USD","event":"subscriptionStatus","pair":"WWW/USD","reqid":6,"status":"error","subscription":{"name":"trade"}})");
    hear(141, R"({"event":"pong","reqid":7})");
    hear(190, snapshot());
    hear(200, kTicker);
    hear(201, kCandle);
    hear(300, kTrade);
    hear(310, kSpread);
    hear(1140, kHeartbeat);
    // The best ask goes; to ten levels, the eleventh comes into sight.
    hear(2000, R"([464,{"a":[["0.05005","0.00000000","1618678130.000001"]],"c":"1287105787"},"book-25","XBT/USD"])");
    hear(2140, kHeartbeat);
    hear(3000, kLaterTrade);
    hear(3140, kHeartbeat);
  }
};

TEST_F(PlaybackOfSpotV1, TellsWhoRepeatsTheRecordedRequestsExactlyWhatWasRecorded) {
  record();
  load();
  expect_byte_for_byte();
}

TEST_F(PlaybackOfSpotV1, TellsALatecomerTheLastTickerCandleAndSpreadButNoTrades) {
  record();
  load();
  run_to(1000);
  const auto client = driver->connect();
  EXPECT_EQ(driver->take(client).size(), 1U) << "systemStatus";
  driver->say(client, ask(R"("name":"ticker")"));
  EXPECT_EQ(driver->take(client), (Texts{answer("ticker", R"("name":"ticker")", 340), std::string(kTicker)}));
  driver->say(client, ask(R"("name":"ohlc","interval":5)"));
  EXPECT_EQ(driver->take(client),
            (Texts{answer("ohlc-5", R"("interval":5,"name":"ohlc")", 343), std::string(kCandle)}));
  driver->say(client, ask(R"("name":"spread")", "subscribe", 9));
  EXPECT_EQ(driver->take(client), (Texts{answer("spread", R"("name":"spread")", 341, 9), std::string(kSpread)}));
  driver->say(client, ask(R"("name":"trade")"));
  EXPECT_EQ(driver->take(client), (Texts{answer("trade", R"("name":"trade")", 337)})) << "v1 has no history of trades";
  run_to(3000);
  EXPECT_EQ(driver->take(client), (Texts{std::string(kHeartbeat), std::string(kHeartbeat), std::string(kLaterTrade)}));
}

TEST_F(PlaybackOfSpotV1, CutsASmallerBookWithItsOwnTimesAndWhatComesBackIntoSight) {
  record();
  load();
  run_to(1000);
  const auto client = driver->connect();
  driver->take(client);
  driver->say(client, ask(R"("name":"book")"));
  const auto told = driver->take(client);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_NE(told[0].find(R"("channelName":"book-10")"), std::string::npos);
  const auto number = told[0].substr(13, told[0].find(',') - 13);
  EXPECT_TRUE(told[1].starts_with(R"([)" + number + R"(,{"as":[["0.05005","0.00000500","1618678123.000000"],)"))
      << told[1];
  EXPECT_TRUE(told[1].ends_with(R"(["0.04955","0.00000500","1618678124.000009"]]},"book-10","XBT/USD"])")) << told[1];
  EXPECT_EQ(told[1].find("0.05055"), std::string::npos) << "the eleventh ask";
  run_to(2000);
  EXPECT_EQ(
      driver->take(client).back(),
      R"([)" + number +
          R"(,{"a":[["0.05005","0.00000000","1618678130.000001"],["0.05055","0.00000500","1618678123.000010","r"]],"c":"1287105787"},"book-10","XBT/USD"])");
}

TEST_F(PlaybackOfSpotV1, RefusesWhatTheRecordingDoesNotHold) {
  record();
  load();
  run_to(1000);
  const auto client = driver->connect();
  driver->take(client);
  driver->say(client, ask(R"("name":"ohlc","interval":60)", "subscribe", 3));
  EXPECT_EQ(
      driver->take(client),
      (Texts{
          R"({"errorMessage":"ohlc BTC/USD 60m is not in this recording, which holds ohlc BTC/USD 5m","event":"subscriptionStatus","pair":"XBT/USD","reqid":3,"status":"error","subscription":{"interval":60,"name":"ohlc"}})"}));
  driver->say(client, ask(R"("name":"book","depth":100)"));
  EXPECT_NE(driver->take(client).front().find("which holds book BTC/USD depth 25"), std::string::npos);
}

TEST_F(PlaybackOfSpotV1, KnowsFeedsByTheirDataWhereARecordingLacksTheAnswers) {
  hear(0, kStatus);
  hear(100, snapshot());
  hear(200, kTrade);
  hear(3000, kLaterTrade);
  load();
  const auto client = driver->connect();
  driver->say(client, ask(R"("name":"trade")"));
  run_to(1000);
  driver->say(client, ask(R"("name":"book","depth":25)"));
  run_to(3000);
  EXPECT_EQ(driver->take(client), (Texts{std::string(kStatus), answer("trade", R"("name":"trade")", 337),
                                         std::string(kTrade), answer("book-25", R"("depth":25,"name":"book")", 464),
                                         snapshot(), std::string(kLaterTrade), "closed 1001 recording ended"}));
}

TEST_F(PlaybackOfSpotV1, GoesOnWithTradesOfAnotherConnectionWhenTheirsEnded) {
  tape.add(at(0), FrameKind::Opened, "wss://ws.kraken.com/", 1);
  tape.add(at(0), FrameKind::Opened, "wss://ws.kraken.com/", 2);
  for (const std::uint32_t connection : {1U, 2U}) {
    hear(10, kStatus, connection);
    hear(20 * static_cast<int>(connection), answer("trade", R"("name":"trade")", 337), connection);
  }
  hear(300, kTrade, 1);
  hear(300, kTrade, 2);
  hear(400, answer("trade", R"("name":"trade")", 337, 0, "unsubscribed"), 1);
  hear(500, kLaterTrade, 2);
  load();
  run_to(30);
  const auto client = driver->connect();
  driver->say(client, ask(R"("name":"trade")"));
  run_to(450);
  driver->take(client);
  run_to(500);
  EXPECT_EQ(driver->take(client), (Texts{std::string(kLaterTrade), "closed 1001 recording ended"}));
}

// ---- Futures

class PlaybackOfFutures : public PlaybackOf {
 protected:
  PlaybackOfFutures() : PlaybackOf(Dialect::FuturesV1) {}

  static std::string ask(std::string_view feed, std::string_view event = "subscribe") {
    return fmt::format(R"({{"event":"{}","feed":"{}","product_ids":["pi_xbtusd"]}})", event, feed);
  }
  static std::string answer(std::string_view feed, std::string_view event = "subscribed") {
    return fmt::format(R"({{"event":"{}","feed":"{}","product_ids":["PI_XBTUSD"]}})", event, feed);
  }
  static std::string trade(int number) {
    return fmt::format(
        R"({{"feed":"trade","product_id":"PI_XBTUSD","uid":"u-{}","side":"buy","type":"fill","seq":{},"time":1788249600123,"qty":10.0,"price":64000.5}})",
        number, number);
  }
  static std::string trades(int newest, int count) {
    std::string all;
    for (int number = newest; number > newest - count; --number) all += (all.empty() ? "" : ",") + trade(number);
    return fmt::format(R"({{"feed":"trade_snapshot","product_id":"PI_XBTUSD","trades":[{}]}})", all);
  }
  static constexpr std::string_view kInfo = R"({"event":"info","version":1})";
  static constexpr std::string_view kBook =
      R"({"feed":"book_snapshot","product_id":"PI_XBTUSD","timestamp":1788249600100,"seq":7,"tickSize":null,"bids":[{"price":64000.0,"qty":100.0},{"price":63999.25,"qty":5.0}],"asks":[{"price":64001.5,"qty":1.0}]})";
  static constexpr std::string_view kDelta =
      R"({"feed":"book","product_id":"PI_XBTUSD","side":"sell","seq":8,"price":64001.0,"qty":3.0,"timestamp":1788249602000})";
  static constexpr std::string_view kLite =
      R"({"feed":"ticker_lite","product_id":"PI_XBTUSD","bid":64000.0,"ask":64001.5,"change":1.1,"premium":0.1,"volume":5.0,"tag":"perpetual","pair":"XBT:USD","dtm":0,"maturityTime":0})";

  void record() {
    tape.add(at(0), FrameKind::Opened, "wss://futures.kraken.com/ws/v1");
    hear(30, kInfo);
    say(100, ask("book"));
    say(100, ask("trade"));
    say(100, ask("ticker_lite"));
    say(100, R"({"event":"subscribe","feed":"trade","product_ids":["PI_WWWUSD"]})");
    hear(140, answer("book"));
    hear(140, answer("trade"));
    hear(141, answer("ticker_lite"));
    hear(142, R"({"event":"alert","message":"Couldn't subscribe to invalid product `PI_WWWUSD`"})");
    hear(190, kBook);
    hear(200, trades(150, 100));
    hear(210, kLite);
    hear(1500, trade(151));
    hear(2000, kDelta);
    hear(3000, trade(152));
  }
};

TEST_F(PlaybackOfFutures, TellsWhoRepeatsTheRecordedRequestsExactlyWhatWasRecorded) {
  record();
  load();
  expect_byte_for_byte();
}

TEST_F(PlaybackOfFutures, TellsALatecomerTheBookTheLastTradesAndTheTicker) {
  record();
  load();
  run_to(1800);
  const auto client = driver->connect();
  EXPECT_EQ(driver->take(client), (Texts{std::string(kInfo)}));
  driver->say(client, ask("book"));
  EXPECT_EQ(driver->take(client), (Texts{answer("book"), std::string(kBook)})) << "numbers as short as Kraken's";
  driver->say(client, ask("trade"));
  EXPECT_EQ(driver->take(client), (Texts{answer("trade"), trades(151, 100)})) << "one hundred, the newest first";
  driver->say(client, ask("ticker_lite"));
  EXPECT_EQ(driver->take(client), (Texts{answer("ticker_lite"), std::string(kLite)}));
  run_to(3000);
  EXPECT_EQ(driver->take(client), (Texts{std::string(kDelta), trade(152), "closed 1001 recording ended"}));
}

TEST_F(PlaybackOfFutures, TellsWhoStayedTheNewSnapshotWhenTheRecordedClientSubscribedAgain) {
  record();
  hear(2500, answer("book", "unsubscribed"));
  hear(2600, answer("book"));
  const std::string again =
      R"({"feed":"book_snapshot","product_id":"PI_XBTUSD","timestamp":1788249602650,"seq":20,"tickSize":null,"bids":[{"price":64000.0,"qty":50.0}],"asks":[{"price":64001.0,"qty":3.0}]})";
  hear(2650, again);
  load();
  run_to(1000);
  const auto client = driver->connect();
  driver->say(client, ask("book"));
  run_to(2400);
  driver->take(client);
  run_to(2900);
  EXPECT_EQ(driver->take(client), Texts{again}) << "no deltas could carry the numbers from 8 to 20";
}

TEST_F(PlaybackOfFutures, BeatsForThoseWhoAskThoughTheRecordedClientDidNot) {
  record();
  load();
  run_to(500);
  const auto client = driver->connect();
  driver->take(client);
  driver->say(client, R"({"event":"subscribe","feed":"heartbeat"})");
  run_to(2600);
  EXPECT_EQ(driver->take(client),
            (Texts{R"({"event":"subscribed","feed":"heartbeat"})", R"({"feed":"heartbeat","time":1788249601500})",
                   R"({"feed":"heartbeat","time":1788249602500})"}));
}

TEST_F(PlaybackOfFutures, PlaysRecordedHeartbeatsToThoseWhoAskForThem) {
  record();
  hear(145, R"({"event":"subscribed","feed":"heartbeat"})");
  hear(1000, R"({"feed":"heartbeat","time":1788249600999})");
  load();
  run_to(500);
  const auto client = driver->connect();
  const auto other = driver->connect();
  driver->take(client);
  driver->take(other);
  driver->say(client, R"({"event":"subscribe","feed":"heartbeat"})");
  run_to(2600);
  EXPECT_EQ(driver->take(client),
            (Texts{R"({"event":"subscribed","feed":"heartbeat"})", R"({"feed":"heartbeat","time":1788249600999})"}));
  EXPECT_TRUE(driver->take(other).empty());
}

TEST_F(PlaybackOfFutures, RefusesWhatTheRecordingDoesNotHold) {
  record();
  load();
  run_to(1000);
  const auto client = driver->connect();
  driver->take(client);
  driver->say(client, ask("ticker"));
  driver->say(client, R"({"event":"subscribe","feed":"book","product_ids":["PF_ETHUSD"]})");
  EXPECT_EQ(driver->take(client),
            (Texts{R"({"event":"alert","message":"ticker PI_XBTUSD is not in this recording"})",
                   R"({"event":"alert","message":"Couldn't subscribe to invalid product `PF_ETHUSD`"})"}));
}

}  // namespace
}  // namespace ktape
