#include "core/client/client.hpp"

#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/client/event_log.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "tests/support/scripted_transport.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Lines = std::vector<std::string>;

// Shows what matters of an event on one short line.
class Notes final : public EventSink {
 public:
  void on_event(const Event& event) override {
    std::visit([this](const auto& what) { note(what); }, event);
    if (reaction) reaction(event);
  }
  Lines take() { return std::exchange(lines, {}); }

  Lines lines;
  std::function<void(const Event&)> reaction;

 private:
  void note(const LinkChange& e) { lines.push_back(fmt::format("link {} {}", to_string(e.state), e.detail)); }
  void note(const BookSnapshot& e) { lines.push_back(fmt::format("snapshot {}", e.symbol)); }
  void note(const BookUpdate& e) { lines.push_back(fmt::format("update {}", e.symbol)); }
  void note(const BookStateChange& e) {
    lines.push_back(fmt::format("book {} {}: {}", e.symbol, to_string(e.state), e.reason));
  }
  void note(const Trade& e) { lines.push_back(fmt::format("trade {} {}", e.symbol, e.trade_id)); }
  void note(const TradeGap& e) { lines.push_back(fmt::format("gap {} {}-{}", e.symbol, e.expected_id, e.received_id)); }
  void note(const Candle& e) {
    lines.push_back(fmt::format("candle {} {}m {} {} C {} N {} r{}", e.symbol, e.interval / 1min,
                                format_rfc3339(e.begin, 0).substr(11, 5), to_string(e.state), e.close.text(), e.trades,
                                e.revision));
  }
  void note(const Reply& e) {
    lines.push_back(fmt::format("reply {} {} {}", e.method, e.symbol, e.success ? "ok" : e.error));
  }
  void note(const RequestTimeout& e) { lines.push_back(fmt::format("timeout {} {}", e.request_id, e.method)); }
  void note(const UnknownMessage& e) { lines.push_back(fmt::format("unknown {}", e.what)); }
  void note(const Heartbeat&) { lines.push_back("heartbeat"); }
  void note(const StatusChange& e) { lines.push_back(fmt::format("status {}", e.system)); }
  void note(const Ticker& e) { lines.push_back(fmt::format("ticker {}", e.symbol)); }
  void note(const InstrumentUpdate&) { lines.push_back("instrument"); }
  template <class Other>
  void note(const Other& /*event*/) {
    lines.push_back("other");
  }
};

constexpr Duration kNever = 24h * 36500;

struct ClientTest : testing::Test {
  void build(ClientOptions options = {}) {
    options.endpoint = Endpoint::parse("wss://exchange/v2").value();
    client = std::make_unique<Client>(transport, codec, clock, notes, std::move(options));
  }
  void open() {
    client->start();
    transport.open();
    notes.take();
  }
  void pass(Duration span) { clock.advance_to(clock.now() + span); }
  void acknowledge_book(const char* symbol, int id = 1, const char* method = "subscribe") {
    transport.say(fmt::format(
        R"({{"method":"{}","req_id":{},"result":{{"channel":"book","depth":10,"snapshot":true,"symbol":"{}"}},"success":true,)"
        R"("time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}})",
        method, id, symbol));
  }
  // The book of spot-v2 section 5.3, whose checksums are known.
  void snapshot(std::string_view checksum = "2389935577") {
    transport.say(fmt::format(
        R"({{"channel":"book","type":"snapshot","data":[{{"symbol":"ETH/EUR","bids":[{{"price":3120.55,"qty":1.25000000}},)"
        R"({{"price":3120.10,"qty":0.40000000}}],"asks":[{{"price":3120.90,"qty":0.75000000}},{{"price":3121.00,)"
        R"("qty":2.00000000}}],"checksum":{},"timestamp":"2026-09-01T08:00:07.100001Z"}}]}})",
        checksum));
  }
  void update(std::string_view checksum = "3176942565") {
    transport.say(fmt::format(
        R"({{"channel":"book","type":"update","data":[{{"symbol":"ETH/EUR","bids":[{{"price":3120.55,"qty":0.00000000}}],)"
        R"("asks":[{{"price":3121.00,"qty":1.50000000}}],"checksum":{},"timestamp":"2026-09-01T08:00:07.180204Z"}}]}})",
        checksum));
  }
  void trade(std::string_view time, int id, std::string_view price = "10.0", const char* type = "update") {
    transport.say(fmt::format(
        R"({{"channel":"trade","type":"{}","data":[{{"symbol":"ETH/EUR","side":"buy","price":{},"qty":1.00000000,)"
        R"("ord_type":"limit","trade_id":{},"timestamp":"2026-09-01T{}Z"}}]}})",
        type, price, id, time));
  }
  void at(std::string_view time) { clock.advance_to(parse_rfc3339(fmt::format("2026-09-01T{}Z", time)).value()); }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  ScriptedTransport transport{clock};
  spot_v2::SpotV2Codec codec;
  Notes notes;
  std::unique_ptr<Client> client;
  const Subscription eth_book{.channel = Channel::Book, .symbols = {"ETH/EUR"}, .depth = 10};
};

