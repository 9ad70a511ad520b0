#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "core/wire/frame.hpp"
#include "core/wire/transport.hpp"

namespace ktape {

// The connections of a recording by their numbers, for a client that makes its own when it wants them (KrakenClient).
// Put behind a Player it is the far end of a replay: what was said on a connection is heard by whoever has taken it.
class RecordedConnections final : public FrameSink {
 public:
  RecordedConnections() = default;
  RecordedConnections(const RecordedConnections&) = delete;
  RecordedConnections& operator=(const RecordedConnections&) = delete;

  // The end of the connection with this number; one at a time. It must not outlive this object. What the client sends
  // goes nowhere, since the recording tells what was really sent.
  std::unique_ptr<Transport> take(ConnectionId connection);

  void on_frame(const Frame& frame) override;

  // Frames of connections that nobody had taken.
  std::uint64_t unheard() const { return unheard_; }

 private:
  class End;
  std::map<ConnectionId, End*> taken_;
  std::uint64_t unheard_ = 0;
};

}  // namespace ktape
