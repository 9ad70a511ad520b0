#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace ktape {

// Where a websocket is: "wss://ws.kraken.com/v2", "ws://127.0.0.1:8080/v2", "wss://[::1]:8443/".
struct Endpoint {
  bool secure = true;      // wss or ws
  std::string host;        // without brackets
  std::uint16_t port = 0;  // 443 or 80 where the URL names none
  std::string target;      // path and query, at least "/"

  static Result<Endpoint> parse(std::string_view url);

  // The URL again; the port is left out where it is the scheme's own.
  std::string url() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace ktape
