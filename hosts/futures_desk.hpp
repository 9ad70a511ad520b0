#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/futures_private.hpp"
#include "hosts/accounts.hpp"

namespace ktape::hosts {

// Who may hear the private feeds of Futures: the accounts' Futures keys, and the wallets behind them.
class FuturesDesk {
 public:
  // `accounts` outlives it.
  explicit FuturesDesk(const std::vector<Account>& accounts);
  FuturesDesk(const FuturesDesk&) = delete;
  FuturesDesk& operator=(const FuturesDesk&) = delete;

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
