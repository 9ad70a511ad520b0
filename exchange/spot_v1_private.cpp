#include "exchange/spot_v1_private.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/random.hpp"
#include "core/protocol/spot_v1/trading_request.hpp"
#include "exchange/consolidated_fills.hpp"
#include "exchange/order_words.hpp"

namespace ktape {
namespace {

constexpr std::string_view kInvalidSession = "ESession:Invalid session";
constexpr std::string_view kDenied = "EGeneral:Permission denied";

// What the channels of a request are: "*" is all that this host has.
std::vector<Channel> channels_of(std::string_view name) {
  if (name == "ownTrades") return {Channel::OwnTrades};
  if (name == "openOrders") return {Channel::OpenOrders};
  if (name == "*") return {Channel::OwnTrades, Channel::OpenOrders};
  return {};
}

// add_order of addOrder.
std::string_view method_of(std::string_view event) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kMethods{
      {{"addOrder", "add_order"},
       {"editOrder", "edit_order"},
       {"amendOrder", "amend_order"},
       {"cancelOrder", "cancel_order"},
       {"cancelAll", "cancel_all"},
       {"cancelAllOrdersAfter", "cancel_all_orders_after"}}};
  for (const auto& [wire, ours] : kMethods) {
    if (wire == event) return ours;
  }
  return event;
}

Fee fee_of(const EngineFill& fill) { return {fill.fee_asset, fill.fee}; }

// `fee` is kept by the caller.
Fill fill_of(const EngineFill& from, const Fee& fee) {
  Fill fill;
  fill.order_id = from.order_id;
  fill.client_order_id = from.client_order_id;
  fill.fill_id = from.fill_id;
  fill.symbol = from.symbol;
  fill.side = from.side;
  fill.price = from.price;
  fill.quantity = from.quantity;
  fill.cost = from.cost;
  fill.order_type = from.order_type;
  fill.fees = {&fee, 1};
  fill.exchange_time = from.at;
  return fill;
}

void sum_up(OrderReport& report, const EngineOrder& order) {
  report.filled_quantity = order.filled_quantity;
  report.filled_cost = order.filled_cost;
  report.fee = order.fee;
  report.average_price = order.average_price;
}

void name(OrderReport& report, const EngineOrder& order) {
  report.order_id = order.order_id;
  // 0 is what an order has that was given none.
  report.user_reference = order.user_reference.value_or(0);
}

OrderReport whole(const EngineOrder& order) {
  OrderReport report;
  name(report, order);
  report.client_order_id = order.client_order_id;
  report.status = to_string(order.status);
  report.symbol = order.symbol;
  report.side = order.side;
  report.order_type = order.order_type;
  report.time_in_force = order.time_in_force;
  report.quantity = order.quantity;
  report.limit_price = order.limit_price;
  report.display_quantity = order.display_quantity;
  report.post_only = order.post_only;
  report.exchange_time = order.opened_at;
  report.expire_time = order.expire_time;
  sum_up(report, order);
  return report;
}

// What is said of a change: only what it has changed (spot-v1 section 7.2).
OrderReport report_of(const OrderNews& news) {
  const EngineOrder& order = news.order;
  if (news.change == OrderChange::PendingNew) return whole(order);
  OrderReport report;
  name(report, order);
  switch (news.change) {
    case OrderChange::New:
      report.status = to_string(order.status);
      break;
    case OrderChange::Trade:
      sum_up(report, order);
      break;
    case OrderChange::Amended:
      report.what = "amended";
      report.quantity = order.quantity;
      report.limit_price = order.limit_price;
      report.reason = news.reason;
      report.exchange_time = news.at;
      break;
    default:
      report.status = to_string(order.status);
      report.reason = news.reason;
      report.exchange_time = news.at;
      sum_up(report, order);
      break;
  }
  return report;
}

}  // namespace

