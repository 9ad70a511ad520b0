#pragma once

#include <functional>
#include <memory>

#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"

namespace ktape {

// Websockets on demand, for KrakenClient: each call makes one for the connection with that number. `loop` outlives what
// is made.
inline std::function<std::unique_ptr<Transport>(ConnectionId)> live_connections(LiveLoop& loop,
                                                                                WebSocketOptions options = {}) {
  return [&loop, options = std::move(options)](ConnectionId connection) -> std::unique_ptr<Transport> {
    return std::make_unique<WebSocketTransport>(loop, connection, options);
  };
}

}  // namespace ktape
