#include "core/base/crc.hpp"

#include <isa-l/crc.h>

namespace ktape {

std::uint32_t crc32_ieee(std::string_view bytes) {
  return crc32_gzip_refl(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) {
  // ISA-L takes the bytes as non-const but only reads them, takes an int length, and leaves both inversions to its
  // caller. Pieces of 1 GiB keep the length in range.
  constexpr std::size_t kPiece = std::size_t{1} << 30;
  std::uint32_t state = ~seed;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPiece);
    auto* const data = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
    state = crc32_iscsi(data, static_cast<int>(piece.size()), state);
    bytes.remove_prefix(piece.size());
  }
  return ~state;
}

}  // namespace ktape
