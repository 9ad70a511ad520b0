#pragma once

#include "core/wire/exchange.hpp"
#include "live/live_loop.hpp"

namespace ktape {

// An exchange that lives on a loop's clock, served by something that does not know of it: before a client is heard the
// time is taken, and after it what was put off to the end of the instant is done.
class LoopExchange final : public Exchange {
 public:
  // Both outlive it.
  LoopExchange(LiveLoop& loop, Exchange& inner) : loop_(loop), inner_(inner) {}

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override {
    loop_.take_time();
    inner_.attach(connection, endpoint, client);
    loop_.settle();
  }

  void on_frame(const Frame& frame) override {
    loop_.take_time();
    inner_.on_frame({loop_.clock().now(), frame.connection, frame.direction, frame.kind, frame.payload});
    loop_.settle();
  }

 private:
  LiveLoop& loop_;
  Exchange& inner_;
};

}  // namespace ktape
