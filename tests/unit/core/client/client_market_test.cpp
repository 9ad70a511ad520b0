#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/client_fixture.hpp"

namespace ktape::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(ClientTest, KeepsABookLiveFromSnapshotAndUpdates) {
  build();
  client->subscribe(eth_book);
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  update();
  EXPECT_THAT(notes.take(),
              ElementsAre("reply subscribe ETH/EUR ok", "book ETH/EUR await_snapshot: subscribed", "snapshot ETH/EUR",
                          "book ETH/EUR live: snapshot", "stream book ETH/EUR live: snapshot", "update ETH/EUR"));
  ASSERT_NE(client->book("ETH/EUR"), nullptr);
  EXPECT_EQ(client->book("ETH/EUR")->bids().front().price.text(), "3120.10");
  EXPECT_EQ(client->stats().checksums_verified, 2U);
}

TEST_F(ClientTest, SubscribesAgainAfterAWrongChecksumAndShowsNothingMeanwhile) {
  build();
  client->subscribe(eth_book);
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  transport.sent.clear();
  notes.take();

  update("1");
  const std::string wrong = "book ETH/EUR: update says checksum 1, the book gives 3176942565";
  EXPECT_THAT(notes.take(),
              ElementsAre("book ETH/EUR invalid: " + wrong, "stream book ETH/EUR recovering: " + wrong,
                          "stream book ETH/EUR ended: unsubscribed", "book ETH/EUR await_snapshot: unsubscribed",
                          "stream book ETH/EUR recovering: requested"));
  EXPECT_THAT(
      transport.sent,
      ElementsAre(
          R"({"method":"unsubscribe","params":{"channel":"book","symbol":["ETH/EUR"],"depth":10},"req_id":2})",
          R"({"method":"subscribe","params":{"channel":"book","symbol":["ETH/EUR"],"depth":10,"snapshot":true},"req_id":3})"));
  update();
  EXPECT_THAT(notes.take(), IsEmpty());

  acknowledge_book("ETH/EUR", 2, "unsubscribe");
  acknowledge_book("ETH/EUR", 3);
  snapshot();
  EXPECT_THAT(notes.take(),
              ElementsAre("reply unsubscribe ETH/EUR ok", "reply subscribe ETH/EUR ok", "snapshot ETH/EUR",
                          "book ETH/EUR live: snapshot", "stream book ETH/EUR live: snapshot"));
}

TEST_F(ClientTest, AsksLessAndLessOftenForABookThatBreaksAgainAndAgain) {
  build({.silence_timeout = kNever, .pace = {.burst = 100, .per_second = 100}});
  client->subscribe(eth_book);
  open();
  Lines waits;
  int id = 1;
  acknowledge_book("ETH/EUR", id);
  for (int i = 0; i < 5; ++i) {
    snapshot();
    transport.sent.clear();
    const Timestamp broken_at = clock.now();
    update("1");
    while (transport.sent.empty() && clock.now() - broken_at < 2min) pass(500ms);
    waits.push_back(format_duration(clock.now() - broken_at));
    id += 2;
    acknowledge_book("ETH/EUR", id);
  }
  EXPECT_THAT(waits, ElementsAre("0s", "1s", "2s", "4s", "8s"));
}

TEST_F(ClientTest, NamesAHoleInTheTradeIdsAndIgnoresRepetitions) {
  build({.candles = {.intervals = {1min}}, .ping_interval = kNever});
  open();
  trade("08:00:01", 10);
  trade("08:00:02", 11);
  trade("08:00:02", 11);
  trade("08:00:03", 14);
  EXPECT_THAT(notes.take(), ElementsAre("trade ETH/EUR 10", "trade ETH/EUR 11", "trade ETH/EUR 11", "gap ETH/EUR 12-14",
                                        "trade ETH/EUR 14"));
  EXPECT_EQ(client->stats().trade_gaps, 1U);
  EXPECT_EQ(client->stats().duplicate_trades, 1U);
  at("08:01:01");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:00 partial C 10.0 N 3 r0"));
}

TEST_F(ClientTest, TakesTradesWithoutIdsNeitherForRepeatedNorForMissing) {
  build({.candles = {.intervals = {1min}}, .ping_interval = kNever});
  open();
  trade("08:00:01", 10);
  trade("08:00:02", 0);
  trade("08:00:02", 0);
  trade("08:00:03", 11);
  EXPECT_THAT(notes.take(), ElementsAre("trade ETH/EUR 10", "trade ETH/EUR 0", "trade ETH/EUR 0", "trade ETH/EUR 11"));
  EXPECT_EQ(client->stats().duplicate_trades, 0U);
  at("08:01:01");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:00 partial C 10.0 N 4 r0"));
}

}  // namespace
}  // namespace ktape::test
