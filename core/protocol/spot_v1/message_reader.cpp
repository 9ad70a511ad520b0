#include "core/protocol/spot_v1/message_reader.hpp"

#include <fmt/format.h>

#include "core/protocol/spot_v1/text_values.hpp"

namespace ktape::spot_v1 {
namespace {

// Objects with a member `event`, but for the answers to trading.
class EventReader {
 public:
  EventReader(const JsonNode& root, ReaderContext& context) : root_(root), context_(context) {}

  Result<void> read() {
    const JsonNode* const event = find_member(root_, "event");
    if (event == nullptr) return fail(Errc::Unsupported, fmt::format("no event: '{}'", excerpt(root_.text())));
    if (event->kind != JsonKind::String) return wrong_field("a message", "event", *event, "text");
    const std::string_view name = event->text();
    if (name == "heartbeat") {
      add_event<Heartbeat>(context_);
      return fields("event 'heartbeat'");
    }
    if (name == "systemStatus") return read_status();
    if (name == "pong") return read_pong();
    if (name == "error") return read_error();
    if (name == "subscriptionStatus") return read_subscription_status();
    if (is_trading_event(name)) return read_trading_event(name, root_, context_);
    return fail(Errc::Unsupported, fmt::format("event '{}'", excerpt(name)));
  }

 private:
  template <class... T>
  Result<void> fields(std::string_view where, T... wanted) {
    return read_fields(root_, where, context_.unknown_fields, ignored("event"), wanted...);
  }

  Result<void> read_status() {
    auto& status = add_event<StatusChange>(context_);
    return fields("event 'systemStatus'", required("status", status.system), optional("version", status.version),
                  optional("connectionID", status.connection_id));
  }

  Result<void> read_pong() {
    auto& reply = add_event<Reply>(context_);
    RequestId id;
    KTAPE_TRY(fields("event 'pong'", optional("reqid", id)));
    reply.method = "pong";
    reply.request_id = id.value;
    reply.success = true;
    return {};
  }

  Result<void> read_error() {
    auto& reply = add_event<Reply>(context_);
    RequestId id;
    KTAPE_TRY(fields("event 'error'", required("errorMessage", reply.error), optional("reqid", id)));
    reply.method = "error";
    reply.request_id = id.value;
    return {};
  }

  Result<void> read_subscription_status() {
    constexpr std::string_view kWhere = "event 'subscriptionStatus'";
    auto& reply = add_event<Reply>(context_);
    std::string_view status;
    std::string_view channel_name;
    std::string_view pair;
    std::optional<std::uint64_t> channel_id;
    RequestId id;
    const JsonNode* subscription = nullptr;
    KTAPE_TRY(fields(kWhere, required("status", status), optional("channelID", channel_id),
                     optional("channelName", channel_name), optional("errorMessage", reply.error),
                     optional("pair", pair), optional("reqid", id), optional("subscription", subscription)));
    if (subscription != nullptr) {
      // The token comes back too. It is nobody's business.
      KTAPE_TRY(read_fields(*subscription, kWhere, context_.unknown_fields, optional("name", reply.channel),
                            optional("depth", reply.depth), optional("interval", reply.interval_minutes),
                            optional("snapshot", reply.snapshot), ignored("token"), ignored("maxratecount"),
                            ignored("ratecounter"), ignored("consolidate_taker"), ignored("rebased")));
    }
    if (reply.channel.empty()) reply.channel = channel_name.substr(0, channel_name.find('-'));
    reply.symbol = context_.names.modern(pair);
    reply.request_id = id.value;
    reply.success = status != "error";
    if (status == "subscribed" || status == "ok") {
      reply.method = "subscribe";
      if (channel_id) context_.channels.subscribed(*channel_id, channel_name, pair);
    } else if (status == "unsubscribed") {
      reply.method = "unsubscribe";
      if (channel_id) context_.channels.unsubscribed(*channel_id);
    } else if (status == "error") {
      const bool unsubscribing = context_.requests.was_unsubscribe(id.value) || reply.error == "Subscription Not Found";
      reply.method = unsubscribing ? "unsubscribe" : "subscribe";
    } else {
      return fail(Errc::Protocol, fmt::format("{}: status is \"{}\", subscribed, unsubscribed, ok or error expected",
                                              kWhere, excerpt(status)));
    }
    return {};
  }

  const JsonNode& root_;
  ReaderContext& context_;
};

}  // namespace

Result<void> read_message(const JsonNode& root, ReaderContext& context) {
  if (root.kind == JsonKind::Object) return EventReader(root, context).read();
  if (root.kind != JsonKind::Array) {
    return fail(Errc::Unsupported, fmt::format("{}, an object or an array expected", describe(root)));
  }
  return is_account_data(root) ? read_account_data(root, context) : read_market_data(root, context);
}

}  // namespace ktape::spot_v1
