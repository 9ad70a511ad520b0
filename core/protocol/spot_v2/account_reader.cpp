#include "core/protocol/spot_v2/account_reader.hpp"

namespace ktape {

// In the namespace of Side, where read_fields() looks for it.
static const char* convert(const JsonNode& node, Side& out) {
  if (node.kind == JsonKind::String && (node.text() == "buy" || node.text() == "sell")) {
    out = node.text() == "buy" ? Side::Buy : Side::Sell;
    return nullptr;
  }
  return "buy or sell";
}

namespace spot_v2 {
namespace {

// The members of one report that are of a fill, besides those that its order has as well.
struct FillFields {
  std::string_view fill_id{};
  std::optional<std::int64_t> trade_id{};
  std::optional<Decimal> price{}, quantity{}, cost{};
  std::string_view liquidity{};
  const JsonNode* fees = nullptr;
};

struct Push {
  bool snapshot = false;
  std::optional<std::int64_t> sequence{};
  const JsonNode* data = nullptr;
};

Result<void> read_push(const JsonNode& root, Push& out, Reading& to) {
  PushType type{};
  KTAPE_TRY(to.fields(root, ignored("channel"), required("type", type), required("data", out.data),
                      optional("sequence", out.sequence), ignored("timestamp")));
  out.snapshot = type == PushType::Snapshot;
  return {};
}

Result<void> read_fees(const JsonNode& fees, Reading& to) {
  return to.each(fees, "fees", [&](const JsonNode& element) {
    Fee& fee = to.batch.fees.emplace_back();
    return to.fields(element, required("asset", fee.asset), required("qty", fee.quantity));
  });
}

Result<void> read_trigger(const JsonNode& triggers, OrderReport& report, Reading& to) {
  if (triggers.kind == JsonKind::Null) return {};
  return to.fields(triggers, optional("price", report.trigger_price), ignored("reference"), ignored("price_type"),
                   ignored("actual_price"), ignored("peak_price"), ignored("last_price"), ignored("status"),
                   ignored("timestamp"));
}

Result<void> read_fill(const OrderReport& report, const FillFields& fields, Reading& to) {
  if (fields.fill_id.empty()) return missing_field(to.where, "exec_id");
  if (report.symbol.empty()) return missing_field(to.where, "symbol");
  if (!report.side) return missing_field(to.where, "side");
  if (!fields.price) return missing_field(to.where, "last_price");
  if (!fields.quantity) return missing_field(to.where, "last_qty");
  if (!report.exchange_time) return missing_field(to.where, "timestamp");
  Fill& fill = to.batch.fills.emplace_back();
  fill.order_id = report.order_id;
  fill.client_order_id = report.client_order_id;
  fill.fill_id = fields.fill_id;
  fill.trade_id = fields.trade_id;
  fill.symbol = report.symbol;
  fill.side = *report.side;
  fill.price = *fields.price;
  fill.quantity = *fields.quantity;
  fill.cost = fields.cost;
  if (!fields.liquidity.empty()) fill.maker = fields.liquidity == "m";
  fill.order_type = report.order_type;
  fill.exchange_time = *report.exchange_time;
  fill.venue = report.venue;
  if (fields.fees == nullptr) return {};
  const Fee* const first_fee = to.batch.fees.data() + to.batch.fees.size();
  KTAPE_TRY(read_fees(*fields.fees, to));
  fill.fees = {first_fee, static_cast<const Fee*>(to.batch.fees.data()) + to.batch.fees.size()};
  return {};
}

Result<void> read_report(const JsonNode& element, Reading& to) {
  OrderReport& report = to.batch.reports.emplace_back();
  FillFields fill;
  const JsonNode* triggers = nullptr;
  std::string_view cancel_reason;
  std::optional<Decimal> stop_price;
  KTAPE_TRY(to.fields(
      element, required("order_id", report.order_id), optional("cl_ord_id", report.client_order_id),
      optional("order_userref", report.user_reference), required("exec_type", report.what),
      optional("order_status", report.status), optional("symbol", report.symbol), optional("side", report.side),
      optional("order_type", report.order_type), optional("time_in_force", report.time_in_force),
      optional("order_qty", report.quantity), optional("cash_order_qty", report.cash_quantity),
      optional("display_qty", report.display_quantity), optional("cum_qty", report.filled_quantity),
      optional("cum_cost", report.filled_cost), optional("avg_price", report.average_price),
      optional("limit_price", report.limit_price), optional("stop_price", stop_price),
      optional("post_only", report.post_only), optional("reduce_only", report.reduce_only),
      optional("margin", report.margin), optional("reason", report.reason), optional("cancel_reason", cancel_reason),
      optional("timestamp", report.exchange_time), optional("effective_time", report.effective_time),
      optional("expire_time", report.expire_time), optional("triggers", triggers), optional("exec_id", fill.fill_id),
      optional("trade_id", fill.trade_id), optional("last_price", fill.price), optional("last_qty", fill.quantity),
      optional("cost", fill.cost), optional("liquidity_ind", fill.liquidity), optional("fees", fill.fees),
      ignored("display_qty_remain"), ignored("limit_price_type"), ignored("fee_usd_equiv"), ignored("fee_ccy_pref"),
      ignored("ext_ord_id"), ignored("ext_exec_id"), ignored("ord_ref_id"), ignored("margin_borrow"), ignored("no_mpp"),
      ignored("liquidated"), ignored("amended"), ignored("position_status"), ignored("sender_sub_id"), ignored("user"),
      ignored("contingent"), ignored("trigger"), ignored("triggered_price"), ignored("ratecount"),
      ignored("ratecounter")));
  report.venue = element.text();
  if (report.reason.empty()) report.reason = cancel_reason;
  if (stop_price && !stop_price->is_zero()) report.trigger_price = stop_price;
  if (triggers != nullptr) KTAPE_TRY(read_trigger(*triggers, report, to));
  return report.what == "trade" ? read_fill(report, fill, to) : Result<void>{};
}

// "spot/main", kept by the batch.
std::string_view wallet_name(std::string_view type, std::string_view id, Reading& to) {
  const std::size_t begin = to.batch.characters.size();
  to.batch.characters.append(type).append("/").append(id);
  return std::string_view(to.batch.characters).substr(begin);
}

Result<void> read_asset(const JsonNode& element, Reading& to) {
  Balance sum;
  const JsonNode* wallets = nullptr;
  KTAPE_TRY(to.fields(element, required("asset", sum.asset), required("balance", sum.balance),
                      optional("wallets", wallets), ignored("asset_class"), ignored("user")));
  sum.venue = element.text();
  to.batch.balances.push_back(sum);
  if (wallets == nullptr) return {};
  return to.each(*wallets, "wallets", [&](const JsonNode& wallet) -> Result<void> {
    Balance part;
    std::string_view type;
    std::string_view id;
    KTAPE_TRY(to.fields(wallet, required("type", type), required("id", id), required("balance", part.balance)));
    part.asset = sum.asset;
    part.wallet = wallet_name(type, id, to);
    part.venue = wallet.text();
    to.batch.balances.push_back(part);
    return {};
  });
}

Result<void> read_ledger_entry(const JsonNode& element, Reading& to) {
  Balance& entry = to.batch.balances.emplace_back();
  Decimal amount;
  std::string_view wallet_type;
  std::string_view wallet_id;
  KTAPE_TRY(to.fields(element, required("asset", entry.asset), required("balance", entry.balance),
                      required("amount", amount), optional("fee", entry.fee), optional("type", entry.type),
                      optional("ledger_id", entry.ledger_id), optional("ref_id", entry.reference_id),
                      optional("timestamp", entry.exchange_time), optional("wallet_type", wallet_type),
                      optional("wallet_id", wallet_id), ignored("asset_class"), ignored("category"), ignored("subtype"),
                      ignored("user")));
  entry.amount = amount;
  if (!wallet_type.empty() || !wallet_id.empty()) entry.wallet = wallet_name(wallet_type, wallet_id, to);
  entry.venue = element.text();
  return {};
}

}  // namespace

Result<void> read_executions(const JsonNode& root, Reading& to) {
  to.where = "channel 'executions'";
  Push push;
  KTAPE_TRY(read_push(root, push, to));
  // Fills point at their fees while more are added, so these must not move. A fee is five nodes.
  to.batch.fees.reserve(root.span / 5 + 1);
  KTAPE_TRY(to.each(*push.data, "data", [&](const JsonNode& element) { return read_report(element, to); }));
  auto& orders = to.add<OrderReports>();
  orders.channel = "executions";
  orders.snapshot = push.snapshot;
  orders.sequence = push.sequence;
  orders.reports = to.batch.reports;
  if (to.batch.fills.empty()) return {};
  auto& fills = to.add<FillReports>();
  fills.channel = "executions";
  fills.snapshot = push.snapshot;
  fills.sequence = push.sequence;
  fills.fills = to.batch.fills;
  return {};
}

Result<void> read_balances(const JsonNode& root, Reading& to) {
  to.where = "channel 'balances'";
  Push push;
  KTAPE_TRY(read_push(root, push, to));
  // Balances point at the names of their wallets while more are made: a type, a slash and an id are shorter than what
  // they are read from.
  to.batch.characters.reserve(root.length);
  KTAPE_TRY(to.each(*push.data, "data", [&](const JsonNode& element) {
    return push.snapshot ? read_asset(element, to) : read_ledger_entry(element, to);
  }));
  auto& balances = to.add<BalanceReports>();
  balances.channel = "balances";
  balances.snapshot = push.snapshot;
  balances.sequence = push.sequence;
  balances.balances = to.batch.balances;
  return {};
}

}  // namespace spot_v2
}  // namespace ktape
