#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/futures_private.hpp"
#include "hosts/accounts.hpp"
#include "net/http_message.hpp"

namespace ktape::hosts {

// Who may hear the private feeds of Futures: the accounts' Futures keys, and the wallets behind them.
class FuturesDesk {
 public:
  // `accounts` outlives it.
  explicit FuturesDesk(const std::vector<Account>& accounts);
  FuturesDesk(const FuturesDesk&) = delete;
  FuturesDesk& operator=(const FuturesDesk&) = delete;

  // Who calls Futures' REST: the wallet of a key whose signature is right, and what the key may do; nobody otherwise.
  // The header Authent is the HMAC over the parameters as they were sent, the nonce and the path behind /derivatives,
  // made as the answer to a challenge is. Nonces may be left out, and are not compared.
  struct Caller {
    const FuturesWallet* wallet = nullptr;
    Permissions permissions{};
  };
  Caller check(const net::HttpRequest& request) const;

  // Good for as long as the desk lives.
  FuturesKeys keys() const;

 private:
  struct Entry {
    const ApiKey* key = nullptr;
    FuturesWallet wallet;
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace ktape::hosts
