#include "rest/requests.hpp"

#include <gmock/gmock.h>

#include "core/base/base64.hpp"
#include "core/base/sha256.hpp"
#include "core/base/virtual_clock.hpp"
#include "tests/support/scripted_rest.hpp"

namespace ktape::rest {
namespace {

struct Vector {
  const char* path;
  const char* body;
  const char* inner;
  const char* signature;
};
constexpr const char* kNonce = "1616492376594";

// The table of rest section 2: the first row is Kraken's own.
constexpr Vector kVectors[] = {
    {"/0/private/AddOrder", "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25",
     "23a1c1b34c6a11d641af0f24684896cb90f66fb991125c83dc357bdc3dc146f1",
     "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="},
    {"/0/private/GetWebSocketsToken", "nonce=1616492376594",
     "09fcef6b8f1c848c916f1c87befa425e755aefb54f968360a557c5f573b99275",
     "+mRDmY9Ks0Moc1zjv/BjfvYa98buO0x1yHChZR5onlfAzAUbfIYlLggUZzdQ0RsmXm4Sh+Q8iAIZdo2wSeHeiA=="},
    {"/0/private/GetWebSocketsToken", R"({"nonce":"1616492376594"})",
     "53b8bd4e35680843569d91f2624825a746e0c659e4e2e3343e33069d53a0595c",
     "HPdpJhpIrtLjJZVt+Hh9BfWStC+WBySrpgTLHtVBJ7ZH9UdJOtersnssuRGVwxefF6bnUPz24Bq23UUmUtafXg=="},
    {"/0/private/GetWebSocketsToken", R"({"nonce":1616492376594})",
     "a5aeaafce7278022df7f137c4fad40259c23cdbbd8ddf13809f9903415c0eb09",
     "yl7HvQ7MH+jWgPjH8r2+qILii9+OjPXXmiYU0uJ3ZdoxQGQlSfjTrhVW8NhLKbAnVRjuuiqkn/lDVd8AhdBrfQ=="},
    {"/0/private/AddOrder",
     R"({"nonce":"1616492376594","ordertype":"limit","pair":"XBTUSD","price":"37500","type":"buy","volume":"1.25"})",
     "731135a093fa628e634763c0ea4c3cca02946598f0b0762b9c0c35c766f737a5",
     "r/o+GpKxXjV/mls/r5CKLu5R+yzK5psqvQ4hXxMX1nzdxTBhV+ui82QGgPZMMitpFwCOAdPEZMmXgZxD2chJEg=="},
    {"/0/private/AddOrder", "nonce=1616492376594&ordertype=limit&pair=BTC%2FUSD&price=37500&type=buy&volume=1.25",
     "674c830f724da339ff0bf0a28a1198051c0805eae6138f30517acf722b1f8f08",
     "vqYCjYP8L7Z6f4FfT7iC9510ErfLN+1YbWhRQdp5Kbbgo3ZsNzXqJ2n/grL49Fh65kWjgnjvQlyAkpYHB/noCA=="},
};

TEST(Requests, SignsAsKrakenDocumentsIt) {
  for (const Vector& vector : kVectors) {
    EXPECT_EQ(sha256_hex(std::string(kNonce) + vector.body), vector.inner);
    const auto signature =
        sign_request({.path = vector.path, .nonce = kNonce, .body = vector.body}, test::kExampleSecret);
    ASSERT_TRUE(signature.has_value());
    EXPECT_EQ(*signature, vector.signature) << vector.body;
  }
}

TEST(Requests, NeverShowsASecretThatIsNoBase64) {
  const auto refused = sign_request({.path = "/", .nonce = "1", .body = ""}, "canary-canary-!!");
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().detail, testing::Not(testing::HasSubstr("canary")));
}

TEST(Requests, PutsAPrivateCallTogether) {
  const auto credentials = test::example_credentials();
  const auto plain = private_request("GetWebSocketsToken", 1616492376594, {}, credentials).value();
  EXPECT_EQ(plain.method, "POST");
  EXPECT_EQ(plain.target, "/0/private/GetWebSocketsToken");
  EXPECT_EQ(plain.body, "nonce=1616492376594");
  EXPECT_EQ(net::find_header(plain.headers, "api-sign"), kVectors[1].signature);
  EXPECT_EQ(net::find_header(plain.headers, "api-key"), test::kExampleKey);
  EXPECT_EQ(net::find_header(plain.headers, "content-type"), "application/x-www-form-urlencoded");

  const auto order =
      private_request(
          "AddOrder", 1616492376594,
          {{"ordertype", "limit"}, {"pair", "BTC/USD"}, {"price", "37500"}, {"type", "buy"}, {"volume", "1.25"}},
          credentials)
          .value();
  EXPECT_EQ(order.body, kVectors[5].body);
  EXPECT_EQ(net::find_header(order.headers, "API-Sign"), kVectors[5].signature) << "signed as it is sent";
}

TEST(Requests, EscapesWhatAFormMayNotHold) {
  EXPECT_EQ(form_encode({{"close[price]", "+5%"}, {"a b", "x&y=z,\xC3\xA9"}, {"plain", "-._~aZ9"}}),
            "close%5Bprice%5D=%2B5%25&a%20b=x%26y%3Dz%2C%C3%A9&plain=-._~aZ9");
  const auto request = public_request("Trades", {{"pair", "BTC/USD"}, {"count", "10"}});
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/0/public/Trades?pair=BTC%2FUSD&count=10");
  EXPECT_EQ(public_request("Time", {}).target, "/0/public/Time");
}

TEST(Nonces, RiseWhileTheClockStandsStill) {
  VirtualClock clock(from_nanoseconds(1000));
  NonceSource nonces(clock);
  EXPECT_EQ(nonces.next(), 1000U);
  EXPECT_EQ(nonces.next(), 1001U);
  clock.advance_to(from_nanoseconds(5000));
  EXPECT_EQ(nonces.next(), 5000U);
  EXPECT_EQ(nonces.last(), 5000U);
}

TEST(Nonces, NeverGoBackBehindAnEarlierRun) {
  VirtualClock clock(from_nanoseconds(1000));
  NonceSource nonces(clock, 7000);
  EXPECT_EQ(nonces.next(), 7001U);
  VirtualClock early(from_nanoseconds(-5));
  NonceSource before_1970(early);
  EXPECT_EQ(before_1970.next(), 1U);
}

}  // namespace
}  // namespace ktape::rest
