#include "rest/token_authoriser.hpp"

#include <gmock/gmock.h>

#include "core/base/base64.hpp"
#include "core/base/hmac.hpp"
#include "core/base/sha256.hpp"
#include "rest/futures_authoriser.hpp"
#include "tests/support/scripted_rest.hpp"

namespace ktape::rest {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class TokenAuthoriserTest : public ::testing::Test {
 protected:
  void ask(bool renew = false) {
    authoriser->authorise({.renew = renew}, [this](const Result<Authorisation>& result) {
      granted.push_back(result ? result->token : "error: " + result.error().detail);
    });
  }
  void grant(const std::string& token) {
    far_end.answer_json(R"({"result":{"token":")" + token + R"(","expires":900},"error":[]})");
  }
  void pass(Duration span) { clock.advance_to(clock.now() + span); }

  VirtualClock clock{from_nanoseconds(1'788'249'600'000'000'000)};
  test::ScriptedRest far_end{clock};
  Credentials credentials = test::example_credentials();
  NonceSource nonces{clock};
  RestClient rest{far_end, clock, {}, RestClient::Account{credentials, nonces}};
  std::optional<TokenAuthoriser> authoriser{std::in_place, rest, clock};
  std::vector<std::string> granted;
};

TEST_F(TokenAuthoriserTest, AsksOnceForAllWhoWait) {
  ask();
  ask();
  ask(true);
  EXPECT_EQ(far_end.seen.size(), 1U);
  EXPECT_EQ(far_end.seen[0].request.target, "/0/private/GetWebSocketsToken");
  grant("one");
  EXPECT_THAT(granted, ElementsAre("one", "one", "one"));
}

TEST_F(TokenAuthoriserTest, GivesAYoungTokenAgainAndNoOldOne) {
  ask();
  grant("one");
  pass(minutes(13));
  ask();
  EXPECT_THAT(granted, ElementsAre("one", "one"));
  pass(minutes(1));  // a minute before it expires
  ask();
  EXPECT_EQ(far_end.seen.size(), 2U);
  grant("two");
  EXPECT_THAT(granted, ElementsAre("one", "one", "two"));
}

TEST_F(TokenAuthoriserTest, CountsTheAgeFromTheRequest) {
  ask();
  pass(minutes(14));
  grant("one");
  ask();
  EXPECT_EQ(far_end.seen.size(), 2U);
}

TEST_F(TokenAuthoriserTest, RenewsWhatWasRefused) {
  ask();
  grant("one");
  ask(true);
  ASSERT_EQ(far_end.seen.size(), 2U);
  grant("two");
  ask();
  EXPECT_THAT(granted, ElementsAre("one", "two", "two"));
}

TEST_F(TokenAuthoriserTest, TellsAllWhoWaitOfAFailureAndTriesAgainWhenAsked) {
  ask();
  ask();
  far_end.answer_json(R"({"error":["EGeneral:Permission denied"]})");
  EXPECT_THAT(granted, ElementsAre("error: GetWebSocketsToken: EGeneral:Permission denied",
                                   "error: GetWebSocketsToken: EGeneral:Permission denied"));
  ask();
  grant("one");
  EXPECT_EQ(granted.back(), "one");
}

TEST_F(TokenAuthoriserTest, NeverShowsATokenThatItCannotRead) {
  for (const char* body : {R"({"error":[],"result":{"token":"canary-token","expires":"canary"}})",
                           R"({"error":[],"result":{"token":{"canary":1},"expires":900}})",
                           R"({"error":[],"result":"canary"})", R"({"error":[],"result":{"token":"canary)", "canary"}) {
    ask();
    far_end.answer_json(body);
    EXPECT_THAT(granted.back(), testing::StartsWith("error: GetWebSocketsToken: "));
    EXPECT_THAT(granted.back(), Not(HasSubstr("canary")));
    pass(minutes(1));
  }
}

TEST_F(TokenAuthoriserTest, CallsNobodyWhenItIsGone) {
  ask();
  authoriser.reset();
  grant("one");
  EXPECT_TRUE(granted.empty());
}

TEST_F(TokenAuthoriserTest, MayBeAskedFromAnAnswer) {
  authoriser->authorise({}, [this](const Result<Authorisation>&) { ask(true); });
  grant("one");
  ASSERT_EQ(far_end.under_way(), 1U);
  grant("two");
  EXPECT_THAT(granted, ElementsAre("two"));
}

TEST(FuturesAuthoriser, NamesTheKeyAndThenSignsTheChallenge) {
  const auto credentials = test::example_credentials();
  FuturesAuthoriser authoriser(credentials);
  std::optional<Authorisation> granted;
  const auto keep = [&](Result<Authorisation> result) { granted = std::move(result.value()); };
  authoriser.authorise({}, keep);
  EXPECT_EQ(*granted, (Authorisation{.api_key = test::kExampleKey}));
  authoriser.authorise({.challenge = "c100b894-1729-464d-ace1-52dbce11db42"}, keep);
  EXPECT_EQ(granted->api_key, test::kExampleKey);
  EXPECT_EQ(granted->original_challenge, "c100b894-1729-464d-ace1-52dbce11db42");
  EXPECT_EQ(granted->signed_challenge,
            base64_encode(hmac_sha512(*base64_decode(test::kExampleSecret), sha256(granted->original_challenge))));
}

}  // namespace
}  // namespace ktape::rest
