#include "faults/refusals.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/protocol/futures/server_encode.hpp"
#include "core/protocol/spot_v1/server_encode.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"

namespace ktape::faults {
namespace {

constexpr std::string_view kInternalError = "EGeneral:Internal error";
constexpr std::string_view kInvalidSession = "ESession:Invalid session";
constexpr std::string_view kMessageRate = "Exceeded msg rate";
constexpr std::string_view kOrderRate = "EOrder:Rate limit exceeded";

std::optional<std::int64_t> request_id(const MessageFacts& request) {
  std::int64_t value = 0;
  const std::string_view text = request.request_id;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// v1's events of trading and the methods that they are in v2.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kTrading{
    {{"addOrder", "add_order"},
     {"editOrder", "edit_order"},
     {"amendOrder", "amend_order"},
     {"cancelOrder", "cancel_order"},
     {"cancelAll", "cancel_all"},
     {"cancelAllOrdersAfter", "cancel_all_orders_after"}}};

// The name in v2 of a method that trades; empty for others.
std::string_view trading_method(const MessageFacts& request) {
  for (const auto& [v1, v2] : kTrading) {
    if (request.method == v1 || request.method == v2) return v2;
  }
  return request.method == "batch_add" || request.method == "batch_cancel" ? request.method : std::string_view();
}

bool subscribes(const MessageFacts& request) {
  return request.method == "subscribe" || request.method == "unsubscribe";
}

// Whether it is refused by what stands behind the front: in v2 these errors name the channel, and "status" (form C).
enum class Raised : std::uint8_t { AtTheFront, Behind };

std::string v2_text(const MessageFacts& request, std::string_view error, std::string_view symbol, Raised raised,
                    Timestamp now) {
  Reply reply;
  reply.method = request.method.empty() ? "error" : request.method;
  reply.request_id = request_id(request);
  reply.error = error;
  reply.symbol = symbol;
  if (raised == Raised::Behind) reply.channel = request.channel;
  reply.time_in = now;
  reply.time_out = now;
  std::string out;
  spot_v2::append_reply(out, reply);
  return out;
}

std::string v1_text(const MessageFacts& request, std::string_view error, std::string_view pair) {
  std::string out;
  if (const std::string_view method = trading_method(request); !method.empty()) {
    TradingReply reply;
    reply.method = method;
    reply.request_id = request_id(request);
    reply.error = error;
    spot_v1::append_trading_reply(out, reply);
    return out;
  }
  Reply reply;
  reply.method = subscribes(request) ? request.method : "error";
  reply.request_id = request_id(request);
  reply.error = error;
  reply.channel = request.channel;
  spot_v1::append_reply(out, reply, {.subscription = request.subscription, .pair = pair});
  return out;
}

std::string futures_text(std::string_view message) {
  std::string out;
  futures::append_refusal(out, {.event = "alert", .message = std::string(message)});
  return out;
}

// One for each symbol; one altogether where there is none.
template <class Text>
std::vector<std::string> for_each_symbol(const MessageFacts& request, Text text) {
  std::vector<std::string> all;
  if (subscribes(request)) {
    for (const std::string_view symbol : request.symbols) all.push_back(text(symbol));
  }
  if (all.empty()) all.push_back(text(std::string_view()));
  return all;
}

}  // namespace

std::vector<std::string> refused(Dialect dialect, const MessageFacts& request, std::string_view error, Timestamp now) {
  if (dialect == Dialect::FuturesV1) {
    const std::string_view message = error.empty() ? std::string_view("Bad request") : error;
    return for_each_symbol(request, [&](std::string_view) { return futures_text(message); });
  }
  if (error.empty()) error = kInternalError;
  return for_each_symbol(request, [&](std::string_view symbol) {
    return dialect == Dialect::SpotV2 ? v2_text(request, error, symbol, Raised::AtTheFront, now)
                                      : v1_text(request, error, symbol);
  });
}

std::vector<std::string> token_refused(Dialect dialect, const MessageFacts& request, Timestamp now) {
  if (dialect == Dialect::FuturesV1) {
    return {futures_text(futures::refusal_of(futures::Problem::NotAuthenticated).message)};
  }
  if (dialect == Dialect::SpotV1) return {v1_text(request, kInvalidSession, {})};
  return {v2_text(request, kInvalidSession, {}, request.channel.empty() ? Raised::AtTheFront : Raised::Behind, now)};
}

std::vector<std::string> rate_exceeded(Dialect dialect, const MessageFacts& request, Timestamp now) {
  if (dialect == Dialect::FuturesV1) return {};
  const bool trades = !trading_method(request).empty();
  const std::string_view error = trades ? kOrderRate : kMessageRate;
  if (dialect == Dialect::SpotV1) {
    if (trades) return {v1_text(request, error, {})};
    MessageFacts message = request;  // refused as a message, not as the subscription it asks for
    message.method = {};
    return {v1_text(message, error, {})};
  }
  if (request.channel == "level3" && request.method == "subscribe") {
    return for_each_symbol(request, [&](std::string_view symbol) {
      return v2_text(request,
                     fmt::format("Rate limit for snapshot requests exceeded, when trying to subscribe to {} level3 "
                                 "snapshot",
                                 symbol),
                     {}, Raised::Behind, now);
    });
  }
  return {v2_text(request, error, {}, Raised::AtTheFront, now)};
}

}  // namespace ktape::faults
