#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "exchange/futures_engine.hpp"
#include "exchange/market_watch.hpp"
#include "hosts/futures_desk.hpp"
#include "hosts/futures_rest.hpp"

namespace ktape::hosts {

// The account's side of Futures' REST: calls with the headers APIKey and Authent, whose signature covers the parameters
// as they were sent, the header Nonce and the path. Orders go to the engine, and are told in REST's words.
class FuturesRestAccount {
 public:
  // All outlive it.
  FuturesRestAccount(const Clock& clock, const MarketWatch& market, FuturesEngine& engine, const FuturesDesk& desk)
      : clock_(clock), market_(market), engine_(engine), desk_(desk) {}

  // Whether there is such a call: "sendorder", "openorders", ...
  static bool has(std::string_view path);
  FuturesAnswer answer(std::string_view path, const net::HttpRequest& request, const CallParameters& parameters);

 private:
  FuturesAnswer send_order(const FuturesWallet& wallet, const CallParameters& parameters);
  FuturesAnswer cancel_order(const FuturesWallet& wallet, const CallParameters& parameters);
  FuturesAnswer cancel_all(const FuturesWallet& wallet, const CallParameters& parameters);
  FuturesAnswer cancel_all_after(const FuturesWallet& wallet, const CallParameters& parameters);
  FuturesAnswer open_orders(const FuturesWallet& wallet) const;
  FuturesAnswer fills(const FuturesWallet& wallet) const;
  FuturesAnswer open_positions(const FuturesWallet& wallet) const;
  static FuturesAnswer accounts(const FuturesWallet& wallet);
  std::string events_text(const FuturesOutcome& outcome) const;

  const Clock& clock_;
  const MarketWatch& market_;
  FuturesEngine& engine_;
  const FuturesDesk& desk_;
};

}  // namespace ktape::hosts
