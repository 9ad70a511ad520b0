#include "core/protocol/spot_v1/trading_request.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "core/protocol/spot_v1/order_text.hpp"
#include "core/protocol/spot_v1/symbol_names.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"

namespace ktape::spot_v1 {
namespace {

constexpr std::int64_t kTimeoutEnd = 86'400;  // seconds

struct EventName {
  using Name = std::optional<std::string_view>;
  Name operator()(const AddOrder&) const { return "addOrder"; }
  Name operator()(const EditOrder&) const { return "editOrder"; }
  Name operator()(const AmendOrder&) const { return "amendOrder"; }
  Name operator()(const CancelOrder&) const { return "cancelOrder"; }
  Name operator()(const CancelAll&) const { return "cancelAll"; }
  Name operator()(const CancelAllOrdersAfter&) const { return "cancelAllOrdersAfter"; }
  Name operator()(const BatchAdd&) const { return std::nullopt; }
  Name operator()(const BatchCancel&) const { return std::nullopt; }
};

tl::unexpected<Error> refuse(std::string what) { return fail(Errc::InvalidArgument, std::move(what)); }
tl::unexpected<Error> cannot_say(std::string_view what) {
  return fail(Errc::Unsupported, fmt::format("Spot v1 cannot say {}", what));
}

template <class List>
bool is_one_of(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}
constexpr std::array<std::string_view, 3> kTimesInForce{"gtc", "gtd", "ioc"};
constexpr std::array<std::string_view, 3> kSelfTradePreventions{"cancel_newest", "cancel_oldest", "cancel_both"};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c + ('A' - 'a'));
  }
  return out;
}

OrderPrices prices_of(const NewOrder& order) {
  OrderPrices prices;
  if (order.limit_price) prices.limit = OrderPrice{*order.limit_price, order.limit_price_type};
  if (order.trigger) prices.trigger = OrderPrice{order.trigger->price, order.trigger->price_type};
  return prices;
}
OrderPrices prices_of(const ConditionalClose& close) {
  OrderPrices prices;
  if (close.limit_price) prices.limit = OrderPrice{*close.limit_price, close.limit_price_type};
  if (close.trigger_price) prices.trigger = OrderPrice{*close.trigger_price, close.trigger_price_type};
  return prices;
}

// ---- what v1 takes

Result<void> check_symbol(std::string_view symbol) {
  if (!spot_v2::has_symbol_form(symbol) || spot_v2::modern_symbol(symbol) != symbol) {
    return refuse(fmt::format("symbol '{}' is not in the form BASE/QUOTE, such as BTC/USD", symbol.substr(0, 64)));
  }
  return {};
}

Result<void> check_deadline(std::string_view deadline) {
  if (deadline.empty() || parse_rfc3339(deadline)) return {};
  return refuse(fmt::format("deadline '{}' is no UTC time such as 2026-09-01T08:00:00Z", excerpt(deadline)));
}

struct Checker {
  Result<void> operator()(const AddOrder& add) const {
    const NewOrder& order = add.order;
    if (auto fits = check_symbol(order.symbol); !fits) return fits;
    if (auto fits = check_deadline(add.deadline); !fits) return fits;
    if (auto fits = check_prices(prices_of(order), order.order_type); !fits) return fits;
    if (auto fits = check_amounts(order); !fits) return fits;
    if (order.trigger && !order.trigger->reference.empty() && order.trigger->reference != "last") {
      return cannot_say(
          fmt::format("that '{}' triggers an order: always the last price does", order.trigger->reference));
    }
    if (!order.time_in_force.empty() && !is_one_of(kTimesInForce, order.time_in_force)) {
      return refuse(fmt::format("time_in_force '{}' is not one of gtc, gtd, ioc", order.time_in_force));
    }
    if (!order.self_trade_prevention.empty() && !is_one_of(kSelfTradePreventions, order.self_trade_prevention)) {
      return refuse(fmt::format("self_trade_prevention '{}' is not one of cancel_newest, cancel_oldest, cancel_both",
                                order.self_trade_prevention));
    }
    if (!order.fee_preference.empty() && order.fee_preference != "base" && order.fee_preference != "quote") {
      return refuse(fmt::format("fee_preference '{}' is not one of base, quote", order.fee_preference));
    }
    if (!order.client_order_id.empty() && order.user_reference) {
      return refuse(fmt::format("client_order_id '{}' and user_reference {} exclude each other", order.client_order_id,
                                *order.user_reference));
    }
    for (const auto& [name, time] :
         {std::pair{"effective_time", &order.effective_time}, std::pair{"expire_time", &order.expire_time}}) {
      if (time->empty()) continue;
      if (const auto text = unix_text(*time, name); !text) return tl::unexpected<Error>(text.error());
    }
    if (!order.conditional) return {};
    return check_prices(prices_of(*order.conditional), order.conditional->order_type);
  }

