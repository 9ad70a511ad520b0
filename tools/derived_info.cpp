#include "tools/derived_info.hpp"

#include <fmt/format.h>

#include "core/base/sha256.hpp"

namespace ktape {

SessionInfo derived_info(const SessionInfo& origin, std::string_view how) {
  SessionInfo info = origin;
  const std::string identity = sha256_hex(fmt::format("{}\n{:016x}\n{}", origin.session_id, origin.salt, how));
  info.session_id = identity.substr(0, 32);
  info.salt = std::stoull(identity.substr(32, 16), nullptr, 16);
  info.segment = 0;
  info.monotonic_at = {};
  info.description = origin.description.empty() ? std::string(how) : fmt::format("{}; {}", origin.description, how);
  return info;
}

}  // namespace ktape
