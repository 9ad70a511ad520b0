#include "recorder/session_identity.hpp"

#include <array>
#include <cstring>

#include <fmt/format.h>
#include <openssl/rand.h>

namespace ktape {

Result<SessionIdentity> SessionIdentity::draw() {
  std::array<unsigned char, 16 + 8 + 32> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
    return fail(Errc::Io, "the operating system has no random bytes for a new session");
  }
  SessionIdentity identity;
  for (std::size_t i = 0; i < 16; ++i) identity.session_id += fmt::format("{:02x}", random[i]);
  std::memcpy(&identity.salt, random.data() + 16, sizeof identity.salt);
  std::memcpy(identity.redaction_key.data(), random.data() + 24, identity.redaction_key.size());
  return identity;
}

}  // namespace ktape
