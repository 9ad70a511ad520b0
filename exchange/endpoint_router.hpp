#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "core/protocol/dialect.hpp"
#include "core/wire/exchange.hpp"

namespace ktape {

// Kraken's websockets. Several share a path and differ by their host only.
enum class Gateway : std::uint8_t {
  SpotV2,         // wss://ws.kraken.com/v2
  SpotV2Private,  // wss://ws-auth.kraken.com/v2
  SpotV2Level3,   // wss://ws-l3.kraken.com/v2
  SpotV2Any,      // /v2 on a host that is not Kraken's: whoever can set one URL only sends everything there
  SpotV1,         // wss://ws.kraken.com
  SpotV1Private,  // wss://ws-auth.kraken.com
  SpotV1Any,      // / on a host that is not Kraken's
  Futures,        // wss://futures.kraken.com/ws/v1, public and private
};

std::string_view to_string(Gateway gateway);

// By host and path; a query does not count. The hosts ws-auth, ws-l3 and their beta-, and any other of kraken.com, are
// told apart as Kraken does. Where the host cannot be set, the path can say it: /v2/public, /v2/auth, /v2/l3,
// /v1/public and /v1/auth are the same five on every host, and /v1 is the same as /. Nothing for another path.
std::optional<Gateway> gateway_of(const Endpoint& endpoint);

// What is spoken there; nothing likewise.
std::optional<Dialect> dialect_at(const Endpoint& endpoint);

// One far end for many hosts: each connection is led to the exchange behind its endpoint, and stays with it.
class EndpointRouter final : public Exchange {
 public:
  // `exchange` outlives the router. Before the first connection; the last one of a gateway counts.
  //
  // A gateway without an exchange of its own is served by the public one of its dialect if only its host tells them
  // apart: it will say in Kraken's words that it has nothing private.
  void route(Gateway gateway, Exchange& exchange);

  // Whether attach() has a place for it. A server asks before it lets a client in.
  bool serves(const Endpoint& endpoint) const;

  // Only what serves() has let pass.
  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  // Frames of a connection that was never attached are ignored.
  void on_frame(const Frame& frame) override;

 private:
  Exchange* find(const Endpoint& endpoint) const;

  std::map<Gateway, Exchange*> exchanges_;
  std::map<ConnectionId, Exchange*> connections_;  // until they report Closed
};

}  // namespace ktape
