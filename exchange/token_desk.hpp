#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/wire/frame.hpp"
#include "exchange/trading_engine.hpp"

namespace ktape {

// What an API key may do, by the names of Kraken's GetApiKeyInfo.
struct Permissions {
  bool query_funds = true;          // query-funds
  bool query_open_trades = true;    // query-open-trades
  bool query_closed_trades = true;  // query-closed-trades
  bool modify_trades = true;        // modify-trades: place and amend
  bool close_trades = true;         // close-trades: cancel
  bool create_ws_token = true;      // create-ws-token

  friend bool operator==(const Permissions&, const Permissions&) = default;
};

// Whether the key of such permissions may ask for it.
bool may_trade(const Permissions& permissions, const TradingRequest& request);

// Whose token it is, and what may be done with it.
struct TokenGrant {
  AccountId account{};
  Permissions permissions{};
};

// Gives out the tokens of GetWebSocketsToken (rest section 3). A token is good for 15 minutes; once a private
// subscription has been made with it, it stays good on that connection for as long as that lives.
class TokenDesk {
 public:
  static constexpr Duration kLifetime = std::chrono::minutes(15);

  // Tokens follow from the seed. `clock` outlives the desk.
  explicit TokenDesk(const Clock& clock, std::uint64_t seed = 1) : clock_(clock), random_(seed) {}

  // 43 characters, as captured.
  std::string issue(const TokenGrant& grant);

  // nullptr for one that is unknown or too old. Good until the next call of the desk.
  const TokenGrant* find(std::string_view token, ConnectionId connection);

  // A private subscription stands on `connection`.
  void bind(std::string_view token, ConnectionId connection);
  // The connection is gone.
  void release(ConnectionId connection);

  std::size_t known() const { return tokens_.size(); }

 private:
  struct Token {
    TokenGrant grant;
    Timestamp issued_at{};
    std::set<ConnectionId> connections;
  };
  bool is_young(const Token& token) const { return clock_.now() - token.issued_at < kLifetime; }

  const Clock& clock_;
  Random random_;
  std::map<std::string, Token, std::less<>> tokens_;
};

}  // namespace ktape
