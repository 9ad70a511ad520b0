#include "core/protocol/spot_v2/server_account.hpp"

#include <algorithm>

#include "core/protocol/spot_v2/json_writing.hpp"

namespace ktape::spot_v2 {

using namespace json_writing;

namespace {

// ---- level3

void orders(std::string& out, std::span<const RestingOrder> side, bool snapshot) {
  list(out, side, [&](const RestingOrder& order) {
    Members to(out);
    if (!snapshot) to.text("event", to_string(order.action));
    to.add("order_id", order.order_id);
    to.add("limit_price", order.price);
    to.add("order_qty", order.quantity);
    to.time("timestamp", order.exchange_time, kNanoseconds);
    to.close();
  });
}

// ---- balances

struct WalletName {
  std::string_view type{}, id{};
};

// "spot/main"
WalletName split(std::string_view wallet) {
  const auto slash = std::min(wallet.find('/'), wallet.size());
  return {wallet.substr(0, slash), wallet.substr(std::min(slash + 1, wallet.size()))};
}

// ---- trading

void order_answer(Members& to, const OrderAnswer& answer) {
  to.text("amend_id", answer.amend_id);
  to.text("cl_ord_id", answer.client_order_id);
  to.text("error", answer.error);
  to.text("order_id", answer.order_id);
  to.add("order_userref", answer.user_reference);
  to.text("original_order_id", answer.original_order_id);
}

void order_answers(std::string& out, std::span<const OrderAnswer> answers, bool with_success) {
  list(out, answers, [&](const OrderAnswer& answer) {
    Members to(out);
    order_answer(to, answer);
    if (with_success) to.add("success", answer.error.empty());
    to.close();
  });
}

void trading_result(std::string& out, const TradingReply& reply, TradingReplyForm form) {
  if (reply.method == "batch_add") {
    if (form.failed_orders_in_list) out += R"({"orders":)";
    order_answers(out, reply.orders, form.failed_orders_in_list);
    if (form.failed_orders_in_list) out += '}';
    return;
  }
  Members to(out);
  OrderAnswer answer;
  if (!reply.orders.empty()) answer = reply.orders.front();
  to.text("amend_id", answer.amend_id);
  to.text("cl_ord_id", answer.client_order_id);
  to.add("count", reply.count);
  to.time("currentTime", reply.current_time, 0);
  to.text("order_id", answer.order_id);
  to.add("order_userref", answer.user_reference);
  to.text("original_order_id", answer.original_order_id);
  to.time("triggerTime", reply.trigger_time, 0);
  if (!reply.warnings.empty()) {
    list(to.key("warnings"), reply.warnings, [&](std::string_view warning) { value(out, warning); });
  }
  to.close();
}

}  // namespace

void append_level3(std::string& out, const Level3Snapshot& book) {
  open_data(out, "level3", true);
  field(out, R"(,"data":[{"symbol":)", book.symbol);
  field(out, R"(,"checksum":)", book.checksum);
  out += R"(,"bids":)";
  orders(out, book.bids, true);
  out += R"(,"asks":)";
  orders(out, book.asks, true);
  time_field(out, R"(,"timestamp":)", book.exchange_time, kNanoseconds);
  out += "}]}";
}

void append_level3(std::string& out, const Level3Update& update) {
  open_data(out, "level3", false);
  out += R"(,"data":[)";
  Members to(out);
  to.add("checksum", update.checksum);
  to.time("timestamp", update.exchange_time, kNanoseconds);
  to.add("symbol", update.symbol);
  orders(to.key("bids"), update.bids, false);
  orders(to.key("asks"), update.asks, false);
  to.close();
  out += "]}";
}

void append_balances(std::string& out, const BalanceReports& snapshot) {
  open_data(out, "balances", true);
  out += R"(,"data":[)";
  const auto all = snapshot.balances;
  for (std::size_t i = 0; i < all.size();) {
    const Balance& sum = all[i];
    std::size_t end = i + 1;
    while (end < all.size() && !all[end].wallet.empty()) ++end;
    if (i > 0) out += ',';
    Members to(out);
    to.add("asset", sum.asset);
    to.text("asset_class", "currency");
    list(to.key("wallets"), all.subspan(i + 1, end - i - 1), [&](const Balance& part) {
      const auto [type, id] = split(part.wallet);
      Members inner(out);
      inner.add("type", type);
      inner.add("id", id);
      inner.add("balance", part.balance);
      inner.close();
    });
    to.add("balance", sum.balance);
    to.close();
    i = end;
  }
  out += ']';
  field(out, R"(,"sequence":)", snapshot.sequence);
  out += '}';
}

void append_ledger_entry(std::string& out, const LedgerEntry& entry, std::int64_t sequence) {
  const Balance& balance = entry.balance;
  open_data(out, "balances", false);
  out += R"(,"data":[)";
  Members to(out);
  to.text("ledger_id", balance.ledger_id);
  to.text("ref_id", balance.reference_id);
  to.time("timestamp", balance.exchange_time, kMicroseconds);
  to.text("type", balance.type);
  to.text("subtype", entry.subtype);
  to.add("asset", balance.asset);
  to.text("asset_class", entry.asset_class);
  to.text("category", entry.category);
  if (!balance.wallet.empty()) {
    const auto [type, id] = split(balance.wallet);
    to.add("wallet_type", type);
    to.add("wallet_id", id);
  }
  to.add("amount", balance.amount);
  to.add("fee", balance.fee);
  to.add("balance", balance.balance);
  to.text("user", entry.user);
  to.close();
  out += "]";
  field(out, R"(,"sequence":)", sequence);
  out += '}';
}

void append_trading_reply(std::string& out, const TradingReply& reply, TradingReplyForm form) {
  Members to(out);
  if (reply.success) {
    const bool at_top_level = reply.method == "batch_cancel" && form.cancelled_at_top_level;
    to.add("method", reply.method);
    if (at_top_level) to.add("orders_cancelled", reply.count);
    to.add("req_id", reply.request_id);
    if (!at_top_level) trading_result(to.key("result"), reply, form);
  } else {
    to.add("error", reply.error);
    to.add("method", reply.method);
    to.add("req_id", reply.request_id);
  }
  to.add("success", reply.success);
  to.time("time_in", reply.time_in, kMicroseconds);
  to.time("time_out", reply.time_out, kMicroseconds);
  to.close();
}

void append_executions_acknowledgement(std::string& out, const Reply& reply, const ExecutionsAcknowledgement& extra) {
  Members to(out);
  to.add("method", reply.method);
  to.add("req_id", reply.request_id);
  Members result(to.key("result"));
  result.add("channel", reply.channel);
  result.add("maxratecount", extra.max_rate_count);
  result.add("snap_orders", extra.snapshot_orders);
  result.add("snap_trades", extra.snapshot_trades);
  result.add("snapshot", reply.snapshot);
  if (!reply.warnings.empty()) {
    list(result.key("warnings"), reply.warnings, [&](std::string_view warning) { value(out, warning); });
  }
  result.close();
  to.add("success", true);
  to.time("time_in", reply.time_in, kMicroseconds);
  to.time("time_out", reply.time_out, kMicroseconds);
  to.close();
}

}  // namespace ktape::spot_v2
