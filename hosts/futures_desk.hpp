#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "exchange/futures_private.hpp"
#include "hosts/accounts.hpp"
#include "net/http_message.hpp"
#include "rest/call_counter.hpp"

namespace ktape::hosts {

// Who may hear the private feeds of Futures: the accounts' Futures keys, and the accounts behind them.
class FuturesDesk {
 public:
  // `accounts` outlives it.
  explicit FuturesDesk(const std::vector<Account>& accounts);
  FuturesDesk(const FuturesDesk&) = delete;
  FuturesDesk& operator=(const FuturesDesk&) = delete;

  // Who calls Futures' REST: the account of a key whose signature is right, and what the key may do; nobody otherwise.
  // The header Authent is the HMAC over the parameters as they were sent, the nonce and the path behind /derivatives,
  // made as the answer to a challenge is. Nonces may be left out, and are not compared.
  struct Caller {
    const FuturesTerms* terms = nullptr;
    Permissions permissions{};
  };
  Caller check(const net::HttpRequest& request) const;

  // Whether the key of a call that was checked may make one that costs so much (futures-v1 section 7): each key has 500
  // points, and gets back fifty a second.
  bool charge(const net::HttpRequest& request, Timestamp now, int cost);

  // All of them, each once.
  std::vector<FuturesTerms> terms() const;

  // Good for as long as the desk lives.
  FuturesKeys keys() const;

 private:
  struct Entry {
    const ApiKey* key = nullptr;
    FuturesTerms terms;
    rest::CallCounter calls{{.ceiling = 500, .decay = std::chrono::milliseconds(20)}};
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace ktape::hosts
