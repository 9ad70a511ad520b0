#include "rest/requests.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/base/base64.hpp"
#include "core/base/hmac.hpp"
#include "core/base/sha256.hpp"

namespace ktape::rest {
namespace {

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void append_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

}  // namespace

std::string form_encode(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    append_encoded(out, name);
    out += '=';
    append_encoded(out, value);
  }
  return out;
}

Result<std::string> sign_request(const SignedParts& parts, std::string_view api_secret) {
  auto key = base64_decode(api_secret);
  if (!key) return fail(Errc::InvalidArgument, "the API secret is " + key.error().detail);
  std::string covered(parts.nonce);
  covered += parts.body;
  std::string message(parts.path);
  message += sha256(covered);
  std::string signature = base64_encode(hmac_sha512(*key, message));
  wipe(*key);
  return signature;
}

std::uint64_t NonceSource::next() {
  KTAPE_ASSERT(last_ < std::numeric_limits<std::uint64_t>::max(), "no nonce is left above the last one");
  const std::int64_t now = nanoseconds(clock_.now());
  last_ = std::max(now > 0 ? static_cast<std::uint64_t>(now) : 0, last_ + 1);
  return last_;
}

HttpRequest public_request(std::string_view method, const Parameters& parameters) {
  HttpRequest request;
  request.target = fmt::format("/0/public/{}", method);
  if (!parameters.empty()) request.target += '?' + form_encode(parameters);
  return request;
}

Result<HttpRequest> private_request(std::string_view method, std::uint64_t nonce, const Parameters& parameters,
                                    const Credentials& credentials) {
  HttpRequest request;
  request.method = "POST";
  request.target = fmt::format("/0/private/{}", method);
  const std::string nonce_text = std::to_string(nonce);
  request.body = "nonce=" + nonce_text;
  if (!parameters.empty()) request.body += '&' + form_encode(parameters);
  auto signature =
      sign_request({.path = request.target, .nonce = nonce_text, .body = request.body}, credentials.api_secret());
  if (!signature) return tl::unexpected<Error>(signature.error());
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"API-Key", std::string(credentials.api_key())},
                     {"API-Sign", std::move(*signature)}};
  return request;
}

}  // namespace ktape::rest
