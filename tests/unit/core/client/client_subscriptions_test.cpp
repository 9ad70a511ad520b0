#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/client_fixture.hpp"

namespace ktape::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ClientTest, RefusesWhatTheExchangeWouldBeforeItIsSent) {
  build();
  open();
  const auto depth = client->subscribe({.channel = Channel::Book, .symbols = {"ETH/EUR"}, .depth = 50});
  ASSERT_FALSE(depth);
  EXPECT_THAT(depth.error().detail, HasSubstr("book depth 50 is not one of 10, 25, 100, 500, 1000"));
  const auto interval = client->subscribe({.channel = Channel::Ohlc, .symbols = {"ETH/EUR"}, .interval_minutes = 7});
  ASSERT_FALSE(interval);
  const auto symbol = client->add_book("XBT/USD");
  ASSERT_FALSE(symbol);
  EXPECT_THAT(symbol.error().detail, HasSubstr("BTC/USD"));
  pass(1s);
  EXPECT_THAT(transport.sent, IsEmpty());
  EXPECT_THAT(client->wanted(), IsEmpty());
}

TEST_F(ClientTest, KeepsTheWordsOfARefusal) {
  build();
  ASSERT_TRUE(client->subscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR", "NO/PE"}}));
  open();
  transport.say(
      R"({"error":"Currency pair not supported NO/PE","method":"subscribe","req_id":1,"success":false,"symbol":"NO/PE",)"
      R"("time_in":"2026-09-01T08:00:02.000100Z","time_out":"2026-09-01T08:00:02.000122Z"})");
  EXPECT_THAT(notes.take(), ElementsAre("reply subscribe NO/PE Currency pair not supported NO/PE",
                                        "stream trade NO/PE dead: Currency pair not supported NO/PE"));
  const auto refused = client->streams().find(SubscriptionKey{.channel = Channel::Trade, .symbol = "NO/PE"});
  ASSERT_NE(refused, client->streams().end());
  EXPECT_EQ(refused->second.reason, "Currency pair not supported NO/PE");
  EXPECT_THAT(client->active_subscriptions(), IsEmpty());
}

TEST_F(ClientTest, ListsWhatIsConfirmedWithAllItsParameters) {
  build();
  client->subscribe(eth_book);
  open();
  EXPECT_THAT(client->active_subscriptions(), IsEmpty());
  acknowledge_book("ETH/EUR");
  const auto active = client->active_subscriptions();
  ASSERT_EQ(active.size(), 1U);
  EXPECT_EQ(active.front().subscription, eth_book);
  EXPECT_EQ(active.front().state, StreamState::Recovering);
  snapshot();
  EXPECT_EQ(client->active_subscriptions().front().state, StreamState::Live);
}

TEST_F(ClientTest, TellsNothingOfAStreamOnceItIsUnsubscribed) {
  build();
  client->add_book("ETH/EUR");
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  client->remove_book("ETH/EUR");
  pass(0s);
  notes.take();
  update();
  EXPECT_THAT(notes.take(), IsEmpty());
  acknowledge_book("ETH/EUR", 2, "unsubscribe");
  EXPECT_THAT(notes.take(), ElementsAre("reply unsubscribe ETH/EUR ok"));
  EXPECT_THAT(client->wanted(), IsEmpty());
  EXPECT_TRUE(client->streams().empty());
}

TEST_F(ClientTest, ClosesNoCandleOfATradeChannelThatWasUnsubscribed) {
  build({.candles = {.intervals = {1min}}, .ping_interval = kNever});
  const Subscription trades{.channel = Channel::Trade, .symbols = {"ETH/EUR"}};
  client->subscribe(trades);
  open();
  trade("08:00:01", 10);
  client->unsubscribe(trades);
  pass(0s);
  notes.take();
  trade("08:00:02", 11);
  at("08:02:00");
  EXPECT_THAT(notes.take(), testing::Not(testing::Contains(testing::StartsWith("candle"))));
}

TEST_F(ClientTest, TellsOfARequestWithoutAnAnswer) {
  build();
  client->subscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR", "BTC/USD"}});
  open();
  pass(9999ms);
  EXPECT_THAT(notes.take(), IsEmpty());
  pass(1ms);
  EXPECT_THAT(
      notes.take(),
      ElementsAre("unanswered 1 subscribe: no answer within 10s", "stream trade ETH/EUR dead: no answer within 10s",
                  "stream trade BTC/USD dead: no answer within 10s", "stream trade ETH/EUR recovering: requested",
                  "stream trade BTC/USD recovering: requested"));
}

TEST_F(ClientTest, WaitsForTheAnswerOfEverySymbol) {
  build();
  client->subscribe({.channel = Channel::Book, .symbols = {"ETH/EUR", "BTC/USD"}, .depth = 10});
  open();
  acknowledge_book("ETH/EUR");
  notes.take();
  pass(10s);
  EXPECT_THAT(notes.take(), testing::Contains("unanswered 1 subscribe: no answer within 10s"));
}

TEST_F(ClientTest, AsksAgainForWhatWasNotAnsweredAndThenGivesUp) {
  build({.silence_timeout = kNever, .subscribe_attempts = 2});
  client->subscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR"}});
  open();
  pass(10s);
  EXPECT_EQ(transport.sent.size(), 2U);
  pass(10s);
  pass(9s);
  EXPECT_EQ(transport.sent.size(), 2U);
  EXPECT_EQ(client->streams().begin()->second.state, StreamState::Dead);
}

TEST_F(ClientTest, KeepsToThePaceWhenMuchIsWanted) {
  build({.ping_interval = kNever,
         .request_timeout = kNever,
         .pace = {.burst = 3, .per_second = 2},
         .symbols_per_request = 1});
  std::vector<std::string> symbols;
  for (int i = 0; i < 7; ++i) symbols.push_back(fmt::format("A{}/USD", i));
  client->subscribe({.channel = Channel::Trade, .symbols = symbols});
  open();
  std::vector<std::size_t> sent{transport.sent.size()};
  for (int i = 0; i < 5; ++i) {
    pass(500ms);
    sent.push_back(transport.sent.size());
  }
  EXPECT_THAT(sent, ElementsAre(3U, 4U, 5U, 6U, 7U, 7U));
}

TEST_F(ClientTest, FollowsRequestsThatSomebodyElseHasWritten) {
  build();
  open();
  ASSERT_TRUE(client->send_raw(R"({"method":"subscribe","params":{"channel":"trade","symbol":["ETH/EUR"]}})"));
  pass(0s);
  transport.say(
      R"({"method":"subscribe","result":{"channel":"trade","snapshot":false,"symbol":"ETH/EUR"},"success":true,)"
      R"("time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})");
  EXPECT_EQ(client->active_subscriptions().size(), 1U);
  pass(20s);
  EXPECT_THAT(notes.take(), testing::Not(testing::Contains(HasSubstr("unanswered 0 subscribe"))));
}

