#include "exchange/ledger.hpp"

#include "exchange/money.hpp"

namespace ktape {
namespace {

Decimal at(const Ledger::Amounts& amounts, std::string_view asset) {
  const auto found = amounts.find(asset);
  return found == amounts.end() ? Decimal() : found->second;
}

}  // namespace

Decimal Ledger::balance(std::string_view asset) const { return at(balances_, asset); }

Decimal Ledger::available(std::string_view asset) const {
  return money::difference(at(balances_, asset), at(holds_, asset)).value_or(Decimal());
}

std::optional<Decimal> Ledger::book(std::string_view asset, const Decimal& amount, const Decimal& fee, int places) {
  const auto gross = money::sum(balance(asset), amount);
  if (!gross) return std::nullopt;
  const auto net = money::difference(*gross, fee);
  if (!net) return std::nullopt;
  const auto booked = money::rounded(*net, places);
  if (booked) balances_.insert_or_assign(std::string(asset), *booked);
  return booked;
}

void Ledger::hold(std::string_view asset, const Decimal& amount) {
  if (const auto held = money::sum(at(holds_, asset), amount)) {
    if (held->is_zero()) {
      if (const auto found = holds_.find(asset); found != holds_.end()) holds_.erase(found);
    } else {
      holds_.insert_or_assign(std::string(asset), *held);
    }
  }
}

}  // namespace ktape
