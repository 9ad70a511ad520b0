#include "exchange/spot_v1_front.hpp"

#include <array>
#include <utility>

#include "core/protocol/spot_v1/server_encode.hpp"
#include "core/protocol/spot_v1/trading_request.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"
#include "exchange/verbatim_reply.hpp"

namespace ktape {
namespace {

constexpr int kDefaultDepth = 10;
constexpr int kDefaultInterval = 1;
constexpr std::array kPublicChannels{Channel::Ticker, Channel::Ohlc, Channel::Trade, Channel::Spread, Channel::Book};
constexpr std::string_view kEverything = "*";

bool subscribes(const spot_v1::ParsedRequest& parsed) { return parsed.event == "subscribe"; }
bool is_subscription(const spot_v1::ParsedRequest& parsed) {
  return subscribes(parsed) || parsed.event == "unsubscribe";
}

// "cancelAllOrdersAfter" is cancel_all_orders_after, as all dialects call it.
std::string method_named(std::string_view event) {
  std::string method;
  for (const char c : event) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital) method.push_back('_');
    method.push_back(capital ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return method;
}

std::string written(const Reply& reply, const spot_v1::ReplyExtras& extras = {}) {
  std::string text;
  spot_v1::append_reply(text, reply, extras);
  return text;
}

Reply reply_about(const FeedRequest& request) {
  const Feed& feed = request.feed;
  Reply reply;
  reply.method = to_string(request.method);
  reply.request_id = request.request_id;
  reply.channel = to_string(feed.channel);
  reply.symbol = feed.symbol;
  if (feed.channel == Channel::Book) reply.depth = feed.depth;
  if (feed.channel == Channel::Ohlc) reply.interval_minutes = feed.interval_minutes;
  return reply;
}

}  // namespace

SpotV1Front::SpotV1Front(TimerService& timers, Backend& backend, SpotV1FrontOptions options)
    : Front(timers, backend, {options.generate_heartbeats, options.heartbeat_interval, true},
            options.connection_id_seed),
      options_(std::move(options)) {}

std::uint64_t SpotV1Front::channel_number(const Feed& feed) {
  std::uint64_t number = mixed(static_cast<std::uint64_t>(feed.channel));
  for (const char c : feed.symbol) number = mixed(number ^ static_cast<unsigned char>(c));
  number = mixed(number ^ (static_cast<std::uint64_t>(static_cast<unsigned>(feed.depth)) << 32U) ^
                 static_cast<unsigned>(feed.interval_minutes));
  // Kraken's have up to nine digits.
  return 1 + number % 999'999'998;
}

std::string SpotV1Front::status(std::uint64_t connection_id, std::string_view system) const {
  StatusChange status;
  status.system = system;
  status.version = options_.version;
  status.connection_id = connection_id;
  std::string text;
  spot_v1::append_status(text, status);
  return text;
}

std::string SpotV1Front::heartbeat() const { return std::string(spot_v1::kHeartbeat); }

void SpotV1Front::on_text(ConnectionId connection, std::string_view text, Timestamp time_in) {
  const auto parsed = spot_v1::parse_request(text, spot_v1::Host::Public);
  if (!parsed.problems.empty()) return object(connection, parsed);
  if (*parsed.event == "ping") {
    Reply pong;
    pong.method = "pong";
    pong.request_id = parsed.request_id;
    pong.success = true;
    return answer(connection, pong, written(pong));
  }
  if (parsed.channel_id) return on_number(connection, parsed, time_in);
  for (const auto& pair : parsed.pairs) {
    // Any answer may have made the client go away.
    if (!is_attached(connection)) return;
    on_pair(connection, parsed, pair, time_in);
  }
}

// An unsubscription of what was acknowledged under that number.
void SpotV1Front::on_number(ConnectionId connection, const Parsed& parsed, Timestamp time_in) {
  for (const Feed& feed : feeds_in_use()) {
    if (told_number(feed) != *parsed.channel_id || !wants(connection, feed)) continue;
    FeedRequest request;
    request.connection = connection;
    request.method = Method::Unsubscribe;
    request.request_id = parsed.request_id;
    request.time_in = time_in;
    request.feed = feed;
    return ask(request);
  }
  refuse_pair(connection, parsed, {}, "Subscription Not Found");
}

// A request that makes no sense as a whole. It is answered for each of its pairs, where it has any.
void SpotV1Front::object(ConnectionId connection, const Parsed& parsed) {
  const auto& error = parsed.problems.front();
  if (is_subscription(parsed)) {
    if (parsed.pairs.empty()) return refuse_pair(connection, parsed, {}, error);
    for (const auto& pair : parsed.pairs) {
      if (!is_attached(connection)) return;
      refuse_pair(connection, parsed, pair, error);
    }
    return;
  }
  if (parsed.event && spot_v1::is_trading_method(*parsed.event)) {
    const auto method = method_named(*parsed.event);
    TradingReply reply;
    reply.method = method;
    reply.request_id = parsed.request_id;
    reply.error = error;
    std::string text;
    spot_v1::append_trading_reply(text, reply);
    send(connection, text);
    return;
  }
  Reply reply;
  reply.method = "error";
  reply.request_id = parsed.request_id;
  reply.error = error;
  answer(connection, reply, written(reply));
}

void SpotV1Front::refuse_pair(ConnectionId connection, const Parsed& parsed, std::string_view pair,
                              std::string_view error) {
  const auto symbol = spot_v2::modern_symbol(pair);
  Reply reply;
  // As a reader takes it, who does not know the request (SpotV1Codec).
  reply.method = error == "Subscription Not Found" ? "unsubscribe" : "subscribe";
  reply.request_id = parsed.request_id;
  reply.error = error;
  reply.symbol = symbol;
  answer(connection, reply, written(reply, {.subscription = parsed.subscription, .pair = pair}));
}

// What a request means for one of its pairs. An unsubscription may leave out depth and interval: all there are.
std::vector<Feed> SpotV1Front::feeds_for(ConnectionId connection, const Parsed& parsed,
                                         const std::string& symbol) const {
  std::vector<Feed> feeds;
  const bool everything = parsed.name == kEverything;
  for (const Channel channel : kPublicChannels) {
    if (!everything && parsed.name != to_string(channel)) continue;
    Feed feed = Feed::of(channel, symbol);
    const auto& variant = channel == Channel::Book ? parsed.depth : parsed.interval_minutes;
    const bool has_variants = channel == Channel::Book || channel == Channel::Ohlc;
    if (!subscribes(parsed) && (everything || (has_variants && !variant))) {
      const auto asked = asked_for(connection, channel, symbol);
      feeds.insert(feeds.end(), asked.begin(), asked.end());
      if (everything || !asked.empty()) continue;
    }
    if (channel == Channel::Book) feed.depth = static_cast<int>(parsed.depth.value_or(kDefaultDepth));
    if (channel == Channel::Ohlc) {
      feed.interval_minutes = static_cast<int>(parsed.interval_minutes.value_or(kDefaultInterval));
    }
    feeds.push_back(std::move(feed));
  }
  return feeds;
}

void SpotV1Front::on_pair(ConnectionId connection, const Parsed& parsed, std::string_view pair, Timestamp time_in) {
  if (const auto misspelt = spot_v1::pair_problem(pair)) return refuse_pair(connection, parsed, pair, *misspelt);
  FeedRequest request;
  request.connection = connection;
  request.method = subscribes(parsed) ? Method::Subscribe : Method::Unsubscribe;
  request.request_id = parsed.request_id;
  request.time_in = time_in;
  const auto feeds = feeds_for(connection, parsed, spot_v2::modern_symbol(pair));
  if (feeds.empty()) return refuse_pair(connection, parsed, pair, "Subscription Not Found");
  for (const Feed& feed : feeds) {
    if (!is_attached(connection)) return;
    request.feed = feed;
    if (const auto objected = objection(connection, request.method, feed, pair)) {
      refuse_pair(connection, parsed, pair, *objected);
    } else {
      ask(request);
    }
  }
}

// What Kraken says against it, given what is listed and what the connection is subscribed to already.
std::optional<std::string> SpotV1Front::objection(ConnectionId connection, Method method, const Feed& feed,
                                                  std::string_view pair) const {
  const bool wanted = wants(connection, feed);
  if (method == Method::Unsubscribe) {
    return wanted ? std::nullopt : std::optional<std::string>("Subscription Not Found");
  }
  if (!backend().is_listed(feed.symbol)) return "Currency pair not supported " + std::string(pair);
  if (wanted) return "Already subscribed";
  if (feed.channel == Channel::Book && options_.one_book_depth_per_pair) {
    for (const Feed& other : asked_for(connection, feed.channel, feed.symbol)) {
      if (wants(connection, other)) return "Already subscribed";
    }
  }
  return std::nullopt;
}

std::string SpotV1Front::acceptance(const FeedRequest& request) const {
  Reply reply = reply_about(request);
  reply.success = true;
  return written(reply, {.channel_id = told_number(request.feed)});
}

std::uint64_t SpotV1Front::told_number(const Feed& feed) const {
  return backend().number_of(feed).value_or(channel_number(feed));
}

std::string SpotV1Front::refusal(const FeedRequest& request, std::string_view error) const {
  Reply reply = reply_about(request);
  reply.error = error;
  return written(reply);
}

std::string SpotV1Front::fitted(std::string_view recorded_reply, const FeedRequest& request) const {
  return with_request_id(recorded_reply, request.request_id, kSpotV1RequestId);
}

}  // namespace ktape
