#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/market/event.hpp"

namespace ktape {

// What an account holds of one asset.
struct AssetBalance {
  std::optional<Decimal> total{};                         // where the exchange tells it
  std::map<std::string, Decimal, std::less<>> wallets{};  // "spot/main", ...
};

// Balances by asset and wallet. A snapshot replaces all. A ledger entry (a Balance with an `amount`) tells the asset's
// new total and moves its wallet by amount less fee (spot-v2 section 6.2); any other report sets its wallet, or without
// one the total.
class BalanceTable {
 public:
  // As it was when it was asked for: it never changes, and lives as long as somebody holds it.
  using BalancePtr = std::shared_ptr<const AssetBalance>;

  // An error (Limit: too many assets or wallets; Protocol: an amount whose sum leaves the range of Decimal) leaves out
  // that entry and applies the others.
  Result<void> apply(const BalanceReports& reports);

  BalancePtr get(std::string_view asset) const;  // nullptr if it was never told
  const std::map<std::string, BalancePtr, std::less<>>& assets() const { return assets_; }

  // Ledger entries whose total was not the one before plus amount less fee: something was missed.
  std::uint64_t inconsistencies() const { return inconsistencies_; }

  void clear() { assets_.clear(); }

  static constexpr std::size_t kMaxAssets = 100'000;
  static constexpr std::size_t kMaxWallets = 1'000;  // of one asset

 private:
  Result<void> apply(const Balance& balance);

  std::map<std::string, BalancePtr, std::less<>> assets_;
  std::uint64_t inconsistencies_ = 0;
};

}  // namespace ktape
