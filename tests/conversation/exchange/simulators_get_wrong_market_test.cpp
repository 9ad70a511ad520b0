// What simulators of Kraken usually get wrong about its market data: each mistake that is known would make one of these
// fail. What they get wrong about accounts is in the file beside this one.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "core/client/client.hpp"
#include "core/market/level3_book.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "core/protocol/spot_v2/server_account.hpp"
#include "core/wire/loopback.hpp"
#include "replay/level3_playback.hpp"
#include "tests/support/client_fixture.hpp"
#include "tests/support/conversation.hpp"
#include "tests/support/plain_book.hpp"
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
using test::values_of;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Texts = std::vector<std::string>;

std::string subscribe(std::string_view params) {
  return fmt::format(R"({{"method":"subscribe","params":{{"channel":{}}}}})", params);
}
std::string book(std::string_view symbol, int depth) {
  return subscribe(fmt::format(R"("book","symbol":["{}"],"depth":{})", symbol, depth));
}

Texts of_kind(const Texts& all, std::string_view beginning) {
  Texts some;
  std::copy_if(all.begin(), all.end(), std::back_inserter(some),
               [&](const std::string& text) { return text.starts_with(beginning); });
  return some;
}

class SimulatorsGetWrong : public testing::Test {};

// ---- 1: numbers from doubles, whose trailing zeros vanish

struct Places {
  const char* symbol;
  int price, quantity;
};

class SimulatorsGetWrongPlaces : public testing::TestWithParam<Places> {};

TEST_P(SimulatorsGetWrongPlaces, PrintsFixedDecimalsPerPair) {
  const auto& [symbol, price, quantity] = GetParam();
  // A latecomer: what it hears first was not recorded in these words.
  ServedDataSet market("decimals");
  market.driver.run_for(seconds(61));
  const ConnectionId client = market.driver.connect();
  const std::string symbols = fmt::format(R"("symbol":["{}"])", symbol);
  market.driver.say(client, subscribe(R"("book",)" + symbols));
  market.driver.say(client, subscribe(R"("trade","snapshot":true,)" + symbols));
  market.driver.say(client, subscribe(R"("ticker",)" + symbols));
  market.driver.say(client, subscribe(R"("ohlc","interval":1,)" + symbols));
  market.driver.run_for(seconds(30));
  PlainBook held(10);
  std::map<std::string, int> counted;
  const auto check = [&](const std::string& text, std::string_view key, int places) {
    for (const std::string& number : values_of(text, key)) {
      EXPECT_EQ(test::places_of(number), places) << key << ": " << text;
      ++counted[std::string(key)];
    }
  };
  for (const std::string& text : market.driver.take(client)) {
    EXPECT_EQ(held.hear(text), "");
    for (const char* const key : {"price", "bid", "ask", "last", "low", "high", "change", "open", "close", "vwap"}) {
      check(text, key, price);
    }
    for (const char* const key : {"qty", "bid_qty", "ask_qty", "volume"}) check(text, key, quantity);
    check(text, "change_pct", 2);
  }
  for (const char* const key : {"price", "qty", "bid", "volume", "open", "change_pct"}) {
    EXPECT_GT(counted[key], 0) << key;
  }
}

INSTANTIATE_TEST_SUITE_P(Pairs, SimulatorsGetWrongPlaces,
                         testing::Values(Places{"MINA/GBP", 4, 8}, Places{"SHIB/USD", 8, 8}, Places{"EUR/USD", 5, 5}));

// ---- 2: numbers as text, in both directions