  static Result<void> check_amounts(const NewOrder& order) {
    if (order.display_quantity) return cannot_say("display_quantity in a new order");
    if (order.cash_quantity) {
      if (order.quantity) return refuse("cash_quantity and quantity exclude each other");
      if (order.order_type != "market" || order.side != Side::Buy || order.margin.value_or(false)) {
        return refuse("cash_quantity is for market orders that buy without margin");
      }
      return {};
    }
    if (!order.quantity || order.quantity->coefficient() < 0)
      return refuse("an order needs a quantity, not below zero");
    return {};
  }

  Result<void> operator()(const EditOrder& edit) const {
    if (edit.order_id.empty()) return refuse("edit_order needs an order_id");
    if (auto fits = check_symbol(edit.symbol); !fits) return fits;
    if (edit.display_quantity) return cannot_say("display_quantity in edit_order");
    if (edit.reduce_only) return cannot_say("reduce_only in edit_order");
    if (edit.trigger) return cannot_say("a trigger in edit_order");
    if (!edit.deadline.empty()) return cannot_say("a deadline in edit_order");
    if (!edit.fee_preference.empty()) return cannot_say("fee_preference in edit_order");
    if (edit.limit_price) return check_price({*edit.limit_price, ""}, "limit price");
    return {};
  }

  Result<void> operator()(const AmendOrder& amend) const {
    if (amend.order_id.empty() == amend.client_order_id.empty()) {
      return refuse("amend_order needs an order_id or a client_order_id, one of them");
    }
    if (!amend.symbol.empty()) {
      if (auto fits = check_symbol(amend.symbol); !fits) return fits;
    }
    for (const std::string* const type : {&amend.limit_price_type, &amend.trigger_price_type}) {
      if (!type->empty() && *type != "static")
        return cannot_say(fmt::format("a price of type '{}' in amend_order", *type));
    }
    return check_deadline(amend.deadline);
  }

  Result<void> operator()(const CancelOrder& cancel) const {
    if (cancel.order_ids.empty() && cancel.client_order_ids.empty() && cancel.user_references.empty()) {
      return refuse("cancel_order names no order");
    }
    return {};
  }
  Result<void> operator()(const CancelAll&) const { return {}; }
  Result<void> operator()(const CancelAllOrdersAfter& after) const {
    if (after.timeout_seconds >= 0 && after.timeout_seconds < kTimeoutEnd) return {};
    return refuse(fmt::format("timeout {} is not within 0 to {} seconds", after.timeout_seconds, kTimeoutEnd - 1));
  }
  Result<void> operator()(const BatchAdd&) const { return cannot_say("batch_add"); }
  Result<void> operator()(const BatchCancel&) const { return cannot_say("batch_cancel"); }
};

