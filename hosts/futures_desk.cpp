#include "hosts/futures_desk.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "core/protocol/futures/challenge.hpp"

namespace ktape::hosts {

FuturesDesk::FuturesDesk(const std::vector<Account>& accounts) {
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    for (const ApiKey& key : accounts[i].futures_keys) {
      FuturesWallet wallet{.account = fmt::format("00000000-0000-4000-8000-{:012}", i + 1),
                           .holding = accounts[i].futures_balances};
      entries_.emplace(std::string(key.credentials.api_key()), Entry{&key, std::move(wallet)});
    }
  }
}

FuturesKeys FuturesDesk::keys() const {
  FuturesKeys keys;
  keys.wallet_of = [this](std::string_view api_key) -> const FuturesWallet* {
    const auto found = entries_.find(api_key);
    if (found == entries_.end()) return nullptr;
    const Permissions& may = found->second.key->permissions;
    return may.query_funds && may.query_open_trades ? &found->second.wallet : nullptr;
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