TEST_F(SimulatorsGetWrong, SendsNumbersAsNumbersAndRefusesThemAsText) {
  ServedDataSet market("ten-minutes");
  const ConnectionId client = market.driver.connect();
  for (const char* const params :
       {R"("book","symbol":["BTC/USD"])", R"("trade","symbol":["BTC/USD"],"snapshot":true)",
        R"("ticker","symbol":["BTC/USD"])", R"("ohlc","symbol":["BTC/USD"],"interval":1)", R"("instrument")"}) {
    market.driver.say(client, subscribe(params));
  }
  market.driver.run_for(seconds(20));
  int numbers = 0;
  for (const std::string& text : market.driver.take(client)) {
    for (const char* const key : {"price", "qty", "checksum", "trade_id", "bid", "volume", "open", "trades", "interval",
                                  "connection_id", "qty_min", "price_increment", "cost_min"}) {
      const auto values = values_of(text, key);
      EXPECT_THAT(values, Each(Not(StartsWith("\"")))) << text;
      numbers += static_cast<int>(values.size());
    }
  }
  EXPECT_GT(numbers, 100);
  const auto refusal = [&](const std::string& request) {
    market.driver.say(client, request);
    return value_of(market.driver.take(client).back(), "error");
  };
  EXPECT_EQ(refusal(subscribe(R"("book","symbol":["ETH/USD"],"depth":"10")")),
            R"("Subscription book depth must be an integer")");
  EXPECT_EQ(refusal(subscribe(R"("ohlc","symbol":["ETH/USD"],"interval":"1")")),
            R"("Subscription ohlc interval must be an integer")");
  EXPECT_EQ(refusal(R"({"method":"ping","req_id":"1"})"), R"("Req_id field must be an integer")");
}

// ---- 3: one acknowledgement for a request of several symbols

TEST_F(SimulatorsGetWrong, AcknowledgesEachSymbolAndNamesARefusedOneAtTheTopLevel) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(10));
  EXPECT_EQ(test::play(market.clock, *market.exchange, R"(
< {"channel":"status",...}
> {"method":"subscribe","params":{"channel":"trade","symbol":["ETH/USD","NO/SUCH","BTC/USD"]},"req_id":17}
< {"method":"subscribe","req_id":17,"result":{"channel":"trade","snapshot":false,"symbol":"ETH/USD"},"success":true,"time_in":"2026-09-01T08:00:10.000000Z","time_out":"2026-09-01T08:00:10.000000Z"}
< {"error":"Currency pair not supported NO/SUCH","method":"subscribe","req_id":17,"success":false,"symbol":"NO/SUCH","time_in":"2026-09-01T08:00:10.000000Z","time_out":"2026-09-01T08:00:10.000000Z"}
< {"method":"subscribe","req_id":17,"result":{"channel":"trade","snapshot":false,"symbol":"BTC/USD"},"success":true,"time_in":"2026-09-01T08:00:10.000000Z","time_out":"2026-09-01T08:00:10.000000Z"}
)"),
            "");
}

// ---- 4: heartbeats as a sign of idleness

TEST_F(SimulatorsGetWrong, BeatsEverySecondHoweverBusyItIsAndNotBeforeTheFirstSubscription) {
  PlaybackOptions options;
  options.generate_heartbeats = true;
  ServedDataSet market("ten-minutes", options);
  const ConnectionId client = market.driver.connect();
  const ConnectionId silent = market.driver.connect();
  market.driver.run_for(seconds(30));
  EXPECT_THAT(market.driver.take(client), ElementsAre(StartsWith(R"({"channel":"status")")));
  market.driver.say(client, book("BTC/USD", 25));
  market.driver.run_for(seconds(60));
  const Texts heard = market.driver.take(client);
  EXPECT_EQ(of_kind(heard, R"({"channel":"heartbeat"})").size(), 60U);
  EXPECT_GT(of_kind(heard, R"({"channel":"book")").size(), 600U) << "a busy connection";
  EXPECT_EQ(market.driver.take(silent).size(), 1U) << "each connection for itself";
}

TEST_F(SimulatorsGetWrong, BeatsForWhoeverHasSubscribedWhereTheRecordingDid) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(30));
  const ConnectionId client = market.driver.connect();
  market.driver.say(client, subscribe(R"("ticker","symbol":["XRP/USD"])"));
  const ConnectionId silent = market.driver.connect();
  market.driver.run_for(seconds(60));
  EXPECT_NEAR(static_cast<double>(of_kind(market.driver.take(client), R"({"channel":"heartbeat"})").size()), 60.0, 1.0);
  EXPECT_EQ(market.driver.take(silent).size(), 1U);
}

// ---- 5

TEST_F(SimulatorsGetWrong, SaysNoSuccessInAPongAndNoTypeInAHeartbeat) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(10));
  const ConnectionId client = market.driver.connect();
  market.driver.say(client, subscribe(R"("ticker","symbol":["XRP/USD"])"));
  market.driver.take(client);
  market.driver.say(client, R"({"method":"ping","req_id":101})");
  EXPECT_EQ(
      market.driver.take(client),
      (Texts{
          R"({"method":"pong","req_id":101,"time_in":"2026-09-01T08:00:10.000000Z","time_out":"2026-09-01T08:00:10.000000Z"})"}));
  market.driver.run_for(seconds(5));
  EXPECT_THAT(market.driver.take(client), Contains(std::string(R"({"channel":"heartbeat"})")));
}

