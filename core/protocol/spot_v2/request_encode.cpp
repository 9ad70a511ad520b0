#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "core/protocol/spot_v2/request.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"

namespace ktape::spot_v2 {
namespace {

// Writes the members of one object in the order of the calls; what is absent or empty is left out.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) {}

  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) append_json_string(key(name), value);
  }
  void flag(std::string_view name, std::optional<bool> value) {
    if (value) key(name) += *value ? "true" : "false";
  }
  void integer(std::string_view name, std::optional<std::int64_t> value) {
    if (value) key(name) += fmt::to_string(*value);
  }
  void number(std::string_view name, const std::optional<Decimal>& value) {
    if (value) value->append_to(key(name));
  }
  template <class Write>
  void object(std::string_view name, Write write) {
    key(name).push_back('{');
    write(Members(out_));
    out_.push_back('}');
  }
  // Also an empty list: a request says so.
  template <class List, class Write>
  void list(std::string_view name, const List& items, Write write) {
    key(name).push_back('[');
    for (const auto& item : items) {
      if (&item != items.data()) out_.push_back(',');
      write(item);
    }
    out_.push_back(']');
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    list(name, values, [&](const std::string& value) { append_json_string(out_, value); });
  }

 private:
  std::string& key(std::string_view name) {
    if (!first_) out_.push_back(',');
    first_ = false;
    append_json_string(out_, name);
    out_.push_back(':');
    return out_;
  }

  std::string& out_;
  bool first_ = true;
};

void write_executions(Members& to, const Subscription& subscription) {
  to.flag("snap_orders", subscription.snapshot_orders);
  to.flag("snap_trades", subscription.snapshot_trades);
  to.flag("order_status", subscription.order_status);
  to.flag("ratecounter", subscription.rate_counter);
}

void write_subscription(Members& to, const Request& request) {
  const Subscription& subscription = request.subscription;
  const Channel channel = subscription.channel;
  to.text("channel", to_string(channel));
  if (channel != Channel::Instrument && !is_private(channel)) to.texts("symbol", subscription.symbols);
  if (channel == Channel::Book || channel == Channel::Level3) to.integer("depth", subscription.depth);
  if (channel == Channel::Ohlc) to.integer("interval", subscription.interval_minutes);
  if (channel == Channel::Ticker) to.text("event_trigger", subscription.event_trigger);
  if (request.method == Method::Subscribe) {
    if (channel == Channel::Executions) {
      write_executions(to, subscription);
    } else {
      to.flag("snapshot", subscription.snapshot);
    }
    if (is_private(channel)) {
      if (!subscription.rebased) to.flag("rebased", false);
      if (subscription.all_users) to.text("users", "all");
    }
  }
  if (needs_token(channel)) to.text("token", request.authorisation.token);
}

void write_trigger(Members& to, const std::optional<OrderTrigger>& trigger) {
  if (!trigger) return;
  to.object("triggers", [&](Members inner) {
    inner.number("price", trigger->price);
    inner.text("reference", trigger->reference);
    inner.text("price_type", trigger->price_type);
  });
}

// What add_order and each order of batch_add have; `deadline` and `validate` are of the former only and stand among
// them.
void write_order(Members& to, const NewOrder& order, std::string_view deadline, std::optional<bool> validate) {
  to.text("order_type", order.order_type);
  to.text("side", to_string(order.side));
  to.number("order_qty", order.quantity);
  to.text("symbol", order.symbol);
  to.number("limit_price", order.limit_price);
  to.text("limit_price_type", order.limit_price_type);
  write_trigger(to, order.trigger);
  to.text("time_in_force", order.time_in_force);
  to.flag("margin", order.margin);
  to.flag("post_only", order.post_only);
  to.flag("reduce_only", order.reduce_only);
  to.text("effective_time", order.effective_time);
  to.text("expire_time", order.expire_time);
  to.text("cl_ord_id", order.client_order_id);
  to.integer("order_userref", order.user_reference);
  to.text("deadline", deadline);
  if (order.conditional) {
    to.object("conditional", [&](Members inner) {
      inner.text("order_type", order.conditional->order_type);
      inner.number("limit_price", order.conditional->limit_price);
      inner.text("limit_price_type", order.conditional->limit_price_type);
      inner.number("trigger_price", order.conditional->trigger_price);
      inner.text("trigger_price_type", order.conditional->trigger_price_type);
    });
  }
  to.number("display_qty", order.display_quantity);
  to.text("fee_preference", order.fee_preference);
  to.text("stp_type", order.self_trade_prevention);
  to.number("cash_order_qty", order.cash_quantity);
  to.flag("validate", validate);
  to.text("sender_sub_id", order.sender_sub_id);
}

