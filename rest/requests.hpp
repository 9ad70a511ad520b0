#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "net/http_message.hpp"
#include "rest/credentials.hpp"

namespace ktape::rest {

using net::HttpRequest;
using net::HttpResponse;
using Parameters = std::vector<std::pair<std::string, std::string>>;

// "pair=BTC%2FUSD&count=10": everything but letters, digits and -._~ is escaped.
std::string form_encode(const Parameters& parameters);

// What a signature covers. `body` is the complete text exactly as it is sent, `nonce` exactly as it stands in there.
struct SignedParts {
  std::string_view path;  // "/0/private/GetWebSocketsToken"
  std::string_view nonce;
  std::string_view body;
};

// The API-Sign header (rest section 2): base64 of HMAC-SHA-512 over path and SHA-256(nonce + body), keyed with the
// decoded secret.
Result<std::string> sign_request(const SignedParts& parts, std::string_view api_secret);

// Nanoseconds since 1970, each greater than the one before, whatever the clock does. One per API key: Kraken remembers
// the last nonce of a key. A key that was used with nanoseconds refuses programs that count in anything coarser.
class NonceSource {
 public:
  // `clock` outlives it. Nonces begin above `last`.
  explicit NonceSource(const Clock& clock, std::uint64_t last = 0) : clock_(clock), last_(last) {}

  std::uint64_t next();
  std::uint64_t last() const { return last_; }

 private:
  const Clock& clock_;
  std::uint64_t last_;
};

// GET /0/public/<method>?<parameters>
HttpRequest public_request(std::string_view method, const Parameters& parameters);

// POST /0/private/<method>, a form whose first field is the nonce, with API-Key and API-Sign.
Result<HttpRequest> private_request(std::string_view method, std::uint64_t nonce, const Parameters& parameters,
                                    const Credentials& credentials);

}  // namespace ktape::rest