TEST_F(ClientTest, SubscribesInOrderWhenTheConnectionOpens) {
  build();
  client->subscribe(eth_book);
  client->subscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR", "BTC/USD"}});
  client->start();
  EXPECT_THAT(transport.sent, IsEmpty());
  transport.open();
  EXPECT_THAT(
      transport.sent,
      ElementsAre(
          R"({"method":"subscribe","params":{"channel":"book","symbol":["ETH/EUR"],"depth":10,"snapshot":true},"req_id":1})",
          R"({"method":"subscribe","params":{"channel":"trade","symbol":["ETH/EUR","BTC/USD"],"snapshot":true},"req_id":2})"));
}

TEST_F(ClientTest, SendsWhatAHandlerWantsAfterTheEventsOfThatInstant) {
  build();
  open();
  const Timer same_instant = clock.at(clock.now() + 1s, [&](Timestamp) {
    client->subscribe(eth_book);
    EXPECT_THAT(transport.sent, IsEmpty());
  });
  pass(1s);
  EXPECT_EQ(transport.sent.size(), 1U);
}

TEST_F(ClientTest, KeepsABookLiveFromSnapshotAndUpdates) {
  build();
  client->subscribe(eth_book);
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  update();
  EXPECT_THAT(notes.take(), ElementsAre("reply subscribe ETH/EUR ok", "book ETH/EUR await_snapshot: subscribed",
                                        "snapshot ETH/EUR", "book ETH/EUR live: snapshot", "update ETH/EUR"));
  ASSERT_NE(client->book("ETH/EUR"), nullptr);
  EXPECT_EQ(client->book("ETH/EUR")->bids().front().price.text(), "3120.10");
  EXPECT_EQ(client->stats().checksums_verified, 2U);
}

TEST_F(ClientTest, SubscribesAgainAfterAWrongChecksumAndShowsNothingMeanwhile) {
  build();
  client->subscribe(eth_book);
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  transport.sent.clear();
  notes.take();

  update("1");
  EXPECT_THAT(notes.take(),
              ElementsAre("book ETH/EUR invalid: book ETH/EUR: update says checksum 1, the book gives 3176942565"));
  EXPECT_THAT(
      transport.sent,
      ElementsAre(
          R"({"method":"unsubscribe","params":{"channel":"book","symbol":["ETH/EUR"],"depth":10},"req_id":2})",
          R"({"method":"subscribe","params":{"channel":"book","symbol":["ETH/EUR"],"depth":10,"snapshot":true},"req_id":3})"));
  update();
  EXPECT_THAT(notes.take(), IsEmpty());

  acknowledge_book("ETH/EUR", 2, "unsubscribe");
  acknowledge_book("ETH/EUR", 3);
  snapshot();
  EXPECT_THAT(notes.take(),
              ElementsAre("reply unsubscribe ETH/EUR ok", "book ETH/EUR await_snapshot: unsubscribed",
                          "reply subscribe ETH/EUR ok", "snapshot ETH/EUR", "book ETH/EUR live: snapshot"));
}

