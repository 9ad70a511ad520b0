#pragma once

#include "core/wire/endpoint.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// The far end: what Kraken would say and when, with no socket in sight. It acts on the timers of the clock that it was
// built with and on what clients say, never from inside attach(). Frames it sends are stamped with that clock.
class Exchange : public FrameSink {
 public:
  virtual ~Exchange() = default;

  // A client has connected to `endpoint`. `client` gets FromExchange frames (all but Opened) until it was sent Closed
  // or has itself reported Closed through on_frame(); it must live until then.
  virtual void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) = 0;

  // What a client said: ToExchange frames (Text, Binary, Ping, Pong, Closed) of an attached connection.
  void on_frame(const Frame& frame) override = 0;
};

}  // namespace ktape
