#include "core/protocol/futures/account_reader.hpp"

#include <optional>

#include <fmt/format.h>

#include "core/protocol/futures/fields.hpp"
#include "core/protocol/futures/order_words.hpp"
#include "core/protocol/futures/try.hpp"

namespace ktape::futures {
namespace {

std::optional<bool> is_maker(std::string_view fill_type) {
  if (fill_type == "maker") return true;
  if (fill_type == "taker" || fill_type == "takerAfterEdit") return false;
  return std::nullopt;
}

class AccountReader {
 public:
  AccountReader(const JsonNode& root, const Feed& feed, AccountReading how, EventBatch& batch,
                std::uint64_t& unknown_fields)
      : root_(root),
        feed_(feed),
        how_(how),
        batch_(batch),
        unknown_fields_(unknown_fields),
        where_(fmt::format("feed '{}{}'", feed.name, how.snapshot ? "_snapshot" : "")) {}

  Result<void> read() {
    switch (feed_.channel) {
      case Channel::OpenOrders:
      case Channel::OpenOrdersVerbose:
        return how_.snapshot ? read_orders() : read_order_change();
      case Channel::Fills:
        return read_fills();
      case Channel::OpenPositions:
        return read_positions();
      case Channel::Balances:
        return read_balances();
      case Channel::AccountBalancesAndMargins:
        return read_margin_accounts();
      default:
        return read_notice();
    }
  }

 private:
  template <class... T>
  Result<void> fields(const JsonNode& object, T... wanted) {
    return read_fields(object, where_, unknown_fields_, wanted...);
  }

  template <class Visitor>
  Result<void> each(const JsonNode& array, std::string_view name, Visitor read_one) {
    if (array.kind != JsonKind::Array) return wrong_field(where_, name, array, "an array");
    Result<void> result;
    for_each_element(array, [&](const JsonNode& element) {
      result = read_one(element);
      return result.has_value();
    });
    return result;
  }

  // The members of an object whose names are data: currencies, accounts.
  template <class Visitor>
  Result<void> each_entry(const JsonNode* map, std::string_view name, Visitor read_one) {
    if (map == nullptr || map->kind == JsonKind::Null) return {};
    if (map->kind != JsonKind::Object) return wrong_field(where_, name, *map, "an object");
    Result<void> result;
    for_each_member(*map, [&](std::string_view key, const JsonNode& value) {
      if (result) result = read_one(key, value);
    });
    return result;
  }

  // ---- open orders

  Result<void> read_orders() {
    const JsonNode* orders = nullptr;
    KTAPE_TRY(fields(root_, ignored("feed"), ignored("account"), required("orders", orders)));
    KTAPE_TRY(each(*orders, "orders", [this](const JsonNode& order) { return read_order(order); }));
    for (OrderReport& report : batch_.orders) {
      const bool executed = report.filled_quantity && !report.filled_quantity->is_zero();
      report.what = "status";
      report.status = executed ? "partially_filled" : "new";
    }
    add_order_reports();
    return {};
  }

  Result<void> read_order_change() {
    const JsonNode* order = nullptr;
    std::optional<bool> is_cancel;
    std::string_view reason;
    std::string_view order_id;
    std::string_view client_order_id;
    KTAPE_TRY(fields(root_, ignored("feed"), ignored("account"), optional("order", order),
                     optional("is_cancel", is_cancel), optional("reason", reason), optional("order_id", order_id),
                     optional("cli_ord_id", client_order_id)));
    if (order != nullptr) {
      KTAPE_TRY(read_order(*order));
    } else {
      if (order_id.empty()) return missing_field(where_, "order and no order_id");
      OrderReport& report = batch_.orders.emplace_back();
      report.order_id = order_id;
      report.client_order_id = client_order_id;
      report.venue = root_.text();
    }
    OrderReport& report = batch_.orders.back();
    const auto words = order_words({.reason = reason,
                                    .gone = is_cancel.value_or(order == nullptr),
                                    .executed = report.filled_quantity && !report.filled_quantity->is_zero()});
    report.what = words.what;
    report.status = words.status;
    report.reason = reason;
    add_order_reports();
    return {};
  }

