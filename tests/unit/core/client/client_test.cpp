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
  void note(const RequestUnanswered& e) {
    lines.push_back(fmt::format("unanswered {} {}: {}", e.request_id, e.method, e.reason));
  }
  void note(const StreamStateChange& e) {
    lines.push_back(fmt::format("stream {} {} {}: {}", e.channel, e.symbol, to_string(e.state), e.reason));
  }
  void note(const TradingReply& e) {
    lines.push_back(fmt::format("trading {} {}", e.method, e.success ? "ok" : e.error));
  }
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
  EXPECT_THAT(notes.take(),
              ElementsAre("reply subscribe ETH/EUR ok", "book ETH/EUR await_snapshot: subscribed", "snapshot ETH/EUR",
                          "book ETH/EUR live: snapshot", "stream book ETH/EUR live: snapshot", "update ETH/EUR"));
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
  const std::string wrong = "book ETH/EUR: update says checksum 1, the book gives 3176942565";
  EXPECT_THAT(notes.take(),
              ElementsAre("book ETH/EUR invalid: " + wrong, "stream book ETH/EUR recovering: " + wrong,
                          "stream book ETH/EUR ended: unsubscribed", "book ETH/EUR await_snapshot: unsubscribed",
                          "stream book ETH/EUR recovering: requested"));
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
              ElementsAre("reply unsubscribe ETH/EUR ok", "reply subscribe ETH/EUR ok", "snapshot ETH/EUR",
                          "book ETH/EUR live: snapshot", "stream book ETH/EUR live: snapshot"));
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
                                        "stream book ETH/EUR recovering: the connection is down",
                                        "book ETH/EUR await_snapshot: the connection is down"));
  EXPECT_TRUE(client->book("ETH/EUR")->bids().empty());
  EXPECT_EQ(transport.connects, 2);
  transport.sent.clear();
  transport.open();
  EXPECT_EQ(transport.sent.size(), 1U);
  notes.take();
  pass(300ms);
  acknowledge_book("ETH/EUR", 2);
  EXPECT_THAT(notes.take(), ElementsAre("reply subscribe ETH/EUR ok", "link resubscribed 300ms after the loss"));
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
  EXPECT_THAT(
      notes.take(),
      ElementsAre("unanswered 1 subscribe: no answer within 10s", "stream trade ETH/EUR dead: no answer within 10s",
                  "stream trade BTC/USD dead: no answer within 10s", "stream trade ETH/EUR recovering: requested",
                  "stream trade BTC/USD recovering: requested"));
}

