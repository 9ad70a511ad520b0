#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/protocol/spot_v1/message_reader.hpp"
#include "core/protocol/spot_v1/text_values.hpp"

namespace ktape::spot_v1 {
namespace {

// What answers which method, in the names of v2.
struct TradingEvent {
  std::string_view event, method;
};
constexpr std::array kTradingEvents{TradingEvent{"addOrderStatus", "add_order"},
                                    TradingEvent{"editOrderStatus", "edit_order"},
                                    TradingEvent{"amendOrderStatus", "amend_order"},
                                    TradingEvent{"cancelOrderStatus", "cancel_order"},
                                    TradingEvent{"cancelAllStatus", "cancel_all"},
                                    TradingEvent{"cancelAllOrdersAfterStatus", "cancel_all_orders_after"}};

const TradingEvent* find_event(std::string_view event) {
  const auto* const found = std::find_if(kTradingEvents.begin(), kTradingEvents.end(),
                                         [event](const TradingEvent& known) { return known.event == event; });
  return found == kTradingEvents.end() ? nullptr : found;
}

// "0" says that there is no such time: the switch is off.
struct TimeOrZero {
  std::optional<Timestamp> value{};
};
const char* convert(const JsonNode& node, TimeOrZero& out) {
  if (node.kind == JsonKind::String && node.text() == "0") return nullptr;
  return ktape::convert(node, out.value);
}

}  // namespace

bool is_trading_event(std::string_view event) { return find_event(event) != nullptr; }

Result<void> read_trading_event(std::string_view event, const JsonNode& root, ReaderContext& context) {
  auto& reply = add_event<TradingReply>(context);
  auto& order = context.batch.answers.emplace_back();
  std::string_view status;
  RequestId id;
  std::optional<IntegerOrText> count;
  std::optional<IntegerOrText> user_reference;
  TimeOrZero current;
  TimeOrZero trigger;
  std::string& where = context.batch.where.assign("event '").append(event);
  where.push_back('\'');
  KTAPE_TRY(read_fields(root, where, context.unknown_fields, ignored("event"), required("status", status),
                        optional("reqid", id), optional("errorMessage", reply.error), optional("txid", order.order_id),
                        optional("originaltxid", order.original_order_id), optional("amend_id", order.amend_id),
                        optional("cl_ord_id", order.client_order_id), optional("userref", user_reference),
                        optional("descr", order.description), optional("count", count),
                        optional("currentTime", current), optional("triggerTime", trigger)));
  if (status != "ok" && status != "error") {
    return fail(Errc::Protocol, fmt::format("{}: status is \"{}\", ok or error expected", where, excerpt(status)));
  }
  reply.method = find_event(event)->method;
  reply.request_id = id.value;
  reply.success = status == "ok";
  reply.count = value_of(count);
  reply.current_time = current.value;
  reply.trigger_time = trigger.value;
  order.user_reference = value_of(user_reference);
  const bool names_an_order = !order.order_id.empty() || !order.client_order_id.empty() || !order.amend_id.empty() ||
                              !order.original_order_id.empty() || !order.description.empty() || order.user_reference;
  if (names_an_order) reply.orders = context.batch.answers;
  return {};
}

}  // namespace ktape::spot_v1
