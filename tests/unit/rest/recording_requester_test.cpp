#include "rest/recording_requester.hpp"

#include <gmock/gmock.h>

#include "rest/rest_client.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/scripted_rest.hpp"

namespace ktape::rest {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr ConnectionId kRest{0};

class RecordingRequesterTest : public ::testing::Test {
 protected:
  std::string all() const {
    std::string out;
    for (const auto& frame : log.frames) out += frame.payload + '\n';
    return out;
  }

  VirtualClock clock{from_nanoseconds(1'788'249'600'000'000'000)};
  test::ScriptedRest far_end{clock};
  test::FrameLog log;
  RedactionKey key{1, 2, 3};
  Redactor redactor{key};
  std::optional<RecordingRequester> tee{
      std::in_place, far_end, clock, log, redactor, RecordingRequester::Place{"https://api.kraken.com", kRest}};
  Credentials credentials = test::example_credentials();
  NonceSource nonces{clock};
};

TEST_F(RecordingRequesterTest, KeepsARequestAndItsAnswerAsFourFrames) {
  RestClient client(*tee, clock);
  int answers = 0;
  client.trades({.pair = "ETH/EUR", .since = std::nullopt, .count = 1}, [&](const auto&) { ++answers; });
  EXPECT_TRUE(log.frames.empty());
  clock.advance_to(clock.now() + std::chrono::seconds(1));
  far_end.answer(net::HttpResponse{.status = 200,
                                   .reason = "OK",
                                   .headers = {{"Set-Cookie", "canary"}, {"Content-Type", "application/json"}},
                                   .body = R"({"error":[],"result":{}})"});
  EXPECT_EQ(answers, 1);
  const Timestamp at = clock.now();
  const std::vector<test::LoggedFrame> expected{
      {at, kRest, Direction::FromExchange, FrameKind::Opened,
       "https://api.kraken.com/0/public/Trades?pair=ETH%2FEUR&count=1"},
      {at, kRest, Direction::ToExchange, FrameKind::Text,
       "GET /0/public/Trades?pair=ETH%2FEUR&count=1 HTTP/1.1\r\nHost: api.kraken.com\r\n\r\n"},
      {at, kRest, Direction::FromExchange, FrameKind::Text,
       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"error\":[],\"result\":{}}"},
      {at, kRest, Direction::ToExchange, FrameKind::Closed, CloseInfo{1000, ""}.text()}};
  EXPECT_EQ(log.frames, expected);
}

TEST_F(RecordingRequesterTest, HoldsNoSecret) {
  RestClient client(*tee, clock, {}, RestClient::Account{credentials, nonces});
  std::string token;
  client.web_sockets_token([&](const Result<WebSocketsToken>& answer) { token = answer->token; });
  const auto& sent = far_end.seen[0].request;
  const std::string signature(net::find_header(sent.headers, "API-Sign"));
  const std::string nonce = *test::field_of(sent.body, "nonce");
  far_end.answer(test::json_answer(std::string(R"({"error":[],"result":{"token":")") + test::kExampleToken +
                                   R"(","expires":900}})"));
  EXPECT_EQ(token, test::kExampleToken) << "the client gets the real one";
  ASSERT_EQ(signature.size(), 88U);
  for (const std::string& canary : {std::string(test::kExampleKey), std::string(test::kExampleSecret), signature, nonce,
                                    std::string(test::kExampleToken)}) {
    EXPECT_THAT(all(), Not(HasSubstr(canary)));
  }
  EXPECT_THAT(all(), HasSubstr("API-Key: " + redactor.pseudonym(test::kExampleKey)));
  EXPECT_THAT(all(), HasSubstr("API-Sign: " + redactor.pseudonym(signature)));
  EXPECT_THAT(all(), HasSubstr("nonce=" + redactor.pseudonym(nonce)));
  EXPECT_THAT(all(), HasSubstr(redactor.pseudonym(test::kExampleToken))) << "as in the websocket's requests";
}

TEST_F(RecordingRequesterTest, HoldsNoOneTimeCodeInFormOrJson) {
  const char* const bodies[] = {"nonce=canary1&otp=canary2", R"({"nonce":"canary1","otp":"canary2"})",
                                R"({"nonce":17777777, "otp" : 888888})"};
  for (const char* body : bodies) {
    tee->request({.method = "POST",
                  .target = "/0/private/Balance?otp=canary3",
                  .headers = {{"API-Key", "canary4"}, {"api-sign", "canary5=="}},
                  .body = body},
                 [](const auto&) {});
    far_end.answer(test::json_answer(R"({"error":["EAPI:Invalid nonce"],"result":{"token":"canary6"}})"));
  }
  EXPECT_EQ(log.frames.size(), 12U);
  for (const char* canary : {"canary", "17777777", "888888"}) EXPECT_THAT(all(), Not(HasSubstr(canary)));
}

TEST_F(RecordingRequesterTest, LeavesNoFramesWithoutAnAnswerAndCallsNobodyWhenItIsGone) {
  std::string told;
  tee->request({}, [&](const Result<net::HttpResponse>& answer) { told = answer.error().detail; });
  far_end.answer(fail(Errc::Timeout, "answer: none within 30s"));
  EXPECT_EQ(told, "answer: none within 30s");
  tee->request({}, [](const auto&) { ADD_FAILURE(); });
  tee.reset();
  far_end.answer_json("{}");
  EXPECT_TRUE(log.frames.empty());
}

}  // namespace
}  // namespace ktape::rest
