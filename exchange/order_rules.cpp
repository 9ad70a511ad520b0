#include "exchange/order_rules.hpp"

#include <fmt/format.h>

#include "exchange/money.hpp"

namespace ktape::order_rules {
namespace {

constexpr Duration kSoonestDeadline = std::chrono::milliseconds(500);
constexpr Duration kLatestDeadline = std::chrono::seconds(60);
constexpr Duration kLatestExpiry = std::chrono::hours(24) * 31;

std::string invalid(std::string_view what) { return fmt::format("EGeneral:Invalid arguments:{}", what); }

bool too_long(const Decimal& value) { return value.coefficient() >= power_of_ten(kMaxDigits); }

bool fits(const Decimal& value, int places) { return value.rescaled(places).has_value(); }

}  // namespace

Objection check_price(const Decimal& price, const PairTerms& pair) {
  if (!fits(price, pair.price_precision)) {
    return fmt::format("EOrder:Invalid price:{} price can only be specified up to {} decimals.", pair.symbol,
                       pair.price_precision);
  }
  if (too_long(*price.rescaled(pair.price_precision))) return fmt::format("EOrder:Invalid price:{}", pair.symbol);
  if (!money::is_multiple(price, pair.price_increment)) return "EOrder:Tick size check failed";
  return std::nullopt;
}

Objection check_quantity(const Decimal& quantity, const PairTerms& pair) {
  if (!fits(quantity, pair.quantity_precision) || too_long(*quantity.rescaled(pair.quantity_precision)) ||
      !money::is_multiple(quantity, pair.quantity_increment)) {
    return invalid("volume");
  }
  if (quantity < pair.quantity_min) return invalid("volume minimum not met");
  return std::nullopt;
}

Objection check_cost(const Decimal& price, const Decimal& quantity, const PairTerms& pair) {
  const auto cost = money::product(price, quantity);
  if (!cost) return invalid("volume");
  if (*cost < pair.cost_min) return "EOrder:Cost minimum not met";
  return std::nullopt;
}

Objection check_display(const std::optional<Decimal>& display, const Decimal& open_quantity) {
  constexpr int kMaxHiddenShare = 15;
  if (!display) return std::nullopt;
  const auto most = money::product(*display, Decimal::from_units(kMaxHiddenShare, 0));
  if (most && display->coefficient() > 0 && *most >= open_quantity) return std::nullopt;
  return invalid("display_qty");
}

Objection check_market(std::string_view system, const PairTerms& pair, const NewOrder& order) {
  const bool is_limit = order.limit_price.has_value();
  const bool adds_only = is_limit && order.post_only.value_or(false);
  if (system == "maintenance" || pair.status == "maintenance") return "EService:Unavailable";
  for (const std::string_view state : {system, std::string_view(pair.status)}) {
    if (state == "cancel_only") return "EService:Market in cancel_only mode";
    if (state == "post_only" && !adds_only) return "EService:Market in post_only mode";
    if (state == "limit_only" && !is_limit) return "EService:Market in limit_only mode";
  }
  if (pair.status == "delisted" || pair.status == "work_in_progress") return "EService:Unavailable";
  if (pair.status == "reduce_only") return "EOrder:Reduce only:Non-PC";
  return std::nullopt;
}

Objection check_system_for_cancel(std::string_view system) {
  if (system == "maintenance") return "EService:Unavailable";
  return std::nullopt;
}

Objection check_deadline(std::string_view deadline, Timestamp now) {
  if (deadline.empty()) return std::nullopt;
  const auto at = parse_rfc3339(deadline);
  if (!at) return invalid("deadline");
  if (*at <= now) return "EService:Deadline elapsed";
  if (*at < now + kSoonestDeadline || *at > now + kLatestDeadline) return invalid("deadline");
  return std::nullopt;
}

Objection check_expiry(std::string_view expire_time, Timestamp now) {
  if (expire_time.empty()) return std::nullopt;
  const auto at = parse_rfc3339(expire_time);
  if (!at || *at <= now || *at > now + kLatestExpiry) return invalid("expire_time");
  return std::nullopt;
}

}  // namespace ktape::order_rules