  Result<void> read_order(const JsonNode& order) {
    OrderReport& report = batch_.orders.emplace_back();
    std::optional<Milliseconds> placed;
    std::optional<Milliseconds> updated;
    std::optional<SideNumber> side;
    std::optional<Decimal> quantity;
    std::optional<Decimal> limit_price;
    std::optional<Decimal> stop_price;
    KTAPE_TRY(fields(
        order, required("order_id", report.order_id), optional("cli_ord_id", report.client_order_id),
        optional("instrument", report.symbol), optional("time", placed), optional("last_update_time", updated),
        optional("qty", quantity), optional("filled", report.filled_quantity), optional("limit_price", limit_price),
        optional("stop_price", stop_price), optional("type", report.order_type), optional("direction", side),
        optional("reduce_only", report.reduce_only), ignored("triggerSignal"), ignored("trailing_stop_options")));
    if (side) report.side = side->side;
    report.limit_price = unless_zero(limit_price);
    report.trigger_price = unless_zero(stop_price);
    report.exchange_time = at(updated ? updated : placed);
    report.quantity = quantity;
    if (quantity && how_.order_quantity == OrderQuantity::Remaining) {
      report.quantity = sum(*quantity, report.filled_quantity.value_or(Decimal{}));
    }
    report.venue = order.text();
    return {};
  }

  void add_order_reports() {
    auto& reports = batch_.add<OrderReports>();
    reports.channel = feed_.name;
    reports.snapshot = how_.snapshot;
    reports.reports = batch_.orders;
  }

  // ---- fills

  Result<void> read_fills() {
    const JsonNode* fills = nullptr;
    KTAPE_TRY(fields(root_, ignored("feed"), ignored("account"), ignored("username"), required("fills", fills)));
    KTAPE_TRY(each(*fills, "fills", [this](const JsonNode& fill) { return read_fill(fill); }));
    // One fee each, of no asset where none was told.
    for (std::size_t i = 0; i < batch_.fills.size(); ++i) {
      if (!batch_.fees[i].asset.empty()) batch_.fills[i].fees = {&batch_.fees[i], 1};
    }
    auto& reports = batch_.add<FillReports>();
    reports.channel = feed_.name;
    reports.snapshot = how_.snapshot;
    reports.fills = batch_.fills;
    return {};
  }

  Result<void> read_fill(const JsonNode& element) {
    Fill& fill = batch_.fills.emplace_back();
    Fee& fee = batch_.fees.emplace_back();
    Milliseconds time;
    bool buy = false;
    std::string_view fill_type;
    Figure paid;
    KTAPE_TRY(fields(element, required("instrument", fill.symbol), required("time", time),
                     required("price", fill.price), required("qty", fill.quantity), ignored("seq"),
                     required("buy", buy), ignored("remaining_order_qty"), required("order_id", fill.order_id),
                     required("fill_id", fill.fill_id), optional("cli_ord_id", fill.client_order_id),
                     optional("fill_type", fill_type), optional("fee_paid", paid), optional("fee_currency", fee.asset),
                     ignored("taker_order_type"), optional("order_type", fill.order_type)));
    fill.exchange_time = time.at;
    fill.side = buy ? Side::Buy : Side::Sell;
    fill.maker = is_maker(fill_type);
    fill.venue = element.text();
    fee.quantity = paid.value;
    return {};
  }

  // ---- positions

  Result<void> read_positions() {
    auto& reports = batch_.add<PositionReports>();
    const JsonNode* positions = nullptr;
    std::optional<Milliseconds> time;
    KTAPE_TRY(fields(root_, ignored("feed"), ignored("account"), required("positions", positions),
                     optional("seq", reports.sequence), optional("timestamp", time)));
    KTAPE_TRY(each(*positions, "positions", [this](const JsonNode& position) { return read_position(position); }));
    reports.channel = feed_.name;
    reports.positions = batch_.positions;
    reports.exchange_time = at(time);
    return {};
  }

