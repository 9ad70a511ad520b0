#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/market/event.hpp"

namespace ktape::spot_v2 {

// What Kraken's authenticated hosts say: as server_encode.hpp, each function appends one whole message with the keys in
// the order in which they were captured (spot-v2 sections 5.4, 6 and 7). Times have microseconds, those of level3
// nanoseconds.

void append_level3(std::string& out, const Level3Snapshot& book);
void append_level3(std::string& out, const Level3Update& update);

// The trigger of an order, as a report shows it.
struct TriggerReport {
  std::string_view reference{};  // index, last
  std::optional<Decimal> price{};
  std::string_view price_type{};  // static, pct, quote
  std::optional<Decimal> actual_price{}, peak_price{}, last_price{};
  std::string_view status{};  // triggered, untriggered
  std::optional<Timestamp> exchange_time{};
};

// One element of the channel executions: what the order's report says, what the fill adds to it if it tells one, and
// the fields that only this dialect has. What is absent or empty is left out; `venue`, OrderReport::trigger_price and
// OrderReport::fee are not looked at.
struct Execution {
  OrderReport order{};
  std::optional<Fill> fill{};           // of `what` "trade": its id, price, quantity, cost, liquidity and fees
  std::string_view limit_price_type{};  // static, pct, quote
  std::optional<Decimal> stop_price{};  // deprecated, and sent: 0.00 for an order without a trigger
  std::optional<TriggerReport> trigger{};
  std::optional<Decimal> display_quantity_remaining{};
  std::optional<Decimal> fee_usd_equivalent{};
  std::string_view fee_preference{};   // fcib, fciq
  std::string_view cancel_reason{};    // deprecated twin of the reason, sent with canceled
  std::string_view parent_order_id{};  // ord_ref_id
  std::string_view position_status{};  // opened, closing, closed
  std::string_view user{};             // with `users` = all
  std::optional<bool> amended{}, liquidated{};
};

// The order of keys is that of the report's kind (section 6.1): pending_new and snapshots, trade, new, canceled,
// amended; the ones that nobody has captured have that of canceled. Keys that were not seen in a kind follow those that
// were.
void append_executions(std::string& out, std::span<const Execution> executions, bool snapshot, std::int64_t sequence);

// The snapshot of the channel balances: as it is decoded, an entry without a wallet is the sum of an asset, and the
// entries of its wallets follow it.
void append_balances(std::string& out, const BalanceReports& snapshot);

// What an update of balances says besides the Balance, whose `wallet` is "spot/main", whose `balance` is the new sum of
// the asset and which has an amount. An empty wallet is left out.
struct LedgerEntry {
  Balance balance{};
  std::string_view asset_class = "currency";
  std::string_view category{};  // deposit, withdrawal, trade, ...
  std::string_view subtype{};
  std::string_view user{};
};
void append_ledger_entry(std::string& out, const LedgerEntry& entry, std::int64_t sequence);

// Where it is not known what Kraken says today (section 14), the caller decides.
struct TradingReplyForm {
  bool cancelled_at_top_level =
      true;  // batch_cancel: "orders_cancelled", as captured; else result.count, as documented
  bool failed_orders_in_list = false;  // batch_add: result.orders with "success" each; else {"error":...} in its place
};

// One answer to a trading method. A failure says no more than its error. Of a success, batch_add lists its orders, the
// other methods say what their only order has, in alphabetical order.
void append_trading_reply(std::string& out, const TradingReply& reply, TradingReplyForm form = {});

// What only the acknowledgement of executions has.
struct ExecutionsAcknowledgement {
  int max_rate_count = 125;  // of the account's tier: 60, 125 or 180
  bool snapshot_orders = true;
  bool snapshot_trades = false;
};
inline constexpr std::array<std::string_view, 4> kExecutionsWarnings{
    "cancel_reason is deprecated, use reason", "stop_price is deprecated, use triggers.price",
    "trigger is deprecated use triggers.reference", "triggered_price is deprecated use triggers.last_price"};

// A successful Reply to subscribing to executions; its snapshot and warnings are as it says.
void append_executions_acknowledgement(std::string& out, const Reply& reply, const ExecutionsAcknowledgement& extra);

}  // namespace ktape::spot_v2
