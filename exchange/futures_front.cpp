#include "exchange/futures_front.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/futures/pending_requests.hpp"
#include "core/protocol/futures/server_encode.hpp"

namespace ktape {

FuturesFront::FuturesFront(TimerService& timers, Backend& backend, FuturesFrontOptions options)
    : Front(timers, backend, {options.generate_heartbeats, options.heartbeat_interval, true},
            options.connection_id_seed),
      options_(options) {}

std::string FuturesFront::status(std::uint64_t /*connection_id*/, std::string_view /*system*/) const {
  std::string text;
  futures::append_info(text);
  return text;
}

std::string FuturesFront::heartbeat() const {
  std::string text;
  futures::append_heartbeat(text, now());
  return text;
}

// A UUID of version 4, as Kraken's are, and the same in every run.
std::string FuturesFront::challenge(ConnectionId connection) const {
  const auto high = mixed(told_id(connection));
  const auto low = mixed(high);
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32U, (high >> 16U) & 0xffffU, high & 0xfffU,
                     0x8000U | ((low >> 48U) & 0x3fffU), low & 0xffff'ffff'ffffU);
}

void FuturesFront::object(ConnectionId connection, futures::Problem problem, std::string_view product) {
  const auto refused = futures::refusal_of(problem, product, options_.refusals);
  std::string text;
  futures::append_refusal(text, refused);
  // As a reader takes it, who does not know the request (FuturesCodec).
  Reply reply;
  reply.method = "error";
  reply.error = refused.message;
  reply.symbol = futures::product_named_in(refused.message);
  answer(connection, reply, text);
}

void FuturesFront::on_text(ConnectionId connection, std::string_view text, Timestamp time_in) {
  const auto parsed = futures::parse_request(text);
  if (parsed.problem) return object(connection, *parsed.problem);
  if (parsed.event == "ping") {
    Reply pong;
    pong.method = "pong";
    pong.success = true;
    std::string own;
    futures::append_pong(own);
    return answer(connection, pong, own);
  }
  if (parsed.event == "challenge") {
    std::string own;
    futures::append_challenge(own, challenge(connection));
    send(connection, own);
    return;
  }
  const auto& feed = *futures::find_feed(parsed.feed);
  if (is_private(feed.channel)) return object(connection, futures::Problem::NotAuthenticated);
  if (feed.products == futures::Products::None) return on_product(connection, parsed, feed.channel, {}, time_in);
  for (const auto& product : parsed.products) {
    // Any answer may have made the client go away.
    if (!is_attached(connection)) return;
    on_product(connection, parsed, feed.channel, product, time_in);
  }
}

void FuturesFront::on_product(ConnectionId connection, const Parsed& parsed, Channel channel, std::string_view product,
                              Timestamp time_in) {
  FeedRequest request;
  request.connection = connection;
  request.method = parsed.event == "subscribe" ? Method::Subscribe : Method::Unsubscribe;
  request.feed = Feed::of(channel, futures::canonical_product(product));
  request.time_in = time_in;
  if (!product.empty() && (futures::product_problem(product) || !backend().is_listed(request.feed.symbol))) {
    return object(connection, futures::Problem::InvalidProduct, product);
  }
  const bool wanted = wants(connection, request.feed);
  if (request.method == Method::Subscribe && wanted) return object(connection, futures::Problem::AlreadySubscribed);
  if (request.method == Method::Unsubscribe && !wanted) return object(connection, futures::Problem::NotSubscribed);
  ask(request);
}

std::string FuturesFront::acceptance(const FeedRequest& request) const {
  std::string text;
  futures::append_confirmation(text, {.method = request.method,
                                      .feed = futures::find_feed(request.feed.channel)->name,
                                      .product = request.feed.symbol});
  return text;
}

std::string FuturesFront::refusal(const FeedRequest& /*request*/, std::string_view error) const {
  std::string text;
  futures::append_refusal(text, {.event = "alert", .message = std::string(error)});
  return text;
}

// Futures has no request ids.
std::string FuturesFront::fitted(std::string_view recorded_reply, const FeedRequest& /*request*/) const {
  return std::string(recorded_reply);
}

}  // namespace ktape
