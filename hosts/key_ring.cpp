#include "hosts/key_ring.hpp"

#include <charconv>

#include <openssl/crypto.h>

#include "core/protocol/json_tape.hpp"
#include "rest/requests.hpp"

namespace ktape::hosts {
namespace {

constexpr std::size_t kMaxParameters = 1000;

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::string form_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
    if (low) {
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

// Takes as long for any wrong signature.
bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

rest::CallLimit limit_of(AccountTier tier) {
  switch (tier) {
    case AccountTier::Starter:
      return rest::kStarterLimit;
    case AccountTier::Intermediate:
      return rest::kIntermediateLimit;
    case AccountTier::Pro:
      break;
  }
  return rest::kProLimit;
}

}  // namespace

CallParameters CallParameters::of(const net::HttpRequest& request) {
  CallParameters out;
  if (const auto query = request.target.find('?'); query != std::string::npos) {
    out.add_form(std::string_view(request.target).substr(query + 1));
  }
  const auto first = request.body.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return out;
  if (request.body[first] == '{') {
    out.add_json(request.body);
  } else {
    out.add_form(request.body);
  }
  return out;
}

CallParameters CallParameters::in_json(std::string_view object) {
  CallParameters out;
  out.add_json(object);
  return out;
}

void CallParameters::add_form(std::string_view text) {
  for (std::size_t count = 0; !text.empty() && count < kMaxParameters; ++count) {
    const std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    values_[form_decoded(part.substr(0, equals))].push_back(
        form_decoded(part.substr(std::min(part.size(), equals + 1))));
  }
}

void CallParameters::add_json(std::string_view text) {
  JsonTape tape;
  if (!tape.parse(text) || tape.root().kind != JsonKind::Object) return;
  for_each_member(tape.root(), [this](std::string_view name, const JsonNode& value) {
    std::string& out = values_[std::string(name)].emplace_back();
    switch (value.kind) {
      case JsonKind::True:
        out = "true";
        break;
      case JsonKind::False:
        out = "false";
        break;
      case JsonKind::Null:
        out.clear();
        break;
      default:
        out = value.text();
    }
  });
}

std::string_view CallParameters::get(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string_view() : std::string_view(found->second.back());
}

std::vector<std::string> CallParameters::all(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

KeyRing::KeyRing(const Clock& clock, const std::vector<Account>& accounts) : clock_(clock) {
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    for (const ApiKey& key : accounts[i].keys) {
      keys_.emplace(std::string(key.credentials.api_key()), Entry{&key, static_cast<AccountId>(i + 1), std::nullopt,
                                                                  rest::CallCounter(limit_of(accounts[i].terms.tier))});
    }
  }
}

Caller KeyRing::check(const net::HttpRequest& request, const CallParameters& parameters, int cost) {
  const auto refused = [](std::string_view why) { return Caller{std::string(why), {}, nullptr}; };
  const auto found = keys_.find(net::find_header(request.headers, "API-Key"));
  if (found == keys_.end()) return refused("EAPI:Invalid key");
  Entry& entry = found->second;

  const std::string_view nonce = parameters.get("nonce");
  const auto expected = rest::sign_request({.path = path_of(request.target), .nonce = nonce, .body = request.body},
                                           entry.key->credentials.api_secret());
  if (!expected || !equal(net::find_header(request.headers, "API-Sign"), *expected)) {
    return refused("EAPI:Invalid signature");
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(nonce.data(), nonce.data() + nonce.size(), number);
  const bool is_number = error == std::errc{} && end == nonce.data() + nonce.size();
  const bool rises = !entry.last_nonce || number > *entry.last_nonce;
  if (!is_number || (entry.key->nonces_rise && !rises)) return refused("EAPI:Invalid nonce");
  entry.last_nonce = number;

  const Timestamp now = clock_.now();
  if (cost > 0) {
    if (entry.calls.earliest(now, cost) > now) return refused("EAPI:Rate limit exceeded");
    entry.calls.take(now, cost);
  }
  return {{}, entry.account, entry.key};
}

}  // namespace ktape::hosts
