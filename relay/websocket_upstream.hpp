#pragma once

#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "relay/upstream.hpp"

namespace ktape {

// Over the network.
class WebSocketUpstream final : public Upstream {
 public:
  // `loop` outlives it. Of `options` the pings are left to others, whatever they say.
  WebSocketUpstream(LiveLoop& loop, ConnectionId connection, WebSocketOptions options);

  void connect(const Endpoint& endpoint, FrameSink& inbound) override { transport_.connect(endpoint, inbound); }
  void send(FrameKind kind, std::string_view payload) override { transport_.send(kind, payload); }
  void close(const CloseInfo& why) override { transport_.close(why); }

 private:
  WebSocketTransport transport_;
};

}  // namespace ktape
