#pragma once

#include <string>
#include <string_view>

namespace ktape {

// HMAC with SHA-512 (RFC 2104), as Kraken's signatures want it: 64 bytes.
std::string hmac_sha512(std::string_view key, std::string_view data);

}  // namespace ktape
