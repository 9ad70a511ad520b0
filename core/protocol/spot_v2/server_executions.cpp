#include <algorithm>

#include "core/protocol/spot_v2/json_writing.hpp"
#include "core/protocol/spot_v2/server_account.hpp"

namespace ktape::spot_v2 {

using namespace json_writing;

namespace {

enum class Key : std::uint8_t {
  OrderId,
  UserReference,
  ClientOrderId,
  ParentOrderId,
  ExecId,
  ExecType,
  TradeId,
  Symbol,
  Side,
  LastQuantity,
  LastPrice,
  Liquidity,
  Cost,
  OrderType,
  Quantity,
  CashQuantity,
  DisplayQuantity,
  DisplayRemaining,
  FilledQuantity,
  FilledCost,
  AveragePrice,
  LimitPriceType,
  LimitPrice,
  StopPrice,
  Triggers,
  TimeInForce,
  PostOnly,
  ReduceOnly,
  Margin,
  Liquidated,
  Amended,
  PositionStatus,
  OrderStatus,
  CancelReason,
  Reason,
  FeeUsd,
  FeePreference,
  Fees,
  EffectiveTime,
  ExpireTime,
  Time,
  User,
};
constexpr int kKeys = static_cast<int>(Key::User) + 1;

constexpr std::array kPendingNew{Key::OrderId,       Key::Symbol,        Key::Quantity,       Key::FilledCost,
                                 Key::TimeInForce,   Key::ExecType,      Key::Side,           Key::OrderType,
                                 Key::UserReference, Key::ClientOrderId, Key::LimitPriceType, Key::LimitPrice,
                                 Key::StopPrice,     Key::OrderStatus,   Key::FeeUsd,         Key::FeePreference,
                                 Key::Time};
constexpr std::array kTrade{Key::OrderId,      Key::UserReference, Key::ClientOrderId, Key::ExecId,
                            Key::ExecType,     Key::TradeId,       Key::Symbol,        Key::Side,
                            Key::LastQuantity, Key::LastPrice,     Key::Liquidity,     Key::Cost,
                            Key::OrderType,    Key::Time,          Key::OrderStatus,   Key::FilledQuantity,
                            Key::FilledCost,   Key::AveragePrice,  Key::FeeUsd,        Key::Fees};
constexpr std::array kNew{Key::Time,          Key::OrderStatus,   Key::ExecType,
                          Key::UserReference, Key::ClientOrderId, Key::OrderId};
constexpr std::array kCanceled{Key::Time,          Key::OrderStatus,  Key::ExecType,     Key::FilledQuantity,
                               Key::FilledCost,    Key::FeeUsd,       Key::AveragePrice, Key::UserReference,
                               Key::ClientOrderId, Key::CancelReason, Key::Reason,       Key::OrderId};
constexpr std::array kAmended{Key::Time,           Key::ExecType,      Key::OrderStatus,   Key::FilledQuantity,
                              Key::Reason,         Key::Amended,       Key::Quantity,      Key::LimitPrice,
                              Key::LimitPriceType, Key::UserReference, Key::ClientOrderId, Key::OrderId};

std::span<const Key> layout(const Execution& execution, bool snapshot) {
  const std::string_view what = execution.order.what;
  if (what == "trade") return kTrade;
  if (snapshot || what == "pending_new") return kPendingNew;
  if (what == "new") return kNew;
  if (what == "amended") return kAmended;
  return kCanceled;
}

void trigger(std::string& out, const TriggerReport& trigger) {
  Members to(out);
  to.text("reference", trigger.reference);
  to.add("price", trigger.price);
  to.text("price_type", trigger.price_type);
  to.add("actual_price", trigger.actual_price);
  to.add("peak_price", trigger.peak_price);
  to.add("last_price", trigger.last_price);
  to.text("status", trigger.status);
  to.time("timestamp", trigger.exchange_time, kMicroseconds);
  to.close();
}

void fill_member(Members& to, Key key, const Fill& fill) {
  switch (key) {
    case Key::ExecId:
      return to.text("exec_id", fill.fill_id);
    case Key::TradeId:
      return to.add("trade_id", fill.trade_id);
    case Key::LastQuantity:
      return to.add("last_qty", fill.quantity);
    case Key::LastPrice:
      return to.add("last_price", fill.price);
    case Key::Liquidity:
      if (fill.maker) to.text("liquidity_ind", *fill.maker ? "m" : "t");
      return;
    case Key::Cost:
      return to.add("cost", fill.cost);
    case Key::Fees: {
      std::string& out = to.key("fees");
      return list(out, fill.fees, [&](const Fee& fee) {
        Members inner(out);
        inner.text("asset", fee.asset);
        inner.add("qty", fee.quantity);
        inner.close();
      });
    }
    default:
      return;
  }
}

void member(Members& to, Key key, const Execution& from) {
  const OrderReport& order = from.order;
  switch (key) {
    case Key::OrderId:
      return to.text("order_id", order.order_id);
    case Key::UserReference:
      return to.add("order_userref", order.user_reference);
    case Key::ClientOrderId:
      return to.text("cl_ord_id", order.client_order_id);
    case Key::ParentOrderId:
      return to.text("ord_ref_id", from.parent_order_id);
    case Key::ExecType:
      return to.text("exec_type", order.what);
    case Key::Symbol:
      return to.text("symbol", order.symbol);
    case Key::Side:
      if (order.side) to.text("side", to_string(*order.side));
      return;
    case Key::OrderType:
      return to.text("order_type", order.order_type);
    case Key::Quantity:
      return to.add("order_qty", order.quantity);
    case Key::CashQuantity:
      return to.add("cash_order_qty", order.cash_quantity);
    case Key::DisplayQuantity:
      return to.add("display_qty", order.display_quantity);
    case Key::DisplayRemaining:
      return to.add("display_qty_remain", from.display_quantity_remaining);
    case Key::FilledQuantity:
      return to.add("cum_qty", order.filled_quantity);
    case Key::FilledCost:
      return to.add("cum_cost", order.filled_cost);
    case Key::AveragePrice:
      return to.add("avg_price", order.average_price);
    case Key::LimitPriceType:
      return to.text("limit_price_type", from.limit_price_type);
    case Key::LimitPrice:
      return to.add("limit_price", order.limit_price);
    case Key::StopPrice:
      return to.add("stop_price", from.stop_price);
    case Key::Triggers:
      if (from.trigger) trigger(to.key("triggers"), *from.trigger);
      return;
    case Key::TimeInForce:
      return to.text("time_in_force", order.time_in_force);
    case Key::PostOnly:
      return to.add("post_only", order.post_only);
    case Key::ReduceOnly:
      return to.add("reduce_only", order.reduce_only);
    case Key::Margin:
      return to.add("margin", order.margin);
    case Key::Liquidated:
      return to.add("liquidated", from.liquidated);
    case Key::Amended:
      return to.add("amended", from.amended);
    case Key::PositionStatus:
      return to.text("position_status", from.position_status);
    case Key::OrderStatus:
      return to.text("order_status", order.status);
    case Key::CancelReason:
      return to.text("cancel_reason", from.cancel_reason);
    case Key::Reason:
      return to.text("reason", order.reason);
    case Key::FeeUsd:
      return to.add("fee_usd_equiv", from.fee_usd_equivalent);
    case Key::FeePreference:
      return to.text("fee_ccy_pref", from.fee_preference);
    case Key::EffectiveTime:
      return to.time("effective_time", order.effective_time, kMicroseconds);
    case Key::ExpireTime:
      return to.time("expire_time", order.expire_time, kMicroseconds);
    case Key::Time:
      return to.time("timestamp", order.exchange_time, kMicroseconds);
    case Key::User:
      return to.text("user", from.user);
    default:
      if (from.fill) fill_member(to, key, *from.fill);
  }
}

void execution(std::string& out, const Execution& from, bool snapshot) {
  const auto seen = layout(from, snapshot);
  Members to(out);
  for (const Key key : seen) member(to, key, from);
  for (int i = 0; i < kKeys; ++i) {
    const auto key = static_cast<Key>(i);
    if (std::find(seen.begin(), seen.end(), key) == seen.end()) member(to, key, from);
  }
  to.close();
}

}  // namespace

void append_executions(std::string& out, std::span<const Execution> executions, bool snapshot, std::int64_t sequence) {
  open_data(out, "executions", snapshot);
  out += R"(,"data":)";
  list(out, executions, [&](const Execution& one) { execution(out, one, snapshot); });
  field(out, R"(,"sequence":)", sequence);
  out += '}';
}

}  // namespace ktape::spot_v2
