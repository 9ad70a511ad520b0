#pragma once

#include <string_view>

#include "core/wire/endpoint.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// A connection on behalf of somebody else: a Transport that says whatever it is told to, and nothing by itself. So a
// Ping is reported, and answered by whoever it was meant for.
class Upstream {
 public:
  virtual ~Upstream() = default;

  // Once. `inbound` then gets, as from a Transport, either Opened or Closed, after Opened exactly one Closed, and
  // between them what crosses the connection in either direction. Nothing is reported from inside connect(). The sink
  // may destroy this object when it has got Closed.
  virtual void connect(const Endpoint& endpoint, FrameSink& inbound) = 0;

  // Text, Binary, Ping or Pong. Takes a copy, and reports the frame before it returns. Ignored while not open.
  virtual void send(FrameKind kind, std::string_view payload) = 0;

  // Starts a clean close, or with code 1006 cuts the connection; Closed follows, never from inside. An attempt to
  // connect is given up.
  virtual void close(const CloseInfo& why) = 0;
};

}  // namespace ktape