  Result<void> read_position(const JsonNode& element) {
    Position& position = batch_.positions.emplace_back();
    Figure balance;
    std::optional<Figure> entry, mark, index, liquidation, profit, initial, maintenance, funding, leverage;
    KTAPE_TRY(fields(
        element, required("instrument", position.symbol), required("balance", balance), optional("entry_price", entry),
        optional("mark_price", mark), optional("index_price", index), optional("liquidation_threshold", liquidation),
        optional("pnl", profit), optional("initial_margin", initial), optional("maintenance_margin", maintenance),
        optional("unrealized_funding", funding), optional("effective_leverage", leverage), ignored("return_on_equity"),
        ignored("initial_margin_with_orders"), ignored("pnl_currency"), ignored("iv"), ignored("delta"),
        ignored("gamma"), ignored("vega"), ignored("theta"), ignored("rho")));
    position.quantity = balance.value;
    position.entry_price = value(entry);
    position.mark_price = value(mark);
    position.index_price = value(index);
    position.liquidation_price = value(liquidation);
    position.profit = value(profit);
    position.initial_margin = value(initial);
    position.maintenance_margin = value(maintenance);
    position.unrealized_funding = value(funding);
    position.leverage = value(leverage);
    position.venue = element.text();
    return {};
  }

  // ---- balances

  Balance& add_balance(std::string_view asset, std::string_view wallet, const Figure& balance, const JsonNode& venue) {
    Balance& entry = batch_.balances.emplace_back();
    entry.asset = asset;
    entry.wallet = wallet;
    entry.balance = balance.value;
    entry.venue = venue.text();
    return entry;
  }

  Result<void> read_balances() {
    const JsonNode* holding = nullptr;
    const JsonNode* futures = nullptr;
    const JsonNode* flex = nullptr;
    std::optional<std::int64_t> sequence;
    std::optional<Milliseconds> time;
    KTAPE_TRY(fields(root_, ignored("feed"), ignored("account"), optional("timestamp", time), optional("seq", sequence),
                     optional("holding", holding), optional("futures", futures), optional("flex_futures", flex),
                     ignored("futures_cash_value"), ignored("futures_upnl_cash_value")));
    KTAPE_TRY(each_entry(holding, "holding", [this](std::string_view currency, const JsonNode& amount) {
      return read_holding(currency, amount);
    }));
    KTAPE_TRY(each_entry(futures, "futures", [this](std::string_view name, const JsonNode& account) {
      return read_futures_account(name, account);
    }));
    KTAPE_TRY(read_flex(flex));
    for (Balance& balance : batch_.balances) balance.exchange_time = at(time);
    add_balance_reports(sequence);
    return {};
  }

  Result<void> read_holding(std::string_view currency, const JsonNode& amount) {
    Figure balance;
    if (const char* const expected = convert(amount, balance); expected != nullptr) {
      return wrong_field(where_, currency, amount, expected);
    }
    add_balance(currency, "holding", balance, amount);
    return {};
  }

  Result<void> read_futures_account(std::string_view name, const JsonNode& account) {
    Figure balance;
    std::string_view unit;
    KTAPE_TRY(fields(account, optional("unit", unit), required("balance", balance), ignored("name"), ignored("pair"),
                     ignored("portfolio_value"), ignored("maintenance_margin"), ignored("initial_margin"),
                     ignored("available"), ignored("unrealized_funding"), ignored("pnl"), ignored("cash_value")));
    add_balance(unit, batch_.keep(fmt::format("futures {}", name)), balance, account);
    return {};
  }

