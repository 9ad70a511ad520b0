#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "core/protocol/futures/codec.hpp"
#include "tests/support/event_log.hpp"
#include "tests/support/scripted_transport.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// The same client as Spot's; only the codec differs.
struct FuturesClient : testing::Test {
  void open() {
    client.start();
    transport.open();
    pass(0s);
    take();
  }
  void pass(Duration span) { clock.advance_to(clock.now() + span); }
  std::string take() {
    std::string text = log.text();
    log.clear();
    transport.sent.clear();
    return text;
  }
  void confirm(const char* event, const char* feed, const char* product = "PF_XBTUSD") {
    transport.say(fmt::format(R"({{"event":"{}","feed":"{}","product_ids":["{}"]}})", event, feed, product));
  }
  void snapshot(int sequence) {
    transport.say(fmt::format(R"({{"feed":"book_snapshot","product_id":"PF_XBTUSD","timestamp":1788249600000,"seq":{},)"
                              R"("tickSize":null,"bids":[{{"price":100.5,"qty":3}}],"asks":[]}})",
                              sequence));
  }
  void delta(int sequence) {
    transport.say(fmt::format(R"({{"feed":"book","product_id":"PF_XBTUSD","side":"buy","seq":{},"price":99,"qty":1,)"
                              R"("timestamp":1788249600001}})",
                              sequence));
  }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  ScriptedTransport transport{clock};
  futures::FuturesCodec codec;
  test::EventLog log;
  Endpoint endpoint = Endpoint::parse("wss://exchange/ws/v1").value();
  // Tests that are about heartbeats ask for them.
  Client client{transport, codec, clock, log, {.endpoint = endpoint, .heartbeats = false}};
};

TEST_F(FuturesClient, SubscribesAnewWhenNumbersAreMissingAndShowsNothingMeanwhile) {
  open();
  client.subscribe({.channel = Channel::Book, .symbols = {"PF_XBTUSD"}});
  pass(0s);
  EXPECT_THAT(transport.sent, ElementsAre(R"({"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD"]})"));
  confirm("subscribed", "book");
  snapshot(41);
  delta(42);
  EXPECT_EQ(client.book("PF_XBTUSD")->bids().size(), 2U);
  take();

  delta(44);
  pass(0s);
  EXPECT_THAT(transport.sent, ElementsAre(R"({"event":"unsubscribe","feed":"book","product_ids":["PF_XBTUSD"]})",
                                          R"({"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD"]})"));
  EXPECT_THAT(take(),
              HasSubstr(R"("state":"invalid","reason":"book PF_XBTUSD: an update has the number 44, 43 was due")"));
  delta(45);
  EXPECT_THAT(take(), IsEmpty());

  confirm("unsubscribed", "book");
  confirm("subscribed", "book");
  snapshot(50);
  delta(51);
  EXPECT_EQ(client.book("PF_XBTUSD")->state(), BookState::Live);
  EXPECT_EQ(client.stats().sequences_verified, 2U);
  EXPECT_EQ(client.stats().sequences_failed, 1U);
}

TEST_F(FuturesClient, DropsAnUpdateThatWasToldBefore) {
  open();
  snapshot(41);
  delta(42);
  take();
  delta(42);
  delta(7);
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_EQ(client.stats().duplicate_updates, 2U);
  EXPECT_EQ(client.book("PF_XBTUSD")->state(), BookState::Live);
}

