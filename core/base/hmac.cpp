#include "core/base/hmac.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/base/assert.hpp"

namespace ktape {

std::string hmac_sha512(std::string_view key, std::string_view data) {
  std::string digest(64, '\0');
  unsigned length = 0;
  const auto* const done =
      HMAC(EVP_sha512(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()),
           data.size(), reinterpret_cast<unsigned char*>(digest.data()), &length);
  KTAPE_ASSERT(done != nullptr && length == digest.size(), "OpenSSL always has HMAC-SHA-512");
  return digest;
}

}  // namespace ktape
