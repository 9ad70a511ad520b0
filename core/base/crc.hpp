#pragma once

#include <cstdint>
#include <string_view>

namespace ktape {

// The CRC32 of zlib and of Kraken's book checksums: crc32_ieee("123456789") == 0xCBF43926.
std::uint32_t crc32_ieee(std::string_view bytes);

// CRC32C (Castagnoli), which recordings are protected with: crc32c("123456789") == 0xE3069283. `seed` is the result
// over the bytes before, so that a checksum may be taken in pieces.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace ktape
