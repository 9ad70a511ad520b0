#include "core/protocol/futures/challenge.hpp"

#include <fmt/format.h>

#include "core/base/base64.hpp"
#include "core/base/hmac.hpp"
#include "core/base/sha256.hpp"

namespace ktape::futures {

Result<std::string> sign_challenge(std::string_view challenge, std::string_view api_secret) {
  if (api_secret.empty()) return fail(Errc::InvalidArgument, "the API secret is empty");
  const auto key = base64_decode(api_secret);
  if (!key) return fail(Errc::InvalidArgument, fmt::format("the API secret is {}", key.error().detail));
  return base64_encode(hmac_sha512(*key, sha256(challenge)));
}

}  // namespace ktape::futures