TEST_F(ClientTest, AsksAgainForEachOfSeveralSubscriptionsToOneChannel) {
  build({.ping_interval = kNever});
  client->add_book("ETH/EUR");
  client->add_book("BTC/USD");
  open();
  transport.sent.clear();
  pass(10s);
  EXPECT_THAT(transport.sent, ElementsAre(HasSubstr(R"(["ETH/EUR"])"), HasSubstr(R"(["BTC/USD"])")));
}

TEST_F(ClientTest, SubscribesAgainToWhatTheExchangeHasEndedByItself) {
  build();
  client->subscribe(eth_book);
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  notes.take();
  transport.sent.clear();
  acknowledge_book("ETH/EUR", 0, "unsubscribe");
  EXPECT_THAT(transport.sent, ElementsAre(HasSubstr(R"("method":"subscribe")")));
  EXPECT_THAT(notes.take(),
              ElementsAre("reply unsubscribe ETH/EUR ok", "stream book ETH/EUR ended: unsubscribed",
                          "book ETH/EUR await_snapshot: unsubscribed", "stream book ETH/EUR recovering: requested"));
}

TEST_F(ClientTest, DoesNotTakeTheAnswerToWhatItLeftForThatToWhatItAskedForSince) {
  build();
  const Subscription trades{.channel = Channel::Trade, .symbols = {"ETH/EUR"}};
  client->subscribe(trades);
  open();
  client->unsubscribe(trades);
  client->subscribe(trades);
  pass(0s);
  const auto acknowledge = [&](int id) {
    transport.say(fmt::format(
        R"({{"method":"subscribe","req_id":{},"result":{{"channel":"trade","snapshot":true,"symbol":"ETH/EUR"}},"success":true}})",
        id));
  };
  acknowledge(1);
  EXPECT_THAT(client->active_subscriptions(), IsEmpty());
  acknowledge(3);
  EXPECT_EQ(client->active_subscriptions().size(), 1U);
}

TEST_F(ClientTest, AsksAgainLaterForWhatIsRefusedForNow) {
  build({.ping_interval = kNever, .silence_timeout = kNever});
  client->subscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR"}});
  open();
  for (int id = 1; id < 4; ++id) {
    transport.sent.clear();
    transport.say(fmt::format(
        R"({{"error":"Exceeded msg rate","method":"subscribe","req_id":{},"success":false,"symbol":"ETH/EUR"}})", id));
    EXPECT_EQ(client->streams().begin()->second.reason, "Exceeded msg rate");
    pass(9s);
    EXPECT_THAT(transport.sent, IsEmpty());
    pass(1s);
    EXPECT_EQ(transport.sent.size(), id < 3 ? 1U : 0U);
  }
}

TEST_F(ClientTest, TakesTheOddAnswerToAnUnsubscriptionThatWasNotNeeded) {
  build({.ping_interval = kNever, .silence_timeout = kNever});
  open();
  client->unsubscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR"}});
  pass(0s);
  transport.say(
      R"({"error":"Subscription Not Found","method":"subscribe","req_id":1,"success":false,"symbol":"ETH/EUR"})");
  transport.sent.clear();
  notes.take();
  pass(1min);
  EXPECT_THAT(transport.sent, IsEmpty());
  EXPECT_THAT(notes.take(), IsEmpty());
}

TEST_F(ClientTest, TellsNothingOfAnyChannelOnceItIsUnsubscribed) {
  build();
  const Subscription ticker{.channel = Channel::Ticker, .symbols = {"ETH/EUR"}};
  const Subscription instruments{.channel = Channel::Instrument};
  client->subscribe(ticker);
  client->subscribe(instruments);
  open();
  const auto say_all = [&] {
    transport.say(
        R"({"channel":"ticker","type":"update","data":[{"symbol":"ETH/EUR","bid":1.0,"bid_qty":1.0,"ask":2.0,"ask_qty":1.0,)"
        R"("last":1.0,"volume":1.0,"vwap":1.0,"low":1.0,"high":1.0,"change":0.0,"change_pct":0.0}]})");
    transport.say(R"({"channel":"instrument","type":"update","data":{"assets":[],"pairs":[]}})");
  };
  say_all();
  EXPECT_THAT(notes.take(), ElementsAre("ticker ETH/EUR", "instrument"));
  client->unsubscribe(ticker);
  client->unsubscribe(instruments);
  pass(0s);
  notes.take();
  say_all();
  EXPECT_THAT(notes.take(), IsEmpty());
}

}  // namespace
}  // namespace ktape::test