SpotV1Private::SpotV1Private(TimerService& timers, TradingEngine& engine, TokenDesk& tokens, const MarketView& market,
                             SpotV1PrivateOptions options)
    : timers_(timers), engine_(engine), tokens_(tokens), market_(market), options_(std::move(options)) {
  KTAPE_ASSERT(options_.heartbeat_interval > Duration::zero(), "heartbeats need an interval");
  engine_.add_listener(*this);
}

void SpotV1Private::attach(ConnectionId connection, const Endpoint& /*endpoint*/, FrameSink& client) {
  const auto [at, added] = connections_.try_emplace(connection);
  KTAPE_ASSERT(added, "a connection id is attached twice");
  at->second.client = &client;
  at->second.greeting = timers_.at(timers_.now(), [this, connection](Timestamp) { greet(connection); });
}

void SpotV1Private::attach_guest(ConnectionId connection, FrameSink& client) {
  const auto [at, added] = connections_.try_emplace(connection);
  KTAPE_ASSERT(added, "a connection id is attached twice");
  at->second.client = &client;
  at->second.greeted = at->second.guest = true;
}

void SpotV1Private::greet(ConnectionId connection) {
  const auto at = connections_.find(connection);
  if (at == connections_.end() || std::exchange(at->second.greeted, true)) return;
  StatusChange status;
  status.system = market_.system();
  status.version = options_.version;
  // Only the first one of a connection has it (spot-v1 section 3.1).
  status.connection_id = Random(options_.connection_id_seed ^ static_cast<std::uint64_t>(connection)).next();
  std::string text;
  spot_v1::append_status(text, status);
  send(connection, text);
}

void SpotV1Private::on_system(std::string_view system) {
  StatusChange status;
  status.system = system;
  status.version = options_.version;
  std::string text;
  spot_v1::append_status(text, status);
  for (const ConnectionId connection : connections()) {
    const auto at = connections_.find(connection);
    if (at != connections_.end() && at->second.greeted && !at->second.guest) send(connection, text);
  }
}

bool SpotV1Private::send(ConnectionId connection, std::string_view text) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return false;
  at->second.client->on_frame({timers_.now(), connection, Direction::FromExchange, FrameKind::Text, text});
  return true;
}

void SpotV1Private::on_frame(const Frame& frame) {
  if (!connections_.contains(frame.connection)) return;
  if (frame.kind == FrameKind::Closed) {
    connections_.erase(frame.connection);
    tokens_.release(frame.connection);
  } else if (frame.kind == FrameKind::Text || frame.kind == FrameKind::Binary) {
    greet(frame.connection);
    on_text(frame.connection, frame.kind == FrameKind::Text ? frame.payload : std::string_view());
  }
}

void SpotV1Private::on_text(ConnectionId connection, std::string_view text) {
  const Parsed parsed = spot_v1::parse_request(text, spot_v1::Host::Private);
  if (!parsed.problems.empty()) return refuse(connection, parsed, parsed.problems.front());
  if (parsed.event == "ping") {
    Reply pong;
    pong.method = "pong";
    pong.request_id = parsed.request_id;
    std::string out;
    spot_v1::append_reply(out, pong);
    send(connection, out);
    return;
  }
  if (parsed.trading) return trade(connection, parsed);
  for (const Channel channel : channels_of(parsed.name.value_or(""))) {
    if (!connections_.contains(connection)) return;
    if (parsed.event == "subscribe") {
      subscribe(connection, parsed, channel);
    } else {
      unsubscribe(connection, parsed, channel);
    }
  }
}