TEST_F(ClientTest, ConnectsAgainAndSubscribesAnewWhenTheConnectionIsLost) {
  build();
  client->subscribe(eth_book);
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  notes.take();

  transport.drop("1001 CloudFlare WebSocket proxy restarting");
  EXPECT_THAT(notes.take(), ElementsAre("link down 1001 CloudFlare WebSocket proxy restarting",
                                        "book ETH/EUR await_snapshot: the connection is down"));
  EXPECT_TRUE(client->book("ETH/EUR")->bids().empty());
  EXPECT_EQ(transport.connects, 2);
  transport.sent.clear();
  transport.open();
  EXPECT_EQ(transport.sent.size(), 1U);
}

TEST_F(ClientTest, WaitsLongerAndLongerForAnExchangeThatIsGone) {
  build({.reconnect = {.instant_tries = 2, .delay = 5s, .jitter = 0s, .longest_delay = 15s}});
  client->start();
  Lines waits;
  for (int i = 0; i < 6; ++i) {
    const int before = transport.connects;
    const Timestamp lost_at = clock.now();
    transport.drop("1006 connect: refused");
    for (int tries = 0; transport.connects == before && tries < 100; ++tries) pass(1s);
    waits.push_back(format_duration(clock.now() - lost_at));
  }
  EXPECT_THAT(waits, ElementsAre("0s", "0s", "5s", "10s", "15s", "15s"));
}

TEST_F(ClientTest, StaysAwayOnceStopped) {
  build();
  open();
  client->stop();
  EXPECT_THAT(transport.closes, ElementsAre("1000"));
  transport.drop("1000");
  pass(10min);
  EXPECT_EQ(transport.connects, 1);
}

TEST_F(ClientTest, TellsOfARequestWithoutAnAnswer) {
  build();
  client->subscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR", "BTC/USD"}});
  open();
  pass(9999ms);
  EXPECT_THAT(notes.take(), IsEmpty());
  pass(1ms);
  EXPECT_THAT(notes.take(), ElementsAre("timeout 1 subscribe"));
}

TEST_F(ClientTest, WaitsForTheAnswerOfEverySymbol) {
  build();
  client->subscribe({.channel = Channel::Book, .symbols = {"ETH/EUR", "BTC/USD"}, .depth = 10});
  open();
  acknowledge_book("ETH/EUR");
  notes.take();
  pass(10s);
  EXPECT_THAT(notes.take(), testing::Contains("timeout 1 subscribe"));
}

TEST_F(ClientTest, PingsSoThatTheConnectionIsNotClosedAsIdle) {
  build();
  open();
  pass(30s);
  EXPECT_THAT(transport.sent, ElementsAre(R"({"method":"ping","req_id":1})"));
  transport.say(
      R"({"method":"pong","req_id":1,"time_in":"2026-09-01T08:00:05.000100Z","time_out":"2026-09-01T08:00:05.000118Z"})");
  notes.take();
  pass(30s);
  EXPECT_EQ(transport.sent.size(), 2U);
  EXPECT_THAT(notes.take(), IsEmpty());
}

TEST_F(ClientTest, GivesUpAConnectionThatFellSilent) {
  build();
  client->subscribe(eth_book);
  open();
  acknowledge_book("ETH/EUR");
  for (int i = 0; i < 20; ++i) {
    pass(1s);
    transport.say(R"({"channel":"heartbeat"})");
  }
  EXPECT_THAT(transport.closes, IsEmpty());
  pass(10s);
  EXPECT_THAT(transport.closes, ElementsAre("1000 nothing heard for 10s"));
}

