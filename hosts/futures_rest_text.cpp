#include "hosts/futures_rest_text.hpp"

#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/json_text.hpp"
#include "exchange/money.hpp"

namespace ktape::hosts::futures_text {
namespace {

std::string quoted_or_null(std::string_view text) { return text.empty() ? "null" : quoted(text); }

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// fi_xbtusd of F-XBT:USD.
std::string account_name(std::string_view wallet) {
  std::string name = "fi_";
  for (const char c : wallet.substr(2)) {
    if (c != ':') name += c;
  }
  return lower(name);
}

std::string margin_account(const FuturesWalletFigures& wallet) {
  const std::string unit = lower(wallet.unit);
  return fmt::format(
      R"({}:{{"auxiliary":{{"usd":0,"pv":{},"pnl":{},"af":{},"funding":0}},"marginRequirements":{{"im":{},"mm":{},"lt":0,"tt":0}},"triggerEstimates":{{"im":0,"mm":0,"lt":0,"tt":0}},"balances":{{{}:{}}},"currency":{},"type":"marginAccount"}})",
      quoted(account_name(wallet.name)), wallet.portfolio_value.text(), wallet.profit.text(), wallet.available.text(),
      wallet.initial_margin.text(), wallet.maintenance_margin.text(), quoted(unit), wallet.balance.text(),
      quoted(unit));
}

std::string flex_account(const FuturesStatement& statement) {
  std::vector<std::string> currencies;
  for (const FlexCurrencyFigures& one : statement.currencies) {
    currencies.push_back(fmt::format(R"({}:{{"quantity":{},"value":{},"collateral":{},"available":{}}})",
                                     quoted(one.currency), one.quantity.text(), one.value.text(), one.value.text(),
                                     one.quantity.text()));
  }
  const FuturesWalletFigures& flex = statement.flex;
  return fmt::format(
      R"("flex":{{"currencies":{{{}}},"initialMargin":{},"initialMarginWithOrders":{},"maintenanceMargin":{},"balanceValue":{},"portfolioValue":{},"collateralValue":{},"pnl":{},"unrealizedFunding":0,"totalUnrealized":{},"totalUnrealizedAsMargin":{},"availableMargin":{},"marginEquity":{},"type":"multiCollateralMarginAccount"}})",
      fmt::join(currencies, ","), flex.initial_margin.text(), flex.initial_margin_with_orders.text(),
      flex.maintenance_margin.text(), flex.balance.text(), flex.portfolio_value.text(), flex.balance.text(),
      flex.profit.text(), flex.profit.text(), flex.profit.text(), flex.available.text(), flex.portfolio_value.text());
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string time(Timestamp at) { return format_rfc3339(at, 3); }

std::string_view side(Side side) { return side == Side::Buy ? "buy" : "sell"; }

std::string order(const FuturesOrder& order) {
  std::string out = fmt::format(
      R"({{"orderId":{},"cliOrdId":{},"type":"{}","symbol":{},"side":"{}","quantity":{},"filled":{})",
      quoted(order.order_id), quoted_or_null(order.client_order_id), order.type == "mkt" ? "ioc" : order.type,
      quoted(order.product), side(order.side), order.quantity.text(), order.filled.text());
  if (order.limit_price) out += fmt::format(R"(,"limitPrice":{})", order.limit_price->text());
  return out + fmt::format(R"(,"reduceOnly":{},"timestamp":"{}","lastUpdateTimestamp":"{}"}})", order.reduce_only,
                           time(order.placed_at), time(order.changed_at));
}

std::string events(const FuturesOutcome& outcome) {
  std::vector<std::string> all;
  for (const FuturesEvent& event : outcome.events) {
    const std::string about = order(event.order);
    switch (event.kind) {
      case FuturesEvent::Kind::Place:
        all.push_back(fmt::format(R"({{"type":"PLACE","order":{},"reducedQuantity":null}})", about));
        break;
      case FuturesEvent::Kind::Edit:
        all.push_back(
            fmt::format(R"({{"type":"EDIT","old":{},"new":{},"reducedQuantity":null}})", about, order(*event.edited)));
        break;
      case FuturesEvent::Kind::Execution:
        all.push_back(fmt::format(
            R"({{"type":"EXECUTION","executionId":{},"price":{},"amount":{},"orderPriorEdit":null,"orderPriorExecution":{},"takerReducedQuantity":null}})",
            quoted(event.fill->fill_id), event.fill->price.text(), event.fill->quantity.text(), about));
        break;
      case FuturesEvent::Kind::Reject:
        all.push_back(fmt::format(R"({{"type":"REJECT","uid":{},"reason":{},"order":{}}})",
                                  quoted(event.order.order_id), quoted(event.reason), about));
        break;
      case FuturesEvent::Kind::Cancel:
        all.push_back(fmt::format(R"({{"type":"CANCEL","uid":{},"order":{}}})", quoted(event.order.order_id), about));
        break;
    }
  }
  return fmt::format("[{}]", fmt::join(all, ","));
}

std::string open_order(const FuturesOrder& order) {
  std::string out = fmt::format(R"({{"order_id":{})", quoted(order.order_id));
  if (!order.client_order_id.empty()) out += fmt::format(R"(,"cliOrdId":{})", quoted(order.client_order_id));
  return out +
         fmt::format(
             R"(,"symbol":{},"side":"{}","orderType":"{}","limitPrice":{},"unfilledSize":{},"receivedTime":"{}","status":"{}","filledSize":{},"reduceOnly":{},"lastUpdateTime":"{}"}})",
             quoted(order.product), side(order.side), order.type, order.limit_price.value_or(Decimal()).text(),
             order.remaining().text(), time(order.placed_at), order.filled.is_zero() ? "untouched" : "partiallyFilled",
             order.filled.text(), order.reduce_only, time(order.changed_at));
}

std::string order_status(const FuturesOrder& order, std::string_view status) {
  return fmt::format(
      R"({{"order":{{"type":"ORDER","orderId":{},"cliOrdId":{},"symbol":{},"side":"{}","quantity":{},"filled":{},"limitPrice":{},"reduceOnly":{},"timestamp":"{}","lastUpdateTimestamp":"{}"}},"status":"{}","updateReason":null,"error":null}})",
      quoted(order.order_id), quoted_or_null(order.client_order_id), quoted(order.product), side(order.side),
      order.quantity.text(), order.filled.text(), order.limit_price ? order.limit_price->text() : "null",
      order.reduce_only, time(order.placed_at), time(order.changed_at), status);
}

std::string fill(const FuturesFill& fill) {
  std::string out = fmt::format(R"({{"fill_id":{},"symbol":{},"side":"{}","order_id":{})", quoted(fill.fill_id),
                                quoted(fill.product), side(fill.side), quoted(fill.order_id));
  if (!fill.client_order_id.empty()) out += fmt::format(R"(,"cliOrdId":{})", quoted(fill.client_order_id));
  return out + fmt::format(R"(,"size":{},"price":{},"fillTime":"{}","fillType":"{}"}})", fill.quantity.text(),
                           fill.price.text(), time(fill.at), to_string(fill.type));
}

std::string position(const FuturesPositionFigures& position) {
  return fmt::format(R"({{"side":"{}","symbol":{},"price":{},"fillTime":"{}","size":{},"unrealizedFunding":0}})",
                     position.size < Decimal() ? "short" : "long", quoted(position.product),
                     position.entry_price.text(), time(position.changed_at), money::magnitude(position.size).text());
}

std::string accounts(const FuturesStatement& statement) {
  std::vector<std::string> cash;
  for (const auto& [currency, amount] : statement.cash) {
    cash.push_back(fmt::format("{}:{}", quoted(lower(currency)), amount.text()));
  }
  std::string out = fmt::format(R"({{"cash":{{"balances":{{{}}},"type":"cashAccount"}},{})", fmt::join(cash, ","),
                                flex_account(statement));
  for (const FuturesWalletFigures& wallet : statement.margin) out += "," + margin_account(wallet);
  return out + '}';
}

}  // namespace ktape::hosts::futures_text
