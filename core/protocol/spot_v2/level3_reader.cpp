#include "core/protocol/spot_v2/level3_reader.hpp"

namespace ktape {

// In the namespace of OrderAction, where read_fields() looks for it.
static const char* convert(const JsonNode& node, OrderAction& out) {
  for (const OrderAction action : {OrderAction::Add, OrderAction::Modify, OrderAction::Delete}) {
    if (node.kind == JsonKind::String && node.text() == to_string(action)) {
      out = action;
      return nullptr;
    }
  }
  return "add, modify or delete";
}

namespace spot_v2 {
namespace {

Result<void> read_order(const JsonNode& element, bool snapshot, Reading& to) {
  RestingOrder& order = to.batch.orders.emplace_back();
  std::optional<OrderAction> action;
  KTAPE_TRY(to.fields(element, optional("event", action), required("order_id", order.order_id),
                      required("limit_price", order.price), required("order_qty", order.quantity),
                      required("timestamp", order.exchange_time)));
  if (!action && !snapshot) return missing_field(to.where, "event");
  order.action = snapshot ? OrderAction::Add : *action;
  return {};
}

template <class Book>
Result<void> read_book(const JsonNode& element, bool snapshot, Reading& to) {
  Book& book = to.add<Book>();
  const JsonNode* bids = nullptr;
  const JsonNode* asks = nullptr;
  KTAPE_TRY(to.fields(element, required("symbol", book.symbol), required("bids", bids), required("asks", asks),
                      optional("checksum", book.checksum), optional("timestamp", book.exchange_time)));
  const auto read_one = [&](const JsonNode& order) { return read_order(order, snapshot, to); };
  const RestingOrder* const first_bid = to.batch.orders.data() + to.batch.orders.size();
  KTAPE_TRY(to.each(*bids, "bids", read_one));
  const RestingOrder* const first_ask = to.batch.orders.data() + to.batch.orders.size();
  KTAPE_TRY(to.each(*asks, "asks", read_one));
  book.bids = {first_bid, first_ask};
  book.asks = {first_ask, static_cast<const RestingOrder*>(to.batch.orders.data()) + to.batch.orders.size()};
  return {};
}

}  // namespace

Result<void> read_level3(const JsonNode& root, Reading& to) {
  to.where = "channel 'level3'";
  const JsonNode* data = nullptr;
  PushType type{};
  KTAPE_TRY(to.fields(root, ignored("channel"), required("type", type), required("data", data)));
  // Books point at their orders while more are added, so these must not move. An order is at least nine nodes, but for
  // its event, and one that is not is an error.
  to.batch.orders.reserve(root.span / 9 + 1);
  const bool snapshot = type == PushType::Snapshot;
  return to.each(*data, "data", [&](const JsonNode& element) {
    return snapshot ? read_book<Level3Snapshot>(element, snapshot, to) : read_book<Level3Update>(element, snapshot, to);
  });
}

}  // namespace spot_v2
}  // namespace ktape
