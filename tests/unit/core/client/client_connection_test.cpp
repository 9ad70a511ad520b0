#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/client_fixture.hpp"

namespace ktape::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(ClientTest, SubscribesInOrderWhenTheConnectionOpens) {
  build();
  client->subscribe(eth_book);
  client->subscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR", "BTC/USD"}});
  client->start();
  EXPECT_THAT(transport.sent, IsEmpty());
  transport.open();
  EXPECT_THAT(
      transport.sent,
      ElementsAre(
          R"({"method":"subscribe","params":{"channel":"book","symbol":["ETH/EUR"],"depth":10,"snapshot":true},"req_id":1})",
          R"({"method":"subscribe","params":{"channel":"trade","symbol":["ETH/EUR","BTC/USD"],"snapshot":true},"req_id":2})"));
}

TEST_F(ClientTest, SendsWhatAHandlerWantsAfterTheEventsOfThatInstant) {
  build();
  open();
  const Timer same_instant = clock.at(clock.now() + 1s, [&](Timestamp) {
    client->subscribe(eth_book);
    EXPECT_THAT(transport.sent, IsEmpty());
  });
  pass(1s);
  EXPECT_EQ(transport.sent.size(), 1U);
}

TEST_F(ClientTest, ConnectsAgainAndSubscribesAnewWhenTheConnectionIsLost) {
  build();
  client->subscribe(eth_book);
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  notes.take();

  transport.drop("1001 CloudFlare WebSocket proxy restarting");
  EXPECT_THAT(notes.take(), ElementsAre("link down 1001 CloudFlare WebSocket proxy restarting",
                                        "stream book ETH/EUR recovering: the connection is down",
                                        "book ETH/EUR await_snapshot: the connection is down"));
  EXPECT_TRUE(client->book("ETH/EUR")->bids().empty());
  EXPECT_EQ(transport.connects, 2);
  transport.sent.clear();
  transport.open();
  EXPECT_EQ(transport.sent.size(), 1U);
  notes.take();
  pass(300ms);
  acknowledge_book("ETH/EUR", 2);
  EXPECT_THAT(notes.take(), ElementsAre("reply subscribe ETH/EUR ok", "link resubscribed 300ms after the loss"));
}

TEST_F(ClientTest, WaitsLongerAndLongerForAnExchangeThatIsGone) {
  build({.reconnect = {.instant_tries = 2, .delay = 5s, .jitter = 0s, .longest_delay = 15s}});
  client->start();
  Lines waits;
  for (int i = 0; i < 6; ++i) {
    const int before = transport.connects;
    const Timestamp lost_at = clock.now();
    transport.drop("1006 connect: refused");
    for (int tries = 0; transport.connects == before && tries < 100; ++tries) pass(1s);
    waits.push_back(format_duration(clock.now() - lost_at));
  }
  EXPECT_THAT(waits, ElementsAre("0s", "0s", "5s", "10s", "15s", "15s"));
}

TEST_F(ClientTest, StaysAwayOnceStopped) {
  build();
  open();
  client->stop();
  EXPECT_THAT(transport.closes, ElementsAre("1000"));
  transport.drop("1000");
  pass(10min);
  EXPECT_EQ(transport.connects, 1);
}

TEST_F(ClientTest, PingsSoThatTheConnectionIsNotClosedAsIdle) {
  build();
  open();
  pass(30s);
  EXPECT_THAT(transport.sent, ElementsAre(R"({"method":"ping","req_id":1})"));
  transport.say(
      R"({"method":"pong","req_id":1,"time_in":"2026-09-01T08:00:05.000100Z","time_out":"2026-09-01T08:00:05.000118Z"})");
  notes.take();
  pass(30s);
  EXPECT_EQ(transport.sent.size(), 2U);
  EXPECT_THAT(notes.take(), IsEmpty());
}

TEST_F(ClientTest, GivesUpAConnectionThatFellSilent) {
  build();
  client->subscribe(eth_book);
  open();
  acknowledge_book("ETH/EUR");
  for (int i = 0; i < 20; ++i) {
    pass(1s);
    transport.say(R"({"channel":"heartbeat"})");
  }
  EXPECT_THAT(transport.closes, IsEmpty());
  pass(10s);
  EXPECT_THAT(transport.closes, ElementsAre("1000 nothing heard for 10s"));
}

TEST_F(ClientTest, TellsOfStreamsThatAreNoLongerFedAndOfThoseThatAreAgain) {
  build();
  client->subscribe(eth_book);
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  notes.take();
  pass(5s);
  EXPECT_THAT(notes.take(), ElementsAre("stream book ETH/EUR stale: nothing heard for 5s"));
  transport.say(R"({"channel":"heartbeat"})");
  EXPECT_THAT(notes.take(), ElementsAre("stream book ETH/EUR live: heard again", "heartbeat"));
}

TEST_F(ClientTest, LosesNothingButTheEventWhenAHandlerThrows) {
  build();
  client->subscribe(eth_book);
  notes.reaction = [](const Event&) { throw std::runtime_error("a bug of the user"); };
  open();
  acknowledge_book("ETH/EUR");
  snapshot();
  update();
  EXPECT_EQ(client->book("ETH/EUR")->state(), BookState::Live);
  EXPECT_EQ(client->stats().checksums_verified, 2U);
  EXPECT_GT(client->stats().handler_failures, 4U);
}

TEST_F(ClientTest, SlowsDownForAnExchangeThatHangsUpAsSoonAsItHasAnswered) {
  build({.reconnect = {.instant_tries = 2, .delay = 5s, .jitter = 0s}});
  client->subscribe(eth_book);
  client->start();
  Lines waits;
  int id = 0;
  const auto lose_after = [&](Duration span) {
    transport.open();
    acknowledge_book("ETH/EUR", ++id);
    for (Duration passed{}; passed < span; passed += 1s) {
      pass(1s);
      transport.say(R"({"channel":"heartbeat"})");
    }
    const int before = transport.connects;
    const Timestamp lost_at = clock.now();
    transport.drop();
    while (transport.connects == before && clock.now() - lost_at < 1min) pass(1s);
    waits.push_back(format_duration(clock.now() - lost_at));
  };
  for (int i = 0; i < 4; ++i) lose_after(1s);
  lose_after(30s);
  EXPECT_THAT(waits, ElementsAre("0s", "0s", "5s", "10s", "0s"));
}

TEST_F(ClientTest, OutlivesAHandlerThatEndsTheConnectionWithinAnAnswer) {
  build();
  client->subscribe(eth_book);
  notes.reaction = [&](const Event& event) {
    if (!std::holds_alternative<Reply>(event)) return;
    notes.reaction = nullptr;
    client->stop();
    transport.drop("1000");
  };
  open();
  acknowledge_book("ETH/EUR");
  EXPECT_FALSE(client->connected());
}

}  // namespace
}  // namespace ktape::test
