#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/decimal.hpp"

namespace ktape {

// What one account has of each asset, and how much of it open orders hold. Exact; an amount that leaves the range of
// Decimal is refused and changes nothing.
class Ledger {
 public:
  using Amounts = std::map<std::string, Decimal, std::less<>>;

  explicit Ledger(Amounts balances) : balances_(std::move(balances)) {}

  const Amounts& balances() const { return balances_; }
  const Amounts& holds() const { return holds_; }
  Decimal balance(std::string_view asset) const;
  Decimal available(std::string_view asset) const;

  // Adds `amount`, which may be negative, less `fee`; the new balance, with `places` places.
  std::optional<Decimal> book(std::string_view asset, const Decimal& amount, const Decimal& fee, int places);

  // Takes `amount` out of what is available, or with a negative one gives it back.
  void hold(std::string_view asset, const Decimal& amount);

 private:
  Amounts balances_;
  Amounts holds_;
};

}  // namespace ktape
