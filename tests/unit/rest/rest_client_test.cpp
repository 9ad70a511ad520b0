#include "rest/rest_client.hpp"

#include <gmock/gmock.h>

#include "tests/support/scripted_rest.hpp"

namespace ktape::rest {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Timestamp kStart = from_nanoseconds(1'788'249'600'000'000'000);
constexpr const char* kTimeAnswer =
    R"({"error":[],"result":{"unixtime":1788249600,"rfc1123":"Tue, 01 Sep 26 08:00:00 +0000"}})";
constexpr const char* kTokenAnswer = R"({"error":[],"result":{"token":"T","expires":900}})";

class RestClientTest : public ::testing::Test {
 protected:
  void ask_time() {
    client->time([this](const Result<ServerTime>& result) {
      told.push_back(result ? format_rfc3339(result->at, 0) : result.error().detail);
      if (!result) codes.push_back(result.error().code);
    });
  }
  void ask_token() {
    client->web_sockets_token([this](const Result<WebSocketsToken>& result) {
      told.push_back(result ? result->token : result.error().detail);
      if (!result) codes.push_back(result.error().code);
    });
  }
  static std::string error(const std::string& text) { return R"({"error":[")" + text + R"("]})"; }
  void pass(Duration span) { clock.advance_to(clock.now() + span); }
  std::vector<Duration> sent_at() const {
    std::vector<Duration> out;
    for (const auto& seen : far_end.seen) out.push_back(seen.at - kStart);
    return out;
  }

  VirtualClock clock{kStart};
  test::ScriptedRest far_end{clock};
  Credentials credentials = test::example_credentials();
  NonceSource nonces{clock};
  std::optional<RestClient> client{std::in_place, far_end, clock, RestOptions{},
                                   RestClient::Account{credentials, nonces}};
  std::vector<std::string> told;
  std::vector<Errc> codes;
};

TEST_F(RestClientTest, AsksInKrakensWords) {
  RestOptions options;
  options.public_limit = {.ceiling = 100, .decay = seconds(1)};
  client.emplace(far_end, clock, options);
  client->time([](const auto&) {});
  client->system_status([](const auto&) {});
  client->assets({}, [](const auto&) {});
  client->assets({"XBT", "ETH"}, [](const auto&) {});
  client->asset_pairs({"BTC/USD"}, [](const auto&) {});
  client->ohlc({.pair = "XBTUSD", .interval_minutes = 5, .since = kStart + std::chrono::milliseconds(1)},
               [](const auto&) {});
  client->trades({.pair = "BTC/USD", .since = kStart}, [](const auto&) {});
  client->trades({.pair = "XBTUSD", .since = std::nullopt, .count = 10}, [](const auto&) {});
  client->depth({.pair = "XBTUSD", .count = 500}, [](const auto&) {});
  EXPECT_EQ(client->pending(), 9U);
  far_end.serve([](const auto&) { return test::json_answer(R"({"error":[],"result":{}})"); });
  std::vector<std::string> targets;
  for (const auto& seen : far_end.seen) targets.push_back(seen.request.method + ' ' + seen.request.target);
  EXPECT_THAT(targets,
              ElementsAre("GET /0/public/Time", "GET /0/public/SystemStatus", "GET /0/public/Assets",
                          "GET /0/public/Assets?asset=XBT%2CETH", "GET /0/public/AssetPairs?pair=BTC%2FUSD",
                          "GET /0/public/OHLC?pair=XBTUSD&interval=5&since=1788249600",
                          "GET /0/public/Trades?pair=BTC%2FUSD&count=1000&since=1788249600000000000",
                          "GET /0/public/Trades?pair=XBTUSD&count=10", "GET /0/public/Depth?pair=XBTUSD&count=500"));
  EXPECT_EQ(client->pending(), 0U);
}

TEST_F(RestClientTest, SendsPublicCallsOneASecondAndOneAtATime) {
  for (int i = 0; i < 3; ++i) ask_time();
  EXPECT_EQ(far_end.under_way(), 1U);
  far_end.serve([](const auto&) { return test::json_answer(kTimeAnswer); });
  EXPECT_THAT(sent_at(), ElementsAre(seconds(0), seconds(1), seconds(2)));
  EXPECT_THAT(told, ElementsAre("2026-09-01T08:00:00Z", "2026-09-01T08:00:00Z", "2026-09-01T08:00:00Z"));
}

TEST_F(RestClientTest, SendsPrivateCallsAsTheCounterAllowsWithRisingNonces) {
  for (int i = 0; i < 22; ++i) ask_token();
  ask_time();
  EXPECT_EQ(far_end.under_way(), 2U) << "public calls have a line of their own";
  far_end.answer_json(kTokenAnswer);
  far_end.answer_json(kTimeAnswer);
  far_end.serve([](const auto&) { return test::json_answer(kTokenAnswer); });
  EXPECT_EQ(told.size(), 23U);
  EXPECT_EQ(sent_at()[20], Duration{});
  EXPECT_EQ(sent_at()[21], seconds(2));
  EXPECT_EQ(sent_at()[22], seconds(4));
  std::uint64_t last = 0;
  for (const auto& seen : far_end.seen) {
    if (seen.request.method != "POST") continue;
    const std::uint64_t nonce = std::stoull(*test::field_of(seen.request.body, "nonce"));
    EXPECT_GT(nonce, last);
    last = nonce;
  }
}

TEST_F(RestClientTest, TakesAFreshNonceAtOnceAndNotForEver) {
  ask_token();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(far_end.under_way(), 1U);
    far_end.answer_json(error("EAPI:Invalid nonce"));
  }
  EXPECT_THAT(told, ElementsAre("GetWebSocketsToken: EAPI:Invalid nonce"));
  EXPECT_NE(far_end.seen[0].request.body, far_end.seen[1].request.body);
  EXPECT_EQ(far_end.seen[2].at, kStart);
}

