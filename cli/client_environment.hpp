#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ktape::cli {

// Where a mock server is.
struct ServerPlace {
  std::string host = "127.0.0.1";
  std::uint16_t plain_port = 0;  // 0: it does not talk without TLS
  std::uint16_t tls_port = 0;    // 0: nor with it
  std::string ca_file;           // what clients must trust; empty: nothing was written
};

// The environment that makes common clients find and trust it: the authority under every name that TLS libraries look
// at (SSL_CERT_FILE, REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS, ...), and the URLs of all its hosts as KTAPE_...
std::vector<std::pair<std::string, std::string>> client_environment(const ServerPlace& place);

// For /etc/hosts: all of Kraken's names at that address, for clients with a URL built in. Those come to port 443.
std::string hosts_line(const ServerPlace& place);

// The environment as shell commands, and the hosts line in a comment.
std::string environment_text(const ServerPlace& place);

}  // namespace ktape::cli
