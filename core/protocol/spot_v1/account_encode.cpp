#include <algorithm>
#include <array>

#include "core/protocol/spot_v1/message_text.hpp"
#include "core/protocol/spot_v1/server_encode.hpp"
#include "core/protocol/spot_v1/symbol_names.hpp"

namespace ktape::spot_v1 {
namespace {

struct Name {
  std::string_view ours, wire;
};
constexpr std::array kStatuses{Name{"pending_new", "pending"},   Name{"new", "open"},
                               Name{"partially_filled", "open"}, Name{"filled", "closed"},
                               Name{"canceled", "canceled"},     Name{"expired", "expired"}};
constexpr std::array kTimesInForce{Name{"gtc", "GTC"}, Name{"gtd", "GTD"}, Name{"ioc", "IOC"}};
constexpr std::array kTradingEvents{
    Name{"add_order", "addOrderStatus"},     Name{"edit_order", "editOrderStatus"},
    Name{"amend_order", "amendOrderStatus"}, Name{"cancel_order", "cancelOrderStatus"},
    Name{"cancel_all", "cancelAllStatus"},   Name{"cancel_all_orders_after", "cancelAllOrdersAfterStatus"}};

template <class Names>
std::string_view wire_name(const Names& names, std::string_view ours) {
  const auto* const found =
      std::find_if(names.begin(), names.end(), [ours](const Name& name) { return name.ours == ours; });
  return found == names.end() ? ours : found->wire;
}

// [[{"id":{...}},...],"channel",{"sequence":n}]
template <class Items, class WriteOne>
void append_account_message(std::string& out, const Items& items, std::string_view channel,
                            const std::optional<std::int64_t>& sequence, WriteOne write_one) {
  out += "[[";
  for (const auto& item : items) {
    if (&item != items.data()) out.push_back(',');
    write_one(item);
  }
  out += fmt::format("],\"{}\",{{\"sequence\":{}}}]", channel, sequence.value_or(0));
}

void append_fill(std::string& out, const Fill& fill) {
  ObjectText entry(out);
  entry.key(fill.fill_id);
  ObjectText object(out);
  object.some_text("cl_ord_id", fill.client_order_id).decimal("cost", fill.cost);
  if (!fill.fees.empty()) object.decimal("fee", fill.fees.front().quantity);
  // Nothing here trades on margin, so that there is no position either.
  object.decimal("margin", Decimal::from_units(0, fill.cost ? fill.cost->scale() : 0))
      .text("ordertxid", fill.order_id)
      .text("ordertype", fill.order_type)
      .text("pair", wire_symbol(fill.symbol))
      .text("postxid", "")
      .decimal("price", fill.price)
      .time("time", fill.exchange_time)
      .text("type", to_string(fill.side))
      .decimal("vol", fill.quantity)
      .close();
  entry.close();
}

bool is_plain(const OrderReport& order) { return order.order_type == "limit" || order.order_type == "iceberg"; }

Decimal zero_of(const OrderReport& order) {
  return Decimal::from_units(0, order.quantity ? order.quantity->scale() : 0);
}

// With eight places, or more where it has them (spot-v1 section 8.1).
std::string in_eight_places(const Decimal& value) {
  constexpr int kPlaces = 8;
  return value.rescaled(std::max(kPlaces, value.scale())).value_or(value).text();
}

// "buy 0.05000000 XBT/USD @ limit 27120.50000000", "sell 1.00000000 ETH/XBT @ stop loss 0.06 -> limit 0.059".
std::string in_words(const OrderReport& order) {
  std::string kind(order.order_type);
  const bool and_limit = !is_plain(order) && kind.ends_with("-limit");
  if (and_limit) kind.resize(kind.size() - std::string_view("-limit").size());
  if (order.order_type == "iceberg") kind = "limit";
  std::replace(kind.begin(), kind.end(), '-', ' ');
  std::string words = fmt::format("{} {} {} @ {}", order.side ? to_string(*order.side) : "",
                                  in_eight_places(order.quantity.value_or(Decimal())), wire_symbol(order.symbol), kind);
  const auto first = is_plain(order) ? order.limit_price : order.trigger_price;
  if (first) words += " " + in_eight_places(*first);
  if (and_limit && order.limit_price) words += " -> limit " + in_eight_places(*order.limit_price);
  return words;
}

void append_description(std::string& out, const OrderReport& order) {
  const Decimal zero = zero_of(order);
  const bool limit = is_plain(order);
  ObjectText object(out);
  object.raw("close", "null").raw("leverage", "null");
  if (order.margin) object.raw("margin", *order.margin ? "true" : "false");
  object.text("order", in_words(order))
      .text("ordertype", order.order_type)
      .text("pair", wire_symbol(order.symbol))
      .decimal("price", (limit ? order.limit_price : order.trigger_price).value_or(zero))
      .decimal("price2", (limit ? std::nullopt : order.limit_price).value_or(zero));
  if (order.side) object.text("type", to_string(*order.side));
  object.close();
}

void append_order(std::string& out, const OrderReport& order, const std::optional<std::int64_t>& rate_count) {
  const bool whole = !order.symbol.empty();
  const std::string_view status = wire_name(kStatuses, order.status);
  const bool ended = status == "canceled" || status == "closed" || status == "expired";
  ObjectText entry(out);
  entry.key(order.order_id);
  ObjectText object(out);
  if (order.what == "amended") object.raw("amended", "true");
  object.decimal("avg_price", order.average_price)
      .some_text(ended ? "cancel_reason" : "amend_reason", order.reason)
      .some_text("cl_ord_id", order.client_order_id)
      .decimal("cost", order.filled_cost);
  if (whole) {
    object.key("descr");
    append_description(out, order);
    object.decimal("display_volume", order.display_quantity).time_or_null("expiretm", order.expire_time);
  } else {
    object.decimal("display_volume", order.display_quantity).time("expiretm", order.expire_time);
  }
  object.decimal("fee", order.fee);
  if (whole) {
    // What a trigger has made of an order; zero where there is none.
    const auto limit_price = is_plain(order) ? std::nullopt : order.limit_price;
    object.decimal("limitprice", limit_price.value_or(zero_of(order))).text("misc", "");
  } else {
    object.time("lastupdated", order.exchange_time).decimal("limitprice", order.limit_price);
  }
  if (order.post_only) object.text("oflags", *order.post_only ? "fciq,post" : "fciq");
  if (whole) object.time("opentm", order.exchange_time);
  object.number("ratecount", rate_count);
  if (whole) {
    object.raw("refid", "null").time_or_null("starttm", order.effective_time);
  } else {
    object.time("starttm", order.effective_time);
  }
  object.some_text("status", status);
  if (whole) {
    object.decimal("stopprice", order.trigger_price.value_or(zero_of(order)));
  } else {
    object.decimal("stopprice", order.trigger_price);
  }
  object.some_text("timeinforce", wire_name(kTimesInForce, order.time_in_force))
      .number("userref", order.user_reference)
      .decimal("vol", order.quantity)
      .decimal("vol_exec", order.filled_quantity)
      .close();
  entry.close();
}

}  // namespace

void append_own_trades(std::string& out, const FillReports& fills) {
  append_account_message(out, fills.fills, "ownTrades", fills.sequence,
                         [&](const Fill& fill) { append_fill(out, fill); });
}

void append_open_orders(std::string& out, const OrderReports& orders, std::optional<std::int64_t> rate_count) {
  append_account_message(out, orders.reports, "openOrders", orders.sequence,
                         [&](const OrderReport& order) { append_order(out, order, rate_count); });
}

void append_trading_reply(std::string& out, const TradingReply& reply) {
  constexpr int kWholeSeconds = 0;
  const OrderAnswer order = reply.orders.empty() ? OrderAnswer{} : reply.orders.front();
  ObjectText object(out);
  object.some_text("amend_id", order.amend_id)
      .some_text("cl_ord_id", order.client_order_id)
      .number("count", reply.count);
  if (reply.current_time) object.text("currentTime", format_rfc3339(*reply.current_time, kWholeSeconds));
  object.some_text("descr", order.description);
  if (!reply.success) object.text("errorMessage", reply.error);
  object.text("event", wire_name(kTradingEvents, reply.method))
      .some_text("originaltxid", order.original_order_id)
      .number("reqid", reply.request_id)
      .text("status", reply.success ? "ok" : "error");
  if (reply.success && reply.method == "cancel_all_orders_after") {
    object.text("triggerTime", reply.trigger_time ? format_rfc3339(*reply.trigger_time, kWholeSeconds) : "0");
  }
  object.some_text("txid", order.order_id).number("userref", order.user_reference).close();
}

}  // namespace ktape::spot_v1
