#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "exchange/market_watch.hpp"
#include "exchange/token_desk.hpp"
#include "exchange/trading_engine.hpp"
#include "hosts/key_ring.hpp"
#include "net/http_message.hpp"

namespace ktape::hosts {

// A result, as JSON text, or what Kraken says in its place.
struct RestAnswer {
  std::string result;
  std::string error;
};

// The market's side of Kraken's REST, at the present of the exchange: what has not been told up to now is not there,
// and "EAPI:Feature disabled:..." names what is missing.
class SpotRestMarket {
 public:
  // Both outlive it.
  SpotRestMarket(const Clock& clock, const MarketWatch& market) : clock_(clock), market_(market) {}

  RestAnswer server_time() const;
  RestAnswer system_status() const;
  RestAnswer assets(const CallParameters& parameters) const;
  RestAnswer asset_pairs(const CallParameters& parameters) const;
  RestAnswer ticker(const CallParameters& parameters) const;
  RestAnswer ohlc(const CallParameters& parameters) const;
  RestAnswer trades(const CallParameters& parameters) const;
  RestAnswer depth(const CallParameters& parameters) const;
  RestAnswer spread(const CallParameters& parameters) const;

 private:
  const Clock& clock_;
  const MarketWatch& market_;
};

// Kraken's Spot REST, https://api.kraken.com/0/...: public calls by GET or POST, private ones signed. The answer is
// always HTTP 200 with Kraken's envelope.
class SpotRest {
 public:
  // All outlive it. Without accounts every private call is "EAPI:Invalid key".
  SpotRest(const Clock& clock, const MarketWatch& market, TradingEngine& engine, TokenDesk& tokens,
           const std::vector<Account>& accounts);

  // Nothing for a path that is not REST's.
  std::optional<net::HttpResponse> answer(const net::HttpRequest& request);

 private:
  RestAnswer answer_public(std::string_view method, const CallParameters& parameters) const;
  RestAnswer answer_private(std::string_view method, const net::HttpRequest& request, const CallParameters& parameters);

  RestAnswer token(const Caller& caller);
  RestAnswer balance(const Caller& caller, bool extended) const;
  RestAnswer open_orders(const Caller& caller) const;
  RestAnswer query_orders(const Caller& caller, const CallParameters& parameters) const;
  RestAnswer closed_orders(const Caller& caller) const;
  RestAnswer trades_history(const Caller& caller, const CallParameters& parameters) const;
  RestAnswer trade_volume(const Caller& caller, const CallParameters& parameters) const;
  RestAnswer trade(const Caller& caller, std::string_view method, const CallParameters& parameters);

  const Clock& clock_;
  SpotRestMarket market_;
  const MarketWatch& watch_;
  TradingEngine& engine_;
  TokenDesk& tokens_;
  KeyRing keys_;
};

}  // namespace ktape::hosts
