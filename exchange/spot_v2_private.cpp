#include "exchange/spot_v2_private.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/base/random.hpp"
#include "exchange/spot_v2_reports.hpp"

namespace ktape {
namespace {

constexpr std::string_view kInvalidSession = "ESession:Invalid session";
constexpr std::string_view kDenied = "EGeneral:Permission denied";
constexpr std::string_view kPublicElsewhere =
    "Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com";

bool may_hear(const Permissions& permissions, Channel channel) {
  return channel == Channel::Balances ? permissions.query_funds
                                      : permissions.query_open_trades && permissions.query_closed_trades;
}

}  // namespace

SpotV2Private::SpotV2Private(TimerService& timers, TradingEngine& engine, TokenDesk& tokens, const MarketView& market,
                             SpotV2PrivateOptions options)
    : timers_(timers), engine_(engine), tokens_(tokens), market_(market), options_(std::move(options)) {
  KTAPE_ASSERT(options_.heartbeat_interval > Duration::zero(), "heartbeats need an interval");
  engine_.add_listener(*this);
}

void SpotV2Private::attach(ConnectionId connection, const Endpoint& /*endpoint*/, FrameSink& client) {
  const auto [at, added] = connections_.try_emplace(connection);
  KTAPE_ASSERT(added, "a connection id is attached twice");
  at->second.client = &client;
  at->second.greeting = timers_.at(timers_.now(), [this, connection](Timestamp) { greet(connection); });
  watch_for_subscription(connection);
}

void SpotV2Private::attach_guest(ConnectionId connection, FrameSink& client) {
  const auto [at, added] = connections_.try_emplace(connection);
  KTAPE_ASSERT(added, "a connection id is attached twice");
  at->second.client = &client;
  at->second.greeted = at->second.guest = true;
}

void SpotV2Private::greet(ConnectionId connection) {
  const auto at = connections_.find(connection);
  if (at == connections_.end() || std::exchange(at->second.greeted, true)) return;
  send_status(connection, market_.system());
}

void SpotV2Private::on_system(std::string_view system) {
  for (const ConnectionId connection : connections()) {
    const auto at = connections_.find(connection);
    if (at == connections_.end() || !at->second.greeted || at->second.guest) continue;
    send_status(connection, system);
  }
}

void SpotV2Private::send_status(ConnectionId connection, std::string_view system) {
  StatusChange status;
  status.system = system;
  status.version = options_.version;
  status.api_version = "v2";
  status.connection_id = Random(options_.connection_id_seed ^ static_cast<std::uint64_t>(connection)).next();
  std::string text;
  spot_v2::append_status(text, status, options_.status_form);
  send(connection, text);
}

void SpotV2Private::watch_for_subscription(ConnectionId connection) {
  if (!options_.close_without_subscription) return;
  Connection& from = connections_.at(connection);
  if (from.guest) return;
  const Duration most = *options_.close_without_subscription;
  from.unsubscribed = timers_.at(timers_.now() + most, [this, connection, most](Timestamp) {
    end(connection, {1001, fmt::format("no private subscription for {}", format_duration(most))});
  });
}

bool SpotV2Private::send(ConnectionId connection, std::string_view text) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return false;
  // The client may answer from inside, or go away.
  at->second.client->on_frame({timers_.now(), connection, Direction::FromExchange, FrameKind::Text, text});
  return true;
}

void SpotV2Private::on_frame(const Frame& frame) {
  if (!connections_.contains(frame.connection)) return;
  switch (frame.kind) {
    case FrameKind::Text:
      greet(frame.connection);
      return on_text(frame.connection, frame.payload);
    case FrameKind::Binary:  // as a request it is not JSON text
      greet(frame.connection);
      return on_text(frame.connection, {});
    case FrameKind::Closed:
      connections_.erase(frame.connection);
      tokens_.release(frame.connection);
      return;
    default:
      return;
  }
}

