#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace ktape::futures {

// What a client answers a challenge with (futures-v1 section 3.2): base64 of the HMAC-SHA-512 over the SHA-256 of the
// challenge, keyed with the secret. `api_secret` is in base64, as Kraken hands it out; an error never shows it.
Result<std::string> sign_challenge(std::string_view challenge, std::string_view api_secret);

}  // namespace ktape::futures
