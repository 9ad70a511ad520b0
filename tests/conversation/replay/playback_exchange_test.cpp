#include "replay/playback_exchange.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "tests/support/book_market.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/tape.hpp"

namespace ktape {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();
Decimal dec(std::string_view text) { return Decimal::parse(text).value(); }

constexpr std::string_view kStatus =
    R"({"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":7204881492680171915,"upcoming_maintenance":[],"emergency":[]}]})";
constexpr std::string_view kPostOnly =
    R"({"channel":"status","type":"update","data":[{"version":"2.0.10","system":"post_only","api_version":"v2","connection_id":7204881492680171915,"upcoming_maintenance":[],"emergency":[]}]})";
constexpr std::string_view kHeartbeat = R"({"channel":"heartbeat"})";

// "book","symbol":["BTC/USD"],"depth":25 and the like.
std::string ask(std::string_view method, std::string_view channel_and_params, int req_id = 0) {
  return fmt::format(R"({{"method":"{}","params":{{"channel":{}}}{}}})", method, channel_and_params,
                     req_id == 0 ? "" : fmt::format(R"(,"req_id":{})", req_id));
}

// An answer with stamps that no exchange of ours would make, so that a copy can be told from a new one.
std::string ack(std::string_view method, std::string_view result, int req_id = 0) {
  return fmt::format(
      R"({{"method":"{}",{}"result":{{"channel":{}}},"success":true,"time_in":"2026-09-01T07:59:59.123456Z","time_out":"2026-09-01T07:59:59.123499Z"}})",
      method, req_id == 0 ? "" : fmt::format(R"("req_id":{},)", req_id), result);
}

std::string trades(std::int64_t first, std::int64_t count, bool snapshot) {
  std::vector<Trade> all;
  for (auto id = first; id < first + count; ++id) {
    all.push_back({"BTC/USD", Side::Buy, OrderType::Limit, dec("63000.1"), dec("0.01000000"), id, kStart});
  }
  std::string text;
  spot_v2::append_trades(text, all, snapshot);
  return text;
}

std::string ticker(std::string_view last, bool snapshot) {
  Ticker t;
  t.symbol = "BTC/USD";
  t.snapshot = snapshot;
  t.bid = t.ask = t.last = t.vwap = t.low = t.high = t.change = dec(last);
  t.bid_quantity = t.ask_quantity = t.volume = dec("1.00000000");
  t.change_percent = dec("0.10");
  t.exchange_time = kStart;
  std::string text;
  spot_v2::append_ticker(text, t);
  return text;
}

Candle candle(int minute, std::string_view close) {
  Candle c;
  c.symbol = "BTC/USD";
  c.interval = std::chrono::minutes(1);
  c.begin = kStart + std::chrono::minutes(minute);
  c.open = c.high = c.low = c.close = c.vwap = dec(close);
  c.volume = dec("1.00000000");
  c.trades = 1;
  return c;
}
std::string ohlc(const std::vector<Candle>& candles, bool snapshot) {
  std::string text;
  spot_v2::append_ohlc(text, candles, snapshot, kStart + seconds(7));
  return text;
}

std::string instrument(bool snapshot, std::string_view symbol, std::string_view status) {
  PairInfo pair;
  pair.symbol = symbol;
  pair.base = symbol.substr(0, 3);
  pair.quote = "USD";
  pair.status = status;
  pair.price_increment = dec("0.1");
  std::string text;
  spot_v2::append_instrument(text, {snapshot, {}, {&pair, 1}});
  return text;
}

class Playback : public testing::Test {
 protected:
  test::Tape tape;
  VirtualClock clock{kStart};
  PlaybackOptions options;
  std::unique_ptr<PlaybackExchange> exchange;
  std::unique_ptr<test::ExchangeDriver> driver;

  void load() {
    auto created = PlaybackExchange::create(
        clock, [this] { return Result<std::unique_ptr<FrameSource>>(tape.source()); }, options);
    ASSERT_TRUE(created) << created.error().detail;
    exchange = std::move(*created);
    driver = std::make_unique<test::ExchangeDriver>(clock, *exchange);
  }
  static Timestamp at(int ms) { return kStart + milliseconds(ms); }
  void run_to(int ms) { driver->run_to(at(ms)); }