void SpotV2Private::on_text(ConnectionId connection, std::string_view text) {
  const Timestamp time_in = timers_.now();
  const Parsed parsed = spot_v2::parse_request(text, spot_v2::Host::Private);
  if (!parsed.problems.empty()) {
    return refuse(connection, parsed, parsed.problems.front(), parsed.from_backend, time_in);
  }
  if (parsed.reply_method == "ping") {
    Reply pong;
    pong.method = "pong";
    pong.request_id = parsed.request_id;
    pong.time_in = time_in;
    pong.time_out = timers_.now();
    std::string out;
    spot_v2::append_reply(out, pong);
    send(connection, out);
    return;
  }
  if (parsed.trading) return trade(connection, parsed, time_in);
  const auto channel = parse_channel(*parsed.channel);
  // It has had a host of its own since December 2025.
  if (channel == Channel::Level3) return refuse(connection, parsed, kPublicElsewhere, false, time_in);
  if (channel != Channel::Executions && channel != Channel::Balances) {
    return acknowledge_automatic(connection, parsed, time_in);
  }
  if (parsed.reply_method == "subscribe") {
    subscribe(connection, parsed, *channel, time_in);
  } else {
    unsubscribe(connection, parsed, *channel, time_in);
  }
}

// heartbeat and status, which come unasked.
void SpotV2Private::acknowledge_automatic(ConnectionId connection, const Parsed& parsed, Timestamp time_in) {
  if (!options_.acknowledge_automatic_channels) return;
  Reply reply;
  reply.method = parsed.reply_method;
  reply.request_id = parsed.request_id;
  reply.success = true;
  reply.channel = *parsed.channel;
  reply.time_in = time_in;
  reply.time_out = timers_.now();
  std::string out;
  spot_v2::append_reply(out, reply);
  if (send(connection, out) && parsed.reply_method == "subscribe") start_heartbeats(connection);
}

void SpotV2Private::refuse(ConnectionId connection, const Parsed& parsed, std::string_view error, bool from_backend,
                           Timestamp time_in) {
  Reply reply;
  reply.method = parsed.reply_method;
  reply.request_id = parsed.request_id;
  reply.error = error;
  if (from_backend) reply.channel = *parsed.channel;
  reply.time_in = time_in;
  reply.time_out = timers_.now();
  std::string out;
  spot_v2::append_reply(out, reply);
  send(connection, out);
}

void SpotV2Private::subscribe(ConnectionId connection, const Parsed& parsed, Channel channel, Timestamp time_in) {
  const TokenGrant* const found = tokens_.find(parsed.token, connection);
  if (found == nullptr) return refuse(connection, parsed, kInvalidSession, true, time_in);
  const TokenGrant grant = *found;
  if (!may_hear(grant.permissions, channel)) return refuse(connection, parsed, kDenied, false, time_in);
  Connection& from = connections_.at(connection);
  auto& place = channel == Channel::Executions ? from.executions : from.balances;
  if (place) return refuse(connection, parsed, "Already subscribed", false, time_in);
  place = Subscriber{grant.account, 0, parsed.order_status.value_or(true), parsed.all_users};
  from.unsubscribed.cancel();
  tokens_.bind(parsed.token, connection);
  acknowledge(connection, parsed, channel, grant.account, time_in);
  send_snapshots(connection, parsed, channel);
  start_heartbeats(connection);
}

void SpotV2Private::acknowledge(ConnectionId connection, const Parsed& parsed, Channel channel, AccountId account,
                                Timestamp time_in) {
  Reply reply;
  reply.method = parsed.reply_method;
  reply.request_id = parsed.request_id;
  reply.success = true;
  reply.channel = to_string(channel);
  reply.time_in = time_in;
  reply.time_out = timers_.now();
  std::string out;
  if (channel == Channel::Executions && parsed.reply_method == "subscribe") {
    // The old name of snap_orders, as which it is taken and told.
    reply.snapshot = parsed.snapshot_orders.value_or(parsed.snapshot.value_or(true));
    reply.warnings = spot_v2::kExecutionsWarnings;
    spot_v2::append_executions_acknowledgement(
        out, reply, {engine_.max_rate_count(account), *reply.snapshot, parsed.snapshot_trades.value_or(false)});
  } else {
    if (parsed.reply_method == "subscribe") reply.snapshot = parsed.snapshot.value_or(true);
    spot_v2::append_reply(out, reply);
  }
  send(connection, out);
}

