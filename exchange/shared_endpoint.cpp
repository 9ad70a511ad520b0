#include "exchange/shared_endpoint.hpp"

#include <utility>

#include "core/protocol/codec.hpp"
#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/futures/request.hpp"
#include "core/protocol/spot_v1/request.hpp"
#include "core/protocol/spot_v1/server_encode.hpp"
#include "core/protocol/spot_v1/trading_request.hpp"
#include "core/protocol/spot_v2/request.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "core/protocol/spot_v2/trading_rules.hpp"

namespace ktape {
namespace {

// Malformed text and pings are the public exchange's.
bool is_private_spot_v2(std::string_view text) {
  const auto parsed = spot_v2::parse_request(text, spot_v2::Host::Any);
  if (!parsed.method) return false;
  if (spot_v2::is_trading_method(*parsed.method)) return true;
  if (!parsed.channel) return false;
  const auto channel = parse_channel(*parsed.channel);
  return channel == Channel::Executions || channel == Channel::Balances;
}

bool is_level3(std::string_view text) {
  const auto parsed = spot_v2::parse_request(text, spot_v2::Host::Any);
  return parsed.channel && parse_channel(*parsed.channel) == Channel::Level3;
}

bool is_private_spot_v1(std::string_view text) {
  const auto parsed = spot_v1::parse_request(text, spot_v1::Host::Any);
  if (parsed.event && spot_v1::is_trading_method(*parsed.event)) return true;
  return parsed.name == "ownTrades" || parsed.name == "openOrders";
}

bool is_private_futures(std::string_view text) {
  const auto parsed = futures::parse_request(text);
  if (parsed.event == "challenge") return true;
  const futures::Feed* const feed = futures::find_feed(parsed.feed);
  return feed != nullptr && is_private(feed->channel);
}

}  // namespace

SharedEndpoint::Rules SharedEndpoint::spot_v2() { return {is_private_spot_v2, spot_v2::kHeartbeat}; }
SharedEndpoint::Rules SharedEndpoint::spot_v1() { return {is_private_spot_v1, spot_v1::kHeartbeat}; }
SharedEndpoint::Rules SharedEndpoint::level3() { return {is_level3, spot_v2::kHeartbeat}; }
SharedEndpoint::Rules SharedEndpoint::futures() { return {is_private_futures, {}}; }

void SharedEndpoint::attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) {
  ended_.clear();
  Line& line = lines_[connection];
  line.client = &client;
  line.from_open =
      std::make_unique<Line::End>([this, connection](const Frame& frame) { heard(connection, frame, true); });
  line.from_restricted =
      std::make_unique<Line::End>([this, connection](const Frame& frame) { heard(connection, frame, false); });
  restricted_.attach_guest(connection, *line.from_restricted);
  open_.attach(connection, endpoint, *line.from_open);
}

void SharedEndpoint::heard(ConnectionId connection, const Frame& frame, bool from_open) {
  const auto at = lines_.find(connection);
  if (at == lines_.end()) return;
  Line& line = at->second;
  FrameSink& client = *line.client;
  if (frame.kind == FrameKind::Text && frame.payload == rules_.heartbeat) {
    if (from_open) line.open_beats = true;
    if (!from_open && line.open_beats) return;
  }
  if (frame.kind == FrameKind::Closed) {
    ended_.push_back(std::move(line));
    lines_.erase(at);
    Exchange& other = from_open ? static_cast<Exchange&>(restricted_) : open_;
    other.on_frame({frame.at, connection, Direction::ToExchange, FrameKind::Closed, frame.payload});
  }
  client.on_frame(frame);
}

void SharedEndpoint::on_frame(const Frame& frame) {
  const auto at = lines_.find(frame.connection);
  if (at == lines_.end()) return;
  if (frame.kind == FrameKind::Closed) {
    ended_.push_back(std::move(at->second));
    lines_.erase(at);
    restricted_.on_frame(frame);
    open_.on_frame(frame);
    return;
  }
  const bool is_private = frame.kind == FrameKind::Text && rules_.is_private(frame.payload);
  (is_private ? static_cast<Exchange&>(restricted_) : open_).on_frame(frame);
}

}  // namespace ktape