// ---- 7: levels at the edge of the window

TEST_F(SimulatorsGetWrong, RemovesNoLevelThatOnlyFellOutOfTheWindowAndSendsTheOneThatMovesIn) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(5));
  const ConnectionId whole = market.driver.connect();
  const ConnectionId window = market.driver.connect();
  market.driver.say(whole, book("BTC/USD", 25));
  market.driver.say(window, book("BTC/USD", 10));
  // A client that never cuts sees which levels were pushed out: nobody removes them for it.
  PlainBook full(25), small(10), never_cut(100'000);
  int pushed_out = 0;
  for (int step = 0; step < 600; ++step) {
    market.driver.run_for(milliseconds(100));
    for (const std::string& text : market.driver.take(whole)) ASSERT_EQ(full.hear(text), "");
    for (const std::string& text : market.driver.take(window)) {
      ASSERT_EQ(small.hear(text), "");
      const std::string upset = never_cut.hear(text);
      ASSERT_THAT(upset, Not(HasSubstr("removal"))) << "a level that it holds is removed once";
      if (!text.starts_with(R"({"channel":"book")")) continue;
      ASSERT_EQ(small.bids(), 10U) << "the level that moves in comes with the one that goes: " << text;
      ASSERT_EQ(small.asks(), 10U) << text;
    }
    pushed_out = static_cast<int>(never_cut.bids() + never_cut.asks()) - 20;
    const std::string bids = full.text().substr(0, full.text().find('/'));
    ASSERT_TRUE(bids.starts_with(small.text().substr(0, small.text().find('/')))) << "the best ten of the deeper book";
  }
  EXPECT_GT(pushed_out, 0);
  EXPECT_EQ(small.snapshots, 1);
  EXPECT_GT(small.updates, 100);
}

// ---- 8: the checksum of something else

TEST_F(SimulatorsGetWrong, HasAChecksumOfTenLevelsAfterEveryMessageWhateverTheDepth) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(20));
  const ConnectionId whole = market.driver.connect();
  const ConnectionId window = market.driver.connect();
  market.driver.say(whole, book("ETH/USD", 25));
  market.driver.say(window, book("ETH/USD", 10));
  const auto first = [&](ConnectionId client) {
    return value_of(of_kind(market.driver.take(client), R"({"channel":"book")").at(0), "checksum");
  };
  const std::string snapshot = first(whole);
  EXPECT_NE(snapshot, "") << "snapshots have one, too";
  EXPECT_EQ(first(window), snapshot) << "not of the subscribed depth";
  // By the time in the message: where both depths change, both have the same checksum.
  std::map<std::string, std::string> by_time;
  market.driver.run_for(seconds(60));
  for (const std::string& text : of_kind(market.driver.take(whole), R"({"channel":"book")")) {
    EXPECT_EQ(values_of(text, "checksum").size(), 1U) << "one for the message, not for each entry";
    by_time[value_of(text, "timestamp")] = value_of(text, "checksum");
  }
  int same = 0;
  for (const std::string& text : of_kind(market.driver.take(window), R"({"channel":"book")")) {
    EXPECT_EQ(value_of(text, "checksum"), by_time[value_of(text, "timestamp")]) << text;
    ++same;
  }
  EXPECT_GT(same, 50);
}

// ---- 9: level 3 by the habits of level 2

class Level3Server : public SimulatorsGetWrong {
 protected:
  static inline const Timestamp kStart = ServedDataSet::kStart;

