#include "cli/record/plan.hpp"

#include <map>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace ktape::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> symbols(int from, int to) {
  std::vector<std::string> out;
  for (int i = from; i < to; ++i) out.push_back(fmt::format("A{}/USD", i));
  return out;
}

FeedConfig feed(std::vector<Channel> channels, std::size_t per_connection = 200) {
  FeedConfig out;
  out.channels = std::move(channels);
  out.ohlc_minutes = {1};
  out.ticker_trigger = "trades";
  out.symbols_per_connection = per_connection;
  return out;
}

TEST(FeedPlan, PutsWhatFitsOnOneConnection) {
  const FeedConfig wanted = feed({Channel::Book, Channel::Trade});
  FeedPlan plan(wanted, true);
  ASSERT_EQ(plan.first().subscriptions.size(), 1U);
  EXPECT_EQ(plan.first().subscriptions[0].channel, Channel::Instrument);
  const auto planned = plan.add({"BTC/USD", "ETH/USD"});
  ASSERT_EQ(planned.size(), 1U);
  EXPECT_EQ(planned[0].connection, 0U);
  ASSERT_EQ(planned[0].subscriptions.size(), 2U);
  EXPECT_EQ(planned[0].subscriptions[0].channel, Channel::Book);
  EXPECT_THAT(planned[0].subscriptions[0].symbols, ElementsAre("BTC/USD", "ETH/USD"));
  EXPECT_EQ(planned[0].subscriptions[1].channel, Channel::Trade);
}

TEST(FeedPlan, AsksForTheInstrumentsOnlyWhereItIsTo) {
  const FeedConfig wanted = feed({Channel::Book});
  EXPECT_THAT(FeedPlan(wanted, false).first().subscriptions, IsEmpty());
  const FeedConfig named = feed({Channel::Book, Channel::Instrument});
  EXPECT_EQ(FeedPlan(named, false).first().subscriptions.size(), 1U);
}

TEST(FeedPlan, AsksForTheHeartbeatsOfFuturesOnEveryConnection) {
  FeedConfig wanted = feed({Channel::Book, Channel::Heartbeat}, 1);
  wanted.ohlc_minutes = {};
  wanted.ticker_trigger = "";
  FeedPlan plan(wanted, false);
  ASSERT_EQ(plan.first().subscriptions.size(), 1U);
  EXPECT_EQ(plan.first().subscriptions[0], (Subscription{.channel = Channel::Heartbeat}));
  const auto planned = plan.add({"PF_XBTUSD", "PF_ETHUSD"});
  ASSERT_EQ(planned.size(), 2U);
  ASSERT_EQ(planned[0].subscriptions.size(), 1U) << "the first connection has asked";
  ASSERT_EQ(planned[1].subscriptions.size(), 2U);
  EXPECT_EQ(planned[1].subscriptions[0], (Subscription{.channel = Channel::Heartbeat}));
  EXPECT_EQ(planned[1].subscriptions[1], (Subscription{.channel = Channel::Book, .symbols = {"PF_ETHUSD"}}));
}

TEST(FeedPlan, KeepsWithinTheLimitsWhateverTheNumbers) {
  for (const std::size_t per_connection : {1U, 3U, 100U, 250U}) {
    for (const int count : {1, 99, 100, 101, 1450}) {
      FeedConfig wanted = feed({Channel::Instrument, Channel::Ohlc, Channel::Book}, per_connection);
      wanted.ohlc_minutes = {1, 5, 60};
      FeedPlan plan(wanted, true);
      std::vector<PlannedRequests> all = plan.add(symbols(0, count / 2));
      for (auto& more : plan.add(symbols(0, count))) all.push_back(std::move(more));

      std::map<std::size_t, std::set<std::string>> per;  // connection -> symbols
      std::map<std::pair<Channel, int>, std::set<std::string>> asked;
      std::set<std::pair<std::size_t, std::string>> ohlc;  // connection and symbol
      for (const PlannedRequests& requests : all) {
        EXPECT_LT(requests.connection, plan.connections());
        for (const Subscription& one : requests.subscriptions) {
          EXPECT_NE(one.channel, Channel::Instrument);
          EXPECT_LE(one.symbols.size(), FeedPlan::kSymbolsPerRequest);
          EXPECT_FALSE(one.symbols.empty());
          for (const std::string& symbol : one.symbols) {
            per[requests.connection].insert(symbol);
            const int interval = one.channel == Channel::Ohlc ? one.interval_minutes : 0;
            EXPECT_TRUE(asked[std::pair(one.channel, interval)].insert(symbol).second) << "asked twice: " << symbol;
            if (one.channel == Channel::Ohlc) {
              EXPECT_TRUE(ohlc.emplace(requests.connection, symbol).second) << "two intervals on one connection";
            }
          }
        }
      }
      ASSERT_EQ(asked.size(), 4U);
      for (const auto& [what, which] : asked) EXPECT_EQ(which.size(), static_cast<std::size_t>(count));
      for (const auto& [connection, which] : per) EXPECT_LE(which.size(), per_connection) << connection;
    }
  }
}

TEST(FeedPlan, FillsUpTheLastConnectionBeforeItOpensAnother) {
  const FeedConfig wanted = feed({Channel::Trade}, 3);
  FeedPlan plan(wanted, false);
  plan.add(symbols(0, 4));
  EXPECT_EQ(plan.connections(), 2U);
  const auto more = plan.add(symbols(2, 6));
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(more[0].connection, 1U);
  EXPECT_THAT(more[0].subscriptions[0].symbols, ElementsAre("A4/USD", "A5/USD"));
  EXPECT_EQ(plan.connections(), 2U);
  EXPECT_THAT(plan.add(symbols(0, 6)), IsEmpty()) << "nothing new";
}

TEST(FeedPlan, AsksForWhatTellsAboutAnAccountOnceAndForNoSymbol) {
  const FeedConfig wanted = feed({Channel::Executions, Channel::Balances}, 3);
  FeedPlan plan(wanted, false);
  const PlannedRequests first = plan.first();
  ASSERT_EQ(first.subscriptions.size(), 2U);
  EXPECT_EQ(first.subscriptions[0], (Subscription{.channel = Channel::Executions}));
  EXPECT_EQ(first.subscriptions[1], (Subscription{.channel = Channel::Balances}));
  EXPECT_THAT(plan.add({}), IsEmpty());
  EXPECT_EQ(plan.connections(), 1U);
}

}  // namespace
}  // namespace ktape::cli
