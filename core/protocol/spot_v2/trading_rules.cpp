#include "core/protocol/spot_v2/trading_rules.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/protocol/codec.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"

namespace ktape::spot_v2 {
namespace {

using Violation = std::optional<RuleViolation>;

constexpr std::size_t kShownBytes = 64;
constexpr std::size_t kMinBatchAdd = 2;
constexpr std::size_t kMaxBatchAdd = 15;
constexpr std::size_t kMinBatchCancel = 2;
constexpr std::size_t kMaxBatchCancel = 50;
constexpr std::int64_t kMaxTimeoutSeconds = 86'399;
constexpr std::size_t kMaxFreeIdBytes = 18;
constexpr int kMaxHiddenShare = 15;  // the whole quantity is at most this many times the displayed one

constexpr std::array<std::string_view, 4> kTimesInForce{"gtc", "gtd", "ioc", "fok"};
constexpr std::array<std::string_view, 3> kPriceTypes{"static", "pct", "quote"};
constexpr std::array<std::string_view, 2> kReferences{"last", "index"};
constexpr std::array<std::string_view, 2> kFeePreferences{"base", "quote"};
constexpr std::array<std::string_view, 3> kSelfTradePreventions{"cancel_newest", "cancel_oldest", "cancel_both"};
constexpr std::array<std::string_view, 5> kLimitTypes{"limit", "iceberg", "stop-loss-limit", "take-profit-limit",
                                                      "trailing-stop-limit"};
constexpr std::array<std::string_view, 6> kTriggeredTypes{
    "stop-loss", "stop-loss-limit", "take-profit", "take-profit-limit", "trailing-stop", "trailing-stop-limit"};
constexpr std::array<std::string_view, 7> kConditionalTypes{
    "limit",         "stop-loss",          "stop-loss-limit", "take-profit", "take-profit-limit",
    "trailing-stop", "trailing-stop-limit"};

template <class List>
bool contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

Violation refuse(std::string_view parameter, std::string detail) {
  return RuleViolation{std::string(parameter), std::move(detail)};
}

std::string_view shown(std::string_view text) { return text.substr(0, kShownBytes); }

Violation missing(std::string_view parameter, std::string_view why) {
  return refuse(parameter, fmt::format("{} is missing, {}", parameter, why));
}

template <class List>
Violation check_word(std::string_view parameter, std::string_view value, const List& allowed) {
  if (value.empty() || contains(allowed, value)) return std::nullopt;
  return refuse(parameter, fmt::format("{} '{}' is not one of {}", parameter, shown(value), fmt::join(allowed, ", ")));
}

Violation check_positive(std::string_view parameter, const std::optional<Decimal>& value) {
  if (!value || value->coefficient() > 0) return std::nullopt;
  return refuse(parameter, fmt::format("{} {} is not greater than zero", parameter, value->text()));
}

Violation check_time(std::string_view parameter, std::string_view value) {
  if (value.empty() || parse_rfc3339(value)) return std::nullopt;
  return refuse(parameter,
                fmt::format("{} '{}' is not a UTC time such as 2026-09-01T08:01:06.500Z", parameter, shown(value)));
}

Violation check_symbol(std::string_view symbol) {
  if (symbol.empty()) return missing("symbol", "such as BTC/USD");
  if (auto valid = validate_symbol(symbol); !valid) return refuse("symbol", std::move(valid.error().detail));
  return std::nullopt;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

bool is_uuid(std::string_view text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' &&
         is_hex(text.substr(0, 8)) && is_hex(text.substr(9, 4)) && is_hex(text.substr(14, 4)) &&
         is_hex(text.substr(19, 4)) && is_hex(text.substr(24));
}

bool is_client_id(std::string_view id) {
  if (is_uuid(id) || (id.size() == 32 && is_hex(id))) return true;
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  return !id.empty() && id.size() <= kMaxFreeIdBytes && std::all_of(id.begin(), id.end(), printable);
}

Violation check_client_id(std::string_view parameter, std::string_view id) {
  if (is_client_id(id)) return std::nullopt;
  return refuse(parameter,
                fmt::format("{} '{}' is neither a UUID, with or without hyphens, nor 1 to {} ASCII characters",
                            parameter, shown(id), kMaxFreeIdBytes));
}

Violation check_optional_client_id(std::string_view parameter, std::string_view id) {
  return id.empty() ? std::nullopt : check_client_id(parameter, id);
}

Violation check_display(const std::optional<Decimal>& display, const std::optional<Decimal>& quantity) {
  if (auto bad = check_positive("display_qty", display)) return bad;
  if (!display || !quantity) return std::nullopt;
  // 37 digits times fifteen still fit.
  const auto most = Decimal::from_units(display->coefficient() * kMaxHiddenShare, display->scale());
  if (most >= *quantity) return std::nullopt;
  return refuse("display_qty", fmt::format("display_qty {} is less than 1/{} of order_qty {}", display->text(),
                                           kMaxHiddenShare, quantity->text()));
}

Violation check_trigger(const OrderTrigger& trigger) {
  if (auto bad = check_positive("triggers", trigger.price)) return bad;
  if (auto bad = check_word("reference", trigger.reference, kReferences)) return bad;
  return check_word("price_type", trigger.price_type, kPriceTypes);
}

Violation check_conditional(const ConditionalClose& close) {
  if (!contains(kConditionalTypes, close.order_type)) {
    return refuse("conditional", fmt::format("conditional order_type '{}' is not one of {}", shown(close.order_type),
                                             fmt::join(kConditionalTypes, ", ")));
  }
  if (auto bad = check_word("limit_price_type", close.limit_price_type, kPriceTypes)) return bad;
  if (auto bad = check_word("trigger_price_type", close.trigger_price_type, kPriceTypes)) return bad;
  if (contains(kLimitTypes, close.order_type) && !close.limit_price) {
    return refuse("conditional",
                  fmt::format("conditional limit_price is missing, which order_type {} needs", close.order_type));
  }
  if (contains(kTriggeredTypes, close.order_type) && !close.trigger_price) {
    return refuse("conditional",
                  fmt::format("conditional trigger_price is missing, which order_type {} needs", close.order_type));
  }
  return check_positive("trigger_price", close.trigger_price);
}

Violation check_quantities(const NewOrder& order) {
  if (order.cash_quantity) {
    if (order.order_type != "market" || order.side != Side::Buy || order.margin.value_or(false)) {
      return refuse("cash_order_qty", fmt::format("cash_order_qty {} is for market orders that buy without margin only",
                                                  order.cash_quantity->text()));
    }
    if (order.quantity) {
      return refuse("order_qty", fmt::format("order_qty {} and cash_order_qty {} exclude each other",
                                             order.quantity->text(), order.cash_quantity->text()));
    }
    return check_positive("cash_order_qty", order.cash_quantity);
  }
  if (!order.quantity) return missing("order_qty", "the quantity in units of the base currency");
  // A position is settled as a whole by quantity zero.
  if (order.order_type == "settle-position" && order.quantity->is_zero()) return std::nullopt;
  return check_positive("order_qty", order.quantity);
}

Violation check_prices(const NewOrder& order) {
  const bool has_limit = contains(kLimitTypes, order.order_type);
  const bool trails = order.order_type == "trailing-stop-limit";
  if (has_limit && !order.limit_price) {
    return missing("limit_price", fmt::format("which order_type {} needs", order.order_type));
  }
  if (!has_limit && order.limit_price) {
    return refuse("limit_price",
                  fmt::format("limit_price {} is for the order types {} only, not for {}", order.limit_price->text(),
                              fmt::join(kLimitTypes, ", "), order.order_type));
  }
  // Of a trailing stop it is an offset, which may be zero.
  if (!trails) {
    if (auto bad = check_positive("limit_price", order.limit_price)) return bad;
    if (!order.limit_price_type.empty()) {
      return refuse("limit_price_type", fmt::format("limit_price_type '{}' is for trailing-stop-limit only, not for {}",
                                                    shown(order.limit_price_type), order.order_type));
    }
  }
  if (auto bad = check_word("limit_price_type", order.limit_price_type, kPriceTypes)) return bad;
  const bool triggered = contains(kTriggeredTypes, order.order_type);
  if (triggered && !order.trigger) {
    return missing("triggers", fmt::format("which order_type {} needs", order.order_type));
  }
  if (!triggered && order.trigger) {
    return refuse("triggers", fmt::format("triggers with price {} is for triggered order types only, not for {}",
                                          order.trigger->price.text(), order.order_type));
  }
  return order.trigger ? check_trigger(*order.trigger) : std::nullopt;
}

Violation check_lifetime(const NewOrder& order) {
  if (auto bad = check_word("time_in_force", order.time_in_force, kTimesInForce)) return bad;
  if (order.time_in_force == "fok" && order.order_type != "limit") {
    return refuse("time_in_force",
                  fmt::format("time_in_force fok is for limit orders only, not for {}", order.order_type));
  }
  if (order.time_in_force == "gtd" && order.expire_time.empty()) {
    return missing("expire_time", "which time_in_force gtd needs");
  }
  if (order.time_in_force != "gtd" && !order.expire_time.empty()) {
    return refuse("expire_time", fmt::format("expire_time '{}' needs time_in_force gtd, not '{}'",
                                             shown(order.expire_time), order.time_in_force));
  }
  if (auto bad = check_time("effective_time", order.effective_time)) return bad;
  return check_time("expire_time", order.expire_time);
}

// All but the symbol, which a batch has for all its orders.
Violation check_order(const NewOrder& order) {
  if (!contains(kOrderTypes, order.order_type)) {
    return refuse("order_type", fmt::format("order_type '{}' is not one of {}", shown(order.order_type),
                                            fmt::join(kOrderTypes, ", ")));
  }
  if (auto bad = check_quantities(order)) return bad;
  if (auto bad = check_prices(order)) return bad;
  if (auto bad = check_lifetime(order)) return bad;
  if (order.post_only.value_or(false) && !contains(kLimitTypes, order.order_type)) {
    return refuse("post_only",
                  fmt::format("post_only needs an order with a limit price, not order_type {}", order.order_type));
  }
  if (order.reduce_only.value_or(false) && !order.margin.value_or(false) && order.order_type != "settle-position") {
    return refuse("reduce_only", "reduce_only true is for margin orders only, and margin is not true");
  }
  if (order.display_quantity && order.order_type != "iceberg") {
    return refuse("display_qty", fmt::format("display_qty {} is for iceberg orders only, not for {}",
                                             order.display_quantity->text(), order.order_type));
  }
  if (auto bad = check_display(order.display_quantity, order.quantity)) return bad;
  if (auto bad = check_optional_client_id("cl_ord_id", order.client_order_id)) return bad;
  if (!order.client_order_id.empty() && order.user_reference) {
    return refuse("order_userref", fmt::format("order_userref {} and cl_ord_id '{}' exclude each other",
                                               *order.user_reference, order.client_order_id));
  }
  if (auto bad = check_word("fee_preference", order.fee_preference, kFeePreferences)) return bad;
  if (auto bad = check_word("stp_type", order.self_trade_prevention, kSelfTradePreventions)) return bad;
  if (auto bad = check_optional_client_id("sender_sub_id", order.sender_sub_id)) return bad;
  return order.conditional ? check_conditional(*order.conditional) : std::nullopt;
}

Violation check_ids(std::string_view parameter, const std::vector<std::string>& ids, bool of_client) {
  for (const std::string& id : ids) {
    if (of_client) {
      if (auto bad = check_client_id(parameter, id)) return bad;
    } else if (id.empty()) {
      return refuse(parameter, fmt::format("{} holds an empty id", parameter));
    }
  }
  return std::nullopt;
}

struct Rules {
  Violation operator()(const AddOrder& add) const {
    if (auto bad = check_symbol(add.order.symbol)) return bad;
    if (auto bad = check_order(add.order)) return bad;
    return check_time("deadline", add.deadline);
  }

  Violation operator()(const AmendOrder& amend) const {
    if (amend.order_id.empty() == amend.client_order_id.empty()) {
      return refuse("order_id", amend.order_id.empty()
                                    ? "neither order_id nor cl_ord_id is given, one of them is needed"
                                    : fmt::format("order_id '{}' and cl_ord_id '{}' exclude each other",
                                                  shown(amend.order_id), shown(amend.client_order_id)));
    }
    if (auto bad = check_optional_client_id("cl_ord_id", amend.client_order_id)) return bad;
    if (!amend.quantity && !amend.display_quantity && !amend.limit_price && !amend.trigger_price) {
      return missing("order_qty", "and so are display_qty, limit_price and trigger_price: nothing would change");
    }
    if (auto bad = check_positive("order_qty", amend.quantity)) return bad;
    if (auto bad = check_display(amend.display_quantity, amend.quantity)) return bad;
    if (auto bad = check_positive("trigger_price", amend.trigger_price)) return bad;
    if (auto bad = check_price_type("limit_price", amend.limit_price, amend.limit_price_type)) return bad;
    if (auto bad = check_price_type("trigger_price", amend.trigger_price, amend.trigger_price_type)) return bad;
    if (amend.limit_price_type.empty()) {
      if (auto bad = check_positive("limit_price", amend.limit_price)) return bad;
    }
    if (!amend.symbol.empty()) {
      if (auto bad = check_symbol(amend.symbol)) return bad;
    }
    return check_time("deadline", amend.deadline);
  }

  Violation operator()(const EditOrder& edit) const {
    if (edit.order_id.empty()) return missing("order_id", "the order that is to be replaced");
    if (auto bad = check_symbol(edit.symbol)) return bad;
    if (auto bad = check_positive("order_qty", edit.quantity)) return bad;
    if (auto bad = check_display(edit.display_quantity, edit.quantity)) return bad;
    if (edit.trigger) {
      if (auto bad = check_trigger(*edit.trigger)) return bad;
    } else if (auto bad = check_positive("limit_price", edit.limit_price)) {
      return bad;
    }
    if (auto bad = check_word("fee_preference", edit.fee_preference, kFeePreferences)) return bad;
    return check_time("deadline", edit.deadline);
  }

  Violation operator()(const CancelOrder& cancel) const {
    if (cancel.order_ids.empty() && cancel.client_order_ids.empty() && cancel.user_references.empty()) {
      return missing("order_id", "and so are cl_ord_id and order_userref: there is nothing to cancel");
    }
    if (auto bad = check_ids("order_id", cancel.order_ids, false)) return bad;
    return check_ids("cl_ord_id", cancel.client_order_ids, true);
  }

  Violation operator()(const CancelAll&) const { return std::nullopt; }

  Violation operator()(const CancelAllOrdersAfter& after) const {
    if (after.timeout_seconds >= 0 && after.timeout_seconds <= kMaxTimeoutSeconds) return std::nullopt;
    return refuse("timeout",
                  fmt::format("timeout {} is not between 0 and {} seconds", after.timeout_seconds, kMaxTimeoutSeconds));
  }

  Violation operator()(const BatchAdd& batch) const {
    if (auto bad = check_symbol(batch.symbol)) return bad;
    if (batch.orders.size() < kMinBatchAdd || batch.orders.size() > kMaxBatchAdd) {
      return refuse("orders", fmt::format("orders holds {} orders, {} to {} are allowed", batch.orders.size(),
                                          kMinBatchAdd, kMaxBatchAdd));
    }
    for (std::size_t i = 0; i < batch.orders.size(); ++i) {
      const NewOrder& order = batch.orders[i];
      auto bad = check_order(order);
      if (!bad && !order.symbol.empty() && order.symbol != batch.symbol) {
        bad = refuse("symbol",
                     fmt::format("symbol '{}' is not that of the batch, '{}'", shown(order.symbol), batch.symbol));
      }
      if (bad) return refuse(bad->parameter, fmt::format("orders[{}]: {}", i, bad->detail));
    }
    return check_time("deadline", batch.deadline);
  }

  Violation operator()(const BatchCancel& cancel) const {
    const std::size_t count = cancel.order_ids.size() + cancel.client_order_ids.size();
    if (count < kMinBatchCancel || count > kMaxBatchCancel) {
      return refuse("orders", fmt::format("orders and cl_ord_id hold {} ids together, {} to {} are allowed", count,
                                          kMinBatchCancel, kMaxBatchCancel));
    }
    if (auto bad = check_ids("orders", cancel.order_ids, false)) return bad;
    return check_ids("cl_ord_id", cancel.client_order_ids, true);
  }

  static Violation check_price_type(std::string_view name, const std::optional<Decimal>& price, std::string_view type) {
    const std::string parameter = fmt::format("{}_type", name);
    if (type.empty() || price) return check_word(parameter, type, kPriceTypes);
    return refuse(parameter, fmt::format("{} '{}' is given without a {}", parameter, shown(type), name));
  }
};

}  // namespace

bool is_trading_method(std::string_view method) { return contains(kTradingMethods, method); }

std::optional<RuleViolation> find_violation(const TradingRequest& request) { return std::visit(Rules{}, request); }

Result<void> validate(const TradingRequest& request) {
  const auto violation = find_violation(request);
  if (!violation) return {};
  const Request named{.method = Method::Trade, .trading = request};
  return fail(Errc::InvalidArgument, fmt::format("{}: {}", name_of(named), violation->detail));
}

}  // namespace ktape::spot_v2
