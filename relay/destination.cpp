#include "relay/destination.hpp"

#include <algorithm>
#include <string_view>

#include "exchange/endpoint_router.hpp"

namespace ktape {
namespace {

constexpr std::string_view kBeta = "beta-";

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

struct Place {
  std::string_view host, path;
};

Place place_of(Gateway gateway) {
  switch (gateway) {
    case Gateway::SpotV2:
    case Gateway::SpotV2Any:
      break;
    case Gateway::SpotV2Private:
      return {"ws-auth.kraken.com", "/v2"};
    case Gateway::SpotV2Level3:
      return {"ws-l3.kraken.com", "/v2"};
    case Gateway::SpotV1:
    case Gateway::SpotV1Any:
      return {"ws.kraken.com", "/"};
    case Gateway::SpotV1Private:
      return {"ws-auth.kraken.com", "/"};
    case Gateway::Futures:
      return {"futures.kraken.com", "/ws/v1"};
  }
  return {"ws.kraken.com", "/v2"};
}

std::string query_of(const std::string& target) {
  const std::size_t query = target.find('?');
  return query == std::string::npos ? std::string() : target.substr(query);
}

// With the port, where it is not the scheme's own, as clients write it.
std::string host_text(const Endpoint& endpoint) {
  const bool own = endpoint.port == (endpoint.secure ? 443 : 80);
  return own ? endpoint.host : endpoint.host + ":" + std::to_string(endpoint.port);
}

}  // namespace

bool is_kraken(std::string_view host) {
  const std::string name = in_lower_case(host);
  return name == "kraken.com" || name.ends_with(".kraken.com");
}

Destination destination_of(const Endpoint& asked, const Endpoint& url) {
  Destination out{.endpoint = url};
  out.endpoint.target = asked.target;
  if (!is_kraken(url.host)) {
    if (is_kraken(asked.host)) out.host_header = host_text(asked);
    return out;
  }
  if (is_kraken(asked.host)) {
    out.endpoint.host = asked.host;
    return out;
  }
  const auto gateway = gateway_of(asked);
  if (!gateway) return out;
  const Place place = place_of(*gateway);
  const bool beta = *gateway != Gateway::Futures && in_lower_case(url.host).starts_with(kBeta);
  out.endpoint.host = std::string(beta ? kBeta : "") + std::string(place.host);
  out.endpoint.target = std::string(place.path) + query_of(asked.target);
  return out;
}

}  // namespace ktape
