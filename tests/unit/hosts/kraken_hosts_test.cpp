#include "hosts/kraken_hosts.hpp"

#include <gmock/gmock.h>

#include "core/protocol/futures/challenge.hpp"
#include "replay/level3_playback.hpp"
#include "replay/told_terms.hpp"
#include "rest/requests.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/open_exchange.hpp"
#include "tests/support/small_market.hpp"

namespace ktape::hosts {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

Endpoint at(std::string_view url) { return Endpoint::parse(url).value(); }

TEST(KrakenHosts, ServesThePrivateSideOnlyWithAccounts) {
  test::SmallMarket with;
  test::SmallMarket without(std::vector<Account>{});
  for (const char* const url : {"wss://ws.kraken.com/v2", "ws://127.0.0.1/v2", "wss://ws-auth.kraken.com/v2"}) {
    EXPECT_TRUE(with.kraken.serves(at(url))) << url;
    EXPECT_TRUE(without.kraken.serves(at(url))) << url;
  }
  for (const char* const url : {"ws://127.0.0.1/v2/auth", "ws://127.0.0.1/v1/auth", "wss://ws-auth.kraken.com"}) {
    EXPECT_TRUE(with.kraken.serves(at(url))) << url;
    EXPECT_FALSE(without.kraken.serves(at(url))) << url;
  }
  EXPECT_FALSE(with.kraken.serves(at("ws://127.0.0.1/")));
  EXPECT_FALSE(with.kraken.serves(at("wss://futures.kraken.com/ws/v1")));
}

TEST(KrakenHosts, ClosePrivateConnectionsWhenTheMarketEndsAndBeginAnewForTheNext) {
  test::SmallMarket market;
  test::FrameLog client;
  market.kraken.attach(ConnectionId{1}, at("ws://127.0.0.1/v2/auth"), client);
  market.clock.advance_to(test::SmallMarket::kStart + minutes(10));
  EXPECT_EQ(client.closed(), "< 1001 recording ended");
  EXPECT_EQ(market.kraken.watch().trades("BTC/USD"), nullptr) << "what was known is forgotten";
  test::FrameLog next;
  market.kraken.attach(ConnectionId{2}, at("ws://127.0.0.1/v2/auth"), next);
  market.clock.advance_to(test::SmallMarket::kStart + minutes(10) + seconds(20));
  ASSERT_NE(market.kraken.watch().trades("BTC/USD"), nullptr);
  EXPECT_EQ(market.kraken.watch().trades("BTC/USD")->size(), 10U);
}

TEST(KrakenHosts, KnowWhatTheMarketShows) {
  test::SmallMarket market;
  market.clock.advance_to(test::SmallMarket::kStart + seconds(3));
  const MarketWatch& watch = market.kraken.watch();
  EXPECT_EQ(watch.trades("BTC/USD")->size(), 3U) << "and nothing of the future";
  ASSERT_EQ(watch.levels("BTC/USD", Side::Buy).size(), 3U);
  EXPECT_EQ(watch.levels("BTC/USD", Side::Buy)[0].price.text(), "63000.0");
  EXPECT_TRUE(watch.levels("ETH/USD", Side::Buy).empty());
  EXPECT_EQ(watch.ticker("BTC/USD")->high.text(), "63500.0");
  EXPECT_EQ(watch.instruments().find_pair("BTC/USD")->cost_precision, 5);
}

TEST(KrakenHosts, TellThePairsToWhoAsksBeforeTheMarketHasSpoken) {
  VirtualClock clock(test::SmallMarket::kStart);
  test::OpenExchange market(clock);
  const test::Tape tape = test::SmallMarket::tape();
  const auto source = tape.source();
  KrakenHosts kraken(clock, market, {.watch = {.known_terms = told_terms(*source, Dialect::SpotV2).value()}});
  const auto answer = kraken.answer({.method = "GET", .target = "/0/public/AssetPairs"});
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->body, ::testing::HasSubstr(R"("XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD")"));
}

