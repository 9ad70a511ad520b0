// Orders by Spot's REST (rest section 11).
#include <charconv>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/json_text.hpp"
#include "core/protocol/json_tape.hpp"
#include "core/protocol/spot_v2/trading_rules.hpp"
#include "exchange/order_words.hpp"
#include "hosts/rest_names.hpp"
#include "hosts/spot_rest.hpp"

namespace ktape::hosts {
namespace {

RestAnswer refused(std::string_view error) { return {{}, std::string(error)}; }

std::string invalid_argument(std::string_view name) { return fmt::format("EGeneral:Invalid arguments:{}", name); }

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::optional<Decimal> decimal_of(std::string_view text) {
  const auto value = Decimal::parse(text);
  return value ? std::optional<Decimal>(*value) : std::nullopt;
}

std::optional<std::int64_t> integer_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_true(const CallParameters& parameters, std::string_view name) { return parameters.get(name) == "true"; }

// An order in the terms that all dialects share; the error names the parameter as Kraken does.
struct ReadOrder {
  NewOrder order;
  std::string error;
};
ReadOrder read_order(const CallParameters& parameters, const PairTerms& pair) {
  ReadOrder out;
  NewOrder& order = out.order;
  const auto invalid = [&out](std::string_view name) {
    out.error = invalid_argument(name);
    return out;
  };
  order.symbol = pair.symbol;
  const std::string_view type = parameters.get("type");
  if (type != "buy" && type != "sell") return invalid("type");
  order.side = type == "buy" ? Side::Buy : Side::Sell;
  order.order_type = parameters.get("ordertype");
  if (order.order_type.empty()) return invalid("ordertype");
  const auto volume = decimal_of(parameters.get("volume"));
  if (!volume) return invalid("volume");
  order.quantity = volume;
  if (parameters.has("price")) {
    order.limit_price = decimal_of(parameters.get("price"));
    if (!order.limit_price) return invalid("price");
    if (order.order_type == "market") order.limit_price.reset();  // Kraken ignores it
  }
  std::string force(parameters.get("timeinforce"));
  for (char& c : force) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  order.time_in_force = force;
  order.client_order_id = parameters.get("cl_ord_id");
  if (parameters.has("userref")) {
    order.user_reference = integer_of(parameters.get("userref"));
    if (!order.user_reference) return invalid("userref");
  }
  const std::string flags = "," + std::string(parameters.get("oflags")) + ",";
  if (flags.find(",post,") != std::string::npos) order.post_only = true;
  if (flags.find(",fcib,") != std::string::npos) order.fee_preference = "base";
  if (flags.find(",fciq,") != std::string::npos) order.fee_preference = "quote";
  if (flags.find(",viqc,") != std::string::npos) {
    order.cash_quantity = order.quantity;
    order.quantity.reset();
  }
  if (parameters.has("displayvol")) {
    order.display_quantity = decimal_of(parameters.get("displayvol"));
    if (!order.display_quantity) return invalid("displayvol");
  }
  for (const std::string_view name : {"leverage", "starttm", "expiretm", "price2", "close[ordertype]"}) {
    const std::string_view value = parameters.get(name);
    if (!value.empty() && value != "0" && value != "none") return invalid(name);
  }
  return out;
}

// A request in the terms that all dialects share, or what Kraken says in its place.
struct ReadRequest {
  TradingRequest request = CancelAll{};
  std::string error{};
};

ReadRequest read_add(const CallParameters& parameters, const PairTerms& pair) {
  ReadOrder read = read_order(parameters, pair);
  if (!read.error.empty()) return {.error = std::move(read.error)};
  AddOrder add;
  add.order = std::move(read.order);
  add.deadline = parameters.get("deadline");
  if (is_true(parameters, "validate")) add.validate = true;
  return {.request = std::move(add)};
}

// Of a body in JSON: a list has no place in a form.
ReadRequest read_add_batch(const CallParameters& parameters, const PairTerms& pair) {
  BatchAdd batch;
  batch.symbol = pair.symbol;
  batch.deadline = parameters.get("deadline");
  if (is_true(parameters, "validate")) batch.validate = true;
  JsonTape tape;
  std::string error;
  if (!tape.parse(parameters.get("orders")) || tape.root().kind != JsonKind::Array) {
    return {.error = invalid_argument("orders")};
  }
  for_each_element(tape.root(), [&](const JsonNode& one) {
    if (one.kind != JsonKind::Object) {
      error = invalid_argument("orders");
      return false;
    }
    ReadOrder read = read_order(CallParameters::in_json(one.text()), pair);
    error = std::move(read.error);
    batch.orders.push_back(std::move(read.order));
    return error.empty();
  });
  if (!error.empty()) return {.error = std::move(error)};
  return {.request = std::move(batch)};
}

ReadRequest read_cancel_batch(const CallParameters& parameters) {
  BatchCancel cancel;
  const auto read = [&](std::string_view name, std::vector<std::string>& out) {
    if (!parameters.has(name)) return true;
    JsonTape tape;
    if (!tape.parse(parameters.get(name)) || tape.root().kind != JsonKind::Array) return false;
    return for_each_element(tape.root(), [&](const JsonNode& one) {
      out.emplace_back(one.text());
      return one.kind == JsonKind::String || one.kind == JsonKind::Number;
    });
  };
  if (!read("orders", cancel.order_ids)) return {.error = invalid_argument("orders")};
  if (!read("cl_ord_ids", cancel.client_order_ids)) return {.error = invalid_argument("cl_ord_ids")};
  return {.request = std::move(cancel)};
}

ReadRequest read_edit(const CallParameters& parameters, const PairTerms& pair) {
  EditOrder edit;
  edit.order_id = parameters.get("txid");
  edit.symbol = pair.symbol;
  edit.quantity = decimal_of(parameters.get("volume"));
  edit.display_quantity = decimal_of(parameters.get("displayvol"));
  edit.limit_price = decimal_of(parameters.get("price"));
  if (parameters.has("price2")) return {.error = invalid_argument("price2")};
  if (parameters.get("oflags") == "post") edit.post_only = true;
  edit.user_reference = integer_of(parameters.get("userref"));
  edit.deadline = parameters.get("deadline");
  if (is_true(parameters, "validate")) edit.validate = true;
  return {.request = std::move(edit)};
}

ReadRequest read_amend(const CallParameters& parameters) {
  AmendOrder amend;
  amend.order_id = parameters.get("txid");
  amend.client_order_id = parameters.get("cl_ord_id");
  amend.quantity = decimal_of(parameters.get("order_qty"));
  amend.display_quantity = decimal_of(parameters.get("display_qty"));
  amend.limit_price = decimal_of(parameters.get("limit_price"));
  if (is_true(parameters, "post_only")) amend.post_only = true;
  amend.deadline = parameters.get("deadline");
  return {.request = std::move(amend)};
}

ReadRequest read_cancel(const CallParameters& parameters) {
  CancelOrder cancel;
  const std::string txid(parameters.get("txid"));
  if (parameters.has("cl_ord_id")) {
    cancel.client_order_ids = {std::string(parameters.get("cl_ord_id"))};
  } else if (const auto reference = integer_of(txid); reference && !txid.empty()) {
    cancel.user_references = {*reference};
  } else {
    cancel.order_ids = {txid};
  }
  return {.request = std::move(cancel)};
}

ReadRequest read_after(const CallParameters& parameters) {
  const auto timeout = integer_of(parameters.get("timeout"));
  if (!timeout) return {.error = invalid_argument("timeout")};
  CancelAllOrdersAfter after;
  after.timeout_seconds = *timeout;
  return {.request = after};
}

ReadRequest read_request(std::string_view method, const CallParameters& parameters,
                         const InstrumentTable& instruments) {
  if (method == "AmendOrder") return read_amend(parameters);
  if (method == "CancelOrder") return read_cancel(parameters);
  if (method == "CancelOrderBatch") return read_cancel_batch(parameters);
  if (method == "CancelAll") return {};
  if (method == "CancelAllOrdersAfter") return read_after(parameters);
  const PairTerms* const pair = find_by_rest_name(instruments, parameters.get("pair"));
  if (pair == nullptr) return {.error = "EQuery:Unknown asset pair"};
  if (method == "AddOrderBatch") return read_add_batch(parameters, *pair);
  return method == "EditOrder" ? read_edit(parameters, *pair) : read_add(parameters, *pair);
}

// What was placed, or only checked.
std::string described(const OrderOutcome& outcome, const NewOrder& order, const InstrumentTable& instruments) {
  const std::string words = outcome.description.empty() ? in_words(order, instruments) : outcome.description;
  return fmt::format(R"("descr":{{"order":{}}})", quoted(words));
}

std::string add_text(const EngineAnswer& answer, const AddOrder& add, const InstrumentTable& instruments) {
  const OrderOutcome outcome = answer.orders.empty() ? OrderOutcome{} : answer.orders.front();
  const std::string descr = described(outcome, add.order, instruments);
  if (outcome.order_id.empty()) return "{" + descr + "}";
  return fmt::format(R"({{{},"txid":[{}]}})", descr, quoted(outcome.order_id));
}

std::string batch_text(const EngineAnswer& answer, const BatchAdd& batch, const InstrumentTable& instruments) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < answer.orders.size() && i < batch.orders.size(); ++i) {
    const OrderOutcome& outcome = answer.orders[i];
    if (!outcome.error.empty()) {
      all.push_back(fmt::format(R"({{"error":{}}})", quoted(outcome.error)));
      continue;
    }
    std::string text = described(outcome, batch.orders[i], instruments);
    if (!outcome.order_id.empty()) text += fmt::format(R"(,"txid":{})", quoted(outcome.order_id));
    all.push_back("{" + text + "}");
  }
  return fmt::format(R"({{"orders":[{}]}})", fmt::join(all, ","));
}

