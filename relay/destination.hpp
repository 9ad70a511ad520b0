#pragma once

#include <string>
#include <string_view>

#include "core/wire/endpoint.hpp"

namespace ktape {

// Where a relay connects for a client.
struct Destination {
  Endpoint endpoint{};
  std::string host_header{};  // what to ask the server for, where that is not the endpoint's own host; else empty

  friend bool operator==(const Destination&, const Destination&) = default;
};

// `asked` is what the client connected to, with the host of its Host header; `url` is where the relay was told to lead
// clients. Kraken tells its services apart by host and path (see Gateway), a mock server by path as well:
//
// - If `url` is one of Kraken's hosts, clients are led to Kraken. Who asks for one of its hosts gets that host, with
// the
//   path that it asked for. Who could not set the host (127.0.0.1) gets the one that its path means: /v2 and /v2/public
//   ws.kraken.com, /v2/auth ws-auth.kraken.com, /v2/l3 ws-l3.kraken.com, / and /v1 and /v1/public ws.kraken.com,
//   /v1/auth ws-auth.kraken.com, /ws/v1 futures.kraken.com; the beta- hosts if `url` is one of them.
// - Otherwise they are led to the host and port of `url`, with the path that they asked for. A client that asked for
// one
//   of Kraken's hosts is announced by that name there, so that a mock server knows what is wanted.
//
// The query goes along as it is.
Destination destination_of(const Endpoint& asked, const Endpoint& url);

// Whether it is one of Kraken's hosts.
bool is_kraken(std::string_view host);

}  // namespace ktape
