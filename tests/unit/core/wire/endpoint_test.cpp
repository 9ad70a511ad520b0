#include "core/wire/endpoint.hpp"

#include <gtest/gtest.h>

namespace ktape {
namespace {

TEST(Endpoint, ReadsAndWritesUrls) {
  for (const char* url :
       {"wss://ws.kraken.com/v2", "ws://127.0.0.1:8080/v2?x=1", "wss://[::1]:8443/", "ws://localhost/"}) {
    EXPECT_EQ(Endpoint::parse(url).value().url(), url);
  }
  EXPECT_EQ(Endpoint::parse("wss://ws.kraken.com").value(),
            (Endpoint{.secure = true, .host = "ws.kraken.com", .port = 443, .target = "/"}));
  EXPECT_EQ(Endpoint::parse("ws://h").value().port, 80);
  EXPECT_EQ(Endpoint::parse("wss://[::1]:8443/").value().host, "::1");
}

TEST(Endpoint, RefusesWhatIsNoWebsocketUrlAndNamesIt) {
  for (const char* url : {"", "https://ws.kraken.com", "ws.kraken.com", "wss://", "wss://host:", "wss://host:0",
                          "wss://host:99999", "wss://host:8a", "wss://[::1", "wss://[::1]x", "wss://user@host/",
                          "wss://host/a b", "wss://host/\r\nX: y", "wss://host/#f"}) {
    const auto endpoint = Endpoint::parse(url);
    ASSERT_FALSE(endpoint.has_value()) << url;
    EXPECT_NE(endpoint.error().detail.find(url), std::string::npos);
  }
}

}  // namespace
}  // namespace ktape
