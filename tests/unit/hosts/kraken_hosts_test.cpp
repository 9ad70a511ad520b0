#include "hosts/kraken_hosts.hpp"

#include <gmock/gmock.h>

#include "core/protocol/futures/challenge.hpp"
#include "replay/told_terms.hpp"
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

}  // namespace
}  // namespace ktape::hosts
