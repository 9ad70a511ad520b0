#include "hosts/futures_rest_account.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/json_text.hpp"
#include "core/protocol/futures/feeds.hpp"

namespace ktape::hosts {
namespace {

enum class Needs : std::uint8_t { Funds, OpenOrders, Fills, Placing, Cancelling };
struct Call {
  std::string_view path;
  std::string_view method;
  Needs needs;
};
constexpr std::array<Call, 8> kCalls{{{"accounts", "GET", Needs::Funds},
                                      {"openpositions", "GET", Needs::Funds},
                                      {"openorders", "GET", Needs::OpenOrders},
                                      {"fills", "GET", Needs::Fills},
                                      {"sendorder", "POST", Needs::Placing},
                                      {"cancelorder", "POST", Needs::Cancelling},
                                      {"cancelallorders", "POST", Needs::Cancelling},
                                      {"cancelallordersafter", "POST", Needs::Cancelling}}};

const Call* find_call(std::string_view path) {
  const auto found = std::find_if(kCalls.begin(), kCalls.end(), [path](const Call& call) { return call.path == path; });
  return found == kCalls.end() ? nullptr : &*found;
}

bool allows(const Permissions& may, Needs needs) {
  switch (needs) {
    case Needs::Funds:
      return may.query_funds;
    case Needs::OpenOrders:
      return may.query_open_trades;
    case Needs::Fills:
      return may.query_closed_trades;
    case Needs::Placing:
      return may.modify_trades;
    case Needs::Cancelling:
      break;
  }
  return may.close_trades || may.modify_trades;
}

FuturesAnswer refused(std::string error) { return {{}, std::move(error)}; }

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string quoted_or_null(std::string_view text) { return text.empty() ? "null" : quoted(text); }
std::string text_of(Timestamp at) { return format_rfc3339(at, 3); }
std::string_view text_of(Side side) { return side == Side::Buy ? "buy" : "sell"; }

std::optional<Decimal> decimal_of(const CallParameters& parameters, std::string_view name) {
  if (!parameters.has(name)) return std::nullopt;
  const auto value = Decimal::parse(parameters.get(name));
  // What is no number is no size and no price either.
  return value ? std::optional(*value) : std::optional(Decimal());
}

std::string order_text(const FuturesOrder& order) {
  std::string out = fmt::format(
      R"({{"orderId":{},"cliOrdId":{},"type":"{}","symbol":{},"side":"{}","quantity":{},"filled":{})",
      quoted(order.order_id), quoted_or_null(order.client_order_id), order.type == "mkt" ? "ioc" : order.type,
      quoted(order.product), text_of(order.side), order.quantity.text(), order.filled.text());
  if (order.limit_price) out += fmt::format(R"(,"limitPrice":{})", order.limit_price->text());
  return out + fmt::format(R"(,"reduceOnly":{},"timestamp":"{}","lastUpdateTimestamp":"{}"}})", order.reduce_only,
                           text_of(order.placed_at), text_of(order.changed_at));
}

}  // namespace

bool FuturesRestAccount::has(std::string_view path) { return find_call(path) != nullptr; }

FuturesAnswer FuturesRestAccount::answer(std::string_view path, const net::HttpRequest& request,
                                         const CallParameters& parameters) {
  const Call* const call = find_call(path);
  if (call == nullptr || request.method != call->method) return {{}, "notFound", 404};
  const FuturesDesk::Caller caller = desk_.check(request);
  if (caller.wallet == nullptr || !allows(caller.permissions, call->needs)) return refused("authenticationError");
  const FuturesWallet& wallet = *caller.wallet;
  if (path == "sendorder") return send_order(wallet, parameters);
  if (path == "cancelorder") return cancel_order(wallet, parameters);
  if (path == "cancelallorders") return cancel_all(wallet, parameters);
  if (path == "cancelallordersafter") return cancel_all_after(wallet, parameters);
  if (path == "openorders") return open_orders(wallet);
  if (path == "fills") return fills(wallet);
  return path == "openpositions" ? open_positions(wallet) : accounts(wallet);
}

std::string FuturesRestAccount::events_text(const FuturesOutcome& outcome) const {
  std::vector<std::string> all;
  for (const FuturesEvent& event : outcome.events) {
    const std::string order = order_text(event.order);
    switch (event.kind) {
      case FuturesEvent::Kind::Place:
        all.push_back(fmt::format(R"({{"type":"PLACE","order":{},"reducedQuantity":null}})", order));
        break;
      case FuturesEvent::Kind::Execution:
        all.push_back(fmt::format(
            R"({{"type":"EXECUTION","executionId":{},"price":{},"amount":{},"orderPriorEdit":null,"orderPriorExecution":{},"takerReducedQuantity":null}})",
            quoted(event.fill->fill_id), event.fill->price.text(), event.fill->quantity.text(), order));
        break;
      case FuturesEvent::Kind::Reject:
        all.push_back(fmt::format(R"({{"type":"REJECT","uid":{},"reason":{},"order":{}}})",
                                  quoted(event.order.order_id), quoted(event.reason), order));
        break;
      case FuturesEvent::Kind::Cancel:
        all.push_back(fmt::format(R"({{"type":"CANCEL","uid":{},"order":{}}})", quoted(event.order.order_id), order));
        break;
    }
  }
  return fmt::format("[{}]", fmt::join(all, ","));
}

FuturesAnswer FuturesRestAccount::send_order(const FuturesWallet& wallet, const CallParameters& parameters) {
  for (const char* const name : {"orderType", "symbol", "side", "size"}) {
    if (!parameters.has(name)) return refused("requiredArgumentMissing");
  }
  NewFuturesOrder order;
  order.type = parameters.get("orderType");
  order.product = futures::canonical_product(parameters.get("symbol"));
  order.client_order_id = parameters.get("cliOrdId");
  if (parameters.get("side") == "buy") order.side = Side::Buy;
  if (parameters.get("side") == "sell") order.side = Side::Sell;
  order.quantity = decimal_of(parameters, "size");
  order.limit_price = decimal_of(parameters, "limitPrice");
  order.reduce_only = parameters.get("reduceOnly") == "true";
  const FuturesOutcome outcome = engine_.send(wallet.account, order, market_.products().find(order.product) != nullptr);
  std::string status =
      fmt::format(R"("sendStatus":{{"status":"{}","receivedTime":"{}")", outcome.status, text_of(clock_.now()));
  if (!outcome.order_id.empty()) status += fmt::format(R"(,"order_id":{})", quoted(outcome.order_id));
  if (!order.client_order_id.empty()) status += fmt::format(R"(,"cliOrdId":{})", quoted(order.client_order_id));
  return {status + fmt::format(R"(,"orderEvents":{}}})", events_text(outcome)), {}};
}

FuturesAnswer FuturesRestAccount::cancel_order(const FuturesWallet& wallet, const CallParameters& parameters) {
  const std::string_view id = parameters.get("order_id");
  const std::string_view client_id = parameters.get("cliOrdId");
  if (id.empty() && client_id.empty()) return refused("requiredArgumentMissing");
  const FuturesOutcome outcome = engine_.cancel(wallet.account, id, client_id);
  std::string status =
      fmt::format(R"("cancelStatus":{{"status":"{}","receivedTime":"{}")", outcome.status, text_of(clock_.now()));
  if (!outcome.order_id.empty()) status += fmt::format(R"(,"order_id":{})", quoted(outcome.order_id));
  if (!client_id.empty()) status += fmt::format(R"(,"cliOrdId":{})", quoted(client_id));
  return {status + fmt::format(R"(,"orderEvents":{}}})", events_text(outcome)), {}};
}

FuturesAnswer FuturesRestAccount::cancel_all(const FuturesWallet& wallet, const CallParameters& parameters) {
  const std::string product =
      parameters.has("symbol") ? futures::canonical_product(parameters.get("symbol")) : std::string();
  const FuturesOutcome outcome = engine_.cancel_all(wallet.account, product, "cancelled_by_user");
  std::vector<std::string> gone;
  for (const FuturesEvent& event : outcome.events) {
    gone.push_back(fmt::format(R"({{"order_id":{}}})", quoted(event.order.order_id)));
  }
  return {
      fmt::format(
          R"("cancelStatus":{{"receivedTime":"{}","cancelOnly":{},"status":"{}","cancelledOrders":[{}],"orderEvents":{}}})",
          text_of(clock_.now()), quoted(product.empty() ? "all" : product), outcome.status, fmt::join(gone, ","),
          events_text(outcome)),
      {}};
}

FuturesAnswer FuturesRestAccount::cancel_all_after(const FuturesWallet& wallet, const CallParameters& parameters) {
  const std::string_view text = parameters.get("timeout");
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty()) return refused("requiredArgumentMissing");
  if (error != std::errc{} || end != text.data() + text.size()) return refused("invalidArgument: timeout");
  const Duration span = std::chrono::seconds(seconds);
  engine_.cancel_all_after(wallet.account, span);
  const Timestamp now = clock_.now();
  return {fmt::format(R"("status":{{"currentTime":"{}","triggerTime":"{}"}})", text_of(now),
                      seconds == 0 ? std::string("0") : text_of(now + span)),
          {}};
}