  // Says what the recorded client of `connection` said, when it said it.
  void repeat_requests(ConnectionId client, std::uint32_t connection, Timestamp until) {
    for (const auto& entry : tape.entries) {
      if (entry.direction != Direction::ToExchange || entry.connection != static_cast<ConnectionId>(connection))
        continue;
      if (entry.at > until) return;
      driver->run_to(entry.at);
      driver->say(client, entry.payload);
    }
  }
  std::vector<test::ExchangeDriver::Heard> recorded_texts(std::uint32_t connection) const {
    std::vector<test::ExchangeDriver::Heard> texts;
    for (const auto& entry : tape.entries) {
      if (entry.direction != Direction::FromExchange || entry.kind != FrameKind::Text) continue;
      if (entry.connection == static_cast<ConnectionId>(connection)) {
        texts.push_back({entry.at, entry.kind, entry.payload});
      }
    }
    return texts;
  }
};

// A session with all there is: every channel, a refusal, a ping, a second subscription and a change of status.
void record_session(test::Tape& tape, std::uint32_t connection, std::uint64_t seed, int offset_ms = 0) {
  const auto at = [&](int ms) { return kStart + milliseconds(ms + offset_ms); };
  const auto hear = [&](int ms, std::string_view text) { tape.hear(at(ms), text, connection); };
  const auto say = [&](int ms, std::string_view text) { tape.say(at(ms), text, connection); };
  const auto book25 = R"("book","symbol":["BTC/USD"],"depth":25,"snapshot":true)";
  test::BookMarket market(seed, "BTC/USD", 25);
  tape.add(at(0), FrameKind::Opened, "wss://ws.kraken.com/v2", connection);
  hear(30, kStatus);
  say(100, ask("subscribe", R"("book","symbol":["BTC/USD","WWW/USD"],"depth":25,"snapshot":true)", 1));
  hear(140, ack("subscribe", R"("book","depth":25,"snapshot":true,"symbol":"BTC/USD")", 1));
  hear(
      140,
      R"({"error":"Currency pair not supported WWW/USD","method":"subscribe","req_id":1,"success":false,"symbol":"WWW/USD","time_in":"2026-09-01T07:59:59.123456Z","time_out":"2026-09-01T07:59:59.123456Z"})");
  say(150, ask("subscribe", R"("trade","symbol":["BTC/USD"],"snapshot":true)", 2));
  say(150, ask("subscribe", R"("ticker","symbol":["BTC/USD"],"event_trigger":"bbo")", 3));
  say(151, ask("subscribe", R"("ohlc","symbol":["BTC/USD"],"interval":1)", 4));
  say(152, ask("subscribe", R"("instrument")"));
  hear(190, market.snapshot(at(190)));
  hear(200, ack("subscribe", R"("trade","snapshot":true,"symbol":"BTC/USD")", 2));
  hear(201, ack("subscribe", R"("ticker","event_trigger":"bbo","snapshot":true,"symbol":"BTC/USD")", 3));
  hear(
      202,
      ack("subscribe",
          R"("ohlc","interval":1,"snapshot":true,"symbol":"BTC/USD","warnings":["timestamp is deprecated, use interval_begin"])",
          4));
  hear(203,
       ack("subscribe", R"("instrument","snapshot":true,"warnings":["tick_size is deprecated, use price_increment"])"));
  hear(240, trades(1, 50, true));
  hear(241, ticker("63000.1", true));
  hear(242, ohlc({candle(-1, "62999.9"), candle(0, "63000.1")}, true));
  hear(243, instrument(true, "BTC/USD", "online"));
  say(5000, R"({"method":"ping","req_id":77})");
  hear(
      5040,
      R"({"method":"pong","req_id":77,"time_in":"2026-09-01T07:59:59.123456Z","time_out":"2026-09-01T07:59:59.123460Z"})");
  int heartbeat = 1140;
  for (int ms = 300; ms < 20'000; ms += 170) {
    while (heartbeat <= ms) {
      hear(heartbeat, kHeartbeat);
      heartbeat += 1000;
    }
    if (ms > 8000 && ms < 8200) {
      say(ms, ask("unsubscribe", R"("book","symbol":["BTC/USD"],"depth":25)", 8));
      say(ms, ask("subscribe", book25, 9));
      hear(ms + 40, ack("unsubscribe", R"("book","depth":25,"symbol":"BTC/USD")", 8));
      hear(ms + 41, ack("subscribe", R"("book","depth":25,"snapshot":true,"symbol":"BTC/USD")", 9));
      market.move();
      hear(ms + 90, market.snapshot(at(ms + 90)));
      continue;
    }
    market.move();
    if (const auto text = market.update(at(ms)); !text.empty()) hear(ms, text);
    if (ms % 4 == 0) hear(ms, trades(51 + ms, 1 + ms % 3, false));
    if (ms % 3 == 0) hear(ms, ticker(fmt::format("{}.5", 63000 + ms), false));
    if (ms % 5 == 0) hear(ms, ohlc({candle(ms / 60'000, fmt::format("{}.5", 63000 + ms))}, false));
    if (ms > 12'000 && ms < 12'170) hear(ms, kPostOnly);
    if (ms > 13'000 && ms < 13'170) hear(ms, instrument(false, "ETH/USD", "cancel_only"));
  }
  tape.sort();
}

TEST_F(Playback, TellsWhoRepeatsTheRecordedRequestsExactlyWhatWasRecorded) {
  record_session(tape, 1, 5);
  load();
  EXPECT_EQ(exchange->start_time(), kStart);
  const auto client = driver->connect();
  repeat_requests(client, 1, at(30'000));
  run_to(30'000);
  auto heard = driver->heard(client);
  ASSERT_EQ(heard.back().kind, FrameKind::Closed);
  EXPECT_EQ(heard.back().payload, "1001 recording ended");
  EXPECT_EQ(heard.back().at, tape.entries.back().at);
  heard.pop_back();
  const auto recorded = recorded_texts(1);
  ASSERT_EQ(heard.size(), recorded.size());
  for (std::size_t i = 0; i < heard.size(); ++i)
    ASSERT_EQ(heard[i], recorded[i]) << "frame " << i << recorded[i].payload;
  EXPECT_TRUE(exchange->ended());
}

TEST_F(Playback, AnswersAnEarlyRequestWhenTheRecordedAnswerIsDue) {
  record_session(tape, 1, 5);
  load();
  const auto client = driver->connect();
  driver->say(client, ask("subscribe", R"("trade","symbol":["BTC/USD"],"snapshot":true)", 4711));
  EXPECT_TRUE(driver->take(client).empty()) << "not even status was said by then";
  run_to(199);
  EXPECT_EQ(driver->take(client), (Texts{std::string(kStatus)}));
  run_to(240);
  EXPECT_EQ(driver->take(client),
            (Texts{ack("subscribe", R"("trade","snapshot":true,"symbol":"BTC/USD")", 4711), trades(1, 50, true)}));
}

TEST_F(Playback, SaysNothingThatNobodyAskedFor) {
  record_session(tape, 1, 5);
  load();
  const auto client = driver->connect();
  run_to(11'000);
  EXPECT_EQ(driver->take(client), (Texts{std::string(kStatus)}));
  run_to(13'000);
  EXPECT_EQ(driver->take(client), (Texts{std::string(kPostOnly)}));
}

TEST_F(Playback, TellsALateJoinerTheStateOfThatInstant) {
  record_session(tape, 1, 5);
  load();
  driver->connect();
  run_to(13'500);
  const auto client = driver->connect();
  auto heard = driver->take(client);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_NE(heard[0].find(R"("system":"post_only")"), std::string::npos) << heard[0];

  // The last fifty trades, and the last word on everything else.
  driver->say(client, ask("subscribe", R"("trade","symbol":["BTC/USD"],"snapshot":true)", 1));
  heard = driver->take(client);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_NE(heard[0].find(R"("time_in":"2026-09-01T08:00:13.500000Z")"), std::string::npos) << heard[0];
  EXPECT_NE(heard[1].find(R"({"channel":"trade","type":"snapshot")"), std::string::npos);
  std::size_t count = 0;
  for (auto i = heard[1].find("trade_id"); i != std::string::npos; i = heard[1].find("trade_id", i + 1)) ++count;
  EXPECT_EQ(count, 50U);

  Texts last_words;
  for (const auto& entry : tape.entries) {
    if (entry.at <= clock.now()) last_words.push_back(entry.payload);
  }
  const auto last = [&](std::string_view channel) {
    const auto is = [&](const std::string& text) { return text.find(channel) != std::string::npos; };
    return *std::find_if(last_words.rbegin(), last_words.rend(), is);
  };
  driver->say(client, ask("subscribe", R"("ticker","symbol":["BTC/USD"],"event_trigger":"bbo")", 2));
  heard = driver->take(client);
  ASSERT_EQ(heard.size(), 2U);
  auto expected = last(R"("channel":"ticker")");
  expected.replace(expected.find("update"), 6, "snapshot");
  EXPECT_EQ(heard[1], expected);

  driver->say(client, ask("subscribe", R"("ohlc","symbol":["BTC/USD"],"interval":1)", 3));
  heard = driver->take(client);
  ASSERT_EQ(heard.size(), 2U);
  const auto running = last(R"("channel":"ohlc")");
  const auto close = running.substr(running.find(R"("open")"));
  EXPECT_NE(heard[1].find(R"("type":"snapshot")"), std::string::npos);
  EXPECT_NE(heard[1].find("62999.9"), std::string::npos) << "the candle before";
  EXPECT_TRUE(heard[1].ends_with(close)) << heard[1];

  driver->say(client, ask("subscribe", R"("instrument")", 4));
  heard = driver->take(client);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_NE(heard[1].find(R"({"symbol":"BTC/USD")"), std::string::npos) << "from the snapshot";
  EXPECT_NE(heard[1].find(R"({"symbol":"ETH/USD")"), std::string::npos) << "from the update";
  EXPECT_EQ(heard[1].find("snapshot"), heard[1].rfind("snapshot"));

  // From then on what was recorded, and heartbeats.
  const auto joined = clock.now();
  run_to(15'000);
  heard = driver->take(client);
  Texts following;
  for (const auto& entry : tape.entries) {
    const bool book = entry.payload.find(R"("channel":"book")") != std::string::npos;
    if (entry.at > joined && entry.at <= clock.now() && !book) following.push_back(entry.payload);
  }
  EXPECT_EQ(heard, following);
}

TEST_F(Playback, AnswersAtOnceWhoUnsubscribesAtAMomentOfItsOwn) {
  record_session(tape, 1, 5);
  load();
  const auto client = driver->connect();
  repeat_requests(client, 1, at(1000));
  run_to(3000);
  driver->take(client);
  driver->say(client, ask("unsubscribe", R"("book","symbol":["BTC/USD"],"depth":25)", 5));
  driver->say(client, ask("unsubscribe", R"("trade","symbol":["BTC/USD"])", 6));
  driver->say(client, ask("unsubscribe", R"("ticker","symbol":["BTC/USD"],"event_trigger":"bbo")", 7));
  driver->say(client, ask("unsubscribe", R"("ohlc","symbol":["BTC/USD"],"interval":1)", 8));
  driver->say(client, ask("unsubscribe", R"("instrument")", 9));
  EXPECT_EQ(driver->take(client).size(), 5U);
  run_to(6000);
  EXPECT_EQ(driver->take(client), (Texts(3, std::string(kHeartbeat))));
}

TEST_F(Playback, RefusesWhatTheRecordingDoesNotHold) {
  tape.hear(at(10), kStatus);
  tape.hear(at(100), ack("subscribe", R"("book","depth":25,"snapshot":true,"symbol":"BTC/USD")"));
  tape.hear(at(9000), kHeartbeat);
  load();
  const auto client = driver->connect();
  run_to(200);
  driver->take(client);
  const auto refusal = [&](std::string_view params) {
    driver->say(client, ask("subscribe", params));
    const auto heard = driver->take(client);
    if (heard.size() != 1) return fmt::format("{} messages", heard.size());
    return heard[0].substr(0, heard[0].find(R"(,"method")"));
  };
  EXPECT_EQ(refusal(R"("trade","symbol":["ETH/USD"])"), R"({"error":"Currency pair not supported ETH/USD")");
  EXPECT_EQ(refusal(R"("trade","symbol":["BTC/USD"])"), R"({"error":"trade BTC/USD is not in this recording")");
  EXPECT_EQ(refusal(R"("instrument")"), R"({"error":"instrument is not in this recording")");
  EXPECT_EQ(refusal(R"("book","symbol":["BTC/USD"],"depth":100)"),
            R"({"error":"book BTC/USD depth 100 is not in this recording, which holds book BTC/USD depth 25")");
  driver->say(client, ask("subscribe", R"("book","symbol":["BTC/USD"],"depth":10)"));
  EXPECT_EQ(driver->take(client).size(), 1U) << "acknowledged; the snapshot comes when the recording has one";
}

TEST_F(Playback, WaitsForAFeedThatIsKnownToComeLater) {
  tape.hear(at(10), kStatus);
  tape.hear(at(20), kHeartbeat);
  tape.hear(at(60'000), ack("subscribe", R"("trade","snapshot":true,"symbol":"BTC/USD")"));
  tape.hear(at(60'040), trades(1, 50, true));
  tape.hear(at(60'080), trades(51, 1, false));
  options.known_feeds = {Feed::trade("BTC/USD")};
  load();
  const auto client = driver->connect();
  run_to(100);
  driver->say(client, ask("subscribe", R"("trade","symbol":["BTC/USD"],"snapshot":true)"));
  EXPECT_EQ(driver->take(client).size(), 2U) << "status, and an acknowledgement made now";
  run_to(70'000);
  EXPECT_EQ(driver->take(client), (Texts{trades(1, 50, true), trades(51, 1, false), "closed 1001 recording ended"}));
}

TEST_F(Playback, PlaysArchivesThatHoldDataOnly) {
  test::BookMarket market(3, "BTC/USD", 10, 14);
  Texts books = {market.snapshot(at(0))};
  tape.hear(at(0), books[0]);
  tape.hear(at(0), trades(1, 3, false));
  for (int ms = 100; ms < 1000; ms += 100) {
    market.move();
    if (auto text = market.update(at(ms)); !text.empty()) tape.hear(at(ms), books.emplace_back(std::move(text)));
  }
  options.generate_heartbeats = true;
  load();
  const auto client = driver->connect();
  // What is due at the first instant is said when the first client has come: this one has missed it.
  driver->say(client, ask("subscribe", R"("book","symbol":["BTC/USD"],"depth":10)", 1));
  run_to(950);
  auto heard = driver->take(client);
  ASSERT_EQ(heard.size(), books.size() + 3) << "with status, the acknowledgement and the end";
  EXPECT_TRUE(heard[0].starts_with(R"({"channel":"status")"));
  EXPECT_TRUE(heard[1].starts_with(R"({"method":"subscribe","req_id":1,"result":{"channel":"book","depth":10)"));
  EXPECT_EQ(heard[2], books[0]);
  EXPECT_EQ(heard[heard.size() - 2], books.back());
}

TEST_F(Playback, TellsTheDifferenceToThoseWhoDidNotSubscribeAgain) {
  const auto feed = [&](int ms, std::string_view method, std::string_view rest) {
    tape.hear(at(ms), ack(method, rest));
  };
  tape.hear(at(0), kStatus);
  for (const int ms : {100, 2000}) {
    feed(ms, "subscribe", R"("trade","snapshot":true,"symbol":"BTC/USD")");
    tape.hear(at(ms + 10), trades(ms, 50, true));
    feed(ms + 20, "subscribe", R"("ticker","event_trigger":"trades","snapshot":true,"symbol":"BTC/USD")");
    tape.hear(at(ms + 30), ticker("5.5", true));
    feed(ms + 40, "subscribe", R"("ohlc","interval":1,"snapshot":true,"symbol":"BTC/USD")");
    tape.hear(at(ms + 50), ohlc({candle(0, "5.5"), candle(ms / 1000, "5.5")}, true));
    feed(ms + 60, "subscribe", R"("instrument","snapshot":true)");
    tape.hear(at(ms + 70), instrument(true, ms == 100 ? "BTC/USD" : "ETH/USD", "online"));
    feed(ms + 500, "unsubscribe", R"("trade","symbol":"BTC/USD")");
    feed(ms + 500, "unsubscribe", R"("ticker","event_trigger":"trades","symbol":"BTC/USD")");
    feed(ms + 500, "unsubscribe", R"("ohlc","interval":1,"symbol":"BTC/USD")");
    feed(ms + 500, "unsubscribe", R"("instrument")");
  }
  load();
  const auto client = driver->connect();
  driver->say(client, ask("subscribe", R"("trade","symbol":["BTC/USD"],"snapshot":true)"));
  driver->say(client, ask("subscribe", R"("ticker","symbol":["BTC/USD"])"));
  driver->say(client, ask("subscribe", R"("ohlc","symbol":["BTC/USD"],"interval":1)"));
  driver->say(client, ask("subscribe", R"("instrument")"));
  run_to(1500);
  EXPECT_EQ(driver->take(client).size(), 9U) << "status, and answers and snapshots of four feeds";
  run_to(2400);
  EXPECT_EQ(driver->take(client),
            (Texts{trades(2000, 50, false), ohlc({candle(2, "5.5")}, false), instrument(false, "ETH/USD", "online")}))
      << "nothing of the ticker, which says the same again";
}

// The recorded client's snapshots of trades and candles come after the subscription, and tell what was before it.
TEST_F(Playback, TellsNoHistoryToThoseWhoWantNoSnapshot) {
  record_session(tape, 1, 5);
  load();
  const auto client = driver->connect();
  run_to(120);
  driver->say(client, ask("subscribe", R"("trade","symbol":["BTC/USD"],"snapshot":false)", 5));
  driver->say(client, ask("subscribe", R"("ohlc","symbol":["BTC/USD"],"interval":1,"snapshot":false)", 6));
  run_to(19'000);
  const auto is_data = [](const test::ExchangeDriver::Heard& one) {
    return one.payload.starts_with(R"({"channel":"trade",)") || one.payload.starts_with(R"({"channel":"ohlc",)");
  };
  Texts heard, updates;
  for (const auto& one : driver->heard(client)) {
    if (is_data(one)) heard.push_back(one.payload);
  }
  for (const auto& one : recorded_texts(1)) {
    const bool update = one.payload.find(R"("type":"update")") != std::string::npos;
    if (is_data(one) && update && one.at <= at(19'000)) updates.push_back(one.payload);
  }
  EXPECT_GT(updates.size(), 20U);
  EXPECT_EQ(heard, updates);
}

TEST_F(Playback, SendsNoSnapshotToThoseWhoHaveHeardUpdates) {
  tape.hear(at(0), kStatus);
  // The beginning is missing: this client had subscribed before the recording begins.
  tape.hear(at(100), trades(1, 2, false));
  tape.hear(at(200), trades(3, 1, false));
  tape.hear(at(60'000), ack("unsubscribe", R"("trade","symbol":"BTC/USD")"));
  tape.hear(at(60'100), ack("subscribe", R"("trade","snapshot":true,"symbol":"BTC/USD")"));
  tape.hear(at(60'200), trades(1, 5, true));
  tape.hear(at(60'300), trades(6, 1, false));
  tape.hear(at(90'000), kHeartbeat);
  options.known_feeds = {Feed::trade("BTC/USD")};
  load();
  const auto client = driver->connect();
  driver->say(client, ask("subscribe", R"("trade","symbol":["BTC/USD"],"snapshot":true)"));
  run_to(150);
  EXPECT_EQ(driver->take(client).size(), 3U) << "status, the answer, and what was traded";
  run_to(70'000);
  EXPECT_EQ(driver->take(client), (Texts{trades(3, 1, false), trades(4, 2, false), trades(6, 1, false)}))
      << "of the snapshot only what it had not heard";
}

TEST_F(Playback, GoesThroughARecordedOutage) {
  tape.add(at(0), FrameKind::Opened, "wss://x/", 1);
  tape.hear(at(10), kStatus, 1);
  tape.hear(at(100), ack("subscribe", R"("trade","snapshot":true,"symbol":"BTC/USD")"), 1);
  tape.hear(at(110), trades(1, 50, true), 1);
  tape.add(at(500), FrameKind::Closed, "1001 CloudFlare WebSocket proxy restarting", 1);
  tape.add(at(600), FrameKind::Closed, "1006 connection refused", 2);
  tape.add(at(900), FrameKind::Opened, "wss://x/", 3);
  tape.hear(at(910), kPostOnly, 3);
  tape.hear(at(1000), ack("subscribe", R"("trade","snapshot":true,"symbol":"BTC/USD")"), 3);
  tape.hear(at(1010), trades(60, 50, true), 3);
  tape.hear(at(1500), trades(110, 1, false), 3);
  load();
  const auto request = ask("subscribe", R"("trade","symbol":["BTC/USD"],"snapshot":true)");
  const auto first = driver->connect();
  driver->say(first, request);
  run_to(550);
  EXPECT_EQ(driver->take(first), (Texts{std::string(kStatus), recorded_texts(1)[1].payload, trades(1, 50, true),
                                        "closed 1001 CloudFlare WebSocket proxy restarting"}));
  const auto again = driver->connect();
  run_to(700);
  EXPECT_TRUE(driver->take(again).empty()) << "the attempt that failed closes nobody; nothing is up yet";
  driver->say(again, request);
  run_to(2000);
  EXPECT_EQ(driver->take(again), (Texts{std::string(kPostOnly), recorded_texts(3)[1].payload, trades(60, 50, true),
                                        trades(110, 1, false), "closed 1001 recording ended"}));
}

TEST_F(Playback, HidesARecordedOutageIfWanted) {
  test::BookMarket market(9, "BTC/USD", 25);
  tape.hear(at(10), kStatus, 1);
  tape.hear(at(100), ack("subscribe", R"("book","depth":25,"snapshot":true,"symbol":"BTC/USD")"), 1);
  tape.hear(at(110), market.snapshot(at(110)), 1);
  tape.add(at(500), FrameKind::Closed, "1006 lost", 1);
  market.move();
  tape.hear(at(1000), ack("subscribe", R"("book","depth":25,"snapshot":true,"symbol":"BTC/USD")"), 3);
  tape.hear(at(1010), market.snapshot(at(1010)), 3);
  do market.move();
  while (tape.entries.size() < 7 && [&] {
    const auto text = market.update(at(1500));
    if (!text.empty()) tape.hear(at(1500), text, 3);
    return text.empty();
  }());
  options.close_on_recorded_outage = false;
  load();
  const auto full = driver->connect();
  const auto small = driver->connect();
  driver->say(full, ask("subscribe", R"("book","symbol":["BTC/USD"],"depth":25)"));
  run_to(200);
  driver->say(small, ask("subscribe", R"("book","symbol":["BTC/USD"],"depth":10)"));
  EXPECT_EQ(driver->take(full).size(), 3U);
  EXPECT_EQ(driver->take(small).size(), 3U);
  run_to(2000);
  spot_v2::SpotV2Codec codec;
  const auto heard = driver->take(full);
  ASSERT_EQ(heard.size(), 3U) << "the difference, the update, the end";
  EXPECT_TRUE(heard[0].starts_with(R"({"channel":"book","type":"update")")) << heard[0];
  EXPECT_EQ(heard[1], tape.entries.back().payload);
  for (const auto& text : driver->take(small)) EXPECT_EQ(text.find("snapshot"), std::string::npos) << text;
}

TEST_F(Playback, ClosesEverybodyAtTheEndAndThoseWhoComeLater) {
  tape.hear(at(10), kStatus);
  tape.hear(at(1000), kHeartbeat);
  load();
  const auto client = driver->connect();
  run_to(1000);
  EXPECT_EQ(driver->take(client), (Texts{std::string(kStatus), "closed 1001 recording ended"}));
  const auto late = driver->connect();
  EXPECT_EQ(driver->take(late), (Texts{"closed 1001 recording ended"}));
}

TEST_F(Playback, StartsAgainWithTheNextClient) {
  tape.hear(at(0), kStatus);
  tape.hear(at(100), ack("subscribe", R"("trade","snapshot":true,"symbol":"BTC/USD")"));
  tape.hear(at(1000), trades(1, 1, true));
  options.at_end = PlaybackEnd::RestartOnAttach;
  load();
  for (int round = 0; round < 3; ++round) {
    const auto client = driver->connect();
    const auto begin = clock.now();
    EXPECT_EQ(exchange->start_time(), begin);
    driver->say(client, ask("subscribe", R"("trade","symbol":["BTC/USD"],"snapshot":true)"));
    driver->run_for(seconds(5));
    const auto& heard = driver->heard(client);
    ASSERT_EQ(heard.size(), 4U) << "round " << round;
    EXPECT_EQ(heard[2].payload, trades(1, 1, true));
    EXPECT_EQ(heard[2].at - begin, seconds(1));
    EXPECT_TRUE(exchange->ended());
  }
}

TEST_F(Playback, StartsAgainAtOnceAndStampsGoOn) {
  tape.hear(at(0), kStatus);
  tape.hear(at(100), ack("subscribe", R"("trade","snapshot":true,"symbol":"BTC/USD")"));
  tape.hear(at(1000), trades(1, 1, true));
  options.at_end = PlaybackEnd::RestartAtOnce;
  load();
  run_to(2500);
  EXPECT_FALSE(exchange->ended());
  EXPECT_EQ(exchange->start_time(), at(2000));
  const auto client = driver->connect();
  driver->say(client, ask("subscribe", R"("trade","symbol":["BTC/USD"],"snapshot":true)"));
  run_to(3000);
  const auto heard = driver->take(client);
  ASSERT_EQ(heard.size(), 4U);
  EXPECT_EQ(heard[2], trades(1, 1, true));
}

TEST_F(Playback, ShiftsStampsButNotWhatIsInside) {
  tape.hear(at(10), kStatus);
  tape.hear(at(1000), kHeartbeat);
  options.shift = seconds(30);
  load();
  EXPECT_EQ(exchange->start_time(), at(30'010));
  const auto client = driver->connect();
  run_to(30'009);
  EXPECT_TRUE(driver->take(client).empty());
  run_to(30'010);
  EXPECT_EQ(driver->take(client), (Texts{std::string(kStatus)}));
}

TEST_F(Playback, KeepsWithinTheLimitsOfItsLookAhead) {
  tape.hear(at(0), kStatus);
  for (int i = 0; i < 100; ++i) tape.hear(at(100 + i), kHeartbeat);
  tape.hear(at(300), ack("subscribe", R"("trade","snapshot":true,"symbol":"BTC/USD")"));
  options.lookahead.frames = 10;
  load();
  const auto client = driver->connect();
  driver->say(client, ask("subscribe", R"("trade","symbol":["BTC/USD"],"snapshot":true)"));
  const auto heard = driver->take(client);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_TRUE(heard[1].starts_with(R"({"error":"Currency pair not supported BTC/USD")")) << "too far ahead to be known";
}

class BrokenSource final : public FrameSource {
 public:
  Result<std::optional<Frame>> next() override {
    if (read_++ == 0)
      return std::optional(Frame{kStart, ConnectionId{1}, Direction::FromExchange, FrameKind::Text, kStatus});
    return fail(Errc::Corrupt, "chunk 3: checksum");
  }

 private:
  int read_ = 0;
};

TEST_F(Playback, EndsWithTheErrorOfItsSource) {
  const auto broken = [] { return Result<std::unique_ptr<FrameSource>>(std::make_unique<BrokenSource>()); };
  const auto created = PlaybackExchange::create(clock, broken);
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().detail, "chunk 3: checksum");
  const auto nothing =
      PlaybackExchange::create(clock, [this] { return Result<std::unique_ptr<FrameSource>>(tape.source()); });
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, Errc::InvalidArgument);
}

}  // namespace
}  // namespace ktape
