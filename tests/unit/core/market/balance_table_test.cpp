#include "core/market/balance_table.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace ktape {
namespace {

using testing::HasSubstr;

Decimal dec(std::string_view text) { return Decimal::parse(text).value(); }

Balance told(std::string_view asset, std::string_view wallet, std::string_view balance) {
  return {.asset = asset, .wallet = wallet, .balance = dec(balance)};
}
Balance entry(std::string_view asset, std::string_view wallet, std::string_view amount, std::string_view fee,
              std::string_view total) {
  return {.asset = asset, .wallet = wallet, .balance = dec(total), .amount = dec(amount), .fee = dec(fee)};
}

Result<void> apply(BalanceTable& table, bool snapshot, const std::vector<Balance>& balances) {
  return table.apply({.channel = "balances", .snapshot = snapshot, .balances = balances});
}

// The account of spot-v2 section 6.2.
BalanceTable account() {
  BalanceTable table;
  EXPECT_TRUE(
      apply(table, true,
            {told("EUR", "", "5000.0000"), told("EUR", "spot/main", "5000.0000"), told("ETH", "", "2.5000000000"),
             told("ETH", "spot/main", "2.0000000000"), told("ETH", "earn/flexible", "0.5000000000")})
          .has_value());
  return table;
}

TEST(BalanceTable, KeepsTheSumAndEveryWalletOfASnapshot) {
  const BalanceTable table = account();
  ASSERT_EQ(table.assets().size(), 2U);
  EXPECT_EQ(table.get("ETH")->total->text(), "2.5000000000");
  EXPECT_EQ(table.get("ETH")->wallets.at("earn/flexible").text(), "0.5000000000");
  EXPECT_EQ(table.get("BTC"), nullptr);
}

TEST(BalanceTable, ALedgerEntryMovesItsWalletAndTellsTheSum) {
  BalanceTable table = account();
  ASSERT_TRUE(apply(table, false, {entry("EUR", "spot/main", "-1560.4500", "6.2418", "3433.3082")}).has_value());
  ASSERT_TRUE(
      apply(table, false, {entry("ETH", "spot/main", "0.5000000000", "0.0000000000", "3.0000000000")}).has_value());
  EXPECT_EQ(table.get("EUR")->total->text(), "3433.3082");
  EXPECT_EQ(table.get("EUR")->wallets.at("spot/main").text(), "3433.3082");
  EXPECT_EQ(table.get("ETH")->wallets.at("spot/main").text(), "2.5000000000");
  EXPECT_EQ(table.get("ETH")->wallets.at("earn/flexible").text(), "0.5000000000");
  EXPECT_EQ(table.inconsistencies(), 0U);
}

TEST(BalanceTable, CountsASumThatDoesNotFollowFromTheEntry) {
  BalanceTable table = account();
  ASSERT_TRUE(apply(table, false, {entry("EUR", "spot/main", "1.0000", "0.0000", "5002.0000")}).has_value());
  EXPECT_EQ(table.inconsistencies(), 1U);
  EXPECT_EQ(table.get("EUR")->total->text(), "5002.0000");
}

TEST(BalanceTable, ASnapshotReplacesEverything) {
  BalanceTable table = account();
  ASSERT_TRUE(apply(table, true, {told("BTC", "", "1")}).has_value());
  EXPECT_EQ(table.assets().size(), 1U);
  ASSERT_TRUE(apply(table, true, {}).has_value());
  EXPECT_TRUE(table.assets().empty());
}

TEST(BalanceTable, WhatWasHandedOutDoesNotChange) {
  BalanceTable table = account();
  const auto before = table.get("EUR");
  ASSERT_TRUE(apply(table, false, {told("EUR", "spot/main", "1.0000")}).has_value());
  EXPECT_EQ(before->wallets.at("spot/main").text(), "5000.0000");
  EXPECT_EQ(table.get("EUR")->wallets.at("spot/main").text(), "1.0000");
}

TEST(BalanceTable, BeginsWithAnEntryToo) {
  BalanceTable table;
  ASSERT_TRUE(apply(table, false, {entry("EUR", "", "5.0000", "0", "5.0000")}).has_value());
  EXPECT_EQ(table.get("EUR")->total->text(), "5.0000");
  EXPECT_TRUE(table.get("EUR")->wallets.empty());
}

TEST(BalanceTable, RefusesAWalletThatLeavesItsRangeAndTakesTheRest) {
  const std::string huge(37, '9');
  BalanceTable table;
  ASSERT_TRUE(apply(table, true, {told("EUR", "w", huge)}).has_value());
  const auto done = apply(table, false, {entry("EUR", "w", huge, "0", "1"), told("BTC", "", "2")});
  EXPECT_EQ(done.error().code, Errc::Protocol);
  EXPECT_THAT(done.error().detail, HasSubstr("takes wallet w out of range"));
  EXPECT_EQ(table.get("BTC")->total->text(), "2");
}

TEST(BalanceTable, KeepsNoMoreWalletsThanItsLimit) {
  BalanceTable table;
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= BalanceTable::kMaxWallets; ++i) names.push_back("w" + std::to_string(i));
  Result<void> done;
  for (const auto& name : names) done = apply(table, false, {told("EUR", name, "1")});
  EXPECT_EQ(done.error().code, Errc::Limit);
  EXPECT_THAT(done.error().detail, HasSubstr("wallet w1000 is one more than the 1000"));
  EXPECT_EQ(table.get("EUR")->wallets.size(), BalanceTable::kMaxWallets);
}

}  // namespace
}  // namespace ktape
