#include "core/base/base64.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace ktape {
namespace {

// OpenSSL's functions work on whole groups: three bytes, four characters.
constexpr std::size_t kGroupBytes = 3;
constexpr std::size_t kGroupCharacters = 4;

bool is_base64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

const unsigned char* unsigned_bytes(const char* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + kGroupBytes - 1) / kGroupBytes * kGroupCharacters);
  std::array<unsigned char, kGroupCharacters + 1> group{};  // with a NUL
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), kGroupBytes);
    EVP_EncodeBlock(group.data(), unsigned_bytes(bytes.data()), static_cast<int>(count));
    out.append(reinterpret_cast<const char*>(group.data()), kGroupCharacters);
    bytes.remove_prefix(count);
  }
  return out;
}

Result<std::string> base64_decode(std::string_view text) {
  if (text.size() % kGroupCharacters != 0) {
    return fail(Errc::Parse, fmt::format("not base64: {} characters are no multiple of four", text.size()));
  }
  // OpenSSL skips white space and takes padding anywhere.
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::string_view characters = text.substr(0, text.size() - padding);
  if (const auto wrong = std::find_if_not(characters.begin(), characters.end(), is_base64); wrong != characters.end()) {
    return fail(Errc::Parse,
                fmt::format("not base64: character {} is none of its alphabet", wrong - characters.begin() + 1));
  }
  std::string out;
  out.reserve(text.size() / kGroupCharacters * kGroupBytes);
  std::array<unsigned char, kGroupBytes> group{};
  for (std::size_t from = 0; from < text.size(); from += kGroupCharacters) {
    EVP_DecodeBlock(group.data(), unsigned_bytes(text.data() + from), static_cast<int>(kGroupCharacters));
    out.append(reinterpret_cast<const char*>(group.data()), group.size());
  }
  out.resize(out.size() - padding);
  if (base64_encode(out) != text) return fail(Errc::Parse, "not base64: bits behind the last byte are set");
  return out;
}

}  // namespace ktape