FuturesAnswer FuturesRestAccount::open_orders(const FuturesWallet& wallet) const {
  std::vector<std::string> all;
  for (const FuturesOrder& order : engine_.open_orders(wallet.account)) {
    std::string one = fmt::format(R"({{"order_id":{})", quoted(order.order_id));
    if (!order.client_order_id.empty()) one += fmt::format(R"(,"cliOrdId":{})", quoted(order.client_order_id));
    all.push_back(
        one +
        fmt::format(
            R"(,"symbol":{},"side":"{}","orderType":"{}","limitPrice":{},"unfilledSize":{},"receivedTime":"{}","status":"{}","filledSize":{},"reduceOnly":{},"lastUpdateTime":"{}"}})",
            quoted(order.product), text_of(order.side), order.type, order.limit_price.value_or(Decimal()).text(),
            order.remaining().text(), text_of(order.placed_at),
            order.filled.is_zero() ? "untouched" : "partiallyFilled", order.filled.text(), order.reduce_only,
            text_of(order.changed_at)));
  }
  return {fmt::format(R"("openOrders":[{}])", fmt::join(all, ",")), {}};
}

// Newest first.
FuturesAnswer FuturesRestAccount::fills(const FuturesWallet& wallet) const {
  constexpr std::size_t kMost = 100;
  std::vector<std::string> all;
  const auto made = engine_.fills(wallet.account);
  for (auto fill = made.rbegin(); fill != made.rend() && all.size() < kMost; ++fill) {
    std::string one = fmt::format(R"({{"fill_id":{},"symbol":{},"side":"{}","order_id":{})", quoted(fill->fill_id),
                                  quoted(fill->product), text_of(fill->side), quoted(fill->order_id));
    if (!fill->client_order_id.empty()) one += fmt::format(R"(,"cliOrdId":{})", quoted(fill->client_order_id));
    all.push_back(one + fmt::format(R"(,"size":{},"price":{},"fillTime":"{}","fillType":"taker"}})",
                                    fill->quantity.text(), fill->price.text(), text_of(fill->at)));
  }
  return {fmt::format(R"("fills":[{}])", fmt::join(all, ",")), {}};
}

