#pragma once

#include <memory>

#include "core/base/clock.hpp"
#include "core/wire/exchange.hpp"
#include "faults/fault_plan.hpp"

namespace ktape {

// Any exchange, with the faults of a plan between it and its clients. Where no fault acts, every frame passes as it is
// and at once: a plan without active faults cannot be noticed.
//
// In virtual time and deterministic: the same exchange, plan, seed and clients have the same conversation, byte for
// byte. What a fault adds or changes is stamped with the clock, like everything that the exchange says. A connection
// that a fault ends is reported to the exchange as closed by its client with 1006, at the next turn of the clock.
//
// A client that closes takes along what is under way to it; what is under way to the exchange arrives before its end.
class FaultyExchange final : public Exchange {
 public:
  // All outlive it.
  FaultyExchange(TimerService& timers, Exchange& exchange, FaultPlan& plan);
  ~FaultyExchange();
  FaultyExchange(const FaultyExchange&) = delete;
  FaultyExchange& operator=(const FaultyExchange&) = delete;

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void on_frame(const Frame& frame) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktape
