#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/protocol/spot_v1/order_text.hpp"
#include "core/protocol/spot_v1/trading_request.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"

namespace ktape::spot_v1 {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

// Members of a client's message. The first that makes no sense is noted; whoever asked goes on and is refused at the
// end.
class Members {
 public:
  explicit Members(const JsonNode& message) : message_(message) {}

  bool has(std::string_view name) const { return find_member(message_, name) != nullptr; }

  // Text, also where a client wrote a number without quotes. Empty if there is none.
  std::string text(std::string_view name) {
    const JsonNode* const value = find_member(message_, name);
    if (value == nullptr || value->kind == JsonKind::Null) return {};
    if (value->kind != JsonKind::String && value->kind != JsonKind::Number) object_to(name);
    return std::string(value->text());
  }
  std::string needed_text(std::string_view name) {
    std::string value = text(name);
    if (value.empty()) object_to(name);
    return value;
  }
  std::optional<std::string> some_text(std::string_view name) {
    std::string value = text(name);
    if (value.empty()) return std::nullopt;
    return value;
  }
  std::optional<Decimal> number(std::string_view name) {
    const auto value = some_text(name);
    if (!value) return std::nullopt;
    const auto decimal = Decimal::parse(*value);
    if (!decimal || decimal->coefficient() < 0) object_to(name);
    return decimal.value_or(Decimal());
  }
  std::optional<std::int64_t> integer(std::string_view name) {
    const auto value = some_text(name);
    if (!value) return std::nullopt;
    const auto number = whole(*value);
    if (!number) object_to(name);
    return number;
  }
  // true and false, also in quotes, as documents show some of them.
  std::optional<bool> flag(std::string_view name) {
    const JsonNode* const value = find_member(message_, name);
    if (value == nullptr || value->kind == JsonKind::Null) return std::nullopt;
    const bool quoted = value->kind == JsonKind::String;
    if (value->kind == JsonKind::True || (quoted && value->text() == "true")) return true;
    if (value->kind != JsonKind::False && !(quoted && value->text() == "false")) object_to(name);
    return false;
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> out;
    const JsonNode* const list = find_member(message_, name);
    if (list == nullptr) return out;
    const bool good = list->kind == JsonKind::Array && for_each_element(*list, [&](const JsonNode& value) {
                        out.emplace_back(value.text());
                        return value.kind == JsonKind::String || value.kind == JsonKind::Number;
                      });
    if (!good) object_to(name);
    return out;
  }
  std::string symbol(std::string_view name) { return spot_v2::modern_symbol(text(name)); }
  std::string time(std::string_view name) {
    auto time = rfc3339_text(text(name));
    if (!time) object_to(name, time.error());
    return time.value_or(std::string());
  }
  OrderPrices prices(std::string_view first, std::string_view second, std::string_view order_type) {
    auto prices = parse_prices({some_text(first), some_text(second)}, order_type);
    if (!prices) object_to(prices.error().detail == "price2" ? second : first, prices.error());
    return prices.value_or(OrderPrices());
  }

  static std::optional<std::int64_t> whole(std::string_view text) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
  }

  void object_to(std::string_view name, const Error& why = {Errc::Protocol, ""}) {
    if (problem_) return;
    problem_ =
        why.code == Errc::Unsupported ? why : Error{Errc::Protocol, fmt::format("EGeneral:Invalid arguments:{}", name)};
  }
  void cannot_say(std::string what) { object_to("", {Errc::Unsupported, std::move(what)}); }

  template <class T>
  Result<TradingRequest> done(T&& request) const {
    if (problem_) return tl::unexpected<Error>(*problem_);
    return TradingRequest(std::forward<T>(request));
  }

 private:
  const JsonNode& message_;
  std::optional<Error> problem_;
};

void read_flags(Members& members, NewOrder& order) {
  const std::string flags = members.text("oflags");
  bool in_quote_currency = false;
  for (std::size_t from = 0; from < flags.size();) {
    const std::size_t comma = std::min(flags.find(',', from), flags.size());
    const auto flag = std::string_view(flags).substr(from, comma - from);
    from = comma + 1;
    if (flag == "post") {
      order.post_only = true;
    } else if (flag == "fcib" || flag == "fciq") {
      order.fee_preference = flag == "fcib" ? "base" : "quote";
    } else if (flag == "viqc") {
      in_quote_currency = true;
    } else if (flag != "nompp") {  // which has no effect any more
      members.object_to("oflags");
    }
  }
  if (in_quote_currency) order.cash_quantity.swap(order.quantity);
}

