#include "hosts/key_ring.hpp"

#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "rest/requests.hpp"

namespace ktape::hosts {
namespace {

// The public example of Kraken's documentation (rest section 2).
constexpr std::string_view kSecret =
    "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==";
constexpr std::string_view kOther = "c2VjcmV0";

class KeyRingTest : public testing::Test {
 protected:
  KeyRingTest() {
    for (const auto& [name, tier] : {std::pair{"first", AccountTier::Intermediate}, {"second", AccountTier::Starter}}) {
      Account account;
      account.terms.name = name;
      account.terms.tier = tier;
      account.keys.push_back({rest::Credentials::create(name, kSecret).value()});
      accounts.push_back(std::move(account));
    }
    accounts[0].keys[0].nonces_rise = true;
  }
  static net::HttpRequest call(std::string body, std::string signature, std::string key = "first",
                               std::string target = "/0/private/GetWebSocketsToken") {
    return {.method = "POST",
            .target = std::move(target),
            .headers = {{"API-Key", std::move(key)}, {"API-Sign", std::move(signature)}},
            .body = std::move(body)};
  }
  // Signed as our own client signs.
  static net::HttpRequest signed_call(std::uint64_t nonce, std::string key = "first",
                                      std::string_view secret = kSecret) {
    return rest::private_request("GetWebSocketsToken", nonce, {}, rest::Credentials::create(key, secret).value())
        .value();
  }
  std::string error_of(const net::HttpRequest& request, int cost = 1) {
    return ring().check(request, CallParameters::of(request), cost).error;
  }
  KeyRing& ring() {
    if (!ring_) ring_.emplace(clock, accounts);
    return *ring_;
  }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  std::vector<Account> accounts;

 private:
  std::optional<KeyRing> ring_;
};

TEST_F(KeyRingTest, VerifiesTheSignaturesOfTheDocumentation) {
  const auto form =
      call("nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25",
           "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==", "first",
           "/0/private/AddOrder");
  const Caller caller = ring().check(form, CallParameters::of(form), 0);
  EXPECT_EQ(caller.error, "");
  EXPECT_EQ(caller.account, AccountId{1});
  EXPECT_EQ(caller.key, &accounts[0].keys[0]);
}

TEST_F(KeyRingTest, VerifiesJsonBodiesAsTheyStand) {
  EXPECT_EQ(error_of(call(R"({"nonce":"1616492376594"})",
                          "HPdpJhpIrtLjJZVt+Hh9BfWStC+WBySrpgTLHtVBJ7ZH9UdJOtersnssuRGVwxefF6bnUPz24Bq23UUmUtafXg==")),
            "");
  EXPECT_EQ(error_of(call(
                R"({"nonce":1616492376594})",
                "yl7HvQ7MH+jWgPjH8r2+qILii9+OjPXXmiYU0uJ3ZdoxQGQlSfjTrhVW8NhLKbAnVRjuuiqkn/lDVd8AhdBrfQ==", "second")),
            "");
}

TEST_F(KeyRingTest, RefusesInKrakensWords) {
  EXPECT_EQ(error_of(signed_call(1, "third")), "EAPI:Invalid key");
  EXPECT_EQ(error_of({.method = "POST", .target = "/0/private/Balance", .body = "nonce=1"}), "EAPI:Invalid key");
  EXPECT_EQ(error_of(signed_call(1, "first", kOther)), "EAPI:Invalid signature");
  auto changed = signed_call(2);
  changed.body += "&x=1";
  EXPECT_EQ(error_of(changed), "EAPI:Invalid signature");
  auto elsewhere = signed_call(2);
  elsewhere.target = "/0/private/Balance";
  EXPECT_EQ(error_of(elsewhere), "EAPI:Invalid signature") << "the path is covered";
  const std::string body = "a=1";
  const auto nonceless = rest::sign_request({.path = "/0/private/Balance", .nonce = "", .body = body}, kSecret).value();
  EXPECT_EQ(error_of(call(body, nonceless, "first", "/0/private/Balance")), "EAPI:Invalid nonce");
}

TEST_F(KeyRingTest, WantsNoncesToRiseWhereTheKeySaysSo) {
  EXPECT_EQ(error_of(signed_call(10)), "");
  EXPECT_EQ(error_of(signed_call(10)), "EAPI:Invalid nonce");
  EXPECT_EQ(error_of(signed_call(9)), "EAPI:Invalid nonce");
  EXPECT_EQ(error_of(signed_call(11)), "");
  EXPECT_EQ(error_of(signed_call(1616492376594000, "second")), "") << "any will do for this one: microseconds";
  EXPECT_EQ(error_of(signed_call(1616492376595, "second")), "") << "and milliseconds of another client";
}

TEST_F(KeyRingTest, RefusesWhoCallsTooOftenUntilTheCounterHasSunk) {
  std::uint64_t nonce = 0;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(error_of(signed_call(++nonce)), "") << i;
  EXPECT_EQ(error_of(signed_call(++nonce)), "EAPI:Rate limit exceeded");
  EXPECT_EQ(error_of(signed_call(++nonce), 0), "") << "orders are counted elsewhere";
  clock.advance_to(clock.now() + std::chrono::seconds(2));
  EXPECT_EQ(error_of(signed_call(++nonce)), "") << "0.5 per second";
  EXPECT_EQ(error_of(signed_call(++nonce)), "EAPI:Rate limit exceeded");
  for (int i = 0; i < 15; ++i) EXPECT_EQ(error_of(signed_call(++nonce, "second")), "") << i;
  EXPECT_EQ(error_of(signed_call(++nonce, "second")), "EAPI:Rate limit exceeded") << "a starter's ceiling";
}

TEST(CallParameters, AreReadFromQueryFormAndJson) {
  const auto of = [](std::string target, std::string body) {
    return CallParameters::of({.target = std::move(target), .body = std::move(body)});
  };
  const auto form = of("/0/public/OHLC?pair=BTC%2FUSD&interval=5", "since=1+2&interval=15&flag&=&&x=%zz");
  EXPECT_EQ(form.get("pair"), "BTC/USD");
  EXPECT_EQ(form.get("interval"), "15") << "the last one counts";
  EXPECT_EQ(form.get("since"), "1 2");
  EXPECT_EQ(form.get("x"), "%zz");
  EXPECT_TRUE(form.has("flag"));
  EXPECT_FALSE(form.has("nothing"));
  const auto json = of("/", R"( {"nonce":1616492376594,"validate":true,"pair":"XBTUSD","otp":null})");
  EXPECT_EQ(json.get("nonce"), "1616492376594");
  EXPECT_EQ(json.get("validate"), "true");
  EXPECT_EQ(json.get("pair"), "XBTUSD");
  EXPECT_EQ(json.get("otp"), "");
  EXPECT_FALSE(of("/", R"({"nonce":)").has("nonce"));
}

}  // namespace
}  // namespace ktape::hosts