  // "OA1 3121.00 0.50000000", its time in milliseconds after 07:00.
  static RestingOrder order(std::string_view id, std::string_view price, std::string_view quantity, int time,
                            OrderAction action = OrderAction::Add) {
    return {.action = action,
            .order_id = id,
            .price = Decimal::parse(price).value(),
            .quantity = Decimal::parse(quantity).value(),
            .exchange_time = kStart - std::chrono::hours(1) + milliseconds(time)};
  }
  // Twelve ask levels, of which the first has two orders; the twelfth as well, the older one listed first.
  void record() {
    std::vector<RestingOrder> asks{order("OFIRST-1", "3121.00", "0.50000000", 1),
                                   order("OFIRST-2", "3121.00", "0.25000000", 2)};
    static const std::vector<std::pair<std::string, std::string>> kMore = [] {
      std::vector<std::pair<std::string, std::string>> all;
      for (int i = 2; i <= 11; ++i) all.emplace_back(fmt::format("OLEVEL-{}", i), fmt::format("31{}.00", 20 + i));
      return all;
    }();
    for (const auto& [id, price] : kMore) asks.push_back(order(id, price, "1.00000000", 10));
    asks.push_back(order("OLEVEL-11B", "3131.00", "2.00000000", 11));
    Level3Book whole(BookSpec{.symbol = "ETH/EUR", .depth = 100, .price_places = 2, .quantity_places = 8});
    ASSERT_TRUE(whole.reset({.symbol = "ETH/EUR", .bids = {}, .asks = asks}));
    std::string text;
    spot_v2::append_level3(
        text, Level3Snapshot{.symbol = "ETH/EUR", .asks = asks, .checksum = whole.checksum(), .exchange_time = kStart});
    tape.hear(kStart, text);
    // The first order of the first level goes, then the second: the level is empty and the eleventh comes into sight.
    for (const auto& [id, quantity, at] :
         {std::tuple{"OFIRST-1", "0.50000000", 1}, std::tuple{"OFIRST-2", "0.25000000", 2}}) {
      const std::vector<RestingOrder> gone{order(id, "3121.00", quantity, at, OrderAction::Delete)};
      ASSERT_TRUE(whole.apply({.symbol = "ETH/EUR", .asks = gone}));
      text.clear();
      spot_v2::append_level3(
          text,
          Level3Update{
              .symbol = "ETH/EUR", .asks = gone, .checksum = whole.checksum(), .exchange_time = kStart + seconds(at)});
      tape.hear(kStart + seconds(at), text);
    }
    tape.add(kStart + minutes(1), FrameKind::Closed, "1000", 1, Direction::ToExchange);
    Level3PlaybackOptions options;
    options.tokens = {.accepts = [](std::string_view token, ConnectionId) { return token == "good"; },
                      .hold = [](std::string_view, ConnectionId) {},
                      .release = [](ConnectionId) {}};
    options.depths = {{"ETH/EUR", 100}};
    exchange.emplace(
        clock, [this] { return Result<std::unique_ptr<FrameSource>>(tape.source()); }, std::move(options));
    driver.emplace(clock, *exchange);
  }

  VirtualClock clock{kStart};
  test::Tape tape;
  std::optional<Level3Playback> exchange;
  std::optional<test::ExchangeDriver> driver;
};

TEST_F(Level3Server, DeletesWithTheLastQuantityAndCutsByPriceLevelsNotByOrders) {
  record();
  const ConnectionId client = driver->connect();
  driver->say(client, subscribe(R"("level3","symbol":["ETH/EUR"],"depth":10,"token":"good")"));
  auto heard = driver->take(client);
  ASSERT_EQ(heard.size(), 3U) << "status, the answer, the book";
  EXPECT_EQ(values_of(heard[2], "order_id").size(), 11U) << "ten levels, one of them of two orders";
  EXPECT_THAT(heard[2], Not(HasSubstr("OLEVEL-11")));
  driver->run_for(seconds(1));
  heard = driver->take(client);
  ASSERT_EQ(of_kind(heard, R"({"channel":"level3")").size(), 1U);
  EXPECT_THAT(heard[0], HasSubstr(R"("bids":[],"asks":[{"event":"delete","order_id":"OFIRST-1","limit_price":3121.00,)"
                                  R"("order_qty":0.50000000,"timestamp":"2026-09-01T07:00:00.001000000Z"}]}]})"))
      << "the quantity that it had last, and nothing else: its level still stands";
}

TEST_F(Level3Server, RefillsALevelByTheTimesOfItsOrders) {
  record();
  const ConnectionId client = driver->connect();
  driver->say(client, subscribe(R"("level3","symbol":["ETH/EUR"],"depth":10,"token":"good")"));
  driver->run_for(seconds(3));
  const auto heard = of_kind(driver->take(client), R"({"channel":"level3","type":"update")");
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_THAT(values_of(heard[1], "event"), ElementsAre(R"("delete")", R"("add")", R"("add")"));
  EXPECT_THAT(values_of(heard[1], "order_id"), ElementsAre(R"("OFIRST-2")", R"("OLEVEL-11")", R"("OLEVEL-11B")"));
  EXPECT_THAT(values_of(heard[1], "timestamp"),
              ElementsAre(R"("2026-09-01T08:00:02.000000000Z")", R"("2026-09-01T07:00:00.002000000Z")",
                          R"("2026-09-01T07:00:00.010000000Z")", R"("2026-09-01T07:00:00.011000000Z")"))
      << "the old times of the orders, by which clients queue them";
}