// ---- writing

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void operator()(const AddOrder& add) {
    const NewOrder& order = add.order;
    text("ordertype", order.order_type);
    text("type", to_string(order.side));
    text("pair", wire_symbol(order.symbol));
    text("volume", order.cash_quantity ? order.cash_quantity->text() : order.quantity->text());
    prices("price", "price2", price_texts(prices_of(order), order.order_type));
    flag("margin", order.margin);
    flag("reduce_only", order.reduce_only);
    some_text("oflags", flags_of(order));
    if (!order.effective_time.empty()) text("starttm", unix_text(order.effective_time, "effective_time").value());
    if (!order.expire_time.empty()) text("expiretm", unix_text(order.expire_time, "expire_time").value());
    some_text("deadline", add.deadline);
    if (order.user_reference) text("userref", fmt::to_string(*order.user_reference));
    some_text("cl_ord_id", order.client_order_id);
    some_text("sender_sub_id", order.sender_sub_id);
    some_text("stp_type", order.self_trade_prevention);
    if (add.validate) text("validate", *add.validate ? "true" : "false");
    some_text("timeinforce", upper(order.time_in_force));
    if (!order.conditional) return;
    text("close[ordertype]", order.conditional->order_type);
    prices("close[price]", "close[price2]", price_texts(prices_of(*order.conditional), order.conditional->order_type));
  }

  void operator()(const EditOrder& edit) {
    text("orderid", edit.order_id);
    text("pair", wire_symbol(edit.symbol));
    number("volume", edit.quantity);
    number("price", edit.limit_price);
    if (edit.post_only.value_or(false)) text("oflags", "post");
    if (edit.user_reference) text("newuserref", fmt::to_string(*edit.user_reference));
    if (edit.validate) text("validate", *edit.validate ? "true" : "false");
  }

  void operator()(const AmendOrder& amend) {
    some_text("txid", amend.order_id);
    some_text("cl_ord_id", amend.client_order_id);
    number("volume", amend.quantity);
    number("display_volume", amend.display_quantity);
    number("limit_price", amend.limit_price);
    number("trigger_price", amend.trigger_price);
    flag("post_only", amend.post_only);
    some_text("pair", wire_symbol(amend.symbol));
    some_text("deadline", amend.deadline);
  }

  void operator()(const CancelOrder& cancel) {
    std::vector<std::string> ids = cancel.order_ids;
    for (const std::int64_t reference : cancel.user_references) ids.push_back(fmt::to_string(reference));
    texts("txid", ids);
    texts("cl_ord_id", cancel.client_order_ids);
  }

  void operator()(const CancelAll&) {}
  void operator()(const CancelAllOrdersAfter& after) { out_ += fmt::format(",\"timeout\":{}", after.timeout_seconds); }
  void operator()(const BatchAdd&) {}
  void operator()(const BatchCancel&) {}

 private:
  static std::string flags_of(const NewOrder& order) {
    std::string flags;
    const auto add = [&flags](std::string_view flag) { flags.append(flags.empty() ? "" : ",").append(flag); };
    if (order.fee_preference == "base") add("fcib");
    if (order.fee_preference == "quote") add("fciq");
    if (order.post_only.value_or(false)) add("post");
    if (order.cash_quantity) add("viqc");
    return flags;
  }

  void text(std::string_view name, std::string_view value) {
    out_ += fmt::format(",\"{}\":", name);
    append_json_string(out_, value);
  }
  void some_text(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void number(std::string_view name, const std::optional<Decimal>& value) {
    if (value) text(name, value->text());
  }
  void flag(std::string_view name, const std::optional<bool>& value) {
    if (value) out_ += fmt::format(",\"{}\":{}", name, *value);
  }
  void prices(std::string_view first, std::string_view second, const PriceTexts& texts) {
    if (texts.price) text(first, *texts.price);
    if (texts.price2) text(second, *texts.price2);
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    out_ += fmt::format(",\"{}\":[", name);
    for (const std::string& value : values) {
      if (&value != values.data()) out_.push_back(',');
      append_json_string(out_, value);
    }
    out_.push_back(']');
  }

  std::string& out_;
};

}  // namespace

std::optional<std::string_view> event_of(const TradingRequest& request) { return std::visit(EventName{}, request); }

bool is_trading_method(std::string_view event) {
  constexpr std::array<std::string_view, 6> kMethods{"addOrder",    "editOrder", "amendOrder",
                                                     "cancelOrder", "cancelAll", "cancelAllOrdersAfter"};
  return is_one_of(kMethods, event);
}

Result<void> check_trading(const TradingRequest& request) { return std::visit(Checker{}, request); }

void append_trading(std::string& out, const TradingRequest& request) { std::visit(Writer(out), request); }

}  // namespace ktape::spot_v1