void SpotV2Private::send_snapshots(ConnectionId connection, const Parsed& parsed, Channel channel) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return;
  auto& place = channel == Channel::Executions ? at->second.executions : at->second.balances;
  // A master account that hears its sub-accounts gets no snapshot.
  if (!place || parsed.all_users) return;
  const AccountId account = place->account;
  std::string text;
  if (channel == Channel::Balances) {
    if (!parsed.snapshot.value_or(true)) return;
    spot_v2_reports::append_balance_snapshot(text, engine_.balances(account), market_.instruments(), ++place->sequence);
    send(connection, text);
    return;
  }
  const bool wants_orders = parsed.snapshot_orders.value_or(parsed.snapshot.value_or(true));
  const bool wants_fills = parsed.snapshot_trades.value_or(false);
  auto fills = wants_fills ? engine_.fills(account) : std::vector<EngineFill>();
  if (fills.size() > options_.snapshot_fills) {
    fills.erase(fills.begin(), fills.end() - static_cast<std::ptrdiff_t>(options_.snapshot_fills));
  }
  // Orders and fills never share a message: clients look at the first element to tell what it is about.
  if (wants_orders || (wants_fills && fills.empty())) {
    const auto orders = wants_orders ? engine_.open_orders(account) : std::vector<EngineOrder>();
    spot_v2_reports::append_order_snapshot(text, orders, ++place->sequence);
    if (!send(connection, text)) return;
  }
  const auto still = connections_.find(connection);
  if (fills.empty() || still == connections_.end() || !still->second.executions) return;
  text.clear();
  spot_v2_reports::append_fill_snapshot(text, fills, ++still->second.executions->sequence);
  send(connection, text);
}

void SpotV2Private::unsubscribe(ConnectionId connection, const Parsed& parsed, Channel channel, Timestamp time_in) {
  if (tokens_.find(parsed.token, connection) == nullptr) {
    return refuse(connection, parsed, kInvalidSession, true, time_in);
  }
  Connection& from = connections_.at(connection);
  auto& place = channel == Channel::Executions ? from.executions : from.balances;
  if (!place) return refuse(connection, parsed, "Subscription Not Found", false, time_in);
  const AccountId account = place->account;
  place.reset();
  if (!from.executions && !from.balances) watch_for_subscription(connection);
  acknowledge(connection, parsed, channel, account, time_in);
}

void SpotV2Private::trade(ConnectionId connection, const Parsed& parsed, Timestamp time_in) {
  const TokenGrant* const grant = tokens_.find(parsed.token, connection);
  if (grant == nullptr) return refuse(connection, parsed, kInvalidSession, false, time_in);
  if (!may_trade(grant->permissions, *parsed.trading)) return refuse(connection, parsed, kDenied, false, time_in);
  engine_.submit(grant->account, *parsed.trading, [this, connection, parsed, time_in](const EngineAnswer& answer) {
    answer_trade(connection, parsed, time_in, answer);
  });
}

