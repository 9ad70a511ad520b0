#include "core/market/order_table.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace ktape {
namespace {

bool closes(std::string_view status) {
  return status == "filled" || status == "canceled" || status == "expired" || status == "rejected";
}

void update(std::string& known, std::string_view told) {
  if (!told.empty()) known = told;
}

template <class T>
void update(std::optional<T>& known, const std::optional<T>& told) {
  if (told) known = told;
}

void update(Order& order, const OrderReport& report) {
  update(order.client_order_id, report.client_order_id);
  update(order.user_reference, report.user_reference);
  update(order.symbol, report.symbol);
  update(order.side, report.side);
  update(order.order_type, report.order_type);
  update(order.time_in_force, report.time_in_force);
  update(order.what, report.what);
  update(order.quantity, report.quantity);
  update(order.filled_quantity, report.filled_quantity);
  update(order.filled_cost, report.filled_cost);
  update(order.average_price, report.average_price);
  update(order.limit_price, report.limit_price);
  update(order.trigger_price, report.trigger_price);
  update(order.display_quantity, report.display_quantity);
  update(order.cash_quantity, report.cash_quantity);
  update(order.fee, report.fee);
  update(order.post_only, report.post_only);
  update(order.reduce_only, report.reduce_only);
  update(order.margin, report.margin);
  update(order.reason, report.reason);
  update(order.exchange_time, report.exchange_time);
  update(order.effective_time, report.effective_time);
  update(order.expire_time, report.expire_time);
  if (!order.closed) update(order.status, report.status);
  order.closed = order.closed || closes(order.status);
  ++order.reports;
}

bool is_history(const OrderReports& reports, const OrderReport& report) {
  return reports.snapshot && report.what == "trade";
}

}  // namespace

OrderTable::OrderTable(OrderTableOptions options) : options_(options) {}

Result<void> OrderTable::apply(const OrderReports& reports, Timestamp now) {
  if (reports.snapshot) drop_open_orders();
  Result<void> result;
  for (const OrderReport& report : reports.reports) {
    if (is_history(reports, report)) continue;
    if (auto merged = merge(report, now); !merged && result) result = std::move(merged);
  }
  forget(now);
  return result;
}

Result<void> OrderTable::merge(const OrderReport& report, Timestamp now) {
  if (report.order_id.empty()) {
    return fail(Errc::Protocol, fmt::format("a report '{}' without an order id", report.what));
  }
  auto known = orders_.find(report.order_id);
  const bool is_new = known == orders_.end();
  if (is_new && open_count_ >= options_.max_open && !closes(report.status)) {
    return fail(Errc::Limit, fmt::format("order {} is one more than the {} open orders that are kept", report.order_id,
                                         options_.max_open));
  }
  Order order = is_new ? Order{.order_id = std::string(report.order_id)} : *known->second;
  const bool was_open = !is_new && !order.closed;
  update(order, report);
  const bool is_open = !order.closed;
  if (is_new || was_open != is_open) {
    if (is_open) ++open_count_;
    if (was_open) --open_count_;
    if (!is_open) closed_.push_back({now, order.order_id});
  }
  if (!order.client_order_id.empty()) {
    // A name may be used again when its order is closed; the open one is meant then.
    const auto other = find_by_client_id(order.client_order_id);
    if (is_open || other == nullptr || other->closed) by_client_id_[order.client_order_id] = order.order_id;
  }
  auto shared = std::make_shared<const Order>(std::move(order));
  if (is_new) {
    orders_.emplace(std::string(report.order_id), std::move(shared));
  } else {
    known->second = std::move(shared);
  }
  return {};
}

// A snapshot tells its orders whole: nothing told before belongs to them.
void OrderTable::drop_open_orders() {
  for (auto order = orders_.begin(); order != orders_.end();) {
    const auto next = std::next(order);
    if (!order->second->closed) erase(order);
    order = next;
  }
}

void OrderTable::forget(Timestamp now) {
  while (!closed_.empty() &&
         (closed_.size() > options_.max_closed || now - closed_.front().at > options_.keep_closed)) {
    const auto order = orders_.find(closed_.front().order_id);
    if (order != orders_.end()) erase(order);
    closed_.pop_front();
  }
}

void OrderTable::erase(Orders::iterator order) {
  if (!order->second->closed) --open_count_;
  const auto name = by_client_id_.find(order->second->client_order_id);
  if (name != by_client_id_.end() && name->second == order->first) by_client_id_.erase(name);
  orders_.erase(order);
}

OrderTable::OrderPtr OrderTable::get(std::string_view order_id) const {
  const auto order = orders_.find(order_id);
  return order == orders_.end() ? nullptr : order->second;
}

OrderTable::OrderPtr OrderTable::find_by_client_id(std::string_view client_order_id) const {
  const auto name = by_client_id_.find(client_order_id);
  return name == by_client_id_.end() ? nullptr : get(name->second);
}

std::vector<OrderTable::OrderPtr> OrderTable::open_orders() const {
  std::vector<OrderPtr> open;
  for (const auto& [id, order] : orders_) {
    if (!order->closed) open.push_back(order);
  }
  return open;
}

void OrderTable::clear() {
  orders_.clear();
  by_client_id_.clear();
  closed_.clear();
  open_count_ = 0;
}

}  // namespace ktape
