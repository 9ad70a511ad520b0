#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "exchange/futures_engine.hpp"
#include "hosts/futures_desk.hpp"
#include "hosts/futures_rest.hpp"

namespace ktape::hosts {

// The account's side of Futures' REST: calls with the headers APIKey and Authent, whose signature covers the parameters
// as they were sent, the header Nonce and the path. Orders go to the engine, and are told in REST's words. Each call
// has its cost, and a key that has spent its points is told apiLimitExceeded (futures-v1 section 7).
class FuturesRestAccount {
 public:
  // All outlive it.
  FuturesRestAccount(const Clock& clock, FuturesEngine& engine, FuturesDesk& desk)
      : clock_(clock), engine_(engine), desk_(desk) {}

  // Whether there is such a call: "sendorder", "openorders", ...
  static bool has(std::string_view path);
  FuturesAnswer answer(std::string_view path, const net::HttpRequest& request, const CallParameters& parameters);

 private:
  // What an instruction comes to, be it alone or in a batch: the members of its status, or what is wrong with it.
  FuturesAnswer send_order(std::string_view account, const CallParameters& parameters);
  FuturesAnswer edit_order(std::string_view account, const CallParameters& parameters);
  FuturesAnswer cancel_order(std::string_view account, const CallParameters& parameters);
  FuturesAnswer batch_order(std::string_view account, const std::vector<CallParameters>& instructions);
  FuturesAnswer cancel_all(std::string_view account, const CallParameters& parameters);
  FuturesAnswer cancel_all_after(std::string_view account, const CallParameters& parameters);
  FuturesAnswer open_orders(std::string_view account) const;
  FuturesAnswer orders_status(std::string_view account, const CallParameters& parameters) const;
  FuturesAnswer fills(std::string_view account) const;
  FuturesAnswer open_positions(std::string_view account) const;
  FuturesAnswer accounts(std::string_view account) const;

  const Clock& clock_;
  FuturesEngine& engine_;
  FuturesDesk& desk_;
};

}  // namespace ktape::hosts
