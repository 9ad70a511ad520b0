#include "exchange/consolidated_fills.hpp"

#include "exchange/money.hpp"

namespace ktape {
namespace {

bool add_to(EngineFill& sum, const EngineFill& fill) {
  if (sum.maker || fill.maker || sum.order_id != fill.order_id || sum.fee_asset != fill.fee_asset) return false;
  const auto quantity = money::sum(sum.quantity, fill.quantity);
  const auto cost = money::sum(sum.cost, fill.cost);
  const auto fee = money::sum(sum.fee, fill.fee);
  if (!quantity || quantity->is_zero() || !cost || !fee) return false;
  const auto price = money::quotient(*cost, *quantity, sum.price.scale());
  if (!price) return false;
  sum.quantity = *quantity;
  sum.cost = *cost;
  sum.fee = *fee;
  sum.price = *price;
  sum.at = fill.at;
  return true;
}

}  // namespace

std::vector<EngineFill> consolidated(const std::vector<EngineFill>& fills) {
  std::vector<EngineFill> out;
  for (const EngineFill& fill : fills) {
    if (out.empty() || !add_to(out.back(), fill)) out.push_back(fill);
  }
  return out;
}

}  // namespace ktape