TEST(KrakenHosts, GiveFuturesTheirPrivateFeeds) {
  VirtualClock clock(test::SmallMarket::kStart);
  test::OpenExchange market(clock);
  std::vector<Account> accounts = test::SmallMarket::accounts();
  accounts[0].futures_keys.push_back({rest::Credentials::create("futures-key", "c2VjcmV0").value()});
  KrakenHosts kraken(clock, market, {.accounts = std::move(accounts), .watch = {.dialect = Dialect::FuturesV1}});
  const Endpoint endpoint = at("wss://futures.kraken.com/ws/v1");
  ASSERT_TRUE(kraken.serves(endpoint));
  EXPECT_FALSE(kraken.serves(at("wss://ws.kraken.com/v2")));
  test::FrameLog client;
  kraken.attach(ConnectionId{1}, endpoint, client);
  const auto say = [&](const std::string& text) {
    kraken.on_frame({clock.now(), ConnectionId{1}, Direction::ToExchange, FrameKind::Text, text});
  };
  say(R"({"event":"challenge","api_key":"futures-key"})");
  ASSERT_EQ(client.frames.size(), 1U);
  const std::string challenge = client.frames[0].payload.substr(32, 36);
  const std::string signature = futures::sign_challenge(challenge, "c2VjcmV0").value();
  say(R"({"event":"subscribe","feed":"fills","api_key":"futures-key","original_challenge":")" + challenge +
      R"(","signed_challenge":")" + signature + "\"}");
  ASSERT_EQ(client.frames.size(), 3U);
  EXPECT_EQ(client.frames[1].payload, R"({"event":"subscribed","feed":"fills"})");
  EXPECT_EQ(client.frames[2].payload,
            R"({"feed":"fills_snapshot","account":"00000000-0000-4000-8000-000000000001","fills":[]})");
}

TEST(KrakenHosts, TellTheOtherHostsOfTheStateOfTheEngine) {
  test::SmallMarket market;
  test::FrameLog own, guest;
  market.kraken.attach(ConnectionId{1}, at("wss://ws-auth.kraken.com/v2"), own);
  market.kraken.attach(ConnectionId{2}, at("ws://127.0.0.1/v2"), guest);
  market.clock.advance_to(test::SmallMarket::kStart + seconds(3));
  const auto states = [](const test::FrameLog& log) {
    std::string all;
    for (const auto& frame : log.frames) {
      const std::string name = R"("system":")";
      const auto begin = frame.payload.find(name);
      if (begin == std::string::npos) continue;
      all +=
          frame.payload.substr(begin + name.size(), frame.payload.find('"', begin + name.size()) - begin - name.size());
      all += ' ';
    }
    return all;
  };
  for (const char* const state : {"maintenance", "cancel_only", "cancel_only", "online"}) {
    ASSERT_TRUE(market.playback->set_system(state));
    EXPECT_EQ(market.kraken.watch().system(), state);
  }
  EXPECT_EQ(states(own), "online maintenance cancel_only online ");
  EXPECT_EQ(states(guest), "online maintenance cancel_only cancel_only online ") << "as the public host tells it, once";
}

// A book order by order, beside the other hosts: by its name, by its path, and on a URL for everything.
TEST(KrakenHosts, HaveALevel3HostForThoseWithAToken) {
  test::Tape tape;
  const Timestamp start = test::SmallMarket::kStart;
  tape.hear(
      start,
      R"({"channel":"level3","type":"snapshot","data":[{"symbol":"BTC/USD","checksum":0,"bids":[],"asks":[],"timestamp":"2026-09-01T08:00:00.000000000Z"}]})");
  tape.hear(start + minutes(10), R"({"channel":"heartbeat"})");
  VirtualClock clock(start);
  const auto playback =
      PlaybackExchange::create(
          clock, [] { return Result<std::unique_ptr<FrameSource>>(test::SmallMarket::tape().source()); },
          test::SmallMarket::options())
          .value();
  KrakenHosts kraken(clock, *playback,
                     {.accounts = test::SmallMarket::accounts(), .make_level3 = [&](SpotV2Tokens tokens) {
                        Level3PlaybackOptions options;
                        options.tokens = std::move(tokens);
                        options.depths = {{"BTC/USD", 10}};
                        return std::make_unique<Level3Playback>(
                            clock, [&] { return Result<std::unique_ptr<FrameSource>>(tape.source()); }, options);
                      }});
  clock.advance_to(start + seconds(20));
  const auto credentials = test::example_credentials();
  const auto answered =
      kraken.answer(rest::private_request("GetWebSocketsToken", 1, {}, credentials).value()).value().body;
  const std::string name = R"("token":")";
  const std::string token = answered.substr(answered.find(name) + name.size(), 43);

  std::uint32_t next = 0;
  for (const char* const url : {"wss://ws-l3.kraken.com/v2", "ws://127.0.0.1/v2/l3", "ws://127.0.0.1/v2"}) {
    SCOPED_TRACE(url);
    test::FrameLog client;
    const ConnectionId id{++next};
    kraken.attach(id, at(url), client);
    const auto say = [&](const std::string& text) {
      kraken.on_frame({clock.now(), id, Direction::ToExchange, FrameKind::Text, text});
    };
    say(R"({"method":"subscribe","params":{"channel":"level3","symbol":["BTC/USD"],"token":"wrong"}})");
    EXPECT_NE(client.frames.back().payload.find("ESession:Invalid session"), std::string::npos);
    say(R"({"method":"subscribe","params":{"channel":"level3","symbol":["BTC/USD"],"token":")" + token + R"("}})");
    EXPECT_NE(client.frames.back().payload.find(R"({"channel":"level3","type":"snapshot")"), std::string::npos);
    kraken.on_frame({clock.now(), id, Direction::ToExchange, FrameKind::Closed, "1000"});
  }
  test::FrameLog client;
  kraken.attach(ConnectionId{99}, at("wss://ws.kraken.com/v2"), client);
  const std::string text =
      R"({"method":"subscribe","params":{"channel":"level3","symbol":["BTC/USD"],"token":")" + token + R"("}})";
  kraken.on_frame({clock.now(), ConnectionId{99}, Direction::ToExchange, FrameKind::Text, text});
  EXPECT_NE(client.frames.back().payload.find("Private data and trading are unavailable"), std::string::npos);
}

