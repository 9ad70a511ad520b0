#include "exchange/spot_v2_reports.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

#include "core/protocol/spot_v2/server_account.hpp"
#include "exchange/money.hpp"

namespace ktape::spot_v2_reports {
namespace {

using spot_v2::Execution;

// Reports have the time in force in upper case, requests in lower.
std::string_view reported_time_in_force(std::string_view requested) {
  if (requested == "ioc") return "IOC";
  if (requested == "gtd") return "GTD";
  if (requested == "fok") return "FOK";
  return "GTC";
}

bool is_in_dollars(std::string_view symbol) { return symbol.ends_with("/USD"); }

// What a fee is in dollars: known where it is paid in them, or where there is none.
std::optional<Decimal> in_dollars(const Decimal& fee, std::string_view symbol) {
  if (fee.is_zero() || is_in_dollars(symbol)) return fee;
  return std::nullopt;
}

// An order, or the fill of one.
template <class Named>
void name(OrderReport& report, const Named& named) {
  report.order_id = named.order_id;
  report.client_order_id = named.client_order_id;
  report.user_reference = named.user_reference;
  // Kraken tells the reference 0 of an order that was given neither.
  if (named.client_order_id.empty() && !named.user_reference) report.user_reference = 0;
}

void describe(Execution& execution, const EngineOrder& order) {
  OrderReport& report = execution.order;
  report.symbol = order.symbol;
  report.quantity = order.quantity;
  report.cash_quantity = order.cash_quantity;
  report.time_in_force = reported_time_in_force(order.time_in_force);
  report.side = order.side;
  report.order_type = order.order_type;
  report.limit_price = order.limit_price;
  report.display_quantity = order.display_quantity;
  report.filled_cost = order.filled_cost;
  if (order.limit_price) execution.limit_price_type = "static";
  if (order.post_only) report.post_only = true;
  report.expire_time = order.expire_time;
  execution.stop_price = Decimal::from_units(0, order.average_price.scale());
  execution.fee_usd_equivalent = in_dollars(order.fee, order.symbol);
  execution.fee_preference = order.fee_preference == "base" ? "fcib" : "fciq";
}

void sum_up(Execution& execution, const EngineOrder& order) {
  execution.order.filled_quantity = order.filled_quantity;
  execution.order.filled_cost = order.filled_cost;
  execution.order.average_price = order.average_price;
  execution.fee_usd_equivalent = in_dollars(order.fee, order.symbol);
}

// `fee` is kept by the caller.
Fill fill_of(const EngineFill& from, const Fee& fee) {
  Fill fill;
  fill.order_id = from.order_id;
  fill.client_order_id = from.client_order_id;
  fill.fill_id = from.fill_id;
  fill.trade_id = from.trade_id;
  fill.symbol = from.symbol;
  fill.side = from.side;
  fill.price = from.price;
  fill.quantity = from.quantity;
  fill.cost = from.cost;
  fill.maker = from.maker;
  fill.order_type = from.order_type;
  fill.fees = {&fee, 1};
  fill.exchange_time = from.at;
  return fill;
}

Fee fee_of(const EngineFill& fill) { return {fill.fee_asset, fill.fee}; }

void describe_fill(Execution& execution, const EngineFill& fill) {
  OrderReport& report = execution.order;
  report.what = "trade";
  report.symbol = fill.symbol;
  report.side = fill.side;
  report.order_type = fill.order_type;
  report.exchange_time = fill.at;
  execution.fee_usd_equivalent = in_dollars(fill.fee, fill.symbol);
}

Execution execution_of(const OrderNews& news) {
  const EngineOrder& order = news.order;
  Execution execution;
  OrderReport& report = execution.order;
  name(report, order);
  report.what = to_string(news.change);
  report.status = to_string(order.status);
  report.exchange_time = news.at;
  switch (news.change) {
    case OrderChange::PendingNew:
      describe(execution, order);
      break;
    case OrderChange::New:
      break;
    case OrderChange::Trade:
      describe_fill(execution, *news.fill);
      report.filled_quantity = order.filled_quantity;
      report.filled_cost = order.filled_cost;
      report.average_price = order.average_price;
      break;
    case OrderChange::Canceled:
      execution.cancel_reason = news.reason;
      report.reason = news.reason;
      [[fallthrough]];
    case OrderChange::Filled:
    case OrderChange::Expired:
      sum_up(execution, order);
      break;
    case OrderChange::Amended:
      report.filled_quantity = order.filled_quantity;
      report.reason = news.reason;
      execution.amended = true;
      report.quantity = order.quantity;
      report.limit_price = order.limit_price;
      if (order.limit_price) execution.limit_price_type = "static";
      break;
  }
  return execution;
}

}  // namespace

void append_news(std::string& out, const OrderNews& news, std::int64_t sequence, std::string_view user) {
  Execution execution = execution_of(news);
  execution.user = user;
  Fee fee;
  if (news.fill) {
    fee = fee_of(*news.fill);
    execution.fill = fill_of(*news.fill, fee);
  }
  spot_v2::append_executions(out, {&execution, 1}, false, sequence);
}

void append_order_snapshot(std::string& out, std::span<const EngineOrder> orders, std::int64_t sequence) {
  std::vector<Execution> executions;
  for (const EngineOrder& order : orders) {
    Execution execution;
    name(execution.order, order);
    describe(execution, order);
    sum_up(execution, order);
    execution.order.what = "new";
    execution.order.status = to_string(order.status);
    execution.order.exchange_time = order.changed_at;
    executions.push_back(execution);
  }
  spot_v2::append_executions(out, executions, true, sequence);
}

void append_fill_snapshot(std::string& out, std::span<const EngineFill> fills, std::int64_t sequence) {
  std::deque<Fee> fees;  // fills point into it
  std::vector<Execution> executions;
  for (const EngineFill& fill : fills) {
    Execution execution;
    name(execution.order, fill);
    describe_fill(execution, fill);
    execution.order.status = "filled";
    execution.fill = fill_of(fill, fees.emplace_back(fee_of(fill)));
    executions.push_back(execution);
  }
  spot_v2::append_executions(out, executions, true, sequence);
}

void append_balance_snapshot(std::string& out, const std::map<std::string, Decimal, std::less<>>& balances,
                             const InstrumentTable& instruments, std::int64_t sequence) {
  std::vector<Balance> all;
  for (const auto& [asset, amount] : balances) {
    Balance sum;
    sum.asset = asset;
    sum.balance = money::rounded(amount, instruments.balance_places(asset)).value_or(amount);
    Balance part = sum;
    part.wallet = "spot/main";
    all.push_back(sum);
    all.push_back(part);
  }
  BalanceReports reports;
  reports.snapshot = true;
  reports.sequence = sequence;
  reports.balances = all;
  spot_v2::append_balances(out, reports);
}

void append_ledger_change(std::string& out, const LedgerChange& change, std::int64_t sequence, std::string_view user) {
  spot_v2::LedgerEntry entry;
  entry.user = user;
  entry.balance.asset = change.asset;
  entry.balance.wallet = "spot/main";
  entry.balance.balance = change.balance;
  entry.balance.amount = change.amount;
  entry.balance.fee = change.fee;
  entry.balance.type = "trade";
  entry.balance.ledger_id = change.ledger_id;
  entry.balance.reference_id = change.reference_id;
  entry.balance.exchange_time = change.at;
  entry.category = "trade";
  spot_v2::append_ledger_entry(out, entry, sequence);
}

}  // namespace ktape::spot_v2_reports
