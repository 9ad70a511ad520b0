#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/assert.hpp"
#include "core/session/format.hpp"

namespace ktape::fuzz {

inline constexpr std::size_t kRawZstdBytes = 12;  // around the content
inline constexpr std::size_t kMaxRawZstd = 128U << 10;

// A zstd frame with its content size whose only block is stored as it is: what a fuzzer changes in it, it changes in
// the content. At most 128 KiB.
inline void append_raw_zstd(std::string& out, std::string_view content) {
  KTAPE_ASSERT(content.size() <= kMaxRawZstd, "one block holds no more");
  const auto size = static_cast<std::uint32_t>(content.size());
  format::append(out, std::uint32_t{0xFD2FB528});
  format::append(out, std::uint8_t{0xA0});  // one segment, content size in 4 bytes
  format::append(out, size);
  const std::uint32_t block = (size << 3) | 1;  // raw, the last
  out += static_cast<char>(block & 0xFF);
  out += static_cast<char>((block >> 8) & 0xFF);
  out += static_cast<char>((block >> 16) & 0xFF);
  out += content;
}

}  // namespace ktape::fuzz
