#include "core/base/sha256.hpp"

#include <array>
#include <iterator>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "core/base/assert.hpp"

namespace ktape {

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  KTAPE_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "OpenSSL has no SHA-256");
}

void Sha256::add(std::string_view bytes) {
  KTAPE_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "SHA-256 was finished before");
}

std::string Sha256::bytes() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  KTAPE_ASSERT(EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1, "SHA-256 was finished before");
  return {reinterpret_cast<const char*>(digest.data()), length};
}

std::string Sha256::hex() {
  std::string digits;
  for (const char byte : bytes()) {
    fmt::format_to(std::back_inserter(digits), "{:02x}", static_cast<unsigned char>(byte));
  }
  return digits;
}

std::string sha256(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes);
  return sum.bytes();
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes);
  return sum.hex();
}

}  // namespace ktape
