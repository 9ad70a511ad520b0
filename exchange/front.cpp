#include "exchange/front.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"

namespace ktape {

std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

Front::Front(TimerService& timers, Backend& backend, HeartbeatRule heartbeats, std::uint64_t connection_id_seed)
    : timers_(timers), backend_(backend), heartbeats_(heartbeats), connection_id_seed_(connection_id_seed) {
  KTAPE_ASSERT(heartbeats_.interval > Duration::zero(), "heartbeats need an interval");
}

Front::Connection* Front::find(ConnectionId connection) {
  const auto at = connections_.find(connection);
  return at == connections_.end() ? nullptr : &at->second;
}

const Front::Connection* Front::find(ConnectionId connection) const {
  const auto at = connections_.find(connection);
  return at == connections_.end() ? nullptr : &at->second;
}

void Front::attach(ConnectionId connection, FrameSink& client) {
  const auto [at, added] = connections_.try_emplace(connection);
  KTAPE_ASSERT(added, "a connection id is attached twice");
  at->second.client = &client;
  at->second.announcement = timers_.at(timers_.now(), [this, connection](Timestamp) { announce(connection); });
}

void Front::attach_guest(ConnectionId connection, FrameSink& client) {
  attach(connection, client);
  find(connection)->greeted = true;
}

// Handles what was said before the announcement's timer came round, too.
void Front::announce(ConnectionId connection) {
  auto* const to = find(connection);
  if (to == nullptr || std::exchange(to->announced, true)) return;
  backend_.on_attached(connection);
}

void Front::greet(ConnectionId connection) {
  auto* const to = find(connection);
  if (to == nullptr || std::exchange(to->greeted, true)) return;
  const auto text = backend_.greeting(connection);
  deliver(connection, *to, FrameKind::Text, text);
}

std::uint64_t Front::told_id(ConnectionId connection) const {
  return mixed(connection_id_seed_ ^ static_cast<std::uint64_t>(connection));
}

// The client may answer from inside, or go away: nobody touches `to` afterwards.
void Front::deliver(ConnectionId connection, Connection& to, FrameKind kind, std::string_view payload) {
  to.client->on_frame({timers_.now(), connection, Direction::FromExchange, kind, payload});
}

bool Front::send(ConnectionId connection, std::string_view text) {
  greet(connection);
  auto* const to = find(connection);
  if (to == nullptr) return false;
  deliver(connection, *to, FrameKind::Text, text);
  return true;
}

void Front::answer(ConnectionId connection, const Reply& own, std::string_view text) {
  if (!backend_.takes_over(connection, own)) send(connection, text);
}

void Front::on_frame(const Frame& frame) {
  if (!connections_.contains(frame.connection)) return;
  announce(frame.connection);
  switch (frame.kind) {
    case FrameKind::Text:
    case FrameKind::Binary:  // no client of Kraken's sends it, and as a request it is not JSON text
      on_text(frame.connection, frame.kind == FrameKind::Text ? frame.payload : std::string_view(), timers_.now());
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

void Front::ask(const FeedRequest& request) {
  auto& subscription = find(request.connection)->subscriptions[request.feed];
  subscription.wanted = request.method == Method::Subscribe;
  ++subscription.unanswered;
  backend_.on_request(request);
}

bool Front::wants(ConnectionId connection, const Feed& feed) const {
  const auto* const from = find(connection);
  if (from == nullptr) return false;
  const auto at = from->subscriptions.find(feed);
  return at != from->subscriptions.end() && at->second.wanted;
}

// The subscriptions of one channel and symbol stand side by side.
std::vector<Feed> Front::asked_for(ConnectionId connection, Channel channel, std::string_view symbol) const {
  std::vector<Feed> all;
  const auto* const from = find(connection);
  if (from == nullptr) return all;
  for (auto at = from->subscriptions.lower_bound(Feed::of(channel, std::string(symbol)));
       at != from->subscriptions.end() && at->first.channel == channel && at->first.symbol == symbol; ++at) {
    all.push_back(at->first);
  }
  return all;
}

void Front::accept(const FeedRequest& request) {
  if (settle(request, true)) send(request.connection, acceptance(request));
}

void Front::accept_verbatim(const FeedRequest& request, std::string_view recorded_reply) {
  if (settle(request, true)) send(request.connection, fitted(recorded_reply, request));
}

void Front::refuse(const FeedRequest& request, std::string_view error) {
  if (settle(request, false)) send(request.connection, refusal(request, error));
}

// Books the answer; false if there is nobody to hear it.
bool Front::settle(const FeedRequest& request, bool accepted) {
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
  const bool stands = subscription.active;
  if (!subscription.active && subscription.unanswered == 0) from->subscriptions.erase(at);
  if (stands) {
    subscription_began(request.connection, request.feed);
  } else {
    subscription_ended(request.connection);
  }
  return true;
}

void Front::subscription_began(ConnectionId connection, const Feed& feed) {
  auto& to = *find(connection);
  to.has_subscribed = true;
  if (brings_heartbeats(feed)) let_hear_heartbeats(connection);
}

void Front::let_hear_heartbeats(ConnectionId connection) {
  auto* const to = find(connection);
  if (to == nullptr) return;
  to->hears_heartbeats = true;
  if (heartbeats_.generate) start_heartbeats(connection);
}

void Front::subscription_ended(ConnectionId connection) {
  if (!heartbeats_.end_with_last_subscription) return;
  auto& to = *find(connection);
  for (const auto& [feed, subscription] : to.subscriptions) {
    if (subscription.active && brings_heartbeats(feed)) return;
  }
  to.hears_heartbeats = false;
  to.beats = false;
  to.heartbeat.cancel();
}

void Front::set_active(ConnectionId connection, const Feed& feed, bool active) {
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

void Front::publish(const Feed& feed, std::string_view text) {
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

void Front::sweep() {
  for (auto at = feeds_.begin(); at != feeds_.end();) {
    std::erase(at->second, std::nullopt);
    at = at->second.empty() ? feeds_.erase(at) : std::next(at);
  }
}

void Front::start_heartbeats(ConnectionId connection) {
  auto* const to = find(connection);
  if (to == nullptr || std::exchange(to->beats, true)) return;
  to->hears_heartbeats = true;
  const auto first = timers_.now() + heartbeats_.interval;
  to->heartbeat = timers_.at(first, [this, connection](Timestamp deadline) { beat(connection, deadline); });
}

void Front::beat(ConnectionId connection, Timestamp deadline) {
  auto* const to = find(connection);
  if (to == nullptr) return;
  const auto next = deadline + heartbeats_.interval;
  to->heartbeat = timers_.at(next, [this, connection](Timestamp due) { beat(connection, due); });
  send(connection, heartbeat());
}

void Front::close(ConnectionId connection, const CloseInfo& why) {
  auto* const to = find(connection);
  if (to == nullptr) return;
  auto* const client = to->client;
  forget(connection);
  client->on_frame({timers_.now(), connection, Direction::FromExchange, FrameKind::Closed, why.text()});
}

void Front::close_all(const CloseInfo& why) {
  for (const auto connection : connections()) close(connection, why);
}

void Front::forget(ConnectionId connection) {
  const auto at = connections_.find(connection);
  for (const auto& [feed, subscription] : at->second.subscriptions) set_active(connection, feed, false);
  connections_.erase(at);
  backend_.on_detached(connection);
}

bool Front::is_greeted(ConnectionId connection) const {
  const auto* const at = find(connection);
  return at != nullptr && at->greeted;
}

bool Front::is_subscribed(ConnectionId connection, const Feed& feed) const {
  const auto* const at = find(connection);
  if (at == nullptr) return false;
  const auto subscription = at->subscriptions.find(feed);
  return subscription != at->subscriptions.end() && subscription->second.active;
}

bool Front::has_subscribed(ConnectionId connection) const {
  const auto* const at = find(connection);
  return at != nullptr && at->has_subscribed;
}

bool Front::hears_heartbeats(ConnectionId connection) const {
  const auto* const at = find(connection);
  return at != nullptr && at->hears_heartbeats;
}

std::vector<ConnectionId> Front::connections() const {
  std::vector<ConnectionId> all;
  all.reserve(connections_.size());
  for (const auto& [connection, state] : connections_) all.push_back(connection);
  return all;
}

std::vector<ConnectionId> Front::subscribers(const Feed& feed) const {
  std::vector<ConnectionId> all;
  if (const auto at = feeds_.find(feed); at != feeds_.end()) {
    for (const auto& listener : at->second) {
      if (listener) all.push_back(*listener);
    }
  }
  return all;
}

std::vector<Feed> Front::feeds_in_use() const {
  std::vector<Feed> all;
  for (const auto& [feed, listeners] : feeds_) {
    const bool heard = std::any_of(listeners.begin(), listeners.end(), [](const auto& one) { return one.has_value(); });
    if (heard) all.push_back(feed);
  }
  return all;
}

}  // namespace ktape
