// The REST client over TLS on loopback, against a small server that checks nonces and signatures as Kraken does.
#include <map>

#include <gmock/gmock.h>

#include "live/http_client.hpp"
#include "rest/recording_requester.hpp"
#include "rest/token_authoriser.hpp"
#include "rest/trades_backfill.hpp"
#include "tests/support/network.hpp"
#include "tests/support/rest_server.hpp"
#include "tests/support/scripted_rest.hpp"

namespace ktape::rest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// The limits of the real one would make these tests wait in real time.
RestOptions quick() {
  RestOptions options;
  options.public_limit = {.ceiling = 1000, .decay = std::chrono::milliseconds(1)};
  options.retry_delay = std::chrono::milliseconds(1);
  return options;
}

class RestOverTls : public ::testing::Test {
 protected:
  net::HttpResponse answer(const HttpRequest& request) {
    if (request.target.starts_with("/0/private/")) return test::json_answer(private_answer(request));
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (path == "/0/public/Time") {
      return test::json_answer(R"({"error":[],"result":{"unixtime":1788249600,"rfc1123":""}})");
    }
    if (path == "/0/public/Trades") return test::json_answer(trades(request));
    return {.status = 503, .reason = {}, .headers = {}, .body = "<html>"};
  }

  std::string private_answer(const HttpRequest& request) {
    const auto nonce = test::field_of(request.body, "nonce").value_or("");
    const auto expected =
        sign_request({.path = request.target, .nonce = nonce, .body = request.body}, test::kExampleSecret);
    if (net::find_header(request.headers, "API-Key") != test::kExampleKey) return R"({"error":["EAPI:Invalid key"]})";
    if (net::find_header(request.headers, "API-Sign") != *expected) return R"({"error":["EAPI:Invalid signature"]})";
    if (std::stoull(nonce) <= last_nonce) return R"({"error":["EAPI:Invalid nonce"]})";
    last_nonce = std::stoull(nonce);
    return std::string(R"({"error":[],"result":{"token":")") + test::kExampleToken + R"(","expires":900}})";
  }

  // 25 trades, ids from 100 on, a second apart.
  static std::string trades(const HttpRequest& request) {
    const std::int64_t since = std::stoll(*test::field_of(request.target, "since"));
    const auto count = std::stoll(*test::field_of(request.target, "count"));
    std::string list;
    std::int64_t last = since;
    for (std::int64_t i = 0, given = 0; i < 25 && given < count; ++i) {
      const std::int64_t at = (1'788'249'600 + i) * 1'000'000'000;
      if (at <= since) continue;
      ++given;
      last = at;
      if (!list.empty()) list += ',';
      list += R"(["1.00000","2.00000000",)" + std::to_string(at / 1'000'000'000) + R"(,"b","l","",)" +
              std::to_string(100 + i) + ']';
    }
    return R"({"error":[],"result":{"ETH/EUR":[)" + list + R"(],"last":")" + std::to_string(last) + R"("}})";
  }
  static HttpClientOptions trusting() {
    HttpClientOptions options;
    options.ca_pem = test::test_identity().ca;
    return options;
  }

  test::Network network;
  std::uint64_t last_nonce = 0;
  test::RestServer server{network.loop, test::test_identity(),
                          [this](const HttpRequest& request) { return answer(request); }};
  HttpClient http{network.loop, server.endpoint(), trusting()};
  Credentials credentials = test::example_credentials();
  NonceSource nonces{network.loop.clock()};
  RestClient rest{http, network.loop.clock(), quick(), RestClient::Account{credentials, nonces}};
};

TEST_F(RestOverTls, AsksForTheTime) {
  std::optional<Result<ServerTime>> told;
  rest.time([&](Result<ServerTime> time) { told = std::move(time); });
  ASSERT_TRUE(network.until([&] { return told.has_value(); }));
  ASSERT_TRUE(told->has_value()) << told->error().detail;
  EXPECT_EQ(format_rfc3339((*told)->at, 0), "2026-09-01T08:00:00Z");
}

TEST_F(RestOverTls, GetsTokensWithSignaturesThatAServerVerifies) {
  TokenAuthoriser authoriser(rest, network.loop.clock());
  std::vector<std::string> tokens;
  for (const bool renew : {false, true}) {
    const std::size_t before = tokens.size();
    authoriser.authorise({.renew = renew}, [&](const Result<Authorisation>& granted) {
      tokens.push_back(granted ? granted->token : granted.error().detail);
    });
    ASSERT_TRUE(network.until([&] { return tokens.size() > before; }));
  }
  EXPECT_THAT(tokens, ElementsAre(test::kExampleToken, test::kExampleToken));
  EXPECT_EQ(server.seen().size(), 2U);
}

TEST_F(RestOverTls, ComesBackFromANonceThatWasTooLow) {
  last_nonce = static_cast<std::uint64_t>(nanoseconds(network.loop.clock().now())) + 1'000'000'000'000U;
  NonceSource after(network.loop.clock(), last_nonce - 1);
  RestClient client(http, network.loop.clock(), quick(), RestClient::Account{credentials, after});
  std::string told;
  client.web_sockets_token(
      [&](const Result<WebSocketsToken>& token) { told = token ? token->token : token.error().detail; });
  ASSERT_TRUE(network.until([&] { return !told.empty(); }));
  EXPECT_EQ(told, test::kExampleToken);
  EXPECT_EQ(server.seen().size(), 2U) << "refused once, and then with a higher one";
}

TEST_F(RestOverTls, FillsAHoleInTheTrades) {
  TradesBackfill backfill(rest, network.loop.clock(), {.page_rows = 7});
  std::vector<std::int64_t> ids;
  std::optional<Result<BackfillReport>> report;
  backfill.fill(
      TradeHole{"ETH/EUR", 103, 121, from_nanoseconds(1'788'249'602'000'000'000)},
      [&](const Trade& trade) { ids.push_back(trade.trade_id); },
      [&](Result<BackfillReport> result) { report = std::move(result); });
  ASSERT_TRUE(network.until([&] { return report.has_value(); }));
  ASSERT_TRUE(report->has_value()) << report->error().detail;
  ASSERT_EQ(ids.size(), 18U);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], static_cast<std::int64_t>(103 + i));
}

TEST_F(RestOverTls, TellsAServiceThatIsAwayAfterItsAttempts) {
  std::string told;
  rest.system_status([&](const Result<SystemStatus>& status) { told = status.error().detail; });
  ASSERT_TRUE(network.until([&] { return !told.empty(); }));
  EXPECT_EQ(told, "SystemStatus: HTTP 503 Service Unavailable");
  EXPECT_EQ(server.seen().size(), 3U);
}

TEST_F(RestOverTls, NeverSendsAKeyToAServerThatItDoesNotTrust) {
  HttpClient strange(network.loop, server.endpoint());
  RestClient client(strange, network.loop.clock(), quick(), RestClient::Account{credentials, nonces});
  std::string told;
  client.web_sockets_token([&](const Result<WebSocketsToken>& token) { told = token.error().detail; });
  ASSERT_TRUE(network.until([&] { return !told.empty(); }));
  EXPECT_THAT(told, HasSubstr("the certificate of '127.0.0.1' is not accepted"));
  EXPECT_TRUE(server.seen().empty());
}

TEST_F(RestOverTls, IsRecordedWithoutItsSecrets) {
  const RedactionKey key{7};
  Redactor redactor(key);
  test::FrameLog log;
  RecordingRequester tee(http, network.loop.clock(), log, redactor, {"https://api.kraken.com", ConnectionId{0}});
  RestClient client(tee, network.loop.clock(), quick(), RestClient::Account{credentials, nonces});
  bool answered = false;
  client.web_sockets_token([&](const Result<WebSocketsToken>& token) { answered = token.has_value(); });
  ASSERT_TRUE(network.until([&] { return answered; }));
  ASSERT_EQ(log.frames.size(), 4U);
  const auto& sent = server.seen().at(0);
  for (const auto& frame : log.frames) {
    for (const std::string& canary :
         {std::string(test::kExampleKey), std::string(net::find_header(sent.headers, "API-Sign")),
          test::field_of(sent.body, "nonce").value(), std::string(test::kExampleToken)}) {
      EXPECT_THAT(frame.payload, Not(HasSubstr(canary)));
    }
  }
}

}  // namespace
}  // namespace ktape::rest
