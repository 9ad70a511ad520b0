#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/protocol/codec.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/endpoint.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// Kraken spreads its work over hosts, each with a connection of its own (spot-v2 section 1.1).
enum class HostKind : std::uint8_t {
  Public,   // market data; of Futures everything
  Private,  // Spot: the account, and trading
  Level3,   // Spot v2: books order by order
};
inline constexpr int kHostKinds = 3;

std::string_view to_string(HostKind host);

// Where they are.
struct ExchangeHosts {
  Endpoint public_host{};
  Endpoint private_host{};
  Endpoint level3_host{};

  static ExchangeHosts of_kraken(Dialect dialect);
  const Endpoint& at(HostKind host) const;
};

// Which host tells a channel, and which one takes orders: Futures takes them over REST only.
HostKind host_of(Dialect dialect, Channel channel);
std::optional<HostKind> trading_host(Dialect dialect);
// Which host tells about the account.
HostKind account_host(Dialect dialect);

// The number that the connection to a host has in frames and recordings: 1, 2, 3.
ConnectionId connection_to(HostKind host);

}  // namespace ktape
