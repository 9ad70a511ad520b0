#include "hosts/accounts.hpp"

#include <gmock/gmock.h>

#include "tests/support/fixed_market.hpp"
#include "tests/support/scripted_rest.hpp"

namespace ktape::hosts {
namespace {

using test::decimal;
using ::testing::HasSubstr;
using ::testing::Not;

std::string error_of(std::string_view yaml) {
  const auto read = parse_accounts(yaml, "accounts.yaml");
  return read ? "none" : read.error().detail;
}

TEST(Accounts, HaveTermsBalancesAndKeys) {
  const auto read = parse_accounts(R"(
accounts:
  - name: alice
    tier: pro
    fees: {maker: 0.10, taker: 0.20}
    balances:
      USD: 10000
      BTC: 1.5
    keys:
      - key: spot-key
        secret: c2VjcmV0
        permissions: [query-funds, create-ws-token]
        nonces: rising
    futures_keys:
      - {key: futures-key, secret: c2VjcmV0}
    futures_fees: {maker: -0.01, taker: 0.04}
    futures_balances: {USD: 0.25, "F-XBT:USD": 2}
    futures_cash: {EUR: 7}
  - name: bob
)",
                                   "accounts.yaml");
  ASSERT_TRUE(read.has_value()) << read.error().detail;
  ASSERT_EQ(read->size(), 2U);
  const Account& alice = (*read)[0];
  EXPECT_EQ(alice.terms.name, "alice");
  EXPECT_EQ(alice.terms.tier, AccountTier::Pro);
  EXPECT_EQ(alice.terms.maker_percent.text(), "0.10");
  EXPECT_EQ(alice.terms.taker_percent.text(), "0.20");
  EXPECT_EQ(alice.terms.balances.at("BTC"), decimal("1.5"));
  ASSERT_EQ(alice.keys.size(), 1U);
  EXPECT_EQ(alice.keys[0].credentials.api_key(), "spot-key");
  EXPECT_TRUE(alice.keys[0].permissions.query_funds);
  EXPECT_TRUE(alice.keys[0].permissions.create_ws_token);
  EXPECT_FALSE(alice.keys[0].permissions.modify_trades);
  EXPECT_TRUE(alice.keys[0].nonces_rise);
  ASSERT_EQ(alice.futures_keys.size(), 1U);
  EXPECT_TRUE(alice.futures_keys[0].permissions.modify_trades) << "all, where none are named";
  EXPECT_FALSE(alice.futures_keys[0].nonces_rise) << "any nonce, where nothing is said";
  EXPECT_EQ(alice.futures.maker_percent.text(), "-0.01");
  EXPECT_EQ(alice.futures.taker_percent.text(), "0.04");
  EXPECT_EQ(alice.futures.wallets.flex.at("USD"), decimal("0.25"));
  EXPECT_EQ(alice.futures.wallets.margin.at("F-XBT:USD"), decimal("2"));
  EXPECT_EQ(alice.futures.wallets.cash.at("EUR"), decimal("7"));
  EXPECT_EQ((*read)[1].futures.taker_percent.text(), "0.05") << "Kraken's first schedule";
  EXPECT_EQ((*read)[1].terms.tier, AccountTier::Intermediate);
  EXPECT_EQ((*read)[1].terms.taker_percent.text(), "0.40");
}

TEST(Accounts, AreRefusedWithFileLineAndKey) {
  EXPECT_EQ(error_of("accounts:\n  - name: a\n    tier: gold\n"),
            "accounts.yaml:3: tier: 'gold' is not one of starter, intermediate, pro");
  EXPECT_EQ(error_of("accounts:\n  - name: a\n  - name: a\n"), "accounts.yaml:3: name: another account is called 'a'");
  EXPECT_EQ(error_of("accounts:\n  - tier: pro\n"), "accounts.yaml:2: name: missing: every account has a name");
  EXPECT_EQ(error_of("accounts:\n  - name: a\n    balances: {USD: ten}\n"),
            "accounts.yaml:3: USD: a number expected, not 'ten'");
  EXPECT_THAT(error_of("accounts:\n  - name: a\n    balances: {USD: -1}\n"), HasSubstr("accounts.yaml:3: USD: -1"));
  EXPECT_THAT(error_of("accounts:\n  - name: a\n    fees: {taker: 101}\n"), HasSubstr("accounts.yaml:3: taker: 101"));
  EXPECT_THAT(error_of("accounts:\n  - name: a\n    futures_fees: {all: 1}\n"),
              HasSubstr("accounts.yaml:3: futures_fees: unknown key 'all'"));
  EXPECT_THAT(error_of("accounts:\n  - name: a\n    futures_balances: {F-XBT: 1}\n"),
              HasSubstr("accounts.yaml:3: F-XBT: wallets of inverse products are named as F-XBT:USD"));
  EXPECT_THAT(error_of("accounts:\n  - name: a\n    colour: red\n"),
              HasSubstr("accounts.yaml:3: unknown key 'colour'"));
  EXPECT_THAT(error_of("accounts:\n  - name: a\n    keys:\n      - key: k\n"),
              HasSubstr("accounts.yaml:4: keys: no secret"));
  EXPECT_THAT(error_of("accounts:\n  - name: a\n    keys:\n      - {key: k, secret: c2VjcmV0, permissions: [fly]}\n"),
              HasSubstr("accounts.yaml:4: permissions: 'fly' is not one of"));
  EXPECT_THAT(error_of("accounts:\n  - name: a\n    name: b\n"),
              HasSubstr("accounts.yaml:3: name: this key was there"));
  EXPECT_THAT(error_of("users: []\n"), HasSubstr("accounts.yaml:1: the only key of the file is 'accounts'"));
  EXPECT_THAT(error_of("accounts: []\n"), HasSubstr("no account"));
  EXPECT_THAT(error_of("accounts: [\n"), HasSubstr("accounts.yaml:"));
  EXPECT_THAT(read_accounts("/nowhere/accounts.yaml").error().detail, HasSubstr("/nowhere/accounts.yaml"));
}

TEST(Accounts, NeverShowASecretInAnError) {
  const std::string twice =
      "accounts:\n  - name: a\n    keys:\n      - {key: KEYKEY, secret: c2VjcmV0}\n      - {key: KEYKEY, secret: "
      "c2VjcmV0}\n";
  EXPECT_THAT(error_of(twice), HasSubstr("accounts.yaml:5: keys: this key was there before"));
  EXPECT_THAT(error_of(twice), Not(HasSubstr("KEYKEY")));
  const std::string bad = error_of("accounts:\n  - name: a\n    keys:\n      - {key: k, secret: 'not base 64!'}\n");
  EXPECT_THAT(bad, HasSubstr("accounts.yaml:4: keys: the API secret is "));
  EXPECT_THAT(bad, Not(HasSubstr("base 64!")));
}

}  // namespace
}  // namespace ktape::hosts
