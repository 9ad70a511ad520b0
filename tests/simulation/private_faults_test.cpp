// The same troubles for private connections to the exchange that the mock server has: the orders and trades of Spot v1
// with their tokens, and Futures with its challenges. Meanwhile another program of the account trades.

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/client/account.hpp"
#include "core/protocol/futures/challenge.hpp"
#include "exchange/futures_private.hpp"
#include "exchange/resting_engine.hpp"
#include "exchange/shared_endpoint.hpp"
#include "exchange/spot_v1_private.hpp"
#include "rest/futures_authoriser.hpp"
#include "tests/support/fixed_market.hpp"
#include "tests/support/troubled_markets.hpp"
#include "tests/support/troubled_run.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

// Gives tokens of the desk after a while, or fails to, until the trouble is over.
class Tokens final : public Authoriser {
 public:
  Tokens(VirtualClock& clock, TokenDesk& desk, std::uint64_t seed) : clock_(clock), desk_(desk), random_(seed) {}

  void authorise(const Need& need, Done done) override {
    if (need.renew) given_.clear();
    const bool fails = clock_.now() < kTroubleStart + kTrouble && random_.below(4) == 0;
    const bool stale = clock_.now() < kTroubleStart + kTrouble && random_.below(4) == 0;
    waiting_.push_back(clock_.at(clock_.now() + 200ms, [this, fails, stale, done = std::move(done)](Timestamp) {
      if (fails) return done(fail(Errc::Io, "no route"));
      if (given_.empty()) given_ = stale ? "one that nobody knows" : desk_.issue({AccountId{1}, {}});
      done(Authorisation{.token = given_});
    }));
  }

 private:
  VirtualClock& clock_;
  TokenDesk& desk_;
  Random random_;
  std::string given_;
  std::vector<Timer> waiting_;
};

// Another program of the account, without a connection that could suffer: opens, fills and cancels orders.
class OtherProgram {
 public:
  OtherProgram(VirtualClock& clock, TradingEngine& engine, std::uint64_t seed)
      : clock_(clock), engine_(engine), random_(seed) {
    tick();
  }

 private:
  void tick() {
    timer_ = clock_.at(clock_.now() + 2s, [this](Timestamp) {
      act();
      tick();
    });
  }
  void act() {
    const auto ignore = [](const EngineAnswer&) {};
    const auto open = engine_.open_orders(AccountId{1});
    if (!open.empty() && random_.below(3) == 0) {
      const auto chosen = static_cast<std::size_t>(random_.below(open.size()));
      return engine_.submit(AccountId{1}, CancelOrder{.order_ids = {open[chosen].order_id}}, ignore);
    }
    NewOrder order{.symbol = "ETH/EUR"};
    order.quantity = decimal(fmt::format("0.0{}", 1 + random_.below(9)));
    if (random_.below(3) == 0) {
      order.order_type = "market";
    } else {
      order.limit_price = decimal(fmt::format("{}.50", 2900 + random_.below(100)));
    }
    engine_.submit(AccountId{1}, AddOrder{.order = order}, ignore);
  }

  VirtualClock& clock_;
  TradingEngine& engine_;
  Random random_;
  Timer timer_;
};

// What a program keeps of the account, and the fills it has heard of.
class Kept final : public EventSink {
 public:
  explicit Kept(const Clock& clock) : account(clock) {}
  void on_event(const Event& event) override {
    EXPECT_TRUE(account.take(event));
    if (const auto* reports = std::get_if<FillReports>(&event)) {
      for (const auto& fill : reports->fills) fills_.emplace(fill.fill_id);
    }
  }
  bool knows_orders(const TradingEngine& engine) const {
    std::set<std::string> theirs, ours;
    for (const EngineOrder& order : engine.open_orders(AccountId{1})) theirs.insert(order.order_id);
    for (const auto& order : account.orders().open_orders()) ours.insert(order->order_id);
    return theirs == ours;
  }
  bool knows_fills(const TradingEngine& engine) const {
    // The snapshot tells the last fifty.
    const auto fills = engine.fills(AccountId{1});
    return std::all_of(fills.end() - std::min<std::ptrdiff_t>(std::ssize(fills), 50), fills.end(),
                       [&](const EngineFill& fill) { return fills_.contains(fill.fill_id); });
  }

  Account account;

 private:
  std::set<std::string, std::less<>> fills_;
};

std::string run_spot_v1(std::uint64_t seed) {
  VirtualClock clock(kTroubleStart);
  FixedMarket market;
  market.show("ETH/EUR", Side::Sell, "3120.90x75 3121.00x200");
  AccountTerms alice;
  alice.name = "alice";
  alice.balances = {{"EUR", decimal("500000")}, {"ETH", decimal("2.5")}};
  RestingEngine engine(clock, market, {alice});
  TokenDesk desk(clock, seed);
  SpotV1Private exchange(clock, engine, desk, market);
  Tokens tokens(clock, desk, seed);
  OtherProgram other(clock, engine, seed);
  Kept kept(clock);
  return run_in_trouble(exchange, clock,
                        {Dialect::SpotV1,
                         {{.channel = Channel::OpenOrders}, {.channel = Channel::OwnTrades, .snapshot_trades = true}},
                         false},
                        seed, &tokens, kept,
                        [&](const Client&) { return kept.knows_orders(engine) && kept.knows_fills(engine); });
}

// The public side of Futures with a book that changes, and the private one behind the same URL.
std::string run_futures(std::uint64_t seed) {
  // The second vector of futures-v1 section 3.2.
  constexpr const char* kSecret =
      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
  const auto credentials = rest::Credentials::create("KEY", kSecret).value();
  VirtualClock clock(kTroubleStart);
  const FuturesTerms terms{.account = "00000000-0000-4000-8000-000000000001",
                           .wallets = {.cash = {{"USD", decimal("1000.5")}}}};
  const FuturesKeys keys{.account_of = [&](std::string_view key) { return key == "KEY" ? &terms : nullptr; },
                         .verifies =
                             [](std::string_view, std::string_view challenge, std::string_view signature) {
                               return futures::sign_challenge(challenge, kSecret).value() == signature;
                             }};
  FuturesMarket open(clock, seed);
  FuturesPrivate restricted(clock, keys, {.seed = seed});
  SharedEndpoint exchange(open, restricted, SharedEndpoint::futures());
  rest::FuturesAuthoriser authoriser(credentials);
  Kept kept(clock);
  return run_in_trouble(exchange, clock,
                        {Dialect::FuturesV1,
                         {{.channel = Channel::Heartbeat},
                          {.channel = Channel::Book, .symbols = {"PF_XBTUSD"}},
                          {.channel = Channel::Balances},
                          {.channel = Channel::OpenOrders},
                          {.channel = Channel::Fills}},
                         false},
                        seed, &authoriser, kept, [&](const Client& client) {
                          if (!open.is_told_by(client)) return false;
                          // A snapshot that is lost on its way shows in nothing that follows: then the account says
                          // that it waits for one.
                          if (!kept.account.balances_state().live())
                            return !kept.account.balances_state().reason.empty();
                          const auto told = kept.account.balances().get("USD");
                          return told && told->wallets.contains("holding") &&
                                 told->wallets.at("holding").text() == "1000.5";
                        });
}

TEST(PrivateSimulation, KeepsTheOrdersAndTradesOfSpotV1) { for_each_seed(run_spot_v1); }

TEST(PrivateSimulation, KeepsAFuturesAccountThroughLostChallenges) { for_each_seed(run_futures); }

}  // namespace
}  // namespace ktape::test
