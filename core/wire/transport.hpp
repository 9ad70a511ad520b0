#pragma once

#include <string_view>

#include "core/wire/endpoint.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// The client's end of one connection. Everything that happens on it comes back as frames to one sink, in the order of
// their stamps and in both directions: what is sent is reported as a ToExchange frame too. So whoever listens hears
// exactly what a recording of the connection holds, and a replay is that sink fed from a file.
//
// After connect() the sink gets either Opened or Closed; after Opened exactly one Closed; then connect() may be called
// again. Nothing is reported from inside connect().
class Transport {
 public:
  virtual ~Transport() = default;

  // `inbound` outlives the connection.
  virtual void connect(const Endpoint& endpoint, FrameSink& inbound) = 0;

  // Takes a copy. The ToExchange frame is reported before send() returns. Ignored while not open: the Closed frame has
  // told, or will tell.
  virtual void send(std::string_view text) = 0;

  // Starts a clean close; the Closed frame says when it is done. A connection attempt under way is given up.
  virtual void close(const CloseInfo& why) = 0;
};

}  // namespace ktape
