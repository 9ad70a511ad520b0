#include "exchange/futures_reports.hpp"

#include <algorithm>

#include "exchange/money.hpp"

namespace ktape::futures_reports {
namespace {

futures::OpenOrder told(const FuturesOrder& order, bool remaining) {
  return {.instrument = order.product,
          .time = order.placed_at,
          .last_update_time = order.changed_at,
          .qty = remaining ? order.remaining() : order.quantity,
          .filled = order.filled,
          .limit_price = order.limit_price.value_or(Decimal()),
          .type = "limit",
          .order_id = order.order_id,
          .cli_ord_id = order.client_order_id,
          .direction = order.side,
          .reduce_only = order.reduce_only};
}

// As the feed calls the types of orders: a market order is no "mkt" there.
std::string_view type_of(const FuturesFill& fill) {
  return fill.order_type == "mkt" ? std::string_view("market") : std::string_view(fill.order_type);
}

futures::FillEntry told(const FuturesFill& fill) {
  const bool maker = fill.type == FuturesFillType::Maker;
  return {.instrument = fill.product,
          .time = fill.at,
          .price = fill.price,
          .qty = fill.quantity,
          .seq = fill.sequence,
          .buy = fill.side == Side::Buy,
          .remaining_order_qty = fill.remaining,
          .order_id = fill.order_id,
          .fill_id = fill.fill_id,
          .cli_ord_id = fill.client_order_id,
          .fill_type = to_string(fill.type),
          .fee_paid = fill.fee,
          .fee_currency = fill.fee_currency,
          // Who took it from a maker is somebody of the recording.
          .taker_order_type = maker ? std::string_view() : type_of(fill),
          .order_type = type_of(fill)};
}

std::vector<futures::FillEntry> told(const std::vector<FuturesFill>& fills) {
  std::vector<futures::FillEntry> out;
  for (const FuturesFill& fill : fills) out.push_back(told(fill));
  return out;
}

futures::FuturesAccount told(const FuturesWalletFigures& wallet) {
  return {.name = wallet.name,
          .pair = wallet.pair,
          .unit = wallet.unit,
          .portfolio_value = wallet.portfolio_value,
          .balance = wallet.balance,
          .maintenance_margin = wallet.maintenance_margin,
          .initial_margin = wallet.initial_margin,
          .available = wallet.available,
          .unrealized_funding = {},
          .pnl = wallet.profit,
          .cash_value = wallet.balance};
}

struct Flex {
  std::vector<futures::FlexCurrency> currencies;
  futures::FlexFutures told;
};

// The currencies are kept by the caller, who holds the result.
void tell_flex(const FuturesStatement& statement, Flex& out) {
  const FuturesWalletFigures& flex = statement.flex;
  for (const FlexCurrencyFigures& one : statement.currencies) {
    out.currencies.push_back({.currency = one.currency,
                              .quantity = one.quantity,
                              .value = one.value,
                              .collateral_value = one.value,
                              .available = one.quantity,
                              .haircut = {},
                              .conversion_spread = {}});
  }
  const futures::FlexMargins margins{.initial_margin = flex.initial_margin_with_orders,
                                     .initial_margin_without_orders = flex.initial_margin,
                                     .maintenance_margin = flex.maintenance_margin,
                                     .pnl = flex.profit,
                                     .unrealized_funding = {},
                                     .total_unrealized = flex.profit,
                                     .total_unrealized_as_margin = flex.profit};
  out.told.currencies = out.currencies;
  out.told.balance_value = flex.balance;
  out.told.portfolio_value = flex.portfolio_value;
  out.told.collateral_value = flex.balance;
  out.told.margins = margins;
  out.told.margin_equity = flex.portfolio_value;
  out.told.available_margin = flex.available;
  out.told.total_position_size = flex.position_value;
  Decimal leverage;
  if (flex.portfolio_value > Decimal()) {
    leverage =
        money::trimmed(money::quotient(flex.position_value, flex.portfolio_value, kFuturesPlaces).value_or(Decimal()));
  }
  out.told.cross = futures::CrossMargins{.balance_value = flex.balance,
                                         .collateral_value = flex.balance,
                                         .portfolio_value = flex.portfolio_value,
                                         .margins = margins,
                                         .margin_equity = flex.portfolio_value,
                                         .available_margin = flex.available,
                                         .effective_leverage = leverage,
                                         .total_position_size = flex.position_value};
}

futures::LogEntry told(const FuturesBooking& booking) {
  return {.id = booking.id,
          .date = booking.at,
          .asset = booking.asset,
          .info = "futures trade",
          .booking_uid = booking.booking_uid,
          .margin_account = booking.margin_account,
          .old_balance = booking.old_balance,
          .new_balance = booking.new_balance,
          .old_average_entry_price = booking.old_entry_price,
          .new_average_entry_price = booking.new_entry_price,
          .trade_price = booking.trade_price,
          .mark_price = booking.mark_price,
          .realized_pnl = booking.realized_profit,
          .fee = booking.fee,
          .execution = booking.execution,
          .collateral = {},
          .funding_rate = {},
          .realized_funding = {},
          .conversion_spread_percentage = {},
          .liquidation_fee = {}};
}

}  // namespace

std::string open_orders(std::string_view feed, std::string_view account, const std::vector<FuturesOrder>& orders,
                        bool remaining) {
  std::vector<futures::OpenOrder> entries;
  for (const FuturesOrder& order : orders) entries.push_back(told(order, remaining));
  std::string out;
  futures::append_open_orders_snapshot(out, feed, account, entries);
  return out;
}

std::string order_event(std::string_view feed, const FuturesEvent& event, bool remaining) {
  std::string out;
  const auto gone = [&](std::string_view reason) {
    futures::append_gone_order(
        out, feed, {.order_id = event.order.order_id, .cli_ord_id = event.order.client_order_id, .reason = reason});
  };
  switch (event.kind) {
    case FuturesEvent::Kind::Place:
      futures::append_open_order(out, feed, told(event.order, remaining), {.reason = "new_placed_order_by_user"});
      break;
    case FuturesEvent::Kind::Edit:
      futures::append_open_order(out, feed, told(*event.edited, remaining), {.reason = "edited_by_user"});
      break;
    case FuturesEvent::Kind::Reject:
      if (event.order.type != "post" || feed != "open_orders_verbose") break;
      futures::append_open_order(out, feed, told(event.order, remaining),
                                 {.is_cancel = true, .reason = "post_order_failed_because_it_would_filled"});
      break;
    case FuturesEvent::Kind::Cancel:
      gone(event.reason);
      break;
    case FuturesEvent::Kind::Execution: {
      if (!event.placed) break;
      if (event.fill->remaining.is_zero()) {
        gone("full_fill");
        break;
      }
      FuturesOrder after = event.order;
      after.filled = money::trimmed(money::sum(after.filled, event.fill->quantity).value_or(after.filled));
      after.changed_at = event.fill->at;
      futures::append_open_order(out, feed, told(after, remaining), {.reason = "partial_fill"});
      break;
    }
  }
  return out;
}

std::string fills_snapshot(std::string_view account, const std::vector<FuturesFill>& fills) {
  std::string out;
  futures::append_fills_snapshot(out, account, told(fills));
  return out;
}

std::string fills(std::string_view username, const std::vector<FuturesFill>& fills) {
  std::string out;
  futures::append_fills(out, username, told(fills));
  return out;
}

std::string positions(const futures::AccountStamp& stamp, const FuturesStatement& statement) {
  std::vector<futures::PositionEntry> entries;
  for (const FuturesPositionFigures& one : statement.positions) {
    const bool inverse = one.settlement.inverse;
    entries.push_back({.instrument = one.product,
                       .balance = one.size,
                       .pnl = one.profit,
                       .entry_price = one.entry_price,
                       .mark_price = one.mark_price,
                       .index_price = one.index_price,
                       .liquidation_threshold = {},  // nothing is liquidated
                       .effective_leverage = one.effective_leverage,
                       .return_on_equity = one.return_on_equity,
                       // Of perpetuals only, and never any.
                       .unrealized_funding = FuturesProduct{.id = one.product}.is_perpetual()
                                                 ? std::optional<Decimal>(Decimal())
                                                 : std::nullopt,
                       .initial_margin = one.initial_margin,
                       .initial_margin_with_orders = one.initial_margin_with_orders,
                       .maintenance_margin = one.maintenance_margin,
                       .pnl_currency = inverse ? std::string_view() : std::string_view(one.settlement.currency)});
  }
  std::string out;
  futures::append_open_positions(out, stamp, entries);
  return out;
}

std::string balances_snapshot(const futures::AccountStamp& stamp, const FuturesStatement& statement) {
  std::vector<futures::Holding> holding;
  for (const auto& [currency, amount] : statement.cash) holding.push_back({currency, amount});
  std::vector<futures::FuturesAccount> accounts;
  for (const FuturesWalletFigures& wallet : statement.margin) accounts.push_back(told(wallet));
  Flex flex;
  tell_flex(statement, flex);
  std::string out;
  futures::append_balances_snapshot(
      out, {.stamp = stamp, .holding = holding, .futures = accounts, .flex_futures = flex.told});
  return out;
}

std::string balances(const futures::AccountStamp& stamp, const FuturesStatement& statement, std::string_view wallet) {
  std::string out;
  if (wallet == "flex") {
    Flex flex;
    tell_flex(statement, flex);
    futures::append_balances(out, {.stamp = stamp, .flex_futures = flex.told});
    return out;
  }
  std::vector<futures::FuturesAccount> changed;
  for (const FuturesWalletFigures& one : statement.margin) {
    if (one.name == wallet) changed.push_back(told(one));
  }
  futures::append_balances(out, {.stamp = stamp, .futures = changed});
  return out;
}

std::string margin_accounts(std::string_view account, std::int64_t sequence, const FuturesStatement& statement) {
  const auto lower = [](std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
  };
  std::vector<std::string> names;
  names.reserve(statement.cash.size() + statement.margin.size());  // entries point into it
  std::vector<futures::MarginAccount> entries;
  for (const auto& [currency, amount] : statement.cash) {
    entries.push_back({.name = names.emplace_back(lower(currency)),
                       .type = "holding",
                       .balance = amount,
                       .pnl = {},
                       .funding = {},
                       .pv = amount,
                       .am = amount,
                       .im = {},
                       .mm = {}});
  }
  for (const FuturesWalletFigures& one : statement.margin) {
    entries.push_back({.name = names.emplace_back(lower(one.name)),
                       .type = "inversed",
                       .balance = one.balance,
                       .pnl = one.profit,
                       .funding = {},
                       .pv = one.portfolio_value,
                       .am = one.available,
                       .im = one.initial_margin_with_orders,
                       .mm = one.maintenance_margin});
  }
  std::string out;
  futures::append_margin_accounts(out, account, sequence, entries);
  return out;
}

std::string booking_snapshot(const std::vector<FuturesBooking>& bookings) {
  std::vector<futures::LogEntry> entries;
  for (auto one = bookings.rbegin(); one != bookings.rend(); ++one) entries.push_back(told(*one));
  std::string out;
  futures::append_account_log_snapshot(out, entries);
  return out;
}

std::string booking(const FuturesBooking& booking) {
  std::string out;
  futures::append_account_log(out, told(booking));
  return out;
}

std::string no_notifications() {
  std::string out;
  futures::append_notifications(out, {});
  return out;
}

}  // namespace ktape::futures_reports
