#include "core/protocol/futures/account_encode.hpp"

#include <fmt/format.h>

#include "core/protocol/futures/json_object.hpp"

namespace ktape::futures {
namespace {

void add_order(JsonObject& object, const OpenOrder& order) {
  object.add("instrument", order.instrument)
      .add("time", order.time)
      .add("last_update_time", order.last_update_time)
      .add("qty", order.qty)
      .add("filled", order.filled)
      .add("limit_price", order.limit_price)
      .add("stop_price", order.stop_price)
      .add("type", order.type)
      .add("order_id", order.order_id)
      .add_text("cli_ord_id", order.cli_ord_id)
      .add("direction", order.direction == Side::Buy ? 0 : 1)
      .add("reduce_only", order.reduce_only)
      .add_text("triggerSignal", order.trigger_signal);
  if (order.trailing_stop_options) {
    object.object("trailing_stop_options", [&](JsonObject& stop) {
      stop.add("max_deviation", order.trailing_stop_options->max_deviation)
          .add("unit", order.trailing_stop_options->unit);
    });
  }
}

void add_fill(JsonObject& object, const FillEntry& fill) {
  object.add("instrument", fill.instrument)
      .add("time", fill.time)
      .add("price", fill.price)
      .add("seq", fill.seq)
      .add("buy", fill.buy)
      .add("qty", fill.qty)
      .add("remaining_order_qty", fill.remaining_order_qty)
      .add("order_id", fill.order_id)
      .add_text("cli_ord_id", fill.cli_ord_id)
      .add("fill_id", fill.fill_id)
      .add("fill_type", fill.fill_type)
      .add("fee_paid", fill.fee_paid)
      .add("fee_currency", fill.fee_currency)
      .add_text("taker_order_type", fill.taker_order_type)
      .add_text("order_type", fill.order_type);
}

void add_position(JsonObject& object, const PositionEntry& position) {
  object.add("instrument", position.instrument)
      .add("balance", position.balance)
      .add("pnl", position.pnl)
      .add("entry_price", position.entry_price)
      .add("mark_price", position.mark_price)
      .add("index_price", position.index_price)
      .add("liquidation_threshold", position.liquidation_threshold)
      .add("effective_leverage", position.effective_leverage)
      .add("return_on_equity", position.return_on_equity)
      .add("unrealized_funding", position.unrealized_funding)
      .add("initial_margin", position.initial_margin)
      .add("initial_margin_with_orders", position.initial_margin_with_orders)
      .add("maintenance_margin", position.maintenance_margin)
      .add_text("pnl_currency", position.pnl_currency);
  if (const auto& greeks = position.greeks) {
    object.add("iv", greeks->iv)
        .add("delta", greeks->delta)
        .add("gamma", greeks->gamma)
        .add("vega", greeks->vega)
        .add("theta", greeks->theta)
        .add("rho", greeks->rho);
  }
}

void add_account(JsonObject& object, const FuturesAccount& account) {
  object.object(account.name, [&](JsonObject& inner) {
    inner.add("name", account.name)
        .add("pair", account.pair)
        .add("unit", account.unit)
        .add("portfolio_value", account.portfolio_value)
        .add("balance", account.balance)
        .add("maintenance_margin", account.maintenance_margin)
        .add("initial_margin", account.initial_margin)
        .add("available", account.available)
        .add("unrealized_funding", account.unrealized_funding)
        .add("pnl", account.pnl)
        .add("cash_value", account.cash_value);
  });
}

void add_currency(JsonObject& object, const FlexCurrency& currency) {
  object.object(currency.currency, [&](JsonObject& inner) {
    inner.add("quantity", currency.quantity)
        .add("value", currency.value)
        .add("collateral_value", currency.collateral_value)
        .add("available", currency.available)
        .add("haircut", currency.haircut)
        .add("conversion_spread", currency.conversion_spread);
  });
}

void add_margins(JsonObject& object, const FlexMargins& margins) {
  object.add("initial_margin", margins.initial_margin)
      .add("initial_margin_without_orders", margins.initial_margin_without_orders)
      .add("maintenance_margin", margins.maintenance_margin)
      .add("pnl", margins.pnl)
      .add("unrealized_funding", margins.unrealized_funding)
      .add("total_unrealized", margins.total_unrealized)
      .add("total_unrealized_as_margin", margins.total_unrealized_as_margin);
}

void add_cross(JsonObject& object, const CrossMargins& cross) {
  object.add("balance_value", cross.balance_value)
      .add("collateral_value", cross.collateral_value)
      .add("portfolio_value", cross.portfolio_value);
  add_margins(object, cross.margins);
  object.add("margin_equity", cross.margin_equity)
      .add("available_margin", cross.available_margin)
      .add("effective_leverage", cross.effective_leverage)
      .add("total_position_size", cross.total_position_size);
}

void add_breakdown(JsonObject& object, const MarginBreakdown& breakdown) {
  object.add("market_risk", breakdown.market_risk)
      .add("abs_options_delta", breakdown.abs_options_delta)
      .add("net_position_delta", breakdown.net_position_delta)
      .add("futures_maintenance_margin", breakdown.futures_maintenance_margin);
}

void add_flex(JsonObject& object, const FlexFutures& flex) {
  object.object("currencies", [&](JsonObject& inner) {
    for (const FlexCurrency& currency : flex.currencies) add_currency(inner, currency);
  });
  object.add("balance_value", flex.balance_value)
      .add("portfolio_value", flex.portfolio_value)
      .add("collateral_value", flex.collateral_value);
  add_margins(object, flex.margins);
  object.add("margin_equity", flex.margin_equity)
      .add("available_margin", flex.available_margin)
      .add("total_position_size", flex.total_position_size)
      .add("unified_balances", flex.unified_balances);
  if (!flex.isolated.empty()) {
    object.object("isolated", [&](JsonObject& inner) {
      for (const IsolatedMargins& one : flex.isolated) {
        inner.object(one.product, [&](JsonObject& margins) { add_margins(margins, one.margins); });
      }
    });
  }
  if (flex.cross) {
    object.object("cross", [&](JsonObject& inner) { add_cross(inner, *flex.cross); });
  }
  if (flex.portfolio_margin_breakdown) {
    object.object("portfolio_margin_breakdown",
                  [&](JsonObject& inner) { add_breakdown(inner, *flex.portfolio_margin_breakdown); });
  }
}

void write_balances(std::string& out, std::string_view feed, const Balances& balances, bool whole) {
  JsonObject object(out);
  object.add("feed", feed).add("account", balances.stamp.account);
  if (whole || !balances.holding.empty()) {
    object.object("holding", [&](JsonObject& inner) {
      for (const Holding& one : balances.holding) inner.add(one.currency, one.amount);
    });
  }
  if (whole || !balances.futures.empty()) {
    object.object("futures", [&](JsonObject& inner) {
      for (const FuturesAccount& account : balances.futures) add_account(inner, account);
    });
  }
  if (balances.flex_futures) {
    object.object("flex_futures", [&](JsonObject& inner) { add_flex(inner, *balances.flex_futures); });
  }
  object.add("timestamp", balances.stamp.timestamp)
      .add("seq", balances.stamp.seq)
      .add("futures_cash_value", balances.futures_cash_value)
      .add("futures_upnl_cash_value", balances.futures_upnl_cash_value);
}

void add_log_entry(JsonObject& object, const LogEntry& entry) {
  object.add("id", entry.id)
      .add("date", format_rfc3339(entry.date, 3))
      .add("asset", entry.asset)
      .add("info", entry.info)
      .add("booking_uid", entry.booking_uid)
      .add("margin_account", entry.margin_account)
      .add("old_balance", entry.old_balance)
      .add("new_balance", entry.new_balance)
      .add("old_average_entry_price", entry.old_average_entry_price)
      .add("new_average_entry_price", entry.new_average_entry_price)
      .add("trade_price", entry.trade_price)
      .add("mark_price", entry.mark_price)
      .add("realized_pnl", entry.realized_pnl)
      .add("fee", entry.fee)
      .add("execution", entry.execution)
      .add("collateral", entry.collateral)
      .add("funding_rate", entry.funding_rate)
      .add("realized_funding", entry.realized_funding)
      .add("conversion_spread_percentage", entry.conversion_spread_percentage)
      .add("liquidation_fee", entry.liquidation_fee);
}

}  // namespace

void append_open_orders_snapshot(std::string& out, std::string_view feed, std::string_view account,
                                 std::span<const OpenOrder> orders) {
  JsonObject(out)
      .add("feed", fmt::format("{}_snapshot", feed))
      .add("account", account)
      .list("orders", orders, add_order);
}

void append_open_order(std::string& out, std::string_view feed, const OpenOrder& order, const OrderChange& change) {
  JsonObject(out)
      .add("feed", feed)
      .object("order", [&](JsonObject& inner) { add_order(inner, order); })
      .add("is_cancel", change.is_cancel)
      .add("reason", change.reason);
}

void append_gone_order(std::string& out, std::string_view feed, const GoneOrder& order) {
  JsonObject(out)
      .add("feed", feed)
      .add("order_id", order.order_id)
      .add_text("cli_ord_id", order.cli_ord_id)
      .add("is_cancel", true)
      .add("reason", order.reason);
}

void append_fills_snapshot(std::string& out, std::string_view account, std::span<const FillEntry> fills) {
  JsonObject(out).add("feed", "fills_snapshot").add("account", account).list("fills", fills, add_fill);
}

void append_fills(std::string& out, std::string_view username, std::span<const FillEntry> fills) {
  JsonObject(out).add("feed", "fills").add("username", username).list("fills", fills, add_fill);
}

void append_open_positions(std::string& out, const AccountStamp& stamp, std::span<const PositionEntry> positions) {
  JsonObject(out)
      .add("feed", "open_positions")
      .add("account", stamp.account)
      .list("positions", positions, add_position)
      .add("seq", stamp.seq)
      .add("timestamp", stamp.timestamp);
}

void append_balances_snapshot(std::string& out, const Balances& balances) {
  write_balances(out, "balances_snapshot", balances, true);
}

void append_balances(std::string& out, const Balances& balances) { write_balances(out, "balances", balances, false); }

void append_margin_accounts(std::string& out, std::string_view account, std::int64_t seq,
                            std::span<const MarginAccount> accounts) {
  JsonObject(out)
      .add("feed", "account_balances_and_margins")
      .add("account", account)
      .list("margin_accounts", accounts,
            [](JsonObject& object, const MarginAccount& one) {
              object.add("name", one.name)
                  .add_text("type", one.type)
                  .add("balance", one.balance)
                  .add("pnl", one.pnl)
                  .add("funding", one.funding)
                  .add("pv", one.pv)
                  .add("am", one.am)
                  .add("im", one.im)
                  .add("mm", one.mm);
            })
      .add("seq", seq);
}

void append_account_log_snapshot(std::string& out, std::span<const LogEntry> logs) {
  JsonObject(out).add("feed", "account_log_snapshot").list("logs", logs, add_log_entry);
}

void append_account_log(std::string& out, const LogEntry& entry) {
  JsonObject(out).add("feed", "account_log").object("new_entry", [&](JsonObject& inner) {
    add_log_entry(inner, entry);
  });
}

void append_notifications(std::string& out, std::span<const Notification> notifications) {
  JsonObject(out)
      .add("feed", "notifications_auth")
      .list("notifications", notifications, [](JsonObject& object, const Notification& one) {
        object.add("id", one.id)
            .add("type", one.type)
            .add("priority", one.priority)
            .add("note", one.note)
            .add("effective_time", one.effective_time)
            .add("expected_downtime_minutes", one.expected_downtime_minutes);
      });
}

}  // namespace ktape::futures