void SpotV2Private::answer_trade(ConnectionId connection, const Parsed& parsed, Timestamp time_in,
                                 const EngineAnswer& answer) {
  if (!answer.error.empty()) return refuse(connection, parsed, answer.error, false, time_in);
  std::vector<OrderAnswer> orders;
  for (const OrderOutcome& outcome : answer.orders) {
    OrderAnswer order;
    order.order_id = outcome.order_id;
    order.client_order_id = outcome.client_order_id;
    order.user_reference = outcome.user_reference;
    order.amend_id = outcome.amend_id;
    order.original_order_id = outcome.original_order_id;
    order.error = outcome.error;
    orders.push_back(order);
  }
  TradingReply reply;
  reply.method = parsed.reply_method;
  reply.request_id = parsed.request_id;
  reply.success = true;
  reply.time_in = time_in;
  reply.time_out = timers_.now();
  reply.current_time = answer.current_time;
  reply.trigger_time = answer.trigger_time;
  std::string out;
  // Of several orders to cancel each has an answer of its own, and a failure does not say which it is about. Kraken
  // does not answer in the order of the request: in its own example the second comes first.
  if (parsed.reply_method == "cancel_order") {
    if (!options_.cancel_answers_in_order) std::reverse(orders.begin(), orders.end());
    for (const OrderAnswer& order : orders) {
      if (!order.error.empty()) {
        refuse(connection, parsed, order.error, false, time_in);
        continue;
      }
      out.clear();
      reply.orders = {&order, 1};
      spot_v2::append_trading_reply(out, reply, options_.trading_form);
      send(connection, out);
    }
    return;
  }
  reply.count = answer.count;
  reply.orders = orders;
  spot_v2::append_trading_reply(out, reply, options_.trading_form);
  send(connection, out);
}

void SpotV2Private::on_engine_news(AccountId account, const EngineNews& news) {
  const auto* const order = std::get_if<OrderNews>(&news);
  const auto user_of = [&](const Subscriber& subscriber) {
    return subscriber.all_users ? std::string_view(engine_.terms(account).name) : std::string_view();
  };
  std::string text;
  for (const ConnectionId connection : connections()) {
    const auto at = connections_.find(connection);
    if (at == connections_.end()) continue;
    auto& place = order != nullptr ? at->second.executions : at->second.balances;
    if (!place || place->account != account) continue;
    text.clear();
    if (order != nullptr) {
      if (!hears(*place, order->change)) continue;
      spot_v2_reports::append_news(text, *order, ++place->sequence, user_of(*place));
    } else {
      spot_v2_reports::append_ledger_change(text, std::get<LedgerChange>(news), ++place->sequence, user_of(*place));
    }
    send(connection, text);
  }
}

bool SpotV2Private::hears(const Subscriber& subscriber, OrderChange change) const {
  if (subscriber.every_status) return true;
  switch (change) {
    case OrderChange::PendingNew:
    case OrderChange::Amended:
      return false;
    case OrderChange::Trade:
      return options_.trades_with_main_events;
    case OrderChange::New:
    case OrderChange::Filled:
    case OrderChange::Canceled:
    case OrderChange::Expired:
      break;
  }
  return true;
}

void SpotV2Private::start_heartbeats(ConnectionId connection) {
  const auto at = connections_.find(connection);
  if (at == connections_.end() || std::exchange(at->second.hears_heartbeats, true)) return;
  at->second.heartbeat = timers_.at(timers_.now() + options_.heartbeat_interval,
                                    [this, connection](Timestamp deadline) { beat(connection, deadline); });
}

void SpotV2Private::beat(ConnectionId connection, Timestamp deadline) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return;
  at->second.heartbeat =
      timers_.at(deadline + options_.heartbeat_interval, [this, connection](Timestamp due) { beat(connection, due); });
  send(connection, spot_v2::kHeartbeat);
}

std::vector<ConnectionId> SpotV2Private::connections() const {
  std::vector<ConnectionId> all;
  for (const auto& [connection, state] : connections_) all.push_back(connection);
  return all;
}

void SpotV2Private::end(ConnectionId connection, const CloseInfo& why) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return;
  FrameSink* const client = at->second.client;
  connections_.erase(at);
  tokens_.release(connection);
  client->on_frame({timers_.now(), connection, Direction::FromExchange, FrameKind::Closed, why.text()});
}

void SpotV2Private::close_all(const CloseInfo& why) {
  for (const ConnectionId connection : connections()) end(connection, why);
}

}  // namespace ktape