struct TradingWriter {
  std::string& out;
  Members& to;

  void operator()(const AddOrder& add) const { write_order(to, add.order, add.deadline, add.validate); }

  void operator()(const AmendOrder& amend) const {
    to.text("order_id", amend.order_id);
    to.text("cl_ord_id", amend.client_order_id);
    to.number("order_qty", amend.quantity);
    to.number("display_qty", amend.display_quantity);
    to.number("limit_price", amend.limit_price);
    to.text("limit_price_type", amend.limit_price_type);
    to.number("trigger_price", amend.trigger_price);
    to.text("trigger_price_type", amend.trigger_price_type);
    to.flag("post_only", amend.post_only);
    to.text("deadline", amend.deadline);
    to.text("symbol", amend.symbol);
  }

  void operator()(const EditOrder& edit) const {
    to.text("order_id", edit.order_id);
    to.number("order_qty", edit.quantity);
    to.text("symbol", edit.symbol);
    to.number("limit_price", edit.limit_price);
    to.number("display_qty", edit.display_quantity);
    to.integer("order_userref", edit.user_reference);
    to.flag("post_only", edit.post_only);
    to.flag("reduce_only", edit.reduce_only);
    write_trigger(to, edit.trigger);
    to.text("deadline", edit.deadline);
    to.flag("validate", edit.validate);
    to.text("fee_preference", edit.fee_preference);
  }

  void operator()(const CancelOrder& cancel) const {
    if (!cancel.order_ids.empty()) to.texts("order_id", cancel.order_ids);
    if (!cancel.client_order_ids.empty()) to.texts("cl_ord_id", cancel.client_order_ids);
    if (cancel.user_references.empty()) return;
    to.list("order_userref", cancel.user_references, [&](std::int64_t id) { out += fmt::to_string(id); });
  }

  void operator()(const CancelAll&) const {}
  void operator()(const CancelAllOrdersAfter& after) const { to.integer("timeout", after.timeout_seconds); }

  void operator()(const BatchAdd& batch) const {
    to.text("symbol", batch.symbol);
    to.list("orders", batch.orders, [&](const NewOrder& order) {
      NewOrder bare = order;
      bare.symbol.clear();
      out.push_back('{');
      Members inner(out);
      write_order(inner, bare, {}, std::nullopt);
      out.push_back('}');
    });
    to.text("deadline", batch.deadline);
    to.flag("validate", batch.validate);
  }

  void operator()(const BatchCancel& cancel) const {
    if (!cancel.order_ids.empty()) to.texts("orders", cancel.order_ids);
    if (!cancel.client_order_ids.empty()) to.texts("cl_ord_id", cancel.client_order_ids);
  }
};

}  // namespace

std::string encode(const Request& request) {
  std::string out = "{\"method\":";
  append_json_string(out, name_of(request));
  if (request.method != Method::Ping) {
    out += ",\"params\":{";
    Members params(out);
    if (request.method == Method::Trade) {
      std::visit(TradingWriter{out, params}, request.trading);
      params.text("token", request.authorisation.token);
    } else {
      write_subscription(params, request);
    }
    out.push_back('}');
  }
  out += fmt::format(",\"req_id\":{}}}", request.request_id);
  return out;
}

}  // namespace ktape::spot_v2