TEST_F(ClientTest, NamesAHoleInTheTradeIdsAndIgnoresRepetitions) {
  build({.candles = {.intervals = {1min}}, .ping_interval = kNever});
  open();
  trade("08:00:01", 10);
  trade("08:00:02", 11);
  trade("08:00:02", 11);
  trade("08:00:03", 14);
  EXPECT_THAT(notes.take(), ElementsAre("trade ETH/EUR 10", "trade ETH/EUR 11", "trade ETH/EUR 11", "gap ETH/EUR 12-14",
                                        "trade ETH/EUR 14"));
  EXPECT_EQ(client->stats().trade_gaps, 1U);
  EXPECT_EQ(client->stats().duplicate_trades, 1U);
  at("08:01:01");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:00 partial C 10.0 N 3 r0"));
}

// ---- candles by the clock
// --------------------------------------------------------------------------------------------

struct ClientCandleTest : ClientTest {
  void begin(std::vector<Duration> intervals, Duration grace) {
    build({.candles = {.intervals = std::move(intervals), .grace = grace},
           .ping_interval = kNever,
           .silence_timeout = kNever});
    open();
    transport.say(
        R"({"method":"subscribe","req_id":1,"result":{"channel":"trade","snapshot":false,"symbol":"ETH/EUR"},"success":true,)"
        R"("time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})");
    notes.take();
  }
};

TEST_F(ClientCandleTest, ClosesAtTheBoundaryPlusGraceWhetherOrNotAnythingTrades) {
  begin({1min}, 250ms);
  at("08:00:30");
  trade("08:00:30", 1);
  notes.take();
  at("08:01:00.249");
  EXPECT_THAT(notes.take(), IsEmpty());
  at("08:01:00.25");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:00 closed C 10.0 N 1 r0"));
  at("08:03:01");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:01 empty C 10.0 N 0 r0",
                                        "candle ETH/EUR 1m 08:02 empty C 10.0 N 0 r0"));
}

TEST_F(ClientCandleTest, TakesATradeThatArrivesWithinTheGrace) {
  begin({1min}, 250ms);
  at("08:00:30");
  trade("08:00:30", 1);
  at("08:01:00.2");
  trade("08:00:59.9", 2, "11.0");
  notes.take();
  at("08:01:01");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:00 closed C 11.0 N 2 r0"));
}

TEST_F(ClientCandleTest, RevisesWhenATradeArrivesAfterTheGrace) {
  begin({1min}, 250ms);
  at("08:00:30");
  trade("08:00:30", 1);
  at("08:01:00.3");
  notes.take();
  trade("08:00:59.9", 2, "11.0");
  EXPECT_THAT(notes.take(), ElementsAre("trade ETH/EUR 2", "candle ETH/EUR 1m 08:00 revised C 11.0 N 2 r1"));
}

TEST_F(ClientCandleTest, FiresTheCloseBeforeAFrameOfThatVeryInstant) {
  begin({1min}, 0s);
  at("08:00:30");
  trade("08:00:30", 1);
  notes.take();
  at("08:01:00");
  trade("08:00:59.9", 2, "11.0");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:00 closed C 10.0 N 1 r0", "trade ETH/EUR 2",
                                        "candle ETH/EUR 1m 08:00 revised C 11.0 N 2 r1"));
}

TEST_F(ClientCandleTest, TellsTheLongestIntervalFirst) {
  begin({1min, 5min, 60min}, 250ms);
  at("08:59:30");
  trade("08:59:30", 1);
  notes.take();
  at("09:00:01");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 60m 08:00 closed C 10.0 N 1 r0",
                                        "candle ETH/EUR 5m 08:55 closed C 10.0 N 1 r0",
                                        "candle ETH/EUR 1m 08:59 closed C 10.0 N 1 r0"));
}

TEST_F(ClientCandleTest, StopsMakingEmptyCandlesAfterALongQuietAndBeginsAgainWithATrade) {
  begin({1min}, 250ms);
  at("08:00:30");
  trade("08:00:30", 1);
  notes.take();
  clock.advance_to(clock.now() + 24h * 365 * 30);
  EXPECT_EQ(notes.take().size(), 100'001U);
  trade("08:00:31", 2);  // old by the exchange's clock: history
  notes.take();
  pass(3min);
  EXPECT_THAT(notes.take().size(), 3U);
}

}  // namespace
}  // namespace ktape
