#include "exchange/spot_v2_front.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "exchange/verbatim_reply.hpp"

namespace ktape {
namespace {

constexpr int kDefaultDepth = 10;
constexpr std::string_view kDefaultTrigger = "trades";

std::optional<Channel> market_channel(std::string_view name) {
  for (const auto channel : {Channel::Book, Channel::Trade, Channel::Ticker, Channel::Ohlc, Channel::Instrument}) {
    if (to_string(channel) == name) return channel;
  }
  return std::nullopt;
}

// splitmix64's finisher: connection ids look like Kraken's, all 64 bits used, and are the same in every run.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

}  // namespace

SpotV2Front::SpotV2Front(TimerService& timers, Backend& backend, SpotV2FrontOptions options)
    : timers_(timers), backend_(backend), options_(std::move(options)) {
  KTAPE_ASSERT(options_.heartbeat_interval > Duration::zero(), "heartbeats need an interval");
}

SpotV2Front::Connection* SpotV2Front::find(ConnectionId connection) {
  const auto at = connections_.find(connection);
  return at == connections_.end() ? nullptr : &at->second;
}

const SpotV2Front::Connection* SpotV2Front::find(ConnectionId connection) const {
  const auto at = connections_.find(connection);
  return at == connections_.end() ? nullptr : &at->second;
}

void SpotV2Front::attach(ConnectionId connection, FrameSink& client) {
  const auto [at, added] = connections_.try_emplace(connection);
  KTAPE_ASSERT(added, "a connection id is attached twice");
  at->second.client = &client;
  at->second.announcement = timers_.at(timers_.now(), [this, connection](Timestamp) { announce(connection); });
}

// Handles what was said before the announcement's timer came round, too.
void SpotV2Front::announce(ConnectionId connection) {
  auto* const to = find(connection);
  if (to == nullptr || std::exchange(to->announced, true)) return;
  backend_.on_attached(connection);
}

void SpotV2Front::greet(ConnectionId connection) {
  auto* const to = find(connection);
  if (to == nullptr || std::exchange(to->greeted, true)) return;
  const auto text = backend_.greeting(connection);
  deliver(connection, *to, FrameKind::Text, text);
}

std::uint64_t SpotV2Front::told_id(ConnectionId connection) const {
  return mix(options_.connection_id_seed ^ static_cast<std::uint64_t>(connection));
}

std::string SpotV2Front::status_text(ConnectionId connection, std::string_view system) const {
  StatusChange status;
  status.system = system;
  status.version = options_.version;
  status.api_version = "v2";
  status.connection_id = told_id(connection);
  std::string text;
  spot_v2::append_status(text, status, options_.status_form);
  return text;
}

// The client may answer from inside, or go away: nobody touches `to` afterwards.
void SpotV2Front::deliver(ConnectionId connection, Connection& to, FrameKind kind, std::string_view payload) {
  to.client->on_frame({timers_.now(), connection, Direction::FromExchange, kind, payload});
}

bool SpotV2Front::send(ConnectionId connection, std::string_view text) {
  greet(connection);
  auto* const to = find(connection);
  if (to == nullptr) return false;
  deliver(connection, *to, FrameKind::Text, text);
  return true;
}

void SpotV2Front::answer(ConnectionId connection, const Reply& own, Timestamp time_in) {
  if (!backend_.takes_over(connection, own)) reply(connection, own, time_in);
}

bool SpotV2Front::reply(ConnectionId connection, Reply reply, Timestamp time_in) {
  reply.time_in = time_in;
  reply.time_out = timers_.now();
  std::string text;
  spot_v2::append_reply(text, reply);
  return send(connection, text);
}

void SpotV2Front::on_frame(const Frame& frame) {
  if (!connections_.contains(frame.connection)) return;
  announce(frame.connection);
  switch (frame.kind) {
    case FrameKind::Text:
    case FrameKind::Binary:  // no client of Kraken's sends it, and as a request it is not JSON text
      on_text(frame.connection, frame.kind == FrameKind::Text ? frame.payload : std::string_view());
      break;
    case FrameKind::Closed:
      forget(frame.connection);
      break;
    case FrameKind::Opened:
    case FrameKind::Ping:  // answered by whoever holds the socket
    case FrameKind::Pong:
      break;
  }
}

void SpotV2Front::on_text(ConnectionId connection, std::string_view text) {
  const auto time_in = timers_.now();
  const auto parsed = spot_v2::parse_request(text);
  Reply reply;
  reply.method = parsed.reply_method;
  reply.request_id = parsed.request_id;
  if (!parsed.problems.empty()) {
    reply.error = parsed.problems.front();
    answer(connection, reply, time_in);
    return;
  }
  if (parsed.reply_method == "ping") {
    reply.method = "pong";
    answer(connection, reply, time_in);
    return;
  }
  const auto channel = market_channel(*parsed.channel);
  if (!channel) return acknowledge_automatic(connection, parsed, time_in);

  const auto method = parsed.reply_method == "subscribe" ? Method::Subscribe : Method::Unsubscribe;
  static const std::vector<std::string> kNoSymbol = {""};
  for (const auto& symbol : *channel == Channel::Instrument ? kNoSymbol : parsed.symbols) {
    // Any answer may have made the client go away.
    const auto* const from = find(connection);
    if (from == nullptr) return;
    on_symbol(connection, parsed, resolve(*from, parsed, method, *channel, symbol), time_in);
  }
}

void SpotV2Front::acknowledge_automatic(ConnectionId connection, const Parsed& parsed, Timestamp time_in) {
  if (!options_.acknowledge_automatic_channels) return;
  Reply answer;
  answer.method = parsed.reply_method;
  answer.request_id = parsed.request_id;
  answer.success = true;
  answer.channel = *parsed.channel;
  reply(connection, answer, time_in);
}

// Completes the request by the channel's defaults. An unsubscription of ohlc may leave out the interval: there is one.
Feed SpotV2Front::resolve(const Connection& connection, const Parsed& parsed, Method method, Channel channel,
                          std::string_view symbol) const {
  Feed feed;
  feed.channel = channel;
  feed.symbol = symbol;
  if (channel == Channel::Book) feed.depth = static_cast<int>(parsed.depth.value_or(kDefaultDepth));
  if (channel == Channel::Ticker) feed.event_trigger = parsed.event_trigger.value_or(std::string(kDefaultTrigger));
  if (channel == Channel::Ohlc) {
    feed.interval_minutes = static_cast<int>(parsed.interval_minutes.value_or(0));
    if (method == Method::Unsubscribe && !parsed.interval_minutes) {
      const auto at = connection.subscriptions.lower_bound(feed);
      if (at != connection.subscriptions.end() && at->first.channel == channel && at->first.symbol == symbol) {
        return at->first;
      }
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

  auto& from = *find(connection);
  if (const auto objected = objection(from, request.method, feed)) {
    Reply refusal;
    refusal.method = parsed.reply_method;
    refusal.request_id = parsed.request_id;
    refusal.error = objected->error;
    if (objected->names_symbol) refusal.symbol = feed.symbol;
    answer(connection, refusal, time_in);
    return;
  }
  auto& subscription = from.subscriptions[feed];
  subscription.wanted = request.method == Method::Subscribe;
  ++subscription.unanswered;
  backend_.on_request(request);
}

// What Kraken says against it, given what is listed and what the connection is subscribed to already.
std::optional<SpotV2Front::Objection> SpotV2Front::objection(const Connection& connection, Method method,
                                                             const Feed& feed) const {
  if (feed.channel != Channel::Instrument) {
    if (auto misspelt = spot_v2::symbol_problem(feed.symbol)) {
      const bool has_slash = feed.symbol.find('/') != std::string::npos;
      return Objection{std::move(*misspelt), has_slash || options_.name_symbol_without_slash};
    }
  }
  const auto& all = connection.subscriptions;
  const auto same = all.find(feed);
  const bool wanted = same != all.end() && same->second.wanted;
  if (method == Method::Unsubscribe) {
    return wanted ? std::nullopt : std::optional(Objection{"Subscription Not Found"});
  }
  if (feed.channel != Channel::Instrument && !backend_.is_listed(feed.symbol)) {
    return Objection{"Currency pair not supported " + feed.symbol};
  }
  if (wanted) return Objection{"Already subscribed"};
  // The subscriptions of one channel and symbol stand side by side.
  const Feed first{feed.channel, feed.symbol, 0, 0, {}};
  for (auto at = all.lower_bound(first); at != all.end(); ++at) {
    if (at->first.channel != feed.channel || at->first.symbol != feed.symbol) break;
    if (!at->second.wanted) continue;
    if (feed.channel == Channel::Ohlc) {
      return Objection{"Already subscribed to one ohlc interval on this symbol",
                       options_.name_symbol_of_second_interval};
    }
    if (feed.channel == Channel::Book && options_.one_book_depth_per_symbol) return Objection{"Already subscribed"};
    if (feed.channel == Channel::Ticker && options_.one_ticker_trigger_per_symbol) {
      return Objection{"Already subscribed"};
    }
  }
  return std::nullopt;
}

void SpotV2Front::accept(const FeedRequest& request) {
  if (!settle(request, true)) return;
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
  if (feed.channel == Channel::Book) answer.depth = feed.depth;
  if (feed.channel == Channel::Ohlc) answer.interval_minutes = feed.interval_minutes;
  if (request.method == Method::Subscribe) {
    answer.snapshot = request.snapshot;
    if (feed.channel == Channel::Instrument) answer.warnings = kInstrumentWarnings;
    if (feed.channel == Channel::Ohlc) answer.warnings = kOhlcWarnings;
  }
  reply(request.connection, answer, request.time_in);
}

void SpotV2Front::accept_verbatim(const FeedRequest& request, std::string_view recorded_reply) {
  if (!settle(request, true)) return;
  send(request.connection, with_request_id(recorded_reply, request.request_id));
}

void SpotV2Front::refuse(const FeedRequest& request, std::string_view error) {
  if (!settle(request, false)) return;
  Reply answer;
  answer.method = to_string(request.method);
  answer.request_id = request.request_id;
  answer.symbol = request.feed.symbol;
  answer.error = error;
  reply(request.connection, answer, request.time_in);
}

// Books the answer; false if there is nobody to hear it.
bool SpotV2Front::settle(const FeedRequest& request, bool accepted) {
  auto* const from = find(request.connection);
  if (from == nullptr) return false;
  const auto at = from->subscriptions.find(request.feed);
  if (at == from->subscriptions.end() || at->second.unanswered == 0) return false;
  auto& subscription = at->second;
  --subscription.unanswered;
  if (accepted) {
    subscription.active = request.method == Method::Subscribe;
    set_active(request.connection, request.feed, subscription.active);
  }
  if (subscription.unanswered == 0) subscription.wanted = subscription.active;
  const bool starts = subscription.active;
  if (!subscription.active && subscription.unanswered == 0) from->subscriptions.erase(at);
  if (starts) start_heartbeats(request.connection);
  return true;
}

void SpotV2Front::set_active(ConnectionId connection, const Feed& feed, bool active) {
  if (active) {
    auto& listeners = feeds_[feed];
    if (std::find(listeners.begin(), listeners.end(), connection) == listeners.end()) listeners.push_back(connection);
    return;
  }
  const auto at = feeds_.find(feed);
  if (at == feeds_.end()) return;
  auto& listeners = at->second;
  const auto listener = std::find(listeners.begin(), listeners.end(), connection);
  if (listener == listeners.end()) return;
  if (publishing_ > 0) {
    listener->reset();
    sweep_due_ = true;
    return;
  }
  listeners.erase(listener);
  if (listeners.empty()) feeds_.erase(at);
}

void SpotV2Front::publish(const Feed& feed, std::string_view text) {
  const auto at = feeds_.find(feed);
  if (at == feeds_.end()) return;
  auto& listeners = at->second;
  ++publishing_;
  // By index and up to the size of now: a client that reacts at once may add listeners, which this text is not for.
  for (std::size_t i = 0, count = listeners.size(); i < count; ++i) {
    if (const auto listener = listeners[i]) send(*listener, text);
  }
  if (--publishing_ == 0 && std::exchange(sweep_due_, false)) sweep();
}

void SpotV2Front::sweep() {
  for (auto at = feeds_.begin(); at != feeds_.end();) {
    std::erase(at->second, std::nullopt);
    at = at->second.empty() ? feeds_.erase(at) : std::next(at);
  }
}

void SpotV2Front::start_heartbeats(ConnectionId connection) {
  auto& to = *find(connection);
  if (std::exchange(to.hears_heartbeats, true) || !options_.generate_heartbeats) return;
  const auto first = timers_.now() + options_.heartbeat_interval;
  to.heartbeat = timers_.at(first, [this, connection](Timestamp deadline) { beat(connection, deadline); });
}

void SpotV2Front::beat(ConnectionId connection, Timestamp deadline) {
  auto* const to = find(connection);
  if (to == nullptr) return;
  const auto next = deadline + options_.heartbeat_interval;
  to->heartbeat = timers_.at(next, [this, connection](Timestamp due) { beat(connection, due); });
  send(connection, spot_v2::kHeartbeat);
}

void SpotV2Front::close(ConnectionId connection, const CloseInfo& why) {
  auto* const to = find(connection);
  if (to == nullptr) return;
  auto* const client = to->client;
  forget(connection);
  client->on_frame({timers_.now(), connection, Direction::FromExchange, FrameKind::Closed, why.text()});
}

void SpotV2Front::close_all(const CloseInfo& why) {
  for (const auto connection : connections()) close(connection, why);
}

void SpotV2Front::forget(ConnectionId connection) {
  const auto at = connections_.find(connection);
  for (const auto& [feed, subscription] : at->second.subscriptions) set_active(connection, feed, false);
  connections_.erase(at);
  backend_.on_detached(connection);
}

bool SpotV2Front::is_greeted(ConnectionId connection) const {
  const auto* const at = find(connection);
  return at != nullptr && at->greeted;
}

bool SpotV2Front::is_subscribed(ConnectionId connection, const Feed& feed) const {
  const auto* const at = find(connection);
  if (at == nullptr) return false;
  const auto subscription = at->subscriptions.find(feed);
  return subscription != at->subscriptions.end() && subscription->second.active;
}

bool SpotV2Front::hears_heartbeats(ConnectionId connection) const {
  const auto* const at = find(connection);
  return at != nullptr && at->hears_heartbeats;
}

std::vector<ConnectionId> SpotV2Front::connections() const {
  std::vector<ConnectionId> all;
  all.reserve(connections_.size());
  for (const auto& [connection, state] : connections_) all.push_back(connection);
  return all;
}

std::vector<ConnectionId> SpotV2Front::subscribers(const Feed& feed) const {
  std::vector<ConnectionId> all;
  if (const auto at = feeds_.find(feed); at != feeds_.end()) {
    for (const auto& listener : at->second) {
      if (listener) all.push_back(*listener);
    }
  }
  return all;
}

std::vector<Feed> SpotV2Front::feeds_in_use() const {
  std::vector<Feed> all;
  for (const auto& [feed, listeners] : feeds_) {
    const bool heard = std::any_of(listeners.begin(), listeners.end(), [](const auto& one) { return one.has_value(); });
    if (heard) all.push_back(feed);
  }
  return all;
}

}  // namespace ktape