void SpotV1Private::refuse(ConnectionId connection, const Parsed& parsed, std::string_view error) {
  const std::string_view event = parsed.event ? std::string_view(*parsed.event) : std::string_view();
  std::string out;
  if (spot_v1::is_trading_method(event)) {
    TradingReply reply;
    reply.method = method_of(event);
    reply.request_id = parsed.request_id;
    reply.error = error;
    spot_v1::append_trading_reply(out, reply);
  } else {
    Reply reply;
    reply.method = event == "subscribe" || event == "unsubscribe" ? event : "error";
    reply.request_id = parsed.request_id;
    reply.error = error;
    spot_v1::ReplyExtras extras;
    // What belongs to the other host comes back as it was asked for. Of what else is refused it is not known, and there
    // the client's own object would repeat its token.
    if (error.find("Try ws.kraken.com") != std::string_view::npos) extras.subscription = parsed.subscription;
    if (parsed.name) reply.channel = *parsed.name;
    spot_v1::append_reply(out, reply, extras);
  }
  send(connection, out);
}

std::optional<SpotV1Private::Subscriber>* SpotV1Private::place_of(ConnectionId connection, Channel channel) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return nullptr;
  return channel == Channel::OwnTrades ? &at->second.own_trades : &at->second.open_orders;
}

void SpotV1Private::subscribe(ConnectionId connection, const Parsed& parsed, Channel channel) {
  const TokenGrant* const found = tokens_.find(parsed.token, connection);
  if (found == nullptr) return refuse(connection, parsed, kInvalidSession);
  const TokenGrant grant = *found;
  const bool allowed =
      channel == Channel::OwnTrades ? grant.permissions.query_closed_trades : grant.permissions.query_open_trades;
  if (!allowed) return refuse(connection, parsed, kDenied);
  auto* const place = place_of(connection, channel);
  if (*place) return refuse(connection, parsed, "Already subscribed");
  // What its snapshot has is not told again.
  while (!taken_.empty()) tell_taken(taken_.begin()->second.account, std::string(taken_.begin()->first));
  place->emplace(
      Subscriber{grant.account, 0, parsed.consolidate_taker.value_or(true), parsed.rate_counter.value_or(false)});
  tokens_.bind(parsed.token, connection);
  Reply reply;
  reply.method = "subscribe";
  reply.request_id = parsed.request_id;
  reply.success = true;
  reply.channel = to_string(channel);
  spot_v1::ReplyExtras extras;
  if (channel == Channel::OpenOrders) extras.max_rate_count = engine_.max_rate_count(grant.account);
  std::string out;
  spot_v1::append_reply(out, reply, extras);
  send(connection, out);
  send_snapshot(connection, parsed, channel);
  const auto at = connections_.find(connection);
  // It beats while anything is subscribed to.
  if (at == connections_.end() || (at->second.own_trades && at->second.open_orders)) return;
  at->second.heartbeat = timers_.at(timers_.now() + options_.heartbeat_interval,
                                    [this, connection](Timestamp deadline) { beat(connection, deadline); });
}

void SpotV1Private::send_snapshot(ConnectionId connection, const Parsed& parsed, Channel channel) {
  auto* const place = place_of(connection, channel);
  if (place == nullptr || !*place) return;
  const AccountId account = (*place)->account;
  std::string out;
  if (channel == Channel::OpenOrders) {
    const auto orders = engine_.open_orders(account);
    std::vector<OrderReport> reports;
    for (const EngineOrder& order : orders) reports.push_back(whole(order));
    OrderReports all;
    all.snapshot = true;
    all.sequence = ++(*place)->sequence;
    all.reports = reports;
    spot_v1::append_open_orders(out, all);
  } else {
    if (!parsed.snapshot.value_or(true)) return;
    auto kept = engine_.fills(account);
    if ((*place)->consolidates) kept = consolidated(kept);
    std::reverse(kept.begin(), kept.end());  // newest first
    if (kept.size() > options_.snapshot_fills) kept.resize(options_.snapshot_fills);
    std::vector<Fee> fees;
    fees.reserve(kept.size());  // fills point into it
    std::vector<Fill> fills;
    for (const EngineFill& fill : kept) fills.push_back(fill_of(fill, fees.emplace_back(fee_of(fill))));
    FillReports all;
    all.snapshot = true;
    all.sequence = ++(*place)->sequence;
    all.fills = fills;
    spot_v1::append_own_trades(out, all);
  }
  send(connection, out);
}

