#include "hosts/futures_rest_account.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/json_tape.hpp"
#include "hosts/futures_rest_text.hpp"

namespace ktape::hosts {
namespace {

using futures_text::quoted;

constexpr std::size_t kMostInstructions = 100;

enum class Needs : std::uint8_t { Funds, OpenOrders, Fills, Placing, Cancelling };
struct Call {
  std::string_view path;
  std::string_view method;
  Needs needs;
  int cost;  // futures-v1 section 7; of batchorder with each of its instructions one more
};
constexpr std::array<Call, 11> kCalls{{{"accounts", "GET", Needs::Funds, 2},
                                       {"openpositions", "GET", Needs::Funds, 2},
                                       {"openorders", "GET", Needs::OpenOrders, 2},
                                       {"orders/status", "", Needs::OpenOrders, 1},  // documented as POST, asked by GET
                                       {"fills", "GET", Needs::Fills, 2},
                                       {"sendorder", "POST", Needs::Placing, 10},
                                       {"editorder", "POST", Needs::Placing, 10},
                                       {"batchorder", "POST", Needs::Placing, 9},
                                       {"cancelorder", "POST", Needs::Cancelling, 10},
                                       {"cancelallorders", "POST", Needs::Cancelling, 25},
                                       {"cancelallordersafter", "POST", Needs::Cancelling, 25}}};

const Call* find_call(std::string_view path) {
  const auto found = std::find_if(kCalls.begin(), kCalls.end(),
                                  [path](const Call& call) { return !path.empty() && call.path == path; });
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

// By either of its names.
std::string_view order_id_of(const CallParameters& parameters) {
  return parameters.has("order_id") ? parameters.get("order_id") : parameters.get("orderId");
}

std::optional<Decimal> decimal_of(const CallParameters& parameters, std::string_view name) {
  if (!parameters.has(name)) return std::nullopt;
  const auto value = Decimal::parse(parameters.get(name));
  // What is no number is no size and no price either.
  return value ? std::optional(*value) : std::optional(Decimal());
}

// The instructions of json={"batchOrder":[{"order":"send",...},...]}; nothing if it is none.
std::optional<std::vector<CallParameters>> instructions_in(std::string_view text) {
  JsonTape tape;
  if (!tape.parse(text) || tape.root().kind != JsonKind::Object) return std::nullopt;
  const JsonNode* const list = find_member(tape.root(), "batchOrder");
  if (list == nullptr || list->kind != JsonKind::Array) return std::nullopt;
  std::vector<CallParameters> out;
  const bool good = for_each_element(*list, [&](const JsonNode& one) {
    if (one.kind == JsonKind::Object) out.push_back(CallParameters::in_json(one.text()));
    return one.kind == JsonKind::Object && out.size() <= kMostInstructions;
  });
  return good ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace

bool FuturesRestAccount::has(std::string_view path) { return find_call(path) != nullptr; }

FuturesAnswer FuturesRestAccount::answer(std::string_view path, const net::HttpRequest& request,
                                         const CallParameters& parameters) {
  const Call* const call = find_call(path);
  if (call == nullptr || (!call->method.empty() && request.method != call->method)) return {{}, "notFound", 404};
  const FuturesDesk::Caller caller = desk_.check(request);
  if (caller.terms == nullptr || !allows(caller.permissions, call->needs)) return refused("authenticationError");
  std::optional<std::vector<CallParameters>> instructions;
  int cost = call->cost;
  if (path == "batchorder") {
    instructions = instructions_in(parameters.get("json"));
    if (!instructions) return refused("invalidArgument: json");
    cost += static_cast<int>(instructions->size());
  } else if (path == "fills" && parameters.has("lastFillTime")) {
    constexpr int kOlderFills = 25;
    cost = kOlderFills;
  }
  if (!desk_.charge(request, clock_.now(), cost)) return refused("apiLimitExceeded");
  const std::string& account = caller.terms->account;
  const auto under = [](std::string_view name, FuturesAnswer status) {
    if (status.error.empty()) status.members = fmt::format(R"("{}":{{{}}})", name, status.members);
    return status;
  };
  if (path == "sendorder") return under("sendStatus", send_order(account, parameters));
  if (path == "editorder") return under("editStatus", edit_order(account, parameters));
  if (path == "cancelorder") return under("cancelStatus", cancel_order(account, parameters));
  if (path == "batchorder") return batch_order(account, *instructions);
  if (path == "cancelallorders") return cancel_all(account, parameters);
  if (path == "cancelallordersafter") return cancel_all_after(account, parameters);
  if (path == "openorders") return open_orders(account);
  if (path == "orders/status") return orders_status(account, parameters);
  if (path == "fills") return fills(account);
  return path == "openpositions" ? open_positions(account) : accounts(account);
}

FuturesAnswer FuturesRestAccount::send_order(std::string_view account, const CallParameters& parameters) {
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
  const FuturesProduct* const product = engine_.market().products().find(order.product);
  // What becomes of other orders while a product takes post-only ones is not documented.
  const bool is_closed = product != nullptr && (product->suspended || (product->post_only && order.type != "post"));
  const FuturesOutcome outcome =
      is_closed ? FuturesOutcome{.status = "marketSuspended"} : engine_.send(account, order, product != nullptr);
  std::string status =
      fmt::format(R"("status":"{}","receivedTime":"{}")", outcome.status, futures_text::time(clock_.now()));
  if (!outcome.order_id.empty()) status += fmt::format(R"(,"order_id":{})", quoted(outcome.order_id));
  if (!order.client_order_id.empty()) status += fmt::format(R"(,"cliOrdId":{})", quoted(order.client_order_id));
  return {status + fmt::format(R"(,"orderEvents":{})", futures_text::events(outcome)), {}};
}

FuturesAnswer FuturesRestAccount::edit_order(std::string_view account, const CallParameters& parameters) {
  FuturesEdit edit;
  edit.order_id = order_id_of(parameters);
  edit.client_order_id = parameters.get("cliOrdId");
  if (edit.order_id.empty() && edit.client_order_id.empty()) return refused("requiredArgumentMissing");
  edit.quantity = decimal_of(parameters, "size");
  edit.limit_price = decimal_of(parameters, "limitPrice");
  const FuturesOutcome outcome = engine_.edit(account, edit);
  std::string status =
      fmt::format(R"("status":"{}","receivedTime":"{}")", outcome.status, futures_text::time(clock_.now()));
  if (!outcome.order_id.empty()) status += fmt::format(R"(,"orderId":{})", quoted(outcome.order_id));
  if (!edit.client_order_id.empty()) status += fmt::format(R"(,"cliOrdId":{})", quoted(edit.client_order_id));
  return {status + fmt::format(R"(,"orderEvents":{})", futures_text::events(outcome)), {}};
}

FuturesAnswer FuturesRestAccount::cancel_order(std::string_view account, const CallParameters& parameters) {
  const std::string_view id = order_id_of(parameters);
  const std::string_view client_id = parameters.get("cliOrdId");
  if (id.empty() && client_id.empty()) return refused("requiredArgumentMissing");
  const FuturesOutcome outcome = engine_.cancel(account, id, client_id);
  std::string status =
      fmt::format(R"("status":"{}","receivedTime":"{}")", outcome.status, futures_text::time(clock_.now()));
  if (!outcome.order_id.empty()) status += fmt::format(R"(,"order_id":{})", quoted(outcome.order_id));
  if (!client_id.empty()) status += fmt::format(R"(,"cliOrdId":{})", quoted(client_id));
  return {status + fmt::format(R"(,"orderEvents":{})", futures_text::events(outcome)), {}};
}

// Each for itself, in their order; what is wrong with one is its status.
FuturesAnswer FuturesRestAccount::batch_order(std::string_view account,
                                              const std::vector<CallParameters>& instructions) {
  std::vector<std::string> all;
  for (const CallParameters& one : instructions) {
    const std::string_view what = one.get("order");
    FuturesAnswer done = what == "send"     ? send_order(account, one)
                         : what == "edit"   ? edit_order(account, one)
                         : what == "cancel" ? cancel_order(account, one)
                                            : refused("invalidArgument: order");
    std::string text =
        done.error.empty() ? done.members : fmt::format(R"("status":{},"orderEvents":[])", quoted(done.error));
    if (one.has("order_tag")) text += fmt::format(R"(,"order_tag":{})", quoted(one.get("order_tag")));
    all.push_back("{" + text + "}");
  }
  return {fmt::format(R"("batchStatus":[{}])", fmt::join(all, ",")), {}};
}

FuturesAnswer FuturesRestAccount::cancel_all(std::string_view account, const CallParameters& parameters) {
  const std::string product =
      parameters.has("symbol") ? futures::canonical_product(parameters.get("symbol")) : std::string();
  const FuturesOutcome outcome = engine_.cancel_all(account, product, "cancelled_by_user");
  std::vector<std::string> gone;
  for (const FuturesEvent& event : outcome.events) {
    gone.push_back(fmt::format(R"({{"order_id":{}}})", quoted(event.order.order_id)));
  }
  return {
      fmt::format(
          R"("cancelStatus":{{"receivedTime":"{}","cancelOnly":{},"status":"{}","cancelledOrders":[{}],"orderEvents":{}}})",
          futures_text::time(clock_.now()), quoted(product.empty() ? "all" : product), outcome.status,
          fmt::join(gone, ","), futures_text::events(outcome)),
      {}};
}

FuturesAnswer FuturesRestAccount::cancel_all_after(std::string_view account, const CallParameters& parameters) {
  const std::string_view text = parameters.get("timeout");
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty()) return refused("requiredArgumentMissing");
  if (error != std::errc{} || end != text.data() + text.size()) return refused("invalidArgument: timeout");
  const Duration span = std::chrono::seconds(seconds);
  engine_.cancel_all_after(account, span);
  const Timestamp now = clock_.now();
  return {fmt::format(R"("status":{{"currentTime":"{}","triggerTime":"{}"}})", futures_text::time(now),
                      seconds == 0 ? std::string("0") : futures_text::time(now + span)),
          {}};
}

FuturesAnswer FuturesRestAccount::open_orders(std::string_view account) const {
  std::vector<std::string> all;
  for (const FuturesOrder& order : engine_.open_orders(account)) all.push_back(futures_text::open_order(order));
  return {fmt::format(R"("openOrders":[{}])", fmt::join(all, ",")), {}};
}

// Those that are asked for, open or ended; what is not known is left out.
FuturesAnswer FuturesRestAccount::orders_status(std::string_view account, const CallParameters& parameters) const {
  const auto ids = parameters.all("orderIds");
  const auto client_ids = parameters.all("cliOrdIds");
  const auto asked = [&](const FuturesOrder& order) {
    return std::find(ids.begin(), ids.end(), order.order_id) != ids.end() ||
           std::find(client_ids.begin(), client_ids.end(), order.client_order_id) != client_ids.end();
  };
  std::vector<std::string> all;
  for (const FuturesOrder& order : engine_.open_orders(account)) {
    if (asked(order)) all.push_back(futures_text::order_status(order, "ENTERED_BOOK"));
  }
  for (const EndedFuturesOrder& ended : engine_.ended_orders(account)) {
    if (asked(ended.order)) all.push_back(futures_text::order_status(ended.order, ended.status));
  }
  return {fmt::format(R"("orders":[{}])", fmt::join(all, ",")), {}};
}

// Newest first.
FuturesAnswer FuturesRestAccount::fills(std::string_view account) const {
  constexpr std::size_t kMost = 100;
  std::vector<std::string> all;
  const auto made = engine_.fills(account);
  for (auto fill = made.rbegin(); fill != made.rend() && all.size() < kMost; ++fill) {
    all.push_back(futures_text::fill(*fill));
  }
  return {fmt::format(R"("fills":[{}])", fmt::join(all, ",")), {}};
}

FuturesAnswer FuturesRestAccount::open_positions(std::string_view account) const {
  std::vector<std::string> all;
  for (const FuturesPositionFigures& one : statement_of(engine_, account).positions) {
    all.push_back(futures_text::position(one));
  }
  return {fmt::format(R"("openPositions":[{}])", fmt::join(all, ",")), {}};
}

FuturesAnswer FuturesRestAccount::accounts(std::string_view account) const {
  return {fmt::format(R"("accounts":{})", futures_text::accounts(statement_of(engine_, account))), {}};
}

}  // namespace ktape::hosts
