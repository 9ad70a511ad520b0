#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "exchange/resting_engine.hpp"
#include "exchange/spot_v2_private.hpp"
#include "tests/support/conversation.hpp"
#include "tests/support/fixed_market.hpp"

namespace ktape::test {

// Kraken's private Spot v2 host before a market that shows a book of ETH/EUR. Scripts have $T for the token of alice,
// who has 5000 EUR and 2.5 ETH, and $B for that of bob, a starter.
class PrivateTalk : public testing::Test {
 protected:
  PrivateTalk() {
    market.show("ETH/EUR", Side::Sell, "3120.90x0.75 3121.00x2");
    market.show("ETH/EUR", Side::Buy, "3120.50x1");
    alice = desk.issue({AccountId{1}, {}});
    bob = desk.issue({AccountId{2}, {}});
  }

  std::string filled_in(std::string_view script) const {
    std::string out(script);
    for (const auto& [mark, token] : {std::pair<std::string_view, const std::string&>("$T", alice), {"$B", bob}}) {
      for (auto at = out.find(mark); at != std::string::npos; at = out.find(mark, at)) {
        out.replace(at, mark.size(), token);
      }
    }
    return out;
  }
  std::string talk(std::string_view script) { return play(clock, front, filled_in(script)); }
  std::string talk(SpotV2Private& other, std::string_view script) { return play(clock, other, filled_in(script)); }

  static std::vector<AccountTerms> two_accounts() {
    AccountTerms alice;
    alice.name = "alice";
    alice.balances = {{"EUR", decimal("5000")}, {"ETH", decimal("2.5")}};
    AccountTerms bob;
    bob.name = "bob";
    bob.tier = AccountTier::Starter;
    bob.balances = {{"EUR", decimal("100000")}};
    return {alice, bob};
  }

  // What every connection hears first.
  static inline const std::string kHello = R"(
< {"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":...,"upcoming_maintenance":[],"emergency":[]}]}
)";
  static inline const std::string kExecutions = R"(
> {"method":"subscribe","params":{"channel":"executions","token":"$T"},"req_id":30}
< {"method":"subscribe","req_id":30,"result":{"channel":"executions",...
< {"channel":"executions","type":"snapshot","data":[],"sequence":1}
)";

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00.000100Z").value()};
  FixedMarket market;
  RestingEngine engine{clock, market, two_accounts()};
  TokenDesk desk{clock};
  SpotV2Private front{clock, engine, desk, market};
  std::string alice, bob;
};

}  // namespace ktape::test
