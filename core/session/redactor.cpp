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
constexpr std::size_t kMaxKnown = 32;       // spellings that are looked for in every payload
constexpr std::size_t kMinKnownBytes = 16;  // what is shorter may be a word of market data

}  // namespace

bool is_pseudonym(std::string_view text) {
  return text.size() == kPrefix.size() + kDigits && text.starts_with(kPrefix) &&
         text.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
}

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
  if (may_hold_secrets(payload)) payload = replace_named(payload);
  return known_.empty() ? payload : replace_known(payload);
}

std::string_view Redactor::replace_named(std::string_view payload) {
  const auto secrets = find_secrets(payload);
  if (secrets.empty()) return payload;
  copy_.clear();
  std::size_t done = 0;
  for (const SecretRange& secret : secrets) {
    copy_ += payload.substr(done, secret.begin - done);
    if (is_pseudonym(secret.value)) {
      // A recording that is recorded again keeps its pseudonyms.
      copy_ += payload.substr(secret.begin, secret.end - secret.begin);
    } else {
      const std::string name = pseudonym(secret.value);
      copy_ += secret.quotes + name + secret.quotes;
      remember(secret.value, name);
    }
    done = secret.end;
  }
  copy_ += payload.substr(done);
  return copy_;
}

std::string_view Redactor::replace_known(std::string_view payload) {
  for (const Known& known : known_) {
    std::size_t at = payload.find(known.spelling);
    if (at == std::string_view::npos) continue;
    spare_.clear();
    std::size_t done = 0;
    for (; at != std::string_view::npos; at = payload.find(known.spelling, done)) {
      spare_ += payload.substr(done, at - done);
      spare_ += known.pseudonym;
      done = at + known.spelling.size();
    }
    spare_ += payload.substr(done);
    std::swap(copy_, spare_);
    payload = copy_;
  }
  return payload;
}

// Digits alone are left out: a nonce is often a time, and the times of market data are to stay.
void Redactor::remember(const std::string& secret, const std::string& pseudonym) {
  if (secret.size() < kMinKnownBytes || secret.find_first_not_of("0123456789") == std::string::npos) return;
  remember_spelling(secret, pseudonym);
  std::string escaped;  // as some write base64 in JSON
  for (const char c : secret) escaped += c == '/' ? "\\/" : std::string(1, c);
  if (escaped != secret) remember_spelling(std::move(escaped), pseudonym);
}

void Redactor::remember_spelling(std::string spelling, const std::string& pseudonym) {
  const bool is_known =
      std::any_of(known_.begin(), known_.end(), [&](const Known& known) { return known.spelling == spelling; });
  if (is_known) return;
  if (known_.size() < kMaxKnown) {
    known_.push_back({std::move(spelling), pseudonym});
  } else {
    known_[oldest_++ % kMaxKnown] = {std::move(spelling), pseudonym};
  }
}

}  // namespace ktape