Result<TradingRequest> read_add(Members members) {
  AddOrder add;
  NewOrder& order = add.order;
  order.order_type = members.needed_text("ordertype");
  if (!is_order_type(order.order_type)) members.object_to("ordertype");
  const std::string side = members.text("type");
  if (side != "buy" && side != "sell") members.object_to("type");
  order.side = side == "sell" ? Side::Sell : Side::Buy;
  order.symbol = spot_v2::modern_symbol(members.needed_text("pair"));
  order.quantity = members.number("volume");
  if (!order.quantity) members.object_to("volume");
  const OrderPrices prices = members.prices("price", "price2", order.order_type);
  if (prices.limit) {
    order.limit_price = prices.limit->value;
    order.limit_price_type = prices.limit->type;
  }
  if (prices.trigger) order.trigger = {.price = prices.trigger->value, .price_type = prices.trigger->type};
  if (members.has("leverage")) members.cannot_say("leverage as a number");
  order.margin = members.flag("margin");
  order.reduce_only = members.flag("reduce_only");
  read_flags(members, order);
  order.effective_time = members.time("starttm");
  order.expire_time = members.time("expiretm");
  add.deadline = members.text("deadline");
  order.user_reference = members.integer("userref");
  order.client_order_id = members.text("cl_ord_id");
  order.sender_sub_id = members.text("sender_sub_id");
  order.self_trade_prevention = members.text("stp_type");
  add.validate = members.flag("validate");
  order.time_in_force = lower(members.text("timeinforce"));
  const bool known_time_in_force = order.time_in_force.empty() || order.time_in_force == "gtc" ||
                                   order.time_in_force == "gtd" || order.time_in_force == "ioc";
  if (!known_time_in_force) members.object_to("timeinforce");
  if (const auto type = members.some_text("close[ordertype]")) {
    if (!is_order_type(*type)) members.object_to("close[ordertype]");
    const OrderPrices close = members.prices("close[price]", "close[price2]", *type);
    auto& conditional = order.conditional.emplace();
    conditional.order_type = *type;
    if (close.limit) {
      conditional.limit_price = close.limit->value;
      conditional.limit_price_type = close.limit->type;
    }
    if (close.trigger) {
      conditional.trigger_price = close.trigger->value;
      conditional.trigger_price_type = close.trigger->type;
    }
  }
  return members.done(std::move(add));
}

Result<TradingRequest> read_edit(Members members) {
  EditOrder edit;
  edit.order_id = members.needed_text("orderid");
  edit.symbol = spot_v2::modern_symbol(members.needed_text("pair"));
  edit.quantity = members.number("volume");
  edit.limit_price = members.number("price");
  if (members.has("price2")) members.cannot_say("price2 in editOrder");
  const std::string flags = members.text("oflags");
  if (!flags.empty() && flags != "post") members.object_to("oflags");
  if (flags == "post") edit.post_only = true;
  edit.user_reference = members.integer("newuserref");
  edit.validate = members.flag("validate");
  return members.done(std::move(edit));
}

Result<TradingRequest> read_amend(Members members) {
  AmendOrder amend;
  amend.order_id = members.text("txid");
  amend.client_order_id = members.text("cl_ord_id");
  if (amend.order_id.empty() == amend.client_order_id.empty()) members.object_to("txid");
  amend.quantity = members.number("volume");
  amend.display_quantity = members.number("display_volume");
  amend.limit_price = members.number("limit_price");
  amend.trigger_price = members.number("trigger_price");
  amend.post_only = members.flag("post_only");
  amend.symbol = members.symbol("pair");
  amend.deadline = members.text("deadline");
  return members.done(std::move(amend));
}

Result<TradingRequest> read_cancel(Members members) {
  CancelOrder cancel;
  for (std::string& id : members.texts("txid")) {
    if (const auto reference = Members::whole(id)) {
      cancel.user_references.push_back(*reference);
    } else {
      cancel.order_ids.push_back(std::move(id));
    }
  }
  cancel.client_order_ids = members.texts("cl_ord_id");
  if (!check_trading(cancel)) members.object_to("txid");
  return members.done(std::move(cancel));
}

Result<TradingRequest> read_after(Members members) {
  CancelAllOrdersAfter after;
  after.timeout_seconds = members.integer("timeout").value_or(-1);
  if (!check_trading(after)) members.object_to("timeout");
  return members.done(after);
}

}  // namespace

Result<TradingRequest> read_trading(std::string_view event, const JsonNode& message) {
  Members members(message);
  if (event == "addOrder") return read_add(members);
  if (event == "editOrder") return read_edit(members);
  if (event == "amendOrder") return read_amend(members);
  if (event == "cancelOrder") return read_cancel(members);
  if (event == "cancelAll") return members.done(CancelAll{});
  return read_after(members);
}

}  // namespace ktape::spot_v1
