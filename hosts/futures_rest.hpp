#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "exchange/market_watch.hpp"
#include "hosts/key_ring.hpp"
#include "net/http_message.hpp"

namespace ktape::hosts {

class FuturesRestAccount;

// What a call of Futures' REST gives: members of the envelope ("\"tickers\":[...]"), or the name of an error.
struct FuturesAnswer {
  std::string members;
  std::string error;
  unsigned status = 200;
};

// The market's side of Kraken's Futures REST, https://futures.kraken.com/derivatives/api/v3/...: instruments, which are
// known from the beginning, tickers, books and trades as they are at the present of the exchange. Tickers have the
// digits that the websocket told. Products may be asked for in any case.
class FuturesRest {
 public:
  // Both outlive it. `market` watches a market of Futures.
  FuturesRest(const Clock& clock, const MarketWatch& market) : clock_(clock), market_(market) {}

  // Calls of accounts; without it they are no pages. It outlives this.
  void serve_accounts(FuturesRestAccount& accounts) { accounts_ = &accounts; }

  // Nothing for a path that is not Futures REST's.
  std::optional<net::HttpResponse> answer(const net::HttpRequest& request) const;

 private:
  FuturesAnswer answer_public(std::string_view path, const CallParameters& parameters) const;
  FuturesAnswer instruments() const;
  FuturesAnswer statuses() const;
  FuturesAnswer status(std::string_view symbol) const;
  FuturesAnswer tickers() const;
  FuturesAnswer ticker(std::string_view symbol) const;
  FuturesAnswer order_book(const CallParameters& parameters) const;
  FuturesAnswer history(const CallParameters& parameters) const;
  std::string ticker_text(const FuturesProduct& product) const;

  const Clock& clock_;
  const MarketWatch& market_;
  FuturesRestAccount* accounts_ = nullptr;
};

}  // namespace ktape::hosts
