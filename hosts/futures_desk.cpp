#include "hosts/futures_desk.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "core/protocol/futures/challenge.hpp"

namespace ktape::hosts {

FuturesDesk::FuturesDesk(const std::vector<Account>& accounts) {
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    for (const ApiKey& key : accounts[i].futures_keys) {
      FuturesTerms terms = accounts[i].futures;
      terms.account = fmt::format("00000000-0000-4000-8000-{:012}", i + 1);
      entries_[std::string(key.credentials.api_key())] = Entry{.key = &key, .terms = std::move(terms)};
    }
  }
}

std::vector<FuturesTerms> FuturesDesk::terms() const {
  std::map<std::string, FuturesTerms> all;
  for (const auto& [key, entry] : entries_) all.emplace(entry.terms.account, entry.terms);
  std::vector<FuturesTerms> out;
  for (auto& [account, one] : all) out.push_back(std::move(one));
  return out;
}

bool FuturesDesk::charge(const net::HttpRequest& request, Timestamp now, int cost) {
  const auto found = entries_.find(net::find_header(request.headers, "APIKey"));
  if (found == entries_.end() || cost == 0) return found != entries_.end();
  rest::CallCounter& calls = found->second.calls;
  if (calls.earliest(now, cost) > now) return false;
  calls.take(now, cost);
  return true;
}

FuturesDesk::Caller FuturesDesk::check(const net::HttpRequest& request) const {
  const auto found = entries_.find(net::find_header(request.headers, "APIKey"));
  if (found == entries_.end()) return {};
  constexpr std::string_view kRoot = "/derivatives";
  const std::string_view target = request.target;
  const auto query = target.find('?');
  std::string_view path = target.substr(0, query);
  if (path.starts_with(kRoot)) path.remove_prefix(kRoot.size());
  std::string covered(query == std::string_view::npos ? std::string_view() : target.substr(query + 1));
  covered += request.body;
  covered += net::find_header(request.headers, "Nonce");
  covered += path;
  const auto expected = futures::sign_challenge(covered, found->second.key->credentials.api_secret());
  const std::string_view given = net::find_header(request.headers, "Authent");
  const bool right =
      expected && expected->size() == given.size() && CRYPTO_memcmp(expected->data(), given.data(), given.size()) == 0;
  if (!right) return {};
  return {&found->second.terms, found->second.key->permissions};
}

FuturesKeys FuturesDesk::keys() const {
  FuturesKeys keys;
  keys.account_of = [this](std::string_view api_key) -> const FuturesTerms* {
    const auto found = entries_.find(api_key);
    if (found == entries_.end()) return nullptr;
    const Permissions& may = found->second.key->permissions;
    return may.query_funds && may.query_open_trades ? &found->second.terms : nullptr;
  };
  keys.verifies = [this](std::string_view api_key, std::string_view challenge, std::string_view signature) {
    const auto found = entries_.find(api_key);
    if (found == entries_.end()) return false;
    const auto expected = futures::sign_challenge(challenge, found->second.key->credentials.api_secret());
    return expected && expected->size() == signature.size() &&
           CRYPTO_memcmp(expected->data(), signature.data(), signature.size()) == 0;
  };
  return keys;
}

}  // namespace ktape::hosts
