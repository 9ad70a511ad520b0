#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "exchange/futures_engine.hpp"
#include "exchange/token_desk.hpp"
#include "exchange/trading_engine.hpp"
#include "rest/credentials.hpp"

namespace ktape::hosts {

// A key that a client may come with, and what it may do.
struct ApiKey {
  rest::Credentials credentials;
  Permissions permissions{};
  // Whether each nonce must be greater than the key's last one, as Kraken has it. Clients count in different units
  // (13 to 18 digits), so that those who share a key would fail one after the other: a fault to switch on.
  bool nonces_rise = false;
};

// An account of a mock exchange. Its keys never appear in any output.
struct Account {
  AccountTerms terms;
  std::vector<ApiKey> keys;          // Spot
  std::vector<ApiKey> futures_keys;  // query-funds and query-open-trades: to hear private feeds
  FuturesTerms futures{};            // without the number of the account
};

// Accounts from YAML:
//   accounts:
//     - name: alice                  # for people; the only thing that is required
//       tier: intermediate           # starter, intermediate (the default) or pro: limits of trading and of calls
//       fees: {maker: 0.25, taker: 0.40}   # percent of the cost
//       balances: {USD: 10000, BTC: 1.5}
//       keys:
//         - key: ...
//           secret: ...              # base64, as Kraken hands it out
//           permissions: [query-funds, query-open-trades]   # all, if it is left out
//           nonces: rising           # refuse those that do not rise; any, the default, takes all numbers
//       futures_keys: [{key: ..., secret: ...}]
//       futures_fees: {maker: 0.02, taker: 0.05}
//       futures_balances: {USD: 5000, "F-XBT:USD": 0.5}   # what is traded with: the flex wallet by currency, and the
//                                                         # wallets of inverse products by their names
//       futures_cash: {USD: 100}                          # what is kept beside it
// An error has the file, the line, the key and what is wrong, and never a secret.
Result<std::vector<Account>> parse_accounts(std::string_view yaml, const std::string& path);
Result<std::vector<Account>> read_accounts(const std::string& path);

}  // namespace ktape::hosts
