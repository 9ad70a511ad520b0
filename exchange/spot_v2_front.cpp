#include "exchange/spot_v2_front.hpp"

#include <array>
#include <utility>

#include "exchange/verbatim_reply.hpp"

namespace ktape {
namespace {

constexpr int kDefaultDepth = 10;
constexpr std::string_view kDefaultTrigger = "trades";

std::optional<Channel> market_channel(std::string_view name) {
  for (const auto channel :
       {Channel::Book, Channel::Trade, Channel::Ticker, Channel::Ohlc, Channel::Instrument, Channel::Level3}) {
    if (to_string(channel) == name) return channel;
  }
  return std::nullopt;
}

}  // namespace

SpotV2Front::SpotV2Front(TimerService& timers, Backend& backend, SpotV2FrontOptions options)
    : Front(timers, backend, {options.generate_heartbeats, options.heartbeat_interval, false},
            options.connection_id_seed),
      options_(std::move(options)) {}

std::string SpotV2Front::status(std::uint64_t connection_id, std::string_view system) const {
  StatusChange status;
  status.system = system;
  status.version = options_.version;
  status.api_version = "v2";
  status.connection_id = connection_id;
  std::string text;
  spot_v2::append_status(text, status, options_.status_form);
  return text;
}

std::string SpotV2Front::stamped(Reply reply, Timestamp time_in) const {
  reply.time_in = time_in;
  reply.time_out = now();
  std::string text;
  spot_v2::append_reply(text, reply);
  return text;
}

void SpotV2Front::on_text(ConnectionId connection, std::string_view text, Timestamp time_in) {
  const auto parsed = spot_v2::parse_request(text, options_.host);
  Reply reply;
  reply.method = parsed.reply_method;
  reply.request_id = parsed.request_id;
  if (!parsed.problems.empty()) {
    reply.error = parsed.problems.front();
    answer(connection, reply, stamped(reply, time_in));
    return;
  }
  if (parsed.reply_method == "ping") {
    reply.method = "pong";
    answer(connection, reply, stamped(reply, time_in));
    return;
  }
  const auto channel = market_channel(*parsed.channel);
  if (!channel) return acknowledge_automatic(connection, parsed, time_in);

  if (channel == Channel::Level3) {
    if (!options_.tokens.accepts(parsed.token, connection)) {
      reply.error = "ESession:Invalid session";
      reply.channel = *parsed.channel;  // it is the backend that knows tokens
      answer(connection, reply, stamped(reply, time_in));
      return;
    }
    options_.tokens.hold(parsed.token, connection);
  }

  const auto method = parsed.reply_method == "subscribe" ? Method::Subscribe : Method::Unsubscribe;
  static const std::vector<std::string> kNoSymbol = {""};
  for (const auto& symbol : *channel == Channel::Instrument ? kNoSymbol : parsed.symbols) {
    // Any answer may have made the client go away.
    if (!is_attached(connection)) return;
    on_symbol(connection, parsed, resolve(connection, parsed, method, *channel, symbol), time_in);
  }
}

void SpotV2Front::acknowledge_automatic(ConnectionId connection, const Parsed& parsed, Timestamp time_in) {
  if (!options_.acknowledge_automatic_channels) return;
  Reply reply;
  reply.method = parsed.reply_method;
  reply.request_id = parsed.request_id;
  reply.success = true;
  reply.channel = *parsed.channel;
  send(connection, stamped(reply, time_in));
  // A subscription that succeeds brings heartbeats, this one too.
  if (parsed.reply_method == "subscribe") let_hear_heartbeats(connection);
}

// Completes the request by the channel's defaults. An unsubscription of ohlc may leave out the interval: there is one.
Feed SpotV2Front::resolve(ConnectionId connection, const Parsed& parsed, Method method, Channel channel,
                          std::string_view symbol) const {
  Feed feed = Feed::of(channel, std::string(symbol));
  if (channel == Channel::Book || channel == Channel::Level3) {
    feed.depth = static_cast<int>(parsed.depth.value_or(kDefaultDepth));
  }
  if (channel == Channel::Level3 && method == Method::Unsubscribe && !parsed.depth) {
    auto asked = asked_for(connection, channel, symbol);
    if (!asked.empty()) return std::move(asked.front());
  }
  if (channel == Channel::Ticker) feed.event_trigger = parsed.event_trigger.value_or(std::string(kDefaultTrigger));
  if (channel == Channel::Ohlc) {
    feed.interval_minutes = static_cast<int>(parsed.interval_minutes.value_or(0));
    if (method == Method::Unsubscribe && !parsed.interval_minutes) {
      auto asked = asked_for(connection, channel, symbol);
      if (!asked.empty()) return std::move(asked.front());
    }
  }
  return feed;
}

void SpotV2Front::on_symbol(ConnectionId connection, const Parsed& parsed, const Feed& feed, Timestamp time_in) {
  FeedRequest request;
  request.connection = connection;
  request.method = parsed.reply_method == "subscribe" ? Method::Subscribe : Method::Unsubscribe;
  request.request_id = parsed.request_id;
  request.feed = feed;
  request.snapshot = parsed.snapshot.value_or(feed.channel != Channel::Trade || options_.trade_snapshot_by_default);
  request.time_in = time_in;

  const auto objected = objection(connection, request.method, feed);
  if (!objected) return ask(request);
  Reply refusal;
  refusal.method = parsed.reply_method;
  refusal.request_id = parsed.request_id;
  refusal.error = objected->error;
  if (objected->names_symbol) refusal.symbol = feed.symbol;
  answer(connection, refusal, stamped(refusal, time_in));
}

// What Kraken says against it, given what is listed and what the connection is subscribed to already.
std::optional<SpotV2Front::Objection> SpotV2Front::objection(ConnectionId connection, Method method,
                                                             const Feed& feed) const {
  if (feed.channel != Channel::Instrument) {
    if (auto misspelt = spot_v2::symbol_problem(feed.symbol)) {
      const bool has_slash = feed.symbol.find('/') != std::string::npos;
      return Objection{std::move(*misspelt), has_slash || options_.name_symbol_without_slash};
    }
  }
  const bool wanted = wants(connection, feed);
  if (method == Method::Unsubscribe) {
    return wanted ? std::nullopt : std::optional(Objection{"Subscription Not Found"});
  }
  if (feed.channel != Channel::Instrument && !backend().is_listed(feed.symbol)) {
    return Objection{"Currency pair not supported " + feed.symbol};
  }
  if (wanted) return Objection{"Already subscribed"};
  for (const Feed& other : asked_for(connection, feed.channel, feed.symbol)) {
    if (!wants(connection, other)) continue;
    if (feed.channel == Channel::Ohlc) {
      return Objection{"Already subscribed to one ohlc interval on this symbol",
                       options_.name_symbol_of_second_interval};
    }
    if (feed.channel == Channel::Level3) return Objection{"Already subscribed"};
    if (feed.channel == Channel::Book && options_.one_book_depth_per_symbol) return Objection{"Already subscribed"};
    if (feed.channel == Channel::Ticker && options_.one_ticker_trigger_per_symbol) {
      return Objection{"Already subscribed"};
    }
  }
  return std::nullopt;
}

std::string SpotV2Front::acceptance(const FeedRequest& request) const {
  static constexpr std::array<std::string_view, 1> kInstrumentWarnings = {spot_v2::kInstrumentWarning};
  static constexpr std::array<std::string_view, 1> kOhlcWarnings = {spot_v2::kOhlcWarning};
  const auto& feed = request.feed;
  Reply answer;
  answer.method = to_string(request.method);
  answer.request_id = request.request_id;
  answer.success = true;
  answer.channel = to_string(feed.channel);
  answer.symbol = feed.symbol;
  answer.event_trigger = feed.event_trigger;
  if (feed.channel == Channel::Book || (feed.channel == Channel::Level3 && options_.name_level3_depth)) {
    answer.depth = feed.depth;
  }
  if (feed.channel == Channel::Ohlc) answer.interval_minutes = feed.interval_minutes;
  if (request.method == Method::Subscribe) {
    answer.snapshot = request.snapshot;
    if (feed.channel == Channel::Instrument) answer.warnings = kInstrumentWarnings;
    if (feed.channel == Channel::Ohlc) answer.warnings = kOhlcWarnings;
  }
  return stamped(answer, request.time_in);
}

std::string SpotV2Front::refusal(const FeedRequest& request, std::string_view error) const {
  Reply answer;
  answer.method = to_string(request.method);
  answer.request_id = request.request_id;
  answer.symbol = request.feed.symbol;
  // What the host of level 3 refuses behind the front says where it comes from, and names no symbol but in its text.
  if (request.feed.channel == Channel::Level3) answer.channel = to_string(request.feed.channel);
  answer.error = error;
  return stamped(answer, request.time_in);
}

std::string SpotV2Front::fitted(std::string_view recorded_reply, const FeedRequest& request) const {
  return with_request_id(recorded_reply, request.request_id);
}

std::string SpotV2Front::heartbeat() const { return std::string(spot_v2::kHeartbeat); }

}  // namespace ktape
