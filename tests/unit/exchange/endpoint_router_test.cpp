#include "exchange/endpoint_router.hpp"

#include <gtest/gtest.h>

#include "tests/support/frame_log.hpp"
#include "tests/support/open_exchange.hpp"

namespace ktape {
namespace {

std::optional<Gateway> gateway(std::string_view url) { return gateway_of(Endpoint::parse(url).value()); }

TEST(Gateway, IsToldByHostAndPathAsKrakenTellsIt) {
  EXPECT_EQ(gateway("wss://ws.kraken.com/v2"), Gateway::SpotV2);
  EXPECT_EQ(gateway("wss://ws-auth.kraken.com/v2"), Gateway::SpotV2Private);
  EXPECT_EQ(gateway("wss://ws-l3.kraken.com/v2"), Gateway::SpotV2Level3);
  EXPECT_EQ(gateway("wss://ws.kraken.com"), Gateway::SpotV1);
  EXPECT_EQ(gateway("wss://ws-auth.kraken.com/"), Gateway::SpotV1Private);
  EXPECT_EQ(gateway("wss://futures.kraken.com/ws/v1"), Gateway::Futures);
  EXPECT_EQ(gateway("wss://demo-futures.kraken.com/ws/v1"), Gateway::Futures);
  EXPECT_EQ(gateway("wss://beta-ws.kraken.com/v2"), Gateway::SpotV2);
  EXPECT_EQ(gateway("wss://beta-ws-auth.kraken.com/v2"), Gateway::SpotV2Private);
  EXPECT_EQ(gateway("wss://WS-Auth.Kraken.com:8443/v2/?x=1"), Gateway::SpotV2Private);
}

TEST(Gateway, IsAllOfADialectOnAHostThatIsNotKrakens) {
  EXPECT_EQ(gateway("ws://127.0.0.1:8080/v2"), Gateway::SpotV2Any);
  EXPECT_EQ(gateway("ws://localhost:8080"), Gateway::SpotV1Any);
  EXPECT_EQ(gateway("ws://localhost:8080/v1"), Gateway::SpotV1Any);
  EXPECT_EQ(gateway("ws://localhost:8080/ws/v1"), Gateway::Futures);
  EXPECT_EQ(gateway("ws://ws-auth.kraken.com.example/v2"), Gateway::SpotV2Any);
}

TEST(Gateway, CanBeSaidByThePathAlone) {
  EXPECT_EQ(gateway("ws://127.0.0.1/v2/public"), Gateway::SpotV2);
  EXPECT_EQ(gateway("ws://127.0.0.1/v2/auth"), Gateway::SpotV2Private);
  EXPECT_EQ(gateway("ws://127.0.0.1/v2/l3"), Gateway::SpotV2Level3);
  EXPECT_EQ(gateway("ws://127.0.0.1/v1/public"), Gateway::SpotV1);
  EXPECT_EQ(gateway("ws://127.0.0.1/v1/auth"), Gateway::SpotV1Private);
  EXPECT_EQ(gateway("ws://127.0.0.1/v3"), std::nullopt);
  EXPECT_EQ(gateway("wss://ws.kraken.com/ws"), std::nullopt);
}

class EndpointRouterTest : public testing::Test {
 protected:
  static Endpoint at(std::string_view url) { return Endpoint::parse(url).value(); }

  VirtualClock clock{Timestamp{}};
  test::OpenExchange open{clock}, secret{clock};
  EndpointRouter router;
  test::FrameLog client;
};

TEST_F(EndpointRouterTest, LeadsEachConnectionToItsExchangeUntilItIsClosed) {
  router.route(Gateway::SpotV2, open);
  router.route(Gateway::SpotV2Private, secret);
  const ConnectionId first{1};
  const ConnectionId second{2};
  router.attach(first, at("wss://ws.kraken.com/v2"), client);
  router.attach(second, at("wss://ws-auth.kraken.com/v2"), client);
  EXPECT_EQ(secret.endpoints.at(second).host, "ws-auth.kraken.com");
  const auto say = [&](ConnectionId who, FrameKind kind, std::string_view what) {
    router.on_frame({clock.now(), who, Direction::ToExchange, kind, what});
  };
  say(first, FrameKind::Text, "a");
  say(second, FrameKind::Text, "b");
  say(second, FrameKind::Closed, "1000 done");
  say(second, FrameKind::Text, "late");
  say(ConnectionId{9}, FrameKind::Text, "stranger");
  ASSERT_EQ(open.heard.frames.size(), 1U);
  EXPECT_EQ(open.heard.frames[0].payload, "a");
  ASSERT_EQ(secret.heard.frames.size(), 2U);
  EXPECT_EQ(secret.heard.frames[0].payload, "b");
}

TEST_F(EndpointRouterTest, LetsThePublicHostAnswerForAPrivateOneThatIsNotThere) {
  router.route(Gateway::SpotV2, open);
  EXPECT_TRUE(router.serves(at("wss://ws-auth.kraken.com/v2")));
  EXPECT_TRUE(router.serves(at("wss://ws-l3.kraken.com/v2")));
  EXPECT_TRUE(router.serves(at("ws://127.0.0.1:1/v2")));
  EXPECT_FALSE(router.serves(at("ws://127.0.0.1:1/v2/auth"))) << "asked for by its own path";
  EXPECT_FALSE(router.serves(at("ws://127.0.0.1:1/v2/l3")));
  EXPECT_FALSE(router.serves(at("ws://127.0.0.1:1/")));
  EXPECT_FALSE(router.serves(at("wss://futures.kraken.com/ws/v1")));
  router.attach(ConnectionId{1}, at("wss://ws-auth.kraken.com/v2"), client);
  EXPECT_EQ(open.endpoints.size(), 1U);
}

TEST(Gateway, TellsWhatIsSpoken) {
  const auto spoken = [](const std::string& url) { return dialect_at(Endpoint::parse(url).value()); };
  EXPECT_EQ(spoken("wss://ws-l3.kraken.com/v2"), Dialect::SpotV2);
  EXPECT_EQ(spoken("wss://127.0.0.1/v2/auth"), Dialect::SpotV2);
  EXPECT_EQ(spoken("wss://ws-auth.kraken.com/"), Dialect::SpotV1);
  EXPECT_EQ(spoken("wss://127.0.0.1/v1"), Dialect::SpotV1);
  EXPECT_EQ(spoken("wss://futures.kraken.com/ws/v1?x"), Dialect::FuturesV1);
  EXPECT_EQ(spoken("wss://ws.kraken.com/v3"), std::nullopt);
}

}  // namespace
}  // namespace ktape
