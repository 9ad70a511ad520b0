// The same troubles for what the simulation of Spot v2's public side has not: private channels and their tokens, Spot
// v1, Futures. Each market is small; what a client knows of it in the end has to be what it is.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/market/balance_table.hpp"
#include "tests/support/troubled_markets.hpp"
#include "tests/support/troubled_run.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

// ---- Spot v2, balances

class Account final : public Market, public Authoriser {
 public:
  Account(VirtualClock& clock, std::uint64_t seed, Timestamp good_from)
      : Market(clock, Dialect::SpotV2, seed), good_from_(good_from) {}

  // Like TokenAuthoriser, but it believes in its token for ever: the account has to tell it.
  void authorise(const Need& need, Done done) override {
    if (need.renew) given_.clear();
    const bool bad = clock_.now() < good_from_;
    const auto drawn = random_.below(6);
    waiting_.push_back(clock_.at(clock_.now() + 300ms, [this, bad, drawn, done = std::move(done)](Timestamp) {
      if (bad && drawn == 0) return done(fail(Errc::Io, "no route"));
      if (bad && drawn == 1) return done(fail(Errc::Protocol, "EGeneral:Internal error"));
      if (given_.empty()) tokens_[given_ = fmt::format("T{}", ++issued_)] = clock_.now();
      done(Authorisation{.token = given_});
    }));
  }

  bool is_told_by(const BalanceTable& table) const {
    return std::all_of(totals_.begin(), totals_.end(), [&](const auto& each) {
      const auto told = table.get(each.first);
      return told && told->total && told->total->text() == each.second;
    });
  }

 private:
  void answer(ConnectionId connection, const Request& request) override {
    Line& asking = *line(connection);
    const std::int64_t id = request.request_id;
    if (request.method == Method::Ping) return say(connection, fmt::format(R"({{"method":"pong","req_id":{}}})", id));
    const std::string& token = request.authorisation.token;
    const auto known = tokens_.find(token);
    const bool good = known != tokens_.end() && (asking.token == token || clock_.now() < known->second + 15min);
    if (!good) {
      return say(connection, fmt::format(R"({{"channel":"balances","error":"ESession:Invalid session","method":"{}",)"
                                         R"("req_id":{},"status":"error","success":false}})",
                                         to_string(request.method), id));
    }
    if (request.method == Method::Unsubscribe) {
      asking.subscribed = false;
      return say(connection, fmt::format(R"({{"method":"unsubscribe","req_id":{},"result":{{"channel":"balances"}},)"
                                         R"("success":true}})",
                                         id));
    }
    if (asking.subscribed) {
      return say(connection, fmt::format(R"({{"channel":"balances","error":"Already subscribed","method":"subscribe",)"
                                         R"("req_id":{},"status":"error","success":false}})",
                                         id));
    }
    asking.subscribed = asking.heartbeats = true;
    asking.token = token;
    asking.sequence = 1;
    std::string all;
    for (const auto& [asset, total] : totals_) {
      all += fmt::format(R"({}{{"asset":"{}","asset_class":"currency","wallets":[],"balance":{}}})",
                         all.empty() ? "" : ",", asset, total);
    }
    say(connection, fmt::format(R"({{"method":"subscribe","req_id":{},"result":{{"channel":"balances",)"
                                R"("snapshot":true}},"success":true}})",
                                id));
    say(connection, fmt::format(R"({{"channel":"balances","type":"snapshot","data":[{}],"sequence":1}})", all));
  }

  void change() override {
    if (clock_.now() < good_from_ && random_.below(40) == 0) tokens_.clear();  // a new version of the server
    const auto chosen = std::next(totals_.begin(), static_cast<std::ptrdiff_t>(random_.below(totals_.size())));
    chosen->second = fmt::format("{}.{:04}", random_.below(1000), random_.below(10'000));
    to_each(&Line::subscribed, [&](Line& each) {
      return fmt::format(R"({{"channel":"balances","type":"update","data":[{{"ledger_id":"L","ref_id":"T","timestamp":)"
                         R"("2026-09-01T08:01:01.710082Z","type":"deposit","asset":"{}","asset_class":"currency",)"
                         R"("category":"deposit","wallet_type":"spot","wallet_id":"main","amount":1.0,"fee":0.0,)"
                         R"("balance":{}}}],"sequence":{}}})",
                         chosen->first, chosen->second, ++each.sequence);
    });
  }
  std::string heartbeat() const override { return R"({"channel":"heartbeat"})"; }

  Timestamp good_from_;
  std::map<std::string, std::string> totals_{{"EUR", "5000.0000"}, {"ETH", "2.5"}, {"USD", "0.0"}};
  std::map<std::string, Timestamp> tokens_;
  std::string given_;
  int issued_ = 0;
  std::vector<Timer> waiting_;
};

// ---- runs

class Balances final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (const auto* reports = std::get_if<BalanceReports>(&event)) {
      EXPECT_TRUE(table.apply(*reports));
    }
  }
  BalanceTable table;
};

std::string run_account(std::uint64_t seed) {
  VirtualClock clock(kTroubleStart);
  Account account(clock, seed, kTroubleStart + kTrouble);
  Balances balances;
  return run_in_trouble(account, clock, {Dialect::SpotV2, {{.channel = Channel::Balances}}, false}, seed, &account,
                        balances, [&](const Client&) { return account.is_told_by(balances.table); });
}

class Nobody final : public EventSink {
  void on_event(const Event&) override {}
};

template <class Book>
std::string run_book(std::uint64_t seed, const Trial& trial) {
  VirtualClock clock(kTroubleStart);
  Book market(clock, seed);
  Nobody nobody;
  return run_in_trouble(market, clock, trial, seed, nullptr, nobody,
                        [&](const Client& client) { return market.is_told_by(client); });
}

TEST(DialectSimulation, KeepsAnAccountThroughLostMessagesAndTokens) { for_each_seed(run_account); }

TEST(DialectSimulation, KeepsABookOfSpotV1) {
  for_each_seed([](std::uint64_t seed) {
    return run_book<SpotV1Market>(
        seed, {Dialect::SpotV1, {{.channel = Channel::Book, .symbols = {"BTC/USD"}, .depth = 10}}, true});
  });
}

TEST(DialectSimulation, KeepsABookOfFutures) {
  for_each_seed([](std::uint64_t seed) {
    return run_book<FuturesMarket>(
        seed, {Dialect::FuturesV1,
               {{.channel = Channel::Heartbeat}, {.channel = Channel::Book, .symbols = {"PF_XBTUSD"}}},
               false});
  });
}

}  // namespace
}  // namespace ktape::test
