#include "core/session/redactor.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/base/assert.hpp"
#include "core/session/secret_finder.hpp"

namespace ktape {
namespace {

constexpr std::string_view kPrefix = "ktape-redacted-";
constexpr std::size_t kDigits = 12;

bool is_pseudonym(std::string_view text) {
  return text.size() == kPrefix.size() + kDigits && text.starts_with(kPrefix) &&
         text.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

}  // namespace

std::string Redactor::pseudonym(std::string_view secret) const {
  std::array<unsigned char, 32> digest{};
  unsigned length = 0;
  const auto* const done =
      HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
           reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), digest.data(), &length);
  KTAPE_ASSERT(done != nullptr && length == digest.size(), "OpenSSL always has HMAC-SHA-256");
  std::string out(kPrefix);
  for (std::size_t i = 0; i < kDigits / 2; ++i) fmt::format_to(std::back_inserter(out), "{:02x}", digest[i]);
  return out;
}

std::string_view Redactor::redact(std::string_view payload) {
  if (!may_hold_secrets(payload)) return payload;
  const auto secrets = find_secrets(payload);
  if (secrets.empty()) return payload;
  copy_.clear();
  std::size_t done = 0;
  for (const SecretRange& secret : secrets) {
    copy_ += payload.substr(done, secret.begin - done);
    // A recording that is recorded again keeps its pseudonyms.
    copy_ += is_pseudonym(secret.value) ? std::string(payload.substr(secret.begin, secret.end - secret.begin))
                                        : secret.quotes + pseudonym(secret.value) + secret.quotes;
    done = secret.end;
  }
  copy_ += payload.substr(done);
  return copy_;
}

}  // namespace ktape
