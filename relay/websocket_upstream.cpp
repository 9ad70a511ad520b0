#include "relay/websocket_upstream.hpp"

#include <utility>

namespace ktape {
namespace {

WebSocketOptions silent(WebSocketOptions options) {
  options.answer_pings = false;
  options.ping_interval = Duration::zero();
  return options;
}

}  // namespace

WebSocketUpstream::WebSocketUpstream(LiveLoop& loop, ConnectionId connection, WebSocketOptions options)
    : transport_(loop, connection, silent(std::move(options))) {}

}  // namespace ktape
