#include "core/client/exchange_hosts.hpp"

namespace ktape {
namespace {

Endpoint secure(const char* host, const char* target) {
  return {.secure = true, .host = host, .port = 443, .target = target};
}

}  // namespace

std::string_view to_string(HostKind host) {
  switch (host) {
    case HostKind::Public:
      return "public";
    case HostKind::Private:
      return "private";
    case HostKind::Level3:
      return "level3";
  }
  return "unknown";
}

ExchangeHosts ExchangeHosts::of_kraken(Dialect dialect) {
  switch (dialect) {
    case Dialect::SpotV2:
      return {secure("ws.kraken.com", "/v2"), secure("ws-auth.kraken.com", "/v2"), secure("ws-l3.kraken.com", "/v2")};
    case Dialect::SpotV1:
      return {secure("ws.kraken.com", "/"), secure("ws-auth.kraken.com", "/"), {}};
    case Dialect::FuturesV1:
      return {secure("futures.kraken.com", "/ws/v1"), {}, {}};
  }
  return {};
}

const Endpoint& ExchangeHosts::at(HostKind host) const {
  if (host == HostKind::Private) return private_host;
  return host == HostKind::Level3 ? level3_host : public_host;
}

HostKind host_of(Dialect dialect, Channel channel) {
  if (dialect == Dialect::SpotV2 && channel == Channel::Level3) return HostKind::Level3;
  return is_private(channel) ? account_host(dialect) : HostKind::Public;
}

std::optional<HostKind> trading_host(Dialect dialect) {
  return dialect == Dialect::FuturesV1 ? std::nullopt : std::optional(HostKind::Private);
}

HostKind account_host(Dialect dialect) { return dialect == Dialect::FuturesV1 ? HostKind::Public : HostKind::Private; }

ConnectionId connection_to(HostKind host) { return ConnectionId{static_cast<std::uint32_t>(host) + 1}; }

}  // namespace ktape