void SpotV1Private::unsubscribe(ConnectionId connection, const Parsed& parsed, Channel channel) {
  if (tokens_.find(parsed.token, connection) == nullptr) return refuse(connection, parsed, kInvalidSession);
  auto* const place = place_of(connection, channel);
  if (!*place) return refuse(connection, parsed, "Subscription Not Found");
  place->reset();
  Connection& from = connections_.at(connection);
  if (!from.own_trades && !from.open_orders) from.heartbeat = Timer();
  Reply reply;
  reply.method = "unsubscribe";
  reply.request_id = parsed.request_id;
  reply.success = true;
  reply.channel = to_string(channel);
  std::string out;
  spot_v1::append_reply(out, reply);
  send(connection, out);
}

void SpotV1Private::trade(ConnectionId connection, const Parsed& parsed) {
  if (!*parsed.trading) return refuse(connection, parsed, parsed.trading->error().detail);
  const TradingRequest& request = **parsed.trading;
  const TokenGrant* const grant = tokens_.find(parsed.token, connection);
  if (grant == nullptr) return refuse(connection, parsed, kInvalidSession);
  if (!may_trade(grant->permissions, request)) return refuse(connection, parsed, kDenied);
  engine_.submit(grant->account, request,
                 [this, connection, account = grant->account, parsed](const EngineAnswer& answer) {
                   answer_trade(connection, account, parsed, answer);
                 });
}

// Of an order that was only checked, too.
std::string SpotV1Private::words_of(const Parsed& parsed, const OrderOutcome& outcome) const {
  const auto* const add = std::get_if<AddOrder>(&**parsed.trading);
  return outcome.description.empty() && add != nullptr ? in_words(add->order, market_.instruments())
                                                       : outcome.description;
}

// "order edited price = 27120.50000000" (spot-v1 section 8.2).
std::string SpotV1Private::edit_in_words(AccountId account, const Parsed& parsed, const OrderOutcome& outcome) const {
  constexpr int kPlaces = 8;
  const auto* const edit = std::get_if<EditOrder>(&**parsed.trading);
  auto price = edit != nullptr ? edit->limit_price : std::nullopt;
  // Where it is not another one, it is that of the order before.
  for (const auto& orders : {engine_.closed_orders(account), engine_.open_orders(account)}) {
    for (const EngineOrder& order : orders) {
      if (!price && order.order_id == outcome.original_order_id) price = order.limit_price;
    }
  }
  if (!price) return "order edited";
  return "order edited price = " + price->rescaled(std::max(kPlaces, price->scale())).value_or(*price).text();
}

void SpotV1Private::answer_trade(ConnectionId connection, AccountId account, const Parsed& parsed,
                                 const EngineAnswer& answer) {
  if (!answer.error.empty()) return refuse(connection, parsed, answer.error);
  TradingReply reply;
  reply.method = method_of(*parsed.event);
  reply.request_id = parsed.request_id;
  reply.success = true;
  std::string out;
  // One answer for each order, which does not say which one it is about.
  if (reply.method == "cancel_order") {
    for (const OrderOutcome& outcome : answer.orders) {
      if (!outcome.error.empty()) {
        refuse(connection, parsed, outcome.error);
        continue;
      }
      out.clear();
      spot_v1::append_trading_reply(out, reply);
      send(connection, out);
    }
    return;
  }
  OrderAnswer order;
  std::string described;  // `order` points into it
  if (!answer.orders.empty()) {
    const OrderOutcome& outcome = answer.orders.front();
    order.order_id = outcome.order_id;
    order.client_order_id = outcome.client_order_id;
    order.amend_id = outcome.amend_id;
    order.original_order_id = outcome.original_order_id;
    order.description = described = words_of(parsed, outcome);
    if (reply.method == "edit_order") order.description = described = edit_in_words(account, parsed, outcome);
    reply.orders = {&order, 1};
  }
  reply.count = answer.count;
  reply.current_time = answer.current_time;
  reply.trigger_time = answer.trigger_time;
  spot_v1::append_trading_reply(out, reply);
  send(connection, out);
}

