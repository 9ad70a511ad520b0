#include "relay/destination.hpp"

#include <string>

#include <gtest/gtest.h>

namespace ktape {
namespace {

std::string led(const std::string& asked, const std::string& url) {
  const Destination there = destination_of(Endpoint::parse(asked).value(), Endpoint::parse(url).value());
  return there.endpoint.url() + (there.host_header.empty() ? "" : " as " + there.host_header);
}

constexpr const char* kPublic = "wss://ws.kraken.com/v2";

TEST(Destination, IsTheHostOfKrakensThatWasAskedFor) {
  EXPECT_EQ(led("wss://ws.kraken.com:8443/v2", kPublic), "wss://ws.kraken.com/v2");
  EXPECT_EQ(led("wss://ws-auth.kraken.com/v2", kPublic), "wss://ws-auth.kraken.com/v2");
  EXPECT_EQ(led("ws://ws-l3.kraken.com:80/v2?x=1", kPublic), "wss://ws-l3.kraken.com/v2?x=1");
  EXPECT_EQ(led("wss://WS.kraken.com/", kPublic), "wss://WS.kraken.com/");
  EXPECT_EQ(led("wss://futures.kraken.com/ws/v1", "wss://futures.kraken.com/ws/v1"), "wss://futures.kraken.com/ws/v1");
}

TEST(Destination, IsTheHostThatThePathMeansForWhoCannotSetTheHost) {
  const auto from = [](const std::string& target) { return led("wss://127.0.0.1:8443" + target, kPublic); };
  EXPECT_EQ(from("/v2"), "wss://ws.kraken.com/v2");
  EXPECT_EQ(from("/v2/public"), "wss://ws.kraken.com/v2");
  EXPECT_EQ(from("/v2/auth?a=b"), "wss://ws-auth.kraken.com/v2?a=b");
  EXPECT_EQ(from("/v2/l3"), "wss://ws-l3.kraken.com/v2");
  EXPECT_EQ(from("/"), "wss://ws.kraken.com/");
  EXPECT_EQ(from("/v1"), "wss://ws.kraken.com/");
  EXPECT_EQ(from("/v1/public"), "wss://ws.kraken.com/");
  EXPECT_EQ(from("/v1/auth"), "wss://ws-auth.kraken.com/");
  EXPECT_EQ(from("/ws/v1"), "wss://futures.kraken.com/ws/v1");
  EXPECT_EQ(from("/elsewhere"), "wss://ws.kraken.com/elsewhere");
}

TEST(Destination, StaysWithTheBetaHosts) {
  EXPECT_EQ(led("wss://localhost/v2/auth", "wss://beta-ws.kraken.com/v2"), "wss://beta-ws-auth.kraken.com/v2");
  EXPECT_EQ(led("wss://localhost/v2", "wss://beta-ws.kraken.com/v2"), "wss://beta-ws.kraken.com/v2");
  EXPECT_EQ(led("wss://beta-ws-auth.kraken.com/v2", "wss://beta-ws.kraken.com/v2"), "wss://beta-ws-auth.kraken.com/v2");
}

TEST(Destination, IsAnotherServerWithThePathThatWasAskedFor) {
  EXPECT_EQ(led("wss://localhost:9000/v2/auth?a", "ws://127.0.0.1:8080/v2"), "ws://127.0.0.1:8080/v2/auth?a");
  EXPECT_EQ(led("ws://localhost:9000/", "wss://mirror.example:444/v2"), "wss://mirror.example:444/");
}

TEST(Destination, TellsAnotherServerWhichOfKrakensHostsWasMeant) {
  EXPECT_EQ(led("wss://ws-auth.kraken.com/v2", "wss://127.0.0.1:8443/"),
            "wss://127.0.0.1:8443/v2 as ws-auth.kraken.com");
  EXPECT_EQ(led("ws://ws.kraken.com:8080/v2", "ws://127.0.0.1:8081/"), "ws://127.0.0.1:8081/v2 as ws.kraken.com:8080");
}

TEST(Destination, TakesNoOtherNameForKrakens) {
  EXPECT_TRUE(is_kraken("kraken.com"));
  EXPECT_TRUE(is_kraken("Beta-WS.Kraken.com"));
  EXPECT_FALSE(is_kraken("notkraken.com"));
  EXPECT_FALSE(is_kraken("ws.kraken.com.example"));
}

}  // namespace
}  // namespace ktape
