#include "exchange/endpoint_router.hpp"

#include <algorithm>
#include <string>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

constexpr std::string_view kKraken = ".kraken.com";

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

// "ws-auth" of "ws-auth.kraken.com" and of "beta-ws-auth.kraken.com"; nothing for a host that is not Kraken's.
std::optional<std::string> krakens_name(std::string_view host) {
  std::string name = in_lower_case(host);
  if (!name.ends_with(kKraken)) return std::nullopt;
  name.resize(name.size() - kKraken.size());
  constexpr std::string_view kBeta = "beta-";
  if (name.starts_with(kBeta)) name.erase(0, kBeta.size());
  return name;
}

}  // namespace

std::string_view to_string(Gateway gateway) {
  switch (gateway) {
    case Gateway::SpotV2:
      return "Spot v2";
    case Gateway::SpotV2Private:
      return "Spot v2, private";
    case Gateway::SpotV2Level3:
      return "Spot v2, level 3";
    case Gateway::SpotV2Any:
      return "Spot v2, all of it";
    case Gateway::SpotV1:
      return "Spot v1";
    case Gateway::SpotV1Private:
      return "Spot v1, private";
    case Gateway::SpotV1Any:
      return "Spot v1, all of it";
    case Gateway::Futures:
      return "Futures";
  }
  return "";
}

std::optional<Gateway> gateway_of(const Endpoint& endpoint) {
  std::string_view path = endpoint.target;
  path = path.substr(0, path.find('?'));
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/v2/public") return Gateway::SpotV2;
  if (path == "/v2/auth") return Gateway::SpotV2Private;
  if (path == "/v2/l3") return Gateway::SpotV2Level3;
  if (path == "/v1/public") return Gateway::SpotV1;
  if (path == "/v1/auth") return Gateway::SpotV1Private;
  if (path == "/ws/v1") return Gateway::Futures;
  const bool v1 = path == "/" || path.empty() || path == "/v1";
  if (!v1 && path != "/v2") return std::nullopt;
  const auto name = krakens_name(endpoint.host);
  if (!name) return v1 ? Gateway::SpotV1Any : Gateway::SpotV2Any;
  if (*name == "ws-auth") return v1 ? Gateway::SpotV1Private : Gateway::SpotV2Private;
  if (*name == "ws-l3" && !v1) return Gateway::SpotV2Level3;
  return v1 ? Gateway::SpotV1 : Gateway::SpotV2;
}

std::optional<Dialect> dialect_at(const Endpoint& endpoint) {
  const auto gateway = gateway_of(endpoint);
  if (!gateway) return std::nullopt;
  switch (*gateway) {
    case Gateway::SpotV2:
    case Gateway::SpotV2Private:
    case Gateway::SpotV2Level3:
    case Gateway::SpotV2Any:
      break;
    case Gateway::SpotV1:
    case Gateway::SpotV1Private:
    case Gateway::SpotV1Any:
      return Dialect::SpotV1;
    case Gateway::Futures:
      return Dialect::FuturesV1;
  }
  return Dialect::SpotV2;
}

void EndpointRouter::route(Gateway gateway, Exchange& exchange) { exchanges_[gateway] = &exchange; }

Exchange* EndpointRouter::find(const Endpoint& endpoint) const {
  const auto gateway = gateway_of(endpoint);
  if (!gateway) return nullptr;
  const auto at = [this](Gateway wanted) {
    const auto found = exchanges_.find(wanted);
    return found == exchanges_.end() ? nullptr : found->second;
  };
  if (Exchange* const own = at(*gateway)) return own;
  switch (*gateway) {
    case Gateway::SpotV2Private:
    case Gateway::SpotV2Level3:
    case Gateway::SpotV2Any: {
      const bool by_path = endpoint.target.starts_with("/v2/auth") || endpoint.target.starts_with("/v2/l3");
      return by_path ? nullptr : at(Gateway::SpotV2);
    }
    case Gateway::SpotV1Private:
    case Gateway::SpotV1Any:
      return endpoint.target.starts_with("/v1/auth") ? nullptr : at(Gateway::SpotV1);
    default:
      return nullptr;
  }
}

bool EndpointRouter::serves(const Endpoint& endpoint) const { return find(endpoint) != nullptr; }

void EndpointRouter::attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) {
  Exchange* const exchange = find(endpoint);
  KTAPE_ASSERT(exchange != nullptr, "a connection to an endpoint that is not served");
  connections_[connection] = exchange;
  exchange->attach(connection, endpoint, client);
}

void EndpointRouter::on_frame(const Frame& frame) {
  const auto at = connections_.find(frame.connection);
  if (at == connections_.end()) return;
  Exchange& exchange = *at->second;
  if (frame.kind == FrameKind::Closed) connections_.erase(at);
  exchange.on_frame(frame);
}

}  // namespace ktape
