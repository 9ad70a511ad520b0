#include "cli/client_environment.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "mock_server/tls_identity.hpp"

namespace ktape::cli {
namespace {

// Single quotes hold everything but themselves.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += R"('\'')";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string authority(const std::string& host, std::uint16_t port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> client_environment(const ServerPlace& place) {
  std::vector<std::pair<std::string, std::string>> all;
  const bool tls = place.tls_port != 0;
  const std::string at = authority(place.host, tls ? place.tls_port : place.plain_port);
  const std::string ws = (tls ? "wss://" : "ws://") + at;
  all.emplace_back("KTAPE_HOST", place.host);
  all.emplace_back("KTAPE_PORT", std::to_string(tls ? place.tls_port : place.plain_port));
  all.emplace_back("KTAPE_WS_URL", ws + "/v2");
  all.emplace_back("KTAPE_WS_PUBLIC_URL", ws + "/v2/public");
  all.emplace_back("KTAPE_WS_AUTH_URL", ws + "/v2/auth");
  all.emplace_back("KTAPE_WS_V1_URL", ws + "/v1");
  all.emplace_back("KTAPE_WS_V1_AUTH_URL", ws + "/v1/auth");
  all.emplace_back("KTAPE_FUTURES_WS_URL", ws + "/ws/v1");
  all.emplace_back("KTAPE_REST_URL", (tls ? "https://" : "http://") + at);
  if (place.plain_port != 0) {
    const std::string plain = authority(place.host, place.plain_port);
    all.emplace_back("KTAPE_PLAIN_WS_URL", "ws://" + plain + "/v2");
    all.emplace_back("KTAPE_PLAIN_REST_URL", "http://" + plain);
  }
  if (!place.ca_file.empty()) {
    for (const char* const name : {"KTAPE_CA_FILE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
                                   "WEBSOCKET_CLIENT_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}) {
      all.emplace_back(name, place.ca_file);
    }
  }
  return all;
}

std::string hosts_line(const ServerPlace& place) {
  std::string line = place.host;
  for (const std::string& name : default_tls_names()) {
    if (name.ends_with(".kraken.com")) line += " " + name;
  }
  return line;
}

std::string environment_text(const ServerPlace& place) {
  std::string out;
  for (const auto& [name, value] : client_environment(place)) out += fmt::format("export {}={}\n", name, quoted(value));
  out += fmt::format("# For clients with a URL built in, with --port 443, a line for /etc/hosts:\n# {}\n",
                     hosts_line(place));
  return out;
}

}  // namespace ktape::cli