// ---- 10: a depth that does not exist

TEST_F(SimulatorsGetWrong, RefusesAnUnsupportedDepthAndGoesOn) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(10));
  const ConnectionId client = market.driver.connect();
  market.driver.say(client, book("ETH/USD", 25));
  market.driver.take(client);
  for (const int depth : {1, 20, 27, 50, 0, -10}) {
    market.driver.say(client, book("BTC/USD", depth));
    EXPECT_EQ(value_of(market.driver.take(client).at(0), "error"), R"("Subscription depth not supported")") << depth;
  }
  market.driver.run_for(seconds(3));
  const Texts heard = market.driver.take(client);
  EXPECT_GE(of_kind(heard, R"({"channel":"heartbeat"})").size(), 2U) << "it looks healthy";
  EXPECT_GT(of_kind(heard, R"({"channel":"book")").size(), 0U);
  for (const std::string& text : heard) EXPECT_THAT(text, Not(HasSubstr("BTC/USD"))) << "and nothing comes of it";
}

// ---- 11: candles

TEST_F(SimulatorsGetWrong, HasOneCandleIntervalPerSymbolAndNoEmptyCandlesAndTellsTheirEnd) {
  ServedDataSet market("decimals");
  market.driver.run_for(seconds(70));
  const ConnectionId client = market.driver.connect();
  market.driver.say(client, subscribe(R"("ohlc","symbol":["MINA/GBP","EUR/USD"],"interval":1)"));
  market.driver.run_for(seconds(45));
  int candles = 0;
  for (const std::string& text : of_kind(market.driver.take(client), R"({"channel":"ohlc")")) {
    const auto begins = values_of(text, "interval_begin");
    auto ends = values_of(text, "timestamp");
    ends.erase(ends.begin());  // the message's own
    ASSERT_EQ(begins.size(), ends.size()) << text;
    for (std::size_t i = 0; i < begins.size(); ++i) {
      const auto time = [](const std::string& quoted) { return parse_rfc3339(quoted.substr(1, quoted.size() - 2)); };
      EXPECT_EQ(time(ends[i]).value() - time(begins[i]).value(), minutes(1)) << "the end of the interval";
      EXPECT_EQ(begins[i].size(), 32U) << "nanoseconds: " << begins[i];
      EXPECT_EQ(ends[i].size(), 29U) << "microseconds: " << ends[i];
    }
    for (const std::string& trades : values_of(text, "trades")) EXPECT_NE(trades, "0") << text;
    candles += static_cast<int>(begins.size());
  }
  EXPECT_GT(candles, 10);
  market.driver.say(client, subscribe(R"("ohlc","symbol":["MINA/GBP"],"interval":5)"));
  EXPECT_THAT(market.driver.take(client).back(),
              StartsWith(R"({"error":"Already subscribed to one ohlc interval on this symbol","method":"subscribe",)"
                         R"("success":false,"symbol":"MINA/GBP",)"));
}

// ---- 12: names of the other dialects

TEST_F(SimulatorsGetWrong, KnowsPairsOfV2ByTheirModernNamesAndTellsRestHowToFindThem) {
  test::SmallMarket market;
  test::ExchangeDriver driver(market.clock, *market.playback);
  driver.run_for(seconds(2));
  const ConnectionId client = driver.connect();
  driver.take(client);
  const auto answer = [&](std::string_view symbol) {
    driver.say(client, subscribe(fmt::format(R"("trade","symbol":["{}"])", symbol)));
    const Texts heard = driver.take(client);
    return value_of(heard.at(0), heard.at(0).starts_with(R"({"error")") ? "error" : "symbol");
  };
  EXPECT_EQ(answer("XBT/USD"), R"("Currency pair not supported XBT/USD")");
  EXPECT_EQ(answer("ETH/XBT"), R"("Currency pair not supported ETH/XBT")") << "on the quote's side as well";
  EXPECT_EQ(answer("XDG/USD"), R"("Currency pair not supported XDG/USD")");
  EXPECT_EQ(answer("XXBTZUSD"), R"("Currency pair not in ISO 4217-A3 format XXBTZUSD")");
  EXPECT_EQ(answer("BTC/USD"), R"("BTC/USD")");
  const auto rest = market.kraken.answer({.method = "GET", .target = "/0/public/AssetPairs"});
  ASSERT_TRUE(rest.has_value());
  EXPECT_THAT(rest->body, HasSubstr(R"("XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD")"));
}