  Result<void> read_flex(const JsonNode* flex) {
    if (flex == nullptr || flex->kind == JsonKind::Null) return {};
    const JsonNode* currencies = nullptr;
    KTAPE_TRY(fields(*flex, optional("currencies", currencies), ignored("balance_value"), ignored("balance"),
                     ignored("portfolio_value"), ignored("collateral_value"), ignored("initial_margin"),
                     ignored("initial_margin_without_orders"), ignored("maintenance_margin"), ignored("pnl"),
                     ignored("unrealized_funding"), ignored("total_unrealized"), ignored("total_unrealized_as_margin"),
                     ignored("margin_equity"), ignored("available_margin"), ignored("total_position_size"),
                     ignored("unified_balances"), ignored("isolated"), ignored("cross"),
                     ignored("portfolio_margin_breakdown")));
    return each_entry(currencies, "currencies", [this](std::string_view currency, const JsonNode& entry) {
      return read_flex_currency(currency, entry);
    });
  }

  Result<void> read_flex_currency(std::string_view currency, const JsonNode& entry) {
    Figure quantity;
    KTAPE_TRY(fields(entry, required("quantity", quantity), ignored("value"), ignored("collateral_value"),
                     ignored("available"), ignored("haircut"), ignored("conversion_spread")));
    add_balance(currency, "flex", quantity, entry);
    return {};
  }

  Result<void> read_margin_accounts() {
    const JsonNode* accounts = nullptr;
    std::optional<std::int64_t> sequence;
    KTAPE_TRY(fields(root_, ignored("feed"), ignored("account"), required("margin_accounts", accounts),
                     optional("seq", sequence)));
    KTAPE_TRY(
        each(*accounts, "margin_accounts", [this](const JsonNode& account) { return read_margin_account(account); }));
    add_balance_reports(sequence);
    return {};
  }

  Result<void> read_margin_account(const JsonNode& account) {
    std::string_view name;
    Figure balance;
    KTAPE_TRY(fields(account, required("name", name), required("balance", balance), ignored("type"), ignored("pnl"),
                     ignored("funding"), ignored("pv"), ignored("am"), ignored("im"), ignored("mm")));
    // f-xbt:usd is a margin account, whose currency is not told; xbt is a holding.
    const bool margin = name.find(':') != std::string_view::npos;
    add_balance(name, margin ? batch_.keep(fmt::format("futures {}", name)) : "holding", balance, account);
    return {};
  }

  void add_balance_reports(std::optional<std::int64_t> sequence) {
    auto& reports = batch_.add<BalanceReports>();
    reports.channel = feed_.name;
    reports.snapshot = how_.snapshot;
    reports.sequence = sequence;
    reports.balances = batch_.balances;
  }

  // ---- what has no shape of its own

  Result<void> read_notice() {
    const bool log = feed_.channel == Channel::AccountLog;
    const JsonNode* content = nullptr;
    if (log) {
      const char* const member = how_.snapshot ? "logs" : "new_entry";
      KTAPE_TRY(fields(root_, ignored("feed"), ignored("account"), ignored("seq"), ignored("timestamp"),
                       required(member, content)));
      if (how_.snapshot && content->kind != JsonKind::Array) return wrong_field(where_, member, *content, "an array");
      if (!how_.snapshot && content->kind != JsonKind::Object) {
        return wrong_field(where_, member, *content, "an object");
      }
    } else if (feed_.channel == Channel::Notifications) {
      KTAPE_TRY(fields(root_, ignored("feed"), ignored("account"), required("notifications", content)));
      if (content->kind != JsonKind::Array) return wrong_field(where_, "notifications", *content, "an array");
    }
    auto& notice = batch_.add<AccountNotice>();
    notice.channel = feed_.name;
    notice.snapshot = how_.snapshot;
    notice.venue = root_.text();
    return {};
  }

  const JsonNode& root_;
  const Feed& feed_;
  AccountReading how_;
  EventBatch& batch_;
  std::uint64_t& unknown_fields_;
  const std::string where_;
};

}  // namespace

Result<void> read_account_message(const JsonNode& root, const Feed& feed, AccountReading how, EventBatch& batch,
                                  std::uint64_t& unknown_fields) {
  return AccountReader(root, feed, how, batch, unknown_fields).read();
}

}  // namespace ktape::futures
