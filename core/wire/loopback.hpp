#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/virtual_clock.hpp"
#include "core/wire/exchange.hpp"
#include "core/wire/transport.hpp"

namespace ktape {

// Clients and an exchange in one process, joined without sockets, in virtual time and without latency. It owns neither
// side, drives both clocks, and is deterministic: the same two sides always have the same conversation.
//
// At each instant t: the clients' clock goes to t and fires what is due; then the exchange's clock does; then what both
// said is delivered, the exchange's frames first, until nobody has anything left to say. So a timer of a client due at
// t runs before a frame stamped t, and an exchange's own event at t comes before a command that arrives at t.
class Loopback {
 public:
  Loopback(Exchange& exchange, VirtualClock& client_clock, VirtualClock& exchange_clock);
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;
  ~Loopback();

  // A client's end. Pings of the exchange are reported and answered by it. It must not outlive the Loopback.
  std::unique_ptr<Transport> make_transport(ConnectionId connection);

  // Delivers what is waiting, or else moves time to the next instant at which anything happens. False if nothing is
  // waiting and no timer is set on either side.
  bool step();

  // Steps through everything that happens up to and including `end`, then stands there.
  void run_until(Timestamp end);

  // Steps until nothing is left to happen. Periodic timers of either side never end: use run_until() with those.
  void run();

 private:
  class Line;
  std::optional<Timestamp> next_deadline() const;
  bool deliver();
  void go_to(Timestamp instant);

  Exchange& exchange_;
  VirtualClock& client_clock_;
  VirtualClock& exchange_clock_;
  std::vector<Line*> lines_;
};

}  // namespace ktape
