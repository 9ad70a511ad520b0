#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/market/event.hpp"

// The messages of the private feeds as a server writes them (futures-v1 section 5), with the names of the wire: what an
// exchange knows of its accounts is more than events tell. Each function appends one whole message to `out`. Text is
// borrowed for the call; what is absent or empty is left out, unless said otherwise.
namespace ktape::futures {

struct TrailingStop {
  Decimal max_deviation{};
  std::string_view unit{};  // percent, quote_currency
};
struct OpenOrder {
  std::string_view instrument{};
  Timestamp time{}, last_update_time{};
  Decimal qty{};  // what remains
  Decimal filled{};
  Decimal limit_price{}, stop_price{};  // zero where it does not apply
  std::string_view type{};              // limit, stop, take_profit, trailing_stop
  std::string_view order_id{}, cli_ord_id{};
  Side direction = Side::Buy;
  bool reduce_only = false;
  std::string_view trigger_signal{};  // last, mark, spot
  std::optional<TrailingStop> trailing_stop_options{};
};
// `feed`: open_orders or open_orders_verbose.
void append_open_orders_snapshot(std::string& out, std::string_view feed, std::string_view account,
                                 std::span<const OpenOrder> orders);

struct OrderChange {
  bool is_cancel = false;
  std::string_view reason{};
};
void append_open_order(std::string& out, std::string_view feed, const OpenOrder& order, const OrderChange& change);

// An order that is gone, of which nothing more is told.
struct GoneOrder {
  std::string_view order_id{}, cli_ord_id{};
  std::string_view reason{};
};
void append_gone_order(std::string& out, std::string_view feed, const GoneOrder& order);

struct FillEntry {
  std::string_view instrument{};
  Timestamp time{};
  Decimal price{}, qty{};
  std::int64_t seq = 0;
  bool buy = false;
  std::optional<Decimal> remaining_order_qty{};
  std::string_view order_id{}, fill_id{}, cli_ord_id{};
  std::string_view fill_type{};
  Decimal fee_paid{};
  std::string_view fee_currency{};
  std::string_view taker_order_type{}, order_type{};
};
// Oldest first.
void append_fills_snapshot(std::string& out, std::string_view account, std::span<const FillEntry> fills);
void append_fills(std::string& out, std::string_view username, std::span<const FillEntry> fills);

struct PositionGreeks {
  Decimal iv{}, delta{}, gamma{}, vega{}, theta{}, rho{};
};
struct PositionEntry {
  std::string_view instrument{};
  Decimal balance{};
  Decimal pnl{}, entry_price{}, mark_price{}, index_price{}, liquidation_threshold{}, effective_leverage{};
  Decimal return_on_equity{};
  std::optional<Decimal> unrealized_funding{};
  Decimal initial_margin{}, initial_margin_with_orders{}, maintenance_margin{};
  std::string_view pnl_currency{};
  std::optional<PositionGreeks> greeks{};
};
// What follows from one message to the next of a subscription.
struct AccountStamp {
  std::string_view account{};
  std::int64_t seq = 0;
  Timestamp timestamp{};
};
void append_open_positions(std::string& out, const AccountStamp& stamp, std::span<const PositionEntry> positions);

struct Holding {
  std::string_view currency{};
  Decimal amount{};
};
struct FuturesAccount {
  std::string_view name{};  // F-XBT:USD
  std::string_view pair{};  // XBT/USD
  std::string_view unit{};  // XBT
  Decimal portfolio_value{}, balance{}, maintenance_margin{}, initial_margin{}, available{}, unrealized_funding{};
  Decimal pnl{}, cash_value{};
};
struct FlexCurrency {
  std::string_view currency{};
  Decimal quantity{}, value{}, collateral_value{}, available{}, haircut{}, conversion_spread{};
};
// The margins that a whole account, an isolated product and the cross margin have alike.
struct FlexMargins {
  Decimal initial_margin{}, initial_margin_without_orders{}, maintenance_margin{}, pnl{}, unrealized_funding{};
  Decimal total_unrealized{}, total_unrealized_as_margin{};
};
struct IsolatedMargins {
  std::string_view product{};
  FlexMargins margins{};
};
struct CrossMargins {
  Decimal balance_value{}, collateral_value{}, portfolio_value{};
  FlexMargins margins{};
  Decimal margin_equity{}, available_margin{}, effective_leverage{}, total_position_size{};
};
struct MarginBreakdown {
  Decimal market_risk{}, abs_options_delta{}, net_position_delta{}, futures_maintenance_margin{};
};
struct FlexFutures {
  std::span<const FlexCurrency> currencies{};
  Decimal balance_value{}, portfolio_value{}, collateral_value{};
  FlexMargins margins{};
  Decimal margin_equity{}, available_margin{}, total_position_size{};
  bool unified_balances = false;
  std::span<const IsolatedMargins> isolated{};
  std::optional<CrossMargins> cross{};
  std::optional<MarginBreakdown> portfolio_margin_breakdown{};
};
// A snapshot has all of it; a change only the group that changed, the others being left out if they have no entry.
struct Balances {
  AccountStamp stamp{};
  std::span<const Holding> holding{};
  std::span<const FuturesAccount> futures{};
  std::optional<FlexFutures> flex_futures{};
  std::optional<Decimal> futures_cash_value{}, futures_upnl_cash_value{};  // of the snapshot
};
void append_balances_snapshot(std::string& out, const Balances& balances);
void append_balances(std::string& out, const Balances& balances);

struct MarginAccount {
  std::string_view name{};  // xbt, f-xbt:usd
  std::string_view type{};  // holding, inversed, vanilla
  Decimal balance{}, pnl{}, funding{};
  Decimal pv{}, am{}, im{}, mm{};  // portfolio value; available, initial and maintenance margin
};
void append_margin_accounts(std::string& out, std::string_view account, std::int64_t seq,
                            std::span<const MarginAccount> accounts);

struct LogEntry {
  std::int64_t id = 0;
  Timestamp date{};
  std::string_view asset{}, info{}, booking_uid{}, margin_account{};
  Decimal old_balance{}, new_balance{}, old_average_entry_price{}, new_average_entry_price{}, trade_price{};
  Decimal mark_price{}, realized_pnl{}, fee{};
  std::string_view execution{};  // written even where it is empty
  std::string_view collateral{};
  Decimal funding_rate{}, realized_funding{}, conversion_spread_percentage{}, liquidation_fee{};
};
// Newest first.
void append_account_log_snapshot(std::string& out, std::span<const LogEntry> logs);
void append_account_log(std::string& out, const LogEntry& entry);

struct Notification {
  std::int64_t id = 0;
  std::string_view type{};      // market, general, new_feature, bug_fix, maintenance, settlement
  std::string_view priority{};  // low, medium, high
  std::string_view note{};
  std::optional<Timestamp> effective_time{};
  std::optional<std::int64_t> expected_downtime_minutes{};
};
void append_notifications(std::string& out, std::span<const Notification> notifications);

}  // namespace ktape::futures