std::string edit_text(const EngineAnswer& answer) {
  const OrderOutcome outcome = answer.orders.empty() ? OrderOutcome{} : answer.orders.front();
  return fmt::format(R"({{"descr":{{"order":{}}},"txid":{},"originaltxid":{},"orders_cancelled":{},"status":"ok"}})",
                     quoted(outcome.description), quoted(outcome.order_id), quoted(outcome.original_order_id),
                     outcome.order_id.empty() ? 0 : 1);
}

}  // namespace

RestAnswer SpotRest::trade(const Caller& caller, std::string_view method, const CallParameters& parameters) {
  const InstrumentTable& instruments = watch_.instruments();
  const ReadRequest read = read_request(method, parameters, instruments);
  if (!read.error.empty()) return refused(read.error);
  const TradingRequest& request = read.request;
  if (!may_trade(caller.key->permissions, request)) return refused("EGeneral:Permission denied");
  if (const auto violation = spot_v2::find_violation(request)) return refused(invalid_argument(violation->parameter));
  // An engine that answers later has no place here: HTTP waits for no event of the market.
  const auto kept = std::make_shared<std::optional<EngineAnswer>>();
  engine_.submit(caller.account, request, [kept](const EngineAnswer& told) { *kept = told; });
  if (!*kept) return refused("EService:Timeout");
  const EngineAnswer& answer = **kept;
  if (!answer.error.empty()) return refused(answer.error);
  const bool is_batch = method == "AddOrderBatch";
  if (!is_batch && !answer.orders.empty() && !answer.orders.front().error.empty()) {
    return refused(answer.orders.front().error);
  }
  if (const auto* add = std::get_if<AddOrder>(&request)) return {add_text(answer, *add, instruments), {}};
  if (const auto* batch = std::get_if<BatchAdd>(&request)) return {batch_text(answer, *batch, instruments), {}};
  if (method == "EditOrder") return {edit_text(answer), {}};
  if (method == "AmendOrder") {
    const std::string amend_id = answer.orders.empty() ? std::string() : answer.orders.front().amend_id;
    return {fmt::format(R"({{"amend_id":{}}})", quoted(amend_id)), {}};
  }
  if (method == "CancelOrder") return {R"({"count":1})", {}};
  if (method == "CancelAllOrdersAfter") {
    return {fmt::format(R"({{"currentTime":"{}","triggerTime":"{}"}})",
                        format_rfc3339(answer.current_time.value_or(clock_.now()), 0),
                        answer.trigger_time ? format_rfc3339(*answer.trigger_time, 0) : "0"),
            {}};
  }
  return {fmt::format(R"({{"count":{}}})", answer.count.value_or(0)), {}};
}

}  // namespace ktape::hosts
