#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ktape {

// Drawn at random for each session and kept in memory only: without it no pseudonym can be tried against guesses.
using RedactionKey = std::array<std::uint8_t, 32>;

inline constexpr std::string_view kRedactionPolicy = "hmac-sha256-v1";

// Whether it is what a Redactor puts in the place of a secret.
bool is_pseudonym(std::string_view text);

// Replaces the secrets in a payload by pseudonyms, "ktape-redacted-" and 12 hex digits: the same for the same secret,
// so that replies still match requests. Nothing else in a payload changes. Names that mean a secret (JSON members,
// header lines, query parameters): token, api_key, api_secret, sign, signature, challenge, original_challenge,
// signed_challenge, otp, password, passphrase, nonce, authent, authorization, secret, private_key, in any case and with
// or without '-' and '_'; also the "message" of Kraken Futures' challenge event. A secret that was seen once is
// replaced from then on wherever it stands, with a name or without: an error or a closing reason may quote it.
class Redactor {
 public:
  explicit Redactor(const RedactionKey& key) : key_(key) {}

  // The payload itself if it holds no secret, else a copy that lives until the next call.
  std::string_view redact(std::string_view payload);

  std::string pseudonym(std::string_view secret) const;

 private:
  struct Known {
    std::string spelling;
    std::string pseudonym;
  };
  std::string_view replace_named(std::string_view payload);
  std::string_view replace_known(std::string_view payload);
  void remember(const std::string& secret, const std::string& pseudonym);
  void remember_spelling(std::string spelling, const std::string& pseudonym);

  RedactionKey key_;
  std::string copy_;
  std::string spare_;
  std::vector<Known> known_;
  std::size_t oldest_ = 0;
};

}  // namespace ktape
