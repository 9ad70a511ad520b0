#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>

#include "core/base/clock.hpp"
#include "core/wire/exchange.hpp"
#include "relay/upstream.hpp"

namespace ktape {

struct RelayOptions {
  // A connection for a client that has asked for `asked`, and where it is to go.
  struct Way {
    std::unique_ptr<Upstream> upstream;
    Endpoint endpoint{};
  };
  std::function<Way(ConnectionId connection, const Endpoint& asked)> way{};

  // What a client may say before its upstream stands; one that says more is closed with 1008.
  std::size_t max_early_bytes = std::size_t{1} << 20U;
  // The upstream's time Pings and the answers to them are its clock, and no part of the conversation: they are passed
  // on, and not recorded.
  bool server_keeps_time = false;
};

// Someone in the middle: an exchange that says to each client what another one says, and tells that one what the client
// says, over a connection of its own for each. Every frame is passed on as it is, in order, closing codes and reasons
// and Pings among them: a Ping is answered by whoever it was meant for. All of it goes to a recorder, which sees each
// upstream as it sees any connection.
//
// Recorded connections are numbered from 1; a client takes the lowest number that is free. So a single client that
// comes back has the number that it had.
//
// A client whose upstream does not come is closed with 1013 and the reason. What it says before waits.
class RelayExchange final : public Exchange {
 public:
  // Both outlive it.
  RelayExchange(const Clock& clock, FrameSink& recorder, RelayOptions options);
  // Upstreams are dropped without a word.
  ~RelayExchange() override;
  RelayExchange(const RelayExchange&) = delete;
  RelayExchange& operator=(const RelayExchange&) = delete;

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  // Frames of a client that is not attached are ignored.
  void on_frame(const Frame& frame) override;

  // Connections that stand, are being made, or are being closed: until their Closed frame was recorded.
  std::size_t links() const { return links_.size(); }

 private:
  class Link;

  void end(Link& link);
  bool is_clock(const Frame& frame) const;

  const Clock& clock_;
  FrameSink& recorder_;
  RelayOptions options_;
  std::map<ConnectionId, std::unique_ptr<Link>> links_;  // by the recorded number
  std::map<ConnectionId, Link*> clients_;                // by that of the server; those who are still there
};

}  // namespace ktape