TEST_F(FuturesClient, KnowsWhichAnswersAreMissing) {
  open();
  client.subscribe({.channel = Channel::Trade, .symbols = {"PF_XBTUSD", "PF_ETHUSD"}});
  client.subscribe({.channel = Channel::Ticker, .symbols = {"PF_XBTUSD"}});
  pass(0s);
  confirm("subscribed", "trade");
  transport.say(R"({"event":"alert","message":"Couldn't subscribe to invalid product `PF_ETHUSD`"})");
  EXPECT_THAT(take(), HasSubstr(R"("request_id":1,"success":false)"));
  pass(11s);
  const std::string told = take();
  EXPECT_THAT(told,
              HasSubstr(R"("event":"request_unanswered","request_id":2,"method":"subscribe","channel":"ticker")"));
  EXPECT_THAT(told, Not(HasSubstr(R"("request_unanswered","request_id":1)")));
}

TEST_F(FuturesClient, GivesNoAnswerToARequestThatIsNotWaitedForAnyMore) {
  open();
  client.subscribe({.channel = Channel::Trade, .symbols = {"PF_XBTUSD"}});
  pass(5s);
  client.subscribe({.channel = Channel::Ticker, .symbols = {"PF_XBTUSD"}});
  pass(5s);
  EXPECT_THAT(take(), HasSubstr(R"("event":"request_unanswered","request_id":1)"));
  // What answers the second request, and the first one asked again.
  transport.say(R"({"event":"alert","message":"Already subscribed to feed, re-requesting"})");
  EXPECT_THAT(take(), HasSubstr(R"("request_id":2,"success":false)"));
  transport.say(R"({"event":"alert","message":"Already subscribed to feed, re-requesting"})");
  EXPECT_THAT(take(), HasSubstr(R"("request_id":3,"success":false)"));
  pass(11s);
  EXPECT_THAT(take(), Not(HasSubstr("request_unanswered")));
}

TEST_F(FuturesClient, ForgetsWhatWasAskedOnALostConnection) {
  open();
  client.subscribe({.channel = Channel::Book, .symbols = {"PF_XBTUSD"}});
  pass(0s);
  transport.drop();
  pass(0s);
  transport.open();
  pass(0s);
  take();
  confirm("subscribed", "book");
  EXPECT_THAT(take(), HasSubstr(R"("request_id":2,"success":true)"));
}

TEST_F(FuturesClient, TakesSilenceForDeathOnlyIfItSubscribedToHeartbeats) {
  open();
  client.subscribe({.channel = Channel::Trade, .symbols = {"FI_XBTUSD_270326"}});
  pass(0s);
  confirm("subscribed", "trade", "FI_XBTUSD_270326");
  pass(5min);
  EXPECT_THAT(transport.closes, IsEmpty());
  client.subscribe({.channel = Channel::Heartbeat});
  pass(0s);
  transport.say(R"({"event":"subscribed","feed":"heartbeat"})");
  pass(11s);
  EXPECT_THAT(transport.closes, ElementsAre(HasSubstr("nothing heard")));
}

TEST_F(FuturesClient, AsksForHeartbeatsByItselfSoThatNoSilenceGoesUnnoticed) {
  Client watchful{transport, codec, clock, log, {.endpoint = endpoint}};
  const Subscription trades{.channel = Channel::Trade, .symbols = {"PF_XBTUSD"}};
  ASSERT_TRUE(watchful.subscribe(trades));
  ASSERT_TRUE(watchful.subscribe({.channel = Channel::Book, .symbols = {"PF_XBTUSD"}}));
  watchful.start();
  transport.open();
  pass(0s);
  EXPECT_THAT(transport.sent, ElementsAre(R"({"event":"subscribe","feed":"heartbeat"})",
                                          R"({"event":"subscribe","feed":"trade","product_ids":["PF_XBTUSD"]})",
                                          R"({"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD"]})"));
  transport.say(R"({"event":"subscribed","feed":"heartbeat"})");
  confirm("subscribed", "trade");
  confirm("subscribed", "book");
  snapshot(41);
  take();
  pass(6s);
  EXPECT_THAT(take(), HasSubstr(R"("reason":"nothing heard for 5s")"));
  pass(5s);
  EXPECT_THAT(transport.closes, ElementsAre(HasSubstr("nothing heard for 10s")));
}

TEST_F(FuturesClient, PingsAndExpectsNoAnswer) {
  open();
  pass(45s);
  EXPECT_THAT(transport.sent, ElementsAre(R"({"event":"ping"})"));
  EXPECT_THAT(take(), IsEmpty());
  transport.say(R"({"event":"pong"})");
  EXPECT_THAT(take(), HasSubstr(R"("method":"pong","success":true)"));
}

}  // namespace
}  // namespace ktape
