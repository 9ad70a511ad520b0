#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ktape {

// Drawn at random for each session and kept in memory only: without it no pseudonym can be tried against guesses.
using RedactionKey = std::array<std::uint8_t, 32>;

inline constexpr std::string_view kRedactionPolicy = "hmac-sha256-v1";

// Replaces the secrets in a payload by pseudonyms, "ktape-redacted-" and 12 hex digits: the same for the same secret,
// so that replies still match requests. Nothing else in a payload changes. Names that mean a secret (JSON members,
// header lines, query parameters): token, api_key, api_secret, sign, signature, challenge, original_challenge,
// signed_challenge, otp, password, passphrase, nonce, authent, authorization, secret, private_key, in any case and with
// or without '-' and '_'; also the "message" of Kraken Futures' challenge event.
class Redactor {
 public:
  explicit Redactor(const RedactionKey& key) : key_(key) {}

  // The payload itself if it holds no secret, else a copy that lives until the next call.
  std::string_view redact(std::string_view payload);

  std::string pseudonym(std::string_view secret) const;

 private:
  RedactionKey key_;
  std::string copy_;
};

}  // namespace ktape