FuturesAnswer FuturesRestAccount::open_positions(const FuturesWallet& wallet) const {
  std::vector<std::string> all;
  for (const auto& [product, position] : engine_.positions(wallet.account)) {
    const bool is_short = position.size < Decimal();
    std::string size = position.size.text();
    if (is_short) size.erase(0, 1);
    all.push_back(fmt::format(
        R"({{"side":"{}","symbol":{},"price":{},"fillTime":"{}","size":{},"unrealizedFunding":0}})",
        is_short ? "short" : "long", quoted(product), position.entry_price.text(), text_of(position.changed_at), size));
  }
  return {fmt::format(R"("openPositions":[{}])", fmt::join(all, ",")), {}};
}

// What was paid in. Whatever margin would make of it is not told.
FuturesAnswer FuturesRestAccount::accounts(const FuturesWallet& wallet) {
  std::vector<std::string> cash;
  std::vector<std::string> flex;
  for (const auto& [currency, amount] : wallet.holding) {
    std::string name = currency;
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    cash.push_back(fmt::format("{}:{}", quoted(name), amount.text()));
    flex.push_back(
        fmt::format(R"({}:{{"quantity":{},"available":{}}})", quoted(currency), amount.text(), amount.text()));
  }
  return {
      fmt::format(
          R"("accounts":{{"cash":{{"type":"cashAccount","balances":{{{}}}}},"flex":{{"type":"multiCollateralMarginAccount","currencies":{{{}}}}}}})",
          fmt::join(cash, ","), fmt::join(flex, ",")),
      {}};
}

}  // namespace ktape::hosts
