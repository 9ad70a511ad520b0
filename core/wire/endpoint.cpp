#include "core/wire/endpoint.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace ktape {
namespace {

constexpr std::uint16_t default_port(bool secure) { return secure ? 443 : 80; }

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view url) {
  const auto bad = [&](std::string_view why) {
    return fail(Errc::InvalidArgument,
                fmt::format("not a websocket URL such as wss://ws.kraken.com/v2 ({}): '{}'", why, url.substr(0, 200)));
  };
  Endpoint endpoint;
  std::string_view rest = url;
  if (rest.starts_with("wss://")) {
    rest.remove_prefix(6);
  } else if (rest.starts_with("ws://")) {
    endpoint.secure = false;
    rest.remove_prefix(5);
  } else {
    return bad("it must begin with wss:// or ws://");
  }
  // Anything below a space, or a space, would end up in the upgrade request's first line or headers.
  if (std::any_of(rest.begin(), rest.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; })) {
    return bad("a space or control character in it");
  }
  const std::size_t path = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, path);
  endpoint.target = std::string(rest.substr(path));
  if (endpoint.target.find('#') != std::string::npos) return bad("a fragment (#) has no meaning here");
  if (!endpoint.target.starts_with('/')) endpoint.target.insert(endpoint.target.begin(), '/');
  if (authority.find('@') != std::string_view::npos) return bad("user names in a URL are not supported");

  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return bad("the bracket of the IPv6 address is not closed");
    endpoint.host = std::string(authority.substr(1, bracket - 1));
    authority.remove_prefix(bracket + 1);
    if (!authority.empty() && !authority.starts_with(':')) return bad("a port expected after the address");
    port = authority;
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    endpoint.host = std::string(authority.substr(0, colon));
    port = authority.substr(colon);
  }
  if (endpoint.host.empty()) return bad("no host");
  endpoint.port = default_port(endpoint.secure);
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (error != std::errc{} || end != port.data() + port.size() || endpoint.port == 0) {
      return bad("a port from 1 to 65535 expected");
    }
  }
  return endpoint;
}

std::string Endpoint::url() const {
  const bool brackets = host.find(':') != std::string::npos;
  std::string out = fmt::format("{}://{}{}{}", secure ? "wss" : "ws", brackets ? "[" : "", host, brackets ? "]" : "");
  if (port != default_port(secure)) fmt::format_to(std::back_inserter(out), ":{}", port);
  return out + target;
}

}  // namespace ktape
