#include "core/protocol/spot_v2/trading_reply_reader.hpp"

#include "core/protocol/spot_v2/trading_rules.hpp"

namespace ktape::spot_v2 {
namespace {

// A moment, or the "0" that REST has for a switch that is disarmed; what v2 says then is not known.
struct TriggerTime {
  std::optional<Timestamp> at{};
};

const char* convert(const JsonNode& node, TriggerTime& out) {
  const bool zero = (node.kind == JsonKind::String || node.kind == JsonKind::Number) && node.text() == "0";
  return zero ? nullptr : ktape::convert(node, out.at);
}

struct ResultFields {
  std::optional<std::int64_t> count{};
  std::optional<Timestamp> current_time{};
  TriggerTime trigger_time{};
  const JsonNode* orders = nullptr;
  const JsonNode* warnings = nullptr;
};

bool says_anything(const OrderAnswer& answer) {
  return !answer.order_id.empty() || !answer.client_order_id.empty() || answer.user_reference || !answer.error.empty();
}

Result<void> read_object(const JsonNode& object, ResultFields& out, Reading& to) {
  OrderAnswer answer;
  KTAPE_TRY(to.fields(object, optional("order_id", answer.order_id), optional("cl_ord_id", answer.client_order_id),
                      optional("order_userref", answer.user_reference), optional("amend_id", answer.amend_id),
                      optional("original_order_id", answer.original_order_id), optional("error", answer.error),
                      optional("count", out.count), optional("currentTime", out.current_time),
                      optional("triggerTime", out.trigger_time), optional("orders", out.orders),
                      optional("warnings", out.warnings), ignored("success")));
  if (says_anything(answer)) to.batch.answers.push_back(answer);
  return {};
}

// An element stays in its place even if it says nothing: they are in the order of the request.
Result<void> read_element(const JsonNode& element, Reading& to) {
  OrderAnswer& answer = to.batch.answers.emplace_back();
  return to.fields(element, optional("order_id", answer.order_id), optional("cl_ord_id", answer.client_order_id),
                   optional("order_userref", answer.user_reference), optional("error", answer.error),
                   ignored("success"), ignored("warnings"));
}

}  // namespace

bool is_trading_method(const JsonNode& method) {
  return method.kind == JsonKind::String && is_trading_method(method.text());
}

Result<void> read_trading_reply(const JsonNode& root, Reading& to) {
  to.where = "a reply";
  TradingReply& reply = to.add<TradingReply>();
  std::optional<bool> success;
  std::optional<std::int64_t> orders_cancelled;
  const JsonNode* result = nullptr;
  KTAPE_TRY(to.fields(root, required("method", reply.method), optional("req_id", reply.request_id),
                      optional("result", result), optional("success", success), optional("error", reply.error),
                      optional("orders_cancelled", orders_cancelled), ignored("symbol"), ignored("channel"),
                      ignored("status"), optional("time_in", reply.time_in), optional("time_out", reply.time_out)));
  reply.success = success.value_or(reply.error.empty());

  const auto read_one = [&](const JsonNode& element) { return read_element(element, to); };
  ResultFields fields;
  if (result != nullptr && result->kind == JsonKind::Array) {
    KTAPE_TRY(to.each(*result, "result", read_one));
  } else if (result != nullptr && result->kind != JsonKind::Null) {
    KTAPE_TRY(read_object(*result, fields, to));
    if (fields.orders != nullptr) KTAPE_TRY(to.each(*fields.orders, "orders", read_one));
    if (fields.warnings != nullptr) KTAPE_TRY(to.read_texts(*fields.warnings, "warnings"));
  }
  reply.orders = to.batch.answers;
  reply.count = fields.count ? fields.count : orders_cancelled;
  reply.current_time = fields.current_time;
  reply.trigger_time = fields.trigger_time.at;
  reply.warnings = to.batch.texts;
  return {};
}

}  // namespace ktape::spot_v2