TEST_F(RestClientTest, NeverRepeatsWhatWouldBeRefusedAgain) {
  for (const char* text : {"EAPI:Invalid key", "EAPI:Invalid signature", "EGeneral:Permission denied",
                           "EGeneral:Invalid arguments:pair", "EGeneral:Temporary lockout"}) {
    ask_token();
    far_end.answer_json(error(text));
    EXPECT_EQ(told.back(), std::string("GetWebSocketsToken: ") + text);
    EXPECT_EQ(far_end.under_way(), 0U);
    pass(std::chrono::hours(1));
  }
}

TEST_F(RestClientTest, WaitsLongerAndLongerForAServiceThatIsBusy) {
  ask_time();
  far_end.serve([](const auto&) { return test::json_answer(error("EService:Busy")); });
  EXPECT_THAT(sent_at(), ElementsAre(seconds(0), seconds(5), seconds(15)));
  EXPECT_THAT(told, ElementsAre("Time: EService:Busy"));
}

TEST_F(RestClientTest, ComesAgainWhenAThrottledClientMay) {
  ask_time();
  far_end.answer_json(error("EService: Throttled: 1788249660"));
  ask_time();  // does not jump the line
  far_end.serve([](const auto&) { return test::json_answer(kTimeAnswer); });
  EXPECT_THAT(sent_at(), ElementsAre(seconds(0), seconds(60), seconds(61)));
}

TEST_F(RestClientTest, DoesNotWaitForHours) {
  ask_time();
  far_end.answer_json(error("EService: Throttled: 1788289605"));
  EXPECT_THAT(told, ElementsAre("Time: EService:Throttled:1788289605"));
  EXPECT_THAT(codes, ElementsAre(Errc::Limit));
}

TEST_F(RestClientTest, LetsItsCounterStandFullAfterARefusal) {
  ask_token();
  far_end.answer_json(error("EAPI:Rate limit exceeded"));
  far_end.serve([](const auto&) { return test::json_answer(kTokenAnswer); });
  for (int i = 0; i < 19; ++i) ask_token();
  far_end.serve([](const auto&) { return test::json_answer(kTokenAnswer); });
  EXPECT_EQ(told.size(), 20U);
  EXPECT_EQ(sent_at()[1], seconds(5));
  EXPECT_GT(sent_at().back(), seconds(30)) << "not a burst of twenty";
}

TEST_F(RestClientTest, TellsWhatIsNoAnswerOfTheApi) {
  ask_time();
  far_end.answer(net::HttpResponse{.status = 404, .reason = "Not Found", .headers = {}, .body = "<html>"});
  EXPECT_EQ(told.back(), "Time: HTTP 404 Not Found");
  pass(seconds(1));
  ask_time();
  far_end.serve([](const auto&) {
    return net::HttpResponse{.status = 503, .reason = "Service Unavailable", .headers = {}, .body = "<html>"};
  });
  EXPECT_EQ(told.back(), "Time: HTTP 503 Service Unavailable");
  EXPECT_EQ(far_end.seen.size(), 4U) << "three attempts";
  pass(seconds(1));
  ask_time();
  far_end.answer(fail(Errc::Tls, "TLS: the certificate is not accepted"));
  EXPECT_EQ(told.back(), "Time: TLS: the certificate is not accepted");
  pass(seconds(1));
  ask_time();
  far_end.answer(fail(Errc::Timeout, "answer: none within 30s"));
  far_end.serve([](const auto&) { return test::json_answer(kTimeAnswer); });
  EXPECT_EQ(told.back(), "2026-09-01T08:00:00Z");
}

TEST_F(RestClientTest, HidesTheKeyInWordsOfTheFarEnd) {
  ask_token();
  far_end.answer_json(error(std::string("EAPI:Invalid key: ") + test::kExampleKey + " " + test::kExampleSecret));
  EXPECT_THAT(told.back(), AllOf(HasSubstr("(credentials)"), Not(HasSubstr(test::kExampleKey)),
                                 Not(HasSubstr(test::kExampleSecret))));
}

TEST_F(RestClientTest, ShowsNothingOfAPrivateAnswerThatItCannotRead) {
  ask_token();
  far_end.answer_json(R"({"error":[],"result":{"token":"canary")");
  EXPECT_THAT(told, ElementsAre("GetWebSocketsToken: the answer is not of its form"));
}

TEST_F(RestClientTest, RefusesMoreThanMayWait) {
  RestOptions options;
  options.max_waiting = 2;
  client.emplace(far_end, clock, options);
  for (int i = 0; i < 3; ++i) ask_time();
  EXPECT_THAT(told, ElementsAre("Time: 2 calls are waiting already"));
  EXPECT_THAT(codes, ElementsAre(Errc::Limit));
}

TEST_F(RestClientTest, MayBeDestroyedByAnAnswerAndWhileCallsWait) {
  client->time([this](const Result<ServerTime>&) { client.reset(); });
  ask_time();
  far_end.answer_json(kTimeAnswer);
  EXPECT_TRUE(told.empty());
  EXPECT_FALSE(clock.next_deadline().has_value());
  client.emplace(far_end, clock);
  ask_time();
  client.reset();
  far_end.answer_json(kTimeAnswer);
  EXPECT_TRUE(told.empty());
}

}  // namespace
}  // namespace ktape::rest
