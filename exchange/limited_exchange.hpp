#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/clock.hpp"
#include "core/wire/exchange.hpp"
#include "exchange/endpoint_router.hpp"

namespace ktape {

struct ClientLimits {
  // A connection without activity for so long is closed: about a minute with Kraken (spot-v1 section 1, futures-v1
  // section 1). In Spot whatever passes in either direction is activity, so that a subscription's heartbeats keep a
  // connection open; in Futures only what the client says, pings included. Nothing: never.
  std::optional<Duration> idle_close{};
  // Requests of one connection within a second; what is more is answered "Exceeded msg rate", in Futures by a close
  // with 1008. Kraken names 100 for Futures and none for Spot. Nothing: any number.
  std::optional<std::uint32_t> requests_per_second{};
};

// Any exchange, with limits on what each of its clients may do.
class LimitedExchange final : public Exchange {
 public:
  // Both outlive it.
  LimitedExchange(TimerService& timers, Exchange& exchange, ClientLimits limits);
  ~LimitedExchange();
  LimitedExchange(const LimitedExchange&) = delete;
  LimitedExchange& operator=(const LimitedExchange&) = delete;

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void on_frame(const Frame& frame) override;

 private:
  class Line;

  void say(Line& line, std::string_view text);
  void close(ConnectionId connection, const CloseInfo& why);
  void watch(ConnectionId connection, Line& line);
  bool allows(Line& line);
  void object(Line& line, std::string_view text);
  void drop(ConnectionId connection);

  TimerService& timers_;
  Exchange& exchange_;
  ClientLimits limits_;
  std::map<ConnectionId, std::unique_ptr<Line>> lines_;
  std::vector<std::unique_ptr<Line>> ended_;  // kept until the next call: a line is not destroyed while it speaks
};

}  // namespace ktape