// ---- 21: ids of connections in a double

TEST_F(SimulatorsGetWrong, GivesConnectionsIdsThatNoDoubleHolds) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(10));
  std::set<std::string> ids;
  int lost_in_a_double = 0;
  int beyond_63_bits = 0;
  for (int i = 0; i < 50; ++i) {
    const std::string id = value_of(market.driver.take(market.driver.connect()).at(0), "connection_id");
    ASSERT_EQ(id.find_first_not_of("0123456789"), std::string::npos) << id;
    ids.insert(id);
    const std::uint64_t number = std::stoull(id);
    EXPECT_EQ(std::to_string(number), id) << "all of its digits";
    lost_in_a_double += number > (std::uint64_t{1} << 53U) ? 1 : 0;
    beyond_63_bits += number > (std::uint64_t{1} << 63U) ? 1 : 0;
  }
  EXPECT_EQ(ids.size(), 50U) << "each connection has its own";
  EXPECT_GE(lost_in_a_double, 49);
  EXPECT_GT(beyond_63_bits, 10);
}

// ---- 22: a quiet pair taken for a dead one

TEST_F(SimulatorsGetWrong, AQuietPairIsSilentButForHeartbeatsAndOurClientKeepsItsBook) {
  test::Tape tape;
  const Timestamp start = ServedDataSet::kStart;
  for (const auto& entry : test::SmallMarket::tape().entries) {
    if (entry.at == start) tape.entries.push_back(entry);
  }
  tape.hear(start + minutes(5), R"({"channel":"heartbeat"})");
  VirtualClock exchange_clock(start), client_clock(start);
  PlaybackOptions options;
  options.generate_heartbeats = true;
  const auto exchange =
      PlaybackExchange::create(
          exchange_clock, [&] { return Result<std::unique_ptr<FrameSource>>(tape.source()); }, options)
          .value();
  Loopback loopback(*exchange, client_clock, exchange_clock);
  const auto transport = loopback.make_transport(ConnectionId{7});
  spot_v2::SpotV2Codec codec;
  test::Notes notes;
  ClientOptions how;
  how.endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value();
  Client client(*transport, codec, client_clock, notes, how);
  client.subscribe({.channel = Channel::Book, .symbols = {"BTC/USD"}, .depth = 10});
  client.start();
  loopback.run_until(start + minutes(4));
  std::erase(notes.lines, "heartbeat");
  for (const std::string& line : notes.lines) {
    EXPECT_THAT(line, Not(HasSubstr("stale"))) << "26 seconds of silence are normal, and so are four minutes";
    EXPECT_THAT(line, Not(HasSubstr("closed")));
  }
  const OrderBook* const held = client.book("BTC/USD");
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(held->state(), BookState::Live);
}

// ---- 24: another clock than the market's

TEST_F(SimulatorsGetWrong, StampsAnswersByTheClockOfTheRecording) {
  ServedDataSet market("ten-minutes");
  market.driver.run_for(seconds(123) + milliseconds(456));
  const ConnectionId client = market.driver.connect();
  market.driver.say(client, R"({"method":"ping"})");
  market.driver.say(client, subscribe(R"("trade","symbol":["BTC/USD"])"));
  market.driver.say(client, subscribe(R"("book","symbol":["BTC/USD"],"depth":11)"));
  const Texts heard = market.driver.take(client);
  ASSERT_EQ(heard.size(), 4U);
  for (std::size_t i = 1; i < heard.size(); ++i) {
    EXPECT_EQ(value_of(heard[i], "time_in"), R"("2026-09-01T08:02:03.456000Z")");
    EXPECT_EQ(value_of(heard[i], "time_out"), R"("2026-09-01T08:02:03.456000Z")");
  }
}

}  // namespace
}  // namespace ktape