void SpotV1Private::on_engine_news(AccountId account, const EngineNews& news) {
  const auto* const order = std::get_if<OrderNews>(&news);
  if (order == nullptr) return;  // v1 has no channel for balances
  if (!order->fill) tell_taken(account, order->order.order_id);
  tell_order(account, *order);
  if (!order->fill) return;
  const EngineFill& fill = *order->fill;
  tell_fill(account, fill, false);
  if (fill.maker) return tell_fill(account, fill, true);
  const auto [at, first] = taken_.try_emplace(fill.order_id);
  at->second.account = account;
  const auto sums = first ? std::vector{fill} : consolidated({at->second.sum, fill});
  if (sums.size() > 1) tell_fill(account, sums.front(), true);
  at->second.sum = sums.back();
  // Its end tells of it. Where the rest of it stays, there is none.
  at->second.due =
      timers_.at(timers_.now(), [this, account, id = fill.order_id](Timestamp) { tell_taken(account, id); });
}

void SpotV1Private::tell_taken(AccountId account, const std::string& order_id) {
  const auto at = taken_.find(order_id);
  if (at == taken_.end()) return;
  const EngineFill fill = std::move(at->second.sum);
  taken_.erase(at);
  tell_fill(account, fill, true);
}

void SpotV1Private::tell_order(AccountId account, const OrderNews& news) {
  for (const ConnectionId connection : connections()) {
    auto* const orders = place_of(connection, Channel::OpenOrders);
    if (orders == nullptr || !*orders || (*orders)->account != account) continue;
    const OrderReport report = report_of(news);
    OrderReports all;
    all.sequence = ++(*orders)->sequence;
    all.reports = {&report, 1};
    std::string out;
    std::optional<std::int64_t> rate_count;
    if ((*orders)->wants_rate_count) rate_count = engine_.rate_count(account, news.order.symbol);
    spot_v1::append_open_orders(out, all, rate_count);
    send(connection, out);
  }
}

void SpotV1Private::tell_fill(AccountId account, const EngineFill& told, bool consolidated) {
  for (const ConnectionId connection : connections()) {
    auto* const trades = place_of(connection, Channel::OwnTrades);
    if (trades == nullptr || !*trades || (*trades)->account != account) continue;
    if ((*trades)->consolidates != consolidated) continue;
    const Fee fee = fee_of(told);
    const Fill fill = fill_of(told, fee);
    FillReports all;
    all.sequence = ++(*trades)->sequence;
    all.fills = {&fill, 1};
    std::string out;
    spot_v1::append_own_trades(out, all);
    send(connection, out);
  }
}

void SpotV1Private::beat(ConnectionId connection, Timestamp deadline) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return;
  at->second.heartbeat =
      timers_.at(deadline + options_.heartbeat_interval, [this, connection](Timestamp due) { beat(connection, due); });
  send(connection, spot_v1::kHeartbeat);
}

std::vector<ConnectionId> SpotV1Private::connections() const {
  std::vector<ConnectionId> all;
  for (const auto& [connection, state] : connections_) all.push_back(connection);
  return all;
}

void SpotV1Private::close_all(const CloseInfo& why) {
  for (const ConnectionId connection : connections()) {
    const auto at = connections_.find(connection);
    if (at == connections_.end()) continue;
    FrameSink* const client = at->second.client;
    connections_.erase(at);
    tokens_.release(connection);
    client->on_frame({timers_.now(), connection, Direction::FromExchange, FrameKind::Closed, why.text()});
  }
}

}  // namespace ktape
