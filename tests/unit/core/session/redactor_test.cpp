#include "core/session/redactor.hpp"

#include <gtest/gtest.h>

#include "core/session/secret_finder.hpp"

namespace ktape {
namespace {

RedactionKey key(std::uint8_t fill) {
  RedactionKey out{};
  out.fill(fill);
  return out;
}

// The payload with each secret in place as "<secret>", so that a test shows what was found and what was left alone.
std::string marked(std::string_view payload) {
  std::string out;
  std::size_t done = 0;
  for (const SecretRange& secret : find_secrets(payload)) {
    out += payload.substr(done, secret.begin - done);
    out += secret.quotes + "<" + secret.value + ">" + secret.quotes;
    done = secret.end;
  }
  out += payload.substr(done);
  EXPECT_TRUE(out == payload || may_hold_secrets(payload)) << payload;
  return out;
}

TEST(Redactor, GivesTheSamePseudonymForTheSameSecretOfOneSession) {
  Redactor redactor(key(1));
  const std::string pseudonym = redactor.pseudonym("abc");
  EXPECT_EQ(pseudonym.size(), std::string("ktape-redacted-0123456789ab").size());
  EXPECT_EQ(redactor.redact(R"({"token":"abc"})"), R"({"token":")" + pseudonym + R"("})");
  EXPECT_EQ(redactor.redact(R"({"tok\u0065n":"\u0061bc"})"), R"({"tok\u0065n":")" + pseudonym + R"("})");
  EXPECT_NE(redactor.pseudonym("abd"), pseudonym);
  EXPECT_NE(Redactor(key(2)).pseudonym("abc"), pseudonym);
}

TEST(Redactor, LeavesEverythingElseUntouchedWithoutACopy) {
  Redactor redactor(key(1));
  for (const std::string_view payload :
       {R"({"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":1.0,"qty":2}]}]})",
        R"({"channel":"token","symbol":"otp","tokens":"x"})", R"({"a":"\u00e9\\"})", "", "\xff\xfe\x80", "{\"token\"",
        R"({"token":""})", R"({"token":null,"sign":true,"otp":false})", "\\", "\"",
        R"({"event":"error","message":"x"})"}) {
    EXPECT_EQ(redactor.redact(payload).data(), payload.data()) << payload;
  }
}

TEST(Redactor, KeepsThePseudonymsOfARecordingThatIsRecordedAgain) {
  Redactor first(key(1));
  const std::string once(first.redact(R"({"token":"abc"})"));
  EXPECT_EQ(Redactor(key(2)).redact(once), once);
}

TEST(SecretFinder, KnowsTheNamesInEverySpelling) {
  for (const std::string_view name :
       {"token", "api_key", "apiKey", "API-Key", "signature", "sign", "API-Sign", "signed_challenge",
        "original_challenge", "challenge", "otp", "password", "nonce", "Authent", "passphrase", "api_secret"}) {
    const std::string head = "{\"" + std::string(name) + "\" : \"";
    EXPECT_EQ(marked(head + "v\"}"), head + "<v>\"}");
  }
}

TEST(SecretFinder, FindsSecretsThatAreNotStrings) {
  EXPECT_EQ(marked(R"({"otp":123456,"x":1})"), R"({"otp":"<123456>","x":1})");
  EXPECT_EQ(marked(R"({"token":{"a":"x","b":[1,null,"y"]},"c":"z"})"),
            R"({"token":{"a":"<x>","b":["<1>",null,"<y>"]},"c":"z"})");
  EXPECT_EQ(marked(R"([{"nonce": 17}, {"n": 18}])"), R"([{"nonce": "<17>"}, {"n": 18}])");
}

TEST(SecretFinder, LooksIntoStringsThatHoldJson) {
  EXPECT_EQ(marked(R"({"body":"{\"token\":\"abc\",\"n\":\"\\u00e9\"}"})"),
            R"({"body":"{\"token\":\"<abc>\",\"n\":\"\\u00e9\"}"})");
  EXPECT_EQ(marked(R"({"body":"{\"otp\":12}"})"), R"({"body":"{\"otp\":\"<12>\"}"})");
  EXPECT_EQ(marked(R"({"a":"{\"b\":\"{\\\"token\\\":\\\"t\\\"}\"}"})"),
            R"({"a":"{\"b\":\"{\\\"token\\\":\\\"<t>\\\"}\"}"})");
}

TEST(SecretFinder, KnowsHeadersAndQueries) {
  EXPECT_EQ(marked("wss://ws.kraken.com/v2?a=1&token=abc%20d&b=2"), "wss://ws.kraken.com/v2?a=1&token=<abc d>&b=2");
  EXPECT_EQ(marked("wss://h/?tok%65n=abc#f"), "wss://h/?tok%65n=<abc>#f");
  EXPECT_EQ(marked("POST /0\r\nAPI-Key: abc==\r\napi-sign:x y \r\nHost: h"),
            "POST /0\r\nAPI-Key: <abc==>\r\napi-sign:<x y> \r\nHost: h");
  EXPECT_EQ(marked(R"({"url":"https:\/\/h?nonce=5&x=6","h":"Authent: q\r\nA: b"})"),
            R"({"url":"https:\/\/h?nonce=<5>&x=6","h":"Authent: <q>\r\nA: b"})");
  EXPECT_EQ(marked("nonce=1&otp=2&pair=XBT"), "nonce=<1>&otp=<2>&pair=XBT");
  EXPECT_EQ(marked("Invalid token: expired"), "Invalid token: expired");
}

TEST(SecretFinder, TakesTheMessageOfAChallengeForTheChallenge) {
  EXPECT_EQ(marked(R"({"event":"challenge","message":"uuid"})"), R"({"event":"challenge","message":"<uuid>"})");
  EXPECT_EQ(marked(R"({"message":"uuid","event":"challenge"})"), R"({"message":"<uuid>","event":"challenge"})");
  EXPECT_EQ(marked(R"({"event":"challenge","api_key":"k"})"), R"({"event":"challenge","api_key":"<k>"})");
  EXPECT_EQ(marked(R"({"event":"alert","message":"no challenge"})"), R"({"event":"alert","message":"no challenge"})");
}

TEST(SecretFinder, HidesTheRestOfAPayloadThatIsCutInASecret) {
  EXPECT_EQ(marked(R"({"token":"abc)"), R"({"token":"<abc>)");
  EXPECT_EQ(marked(R"({"otp":12)"), R"({"otp":"<12>")");
}

TEST(SecretFinder, IsNotHurtByNonsense) {
  const std::string seed = R"({"tok\u0065n":"a\"b","body":"{\"otp\":1}","u":"h?sign=x"}\\"[]{}:,)";
  std::uint64_t state = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = seed;
    for (int change = 0; change < 6; ++change) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      text[(state >> 33) % text.size()] = seed[(state >> 13) % seed.size()];
    }
    std::size_t end = 0;
    for (const SecretRange& range : find_secrets(text)) {
      ASSERT_LE(end, range.begin) << text;
      ASSERT_LT(range.begin, range.end) << text;
      ASSERT_LE(range.end, text.size()) << text;
      end = range.end;
    }
  }
}

}  // namespace
}  // namespace ktape