TEST_F(ClientTest, WaitsForTheAnswerOfEverySymbol) {
  build();
  client->subscribe({.channel = Channel::Book, .symbols = {"ETH/EUR", "BTC/USD"}, .depth = 10});
  open();
  acknowledge_book("ETH/EUR");
  notes.take();
  pass(10s);
  EXPECT_THAT(notes.take(), testing::Contains("unanswered 1 subscribe: no answer within 10s"));
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

// ---- what a subscription comes to
// ------------------------------------------------------------------------------------------

TEST_F(ClientTest, RefusesWhatTheExchangeWouldBeforeItIsSent) {
  build();
  open();
  const auto depth = client->subscribe({.channel = Channel::Book, .symbols = {"ETH/EUR"}, .depth = 50});
  ASSERT_FALSE(depth);
  EXPECT_THAT(depth.error().detail, HasSubstr("book depth 50 is not one of 10, 25, 100, 500, 1000"));
  const auto interval = client->subscribe({.channel = Channel::Ohlc, .symbols = {"ETH/EUR"}, .interval_minutes = 7});
  ASSERT_FALSE(interval);
  const auto symbol = client->add_book("XBT/USD");
  ASSERT_FALSE(symbol);
  EXPECT_THAT(symbol.error().detail, HasSubstr("BTC/USD"));
  pass(1s);
  EXPECT_THAT(transport.sent, IsEmpty());
  EXPECT_THAT(client->wanted(), IsEmpty());
}

TEST_F(ClientTest, KeepsTheWordsOfARefusal) {
  build();
  ASSERT_TRUE(client->subscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR", "NO/PE"}}));
  open();
  transport.say(
      R"({"error":"Currency pair not supported NO/PE","method":"subscribe","req_id":1,"success":false,"symbol":"NO/PE",)"
      R"("time_in":"2026-09-01T08:00:02.000100Z","time_out":"2026-09-01T08:00:02.000122Z"})");
  EXPECT_THAT(notes.take(), ElementsAre("reply subscribe NO/PE Currency pair not supported NO/PE",
                                        "stream trade NO/PE dead: Currency pair not supported NO/PE"));
  const auto refused = client->streams().find(SubscriptionKey{.channel = Channel::Trade, .symbol = "NO/PE"});
  ASSERT_NE(refused, client->streams().end());
  EXPECT_EQ(refused->second.reason, "Currency pair not supported NO/PE");
  EXPECT_THAT(client->active_subscriptions(), IsEmpty());
}

TEST_F(ClientTest, ListsWhatIsConfirmedWithAllItsParameters) {
  build();
  client->subscribe(eth_book);
  open();
  EXPECT_THAT(client->active_subscriptions(), IsEmpty());
  acknowledge_book("ETH/EUR");
  const auto active = client->active_subscriptions();
  ASSERT_EQ(active.size(), 1U);
  EXPECT_EQ(active.front().subscription, eth_book);
  EXPECT_EQ(active.front().state, StreamState::Recovering);
  snapshot();
  EXPECT_EQ(client->active_subscriptions().front().state, StreamState::Live);
}

TEST_F(ClientTest, TellsNothingOfAStreamOnceItIsUnsubscribed) {
  build();
  client->add_book("ETH/EUR");
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  client->remove_book("ETH/EUR");
  pass(0s);
  notes.take();
  update();
  EXPECT_THAT(notes.take(), IsEmpty());
  acknowledge_book("ETH/EUR", 2, "unsubscribe");
  EXPECT_THAT(notes.take(), ElementsAre("reply unsubscribe ETH/EUR ok"));
  EXPECT_THAT(client->wanted(), IsEmpty());
  EXPECT_TRUE(client->streams().empty());
}

TEST_F(ClientTest, ClosesNoCandleOfATradeChannelThatWasUnsubscribed) {
  build({.candles = {.intervals = {1min}}, .ping_interval = kNever});
  const Subscription trades{.channel = Channel::Trade, .symbols = {"ETH/EUR"}};
  client->subscribe(trades);
  open();
  trade("08:00:01", 10);
  client->unsubscribe(trades);
  pass(0s);
  notes.take();
  trade("08:00:02", 11);
  at("08:02:00");
  EXPECT_THAT(notes.take(), testing::Not(testing::Contains(testing::StartsWith("candle"))));
}

TEST_F(ClientTest, AsksAgainForWhatWasNotAnsweredAndThenGivesUp) {
  build({.silence_timeout = kNever, .subscribe_attempts = 2});
  client->subscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR"}});
  open();
  pass(10s);
  EXPECT_EQ(transport.sent.size(), 2U);
  pass(10s);
  pass(9s);
  EXPECT_EQ(transport.sent.size(), 2U);
  EXPECT_EQ(client->streams().begin()->second.state, StreamState::Dead);
}

TEST_F(ClientTest, KeepsToThePaceWhenMuchIsWanted) {
  build({.ping_interval = kNever,
         .request_timeout = kNever,
         .pace = {.burst = 3, .per_second = 2},
         .symbols_per_request = 1});
  std::vector<std::string> symbols;
  for (int i = 0; i < 7; ++i) symbols.push_back(fmt::format("A{}/USD", i));
  client->subscribe({.channel = Channel::Trade, .symbols = symbols});
  open();
  std::vector<std::size_t> sent{transport.sent.size()};
  for (int i = 0; i < 5; ++i) {
    pass(500ms);
    sent.push_back(transport.sent.size());
  }
  EXPECT_THAT(sent, ElementsAre(3U, 4U, 5U, 6U, 7U, 7U));
}

TEST_F(ClientTest, TellsOfStreamsThatAreNoLongerFedAndOfThoseThatAreAgain) {
  build();
  client->subscribe(eth_book);
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  notes.take();
  pass(5s);
  EXPECT_THAT(notes.take(), ElementsAre("stream book ETH/EUR stale: nothing heard for 5s"));
  transport.say(R"({"channel":"heartbeat"})");
  EXPECT_THAT(notes.take(), ElementsAre("stream book ETH/EUR live: heard again", "heartbeat"));
}

TEST_F(ClientTest, AsksLessAndLessOftenForABookThatBreaksAgainAndAgain) {
  build({.silence_timeout = kNever, .pace = {.burst = 100, .per_second = 100}});
  client->subscribe(eth_book);
  open();
  Lines waits;
  int id = 1;
  acknowledge_book("ETH/EUR", id);
  for (int i = 0; i < 5; ++i) {
    snapshot();
    transport.sent.clear();
    const Timestamp broken_at = clock.now();
    update("1");
    while (transport.sent.empty() && clock.now() - broken_at < 2min) pass(500ms);
    waits.push_back(format_duration(clock.now() - broken_at));
    id += 2;
    acknowledge_book("ETH/EUR", id);
  }
  EXPECT_THAT(waits, ElementsAre("0s", "1s", "2s", "4s", "8s"));
}

TEST_F(ClientTest, FollowsRequestsThatSomebodyElseHasWritten) {
  build();
  open();
  ASSERT_TRUE(client->send_raw(R"({"method":"subscribe","params":{"channel":"trade","symbol":["ETH/EUR"]}})"));
  pass(0s);
  transport.say(
      R"({"method":"subscribe","result":{"channel":"trade","snapshot":false,"symbol":"ETH/EUR"},"success":true,)"
      R"("time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})");
  EXPECT_EQ(client->active_subscriptions().size(), 1U);
  pass(20s);
  EXPECT_THAT(notes.take(), testing::Not(testing::Contains(HasSubstr("unanswered 0 subscribe"))));
}

TEST_F(ClientTest, LosesNothingButTheEventWhenAHandlerThrows) {
  build();
  client->subscribe(eth_book);
  notes.reaction = [](const Event&) { throw std::runtime_error("a bug of the user"); };
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  update();
  EXPECT_EQ(client->book("ETH/EUR")->state(), BookState::Live);
  EXPECT_EQ(client->stats().checksums_verified, 2U);
  EXPECT_GT(client->stats().handler_failures, 4U);
}

// ---- sessions and money
// ---------------------------------------------------------------------------------------------------

struct Tokens final : Authoriser {
  void authorise(const Need& need, Done done) override {
    needs.push_back(need.renew ? "renew" : "first");
    if (later) {
      waiting = std::move(done);
    } else {
      done(Authorisation{.token = fmt::format("token-{}", needs.size())});
    }
  }
  Lines needs;
  bool later = false;
  Done waiting;
};

TEST_F(ClientTest, DoesNotTradeUnlessItIsAllowedTo) {
  Tokens tokens;
  build({.authoriser = &tokens});
  open();
  const auto refused = client->trade(CancelAll{});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("allow_trading is off"));
  build({.allow_trading = true});
  open();
  const auto without_credentials = client->trade(CancelAll{});
  ASSERT_FALSE(without_credentials);
  EXPECT_THAT(without_credentials.error().detail, HasSubstr("needs credentials"));
  EXPECT_THAT(transport.sent, IsEmpty());
}

TEST_F(ClientTest, RefusesPrivateChannelsWithoutCredentials) {
  build();
  const auto refused = client->subscribe({.channel = Channel::Executions});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("executions needs credentials"));
}

TEST_F(ClientTest, TakesTradesWithoutIdsNeitherForRepeatedNorForMissing) {
  build({.candles = {.intervals = {1min}}, .ping_interval = kNever});
  open();
  trade("08:00:01", 10);
  trade("08:00:02", 0);
  trade("08:00:02", 0);
  trade("08:00:03", 11);
  EXPECT_THAT(notes.take(), ElementsAre("trade ETH/EUR 10", "trade ETH/EUR 0", "trade ETH/EUR 0", "trade ETH/EUR 11"));
  EXPECT_EQ(client->stats().duplicate_trades, 0U);
  at("08:01:01");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:00 partial C 10.0 N 4 r0"));
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
