#include "core/market/balance_table.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ktape {
namespace {

// a + sign * b with the places of the wider one; nothing if it does not fit.
std::optional<Decimal> sum(const Decimal& a, const Decimal& b, int sign) {
  const int places = std::max(a.scale(), b.scale());
  const auto x = a.rescaled(places);
  const auto y = b.rescaled(places);
  if (!x || !y) return std::nullopt;
  // Each has at most 37 digits: neither the product nor the sum leaves 128 bits.
  const Int128 units = x->coefficient() + sign * y->coefficient();
  const Int128 end = power_of_ten(Decimal::kMaxDigits);
  if (units >= end || units <= -end) return std::nullopt;
  return Decimal::from_units(units, places);
}

std::optional<Decimal> moved(const Decimal& before, const Balance& entry) {
  const auto after = sum(before, *entry.amount, 1);
  if (!after || !entry.fee) return after;
  return sum(*after, *entry.fee, -1);
}

}  // namespace

Result<void> BalanceTable::apply(const BalanceReports& reports) {
  if (reports.snapshot) clear();
  Result<void> result;
  for (const Balance& balance : reports.balances) {
    if (auto done = apply(balance); !done && result) result = std::move(done);
  }
  return result;
}

Result<void> BalanceTable::apply(const Balance& balance) {
  auto known = assets_.find(balance.asset);
  if (known == assets_.end() && assets_.size() >= kMaxAssets) {
    return fail(Errc::Limit, fmt::format("asset {} is one more than the {} that are kept", balance.asset, kMaxAssets));
  }
  AssetBalance asset = known == assets_.end() ? AssetBalance{} : *known->second;
  const auto wallet = asset.wallets.find(balance.wallet);
  if (!balance.wallet.empty() && wallet == asset.wallets.end() && asset.wallets.size() >= kMaxWallets) {
    return fail(Errc::Limit, fmt::format("asset {}: wallet {} is one more than the {} that are kept", balance.asset,
                                         balance.wallet, kMaxWallets));
  }
  if (balance.amount) {
    if (asset.total && moved(*asset.total, balance) != balance.balance) ++inconsistencies_;
    asset.total = balance.balance;
    if (!balance.wallet.empty()) {
      const auto after = moved(wallet == asset.wallets.end() ? Decimal{} : wallet->second, balance);
      if (!after) {
        return fail(Errc::Protocol, fmt::format("asset {}: amount {} takes wallet {} out of range", balance.asset,
                                                balance.amount->text(), balance.wallet));
      }
      asset.wallets.insert_or_assign(std::string(balance.wallet), *after);
    }
  } else if (balance.wallet.empty()) {
    asset.total = balance.balance;
  } else {
    asset.wallets.insert_or_assign(std::string(balance.wallet), balance.balance);
  }
  assets_.insert_or_assign(std::string(balance.asset), std::make_shared<const AssetBalance>(std::move(asset)));
  return {};
}

BalanceTable::BalancePtr BalanceTable::get(std::string_view asset) const {
  const auto known = assets_.find(asset);
  return known == assets_.end() ? nullptr : known->second;
}

}  // namespace ktape