// Whoever has been greeted hears each change once, wherever it is connected; the market itself tells its own.
TEST(KrakenHosts, TellEveryHostOfTheStateOfTheEngine) {
  VirtualClock clock(test::SmallMarket::kStart);
  test::OpenExchange market(clock);
  KrakenHosts kraken(
      clock, market,
      {.accounts = test::SmallMarket::accounts(), .make_level3 = [&](SpotV2Tokens tokens) {
         Level3PlaybackOptions options;
         options.tokens = std::move(tokens);
         return std::make_unique<Level3Playback>(
             clock, [] { return Result<std::unique_ptr<FrameSource>>(test::SmallMarket::tape().source()); }, options);
       }});
  const auto say_status = [&](const std::string& system) {
    for (const auto& [id, client] : std::map(market.clients)) {
      market.send(id, R"({"channel":"status","type":"update","data":[{"version":"2.0.10","system":")" + system +
                          R"(","api_version":"v2","connection_id":1}]})");
    }
  };
  test::FrameLog v2, v1, level3, everything;
  kraken.attach(ConnectionId{1}, at("wss://ws-auth.kraken.com/v2"), v2);
  kraken.attach(ConnectionId{2}, at("wss://ws-auth.kraken.com"), v1);
  kraken.attach(ConnectionId{3}, at("wss://ws-l3.kraken.com/v2"), level3);
  kraken.attach(ConnectionId{4}, at("ws://127.0.0.1/v2"), everything);
  clock.advance_to(clock.now() + seconds(1));
  say_status("online");
  EXPECT_EQ(v2.frames.size(), 1U) << "it was told so when it came";

  for (const char* const system : {"maintenance", "post_only", "online"}) {
    SCOPED_TRACE(system);
    for (test::FrameLog* log : {&v2, &v1, &level3, &everything}) log->frames.clear();
    say_status(system);
    for (const test::FrameLog* log : {&v2, &level3, &everything}) {
      ASSERT_EQ(log->frames.size(), 1U);
      EXPECT_THAT(log->frames[0].payload, ::testing::HasSubstr(std::string(R"("system":")") + system + '"'));
    }
    ASSERT_EQ(v1.frames.size(), 1U);
    EXPECT_THAT(v1.frames[0].payload, ::testing::HasSubstr(std::string(R"("status":")") + system + '"'));
  }

  say_status("cancel_only");
  std::uint32_t next = 9;
  for (const char* const url :
       {"wss://ws-auth.kraken.com/v2", "wss://ws-auth.kraken.com", "wss://ws-l3.kraken.com/v2"}) {
    test::FrameLog late;
    kraken.attach(ConnectionId{++next}, at(url), late);
    clock.advance_to(clock.now() + seconds(1));
    ASSERT_EQ(late.frames.size(), 1U) << url;
    EXPECT_THAT(late.frames[0].payload, ::testing::HasSubstr(R"("cancel_only")")) << url;
    kraken.on_frame({clock.now(), ConnectionId{next}, Direction::ToExchange, FrameKind::Closed, "1000"});
  }
}

}  // namespace
}  // namespace ktape::hosts
