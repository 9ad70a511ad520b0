#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "core/protocol/spot_v1/codec.hpp"
#include "tests/support/event_log.hpp"
#include "tests/support/scripted_transport.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The same client as ever, in v1's words.
struct SpotV1ClientTest : testing::Test {
  SpotV1ClientTest() {
    client.subscribe({.channel = Channel::Book, .symbols = {"BTC/USD"}, .depth = 10});
    client.start();
    transport.open();
    log.clear();
  }
  void acknowledge(const char* status = "subscribed", int id = 1) {
    transport.say(
        fmt::format(R"({{"channelID":7,"channelName":"book-10","event":"subscriptionStatus","pair":"XBT/USD",)"
                    R"("reqid":{},"status":"{}","subscription":{{"depth":10,"name":"book"}}}})",
                    id, status));
  }
  void snapshot() {
    transport.say(
        R"([7,{"as":[["0.05005","0.00000500","1"],["0.05010","0.00000500","1"]],"bs":[]},"book-10","XBT/USD"])");
  }
  void update(const char* checksum) {
    transport.say(fmt::format(R"([7,{{"b":[["0.05000","0.00000500","1"]],"c":"{}"}},"book-10","XBT/USD"])", checksum));
  }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  ScriptedTransport transport{clock};
  spot_v1::SpotV1Codec codec;
  test::EventLog log;
  Client client{transport, codec, clock, log, {}};
};

TEST_F(SpotV1ClientTest, KeepsAVerifiedBookUnderTheModernName) {
  EXPECT_THAT(
      transport.sent,
      ElementsAre(R"({"event":"subscribe","reqid":1,"pair":["XBT/USD"],"subscription":{"name":"book","depth":10}})"));
  acknowledge();
  snapshot();
  update("1725113685");
  ASSERT_NE(client.book("BTC/USD"), nullptr);
  EXPECT_EQ(client.book("BTC/USD")->state(), BookState::Live);
  EXPECT_EQ(client.book("BTC/USD")->spec().depth, 10);
  EXPECT_EQ(client.stats().checksums_verified, 1U);
  clock.advance_to(clock.now() + 9s);
  EXPECT_THAT(log.text(), Not(HasSubstr("request_timeout")));
}

TEST_F(SpotV1ClientTest, MatchesAnswersByTheModernNameOfTheirPair) {
  acknowledge();
  clock.advance_to(clock.now() + 20s);
  EXPECT_THAT(log.text(), Not(HasSubstr("request_timeout")));
}

TEST_F(SpotV1ClientTest, SubscribesAgainAfterAWrongChecksum) {
  acknowledge();
  snapshot();
  transport.sent.clear();
  update("1");
  EXPECT_THAT(log.text(), HasSubstr("update says checksum 1, the book gives 1725113685"));
  EXPECT_THAT(
      transport.sent,
      ElementsAre(R"({"event":"unsubscribe","reqid":2,"pair":["XBT/USD"],"subscription":{"name":"book","depth":10}})",
                  R"({"event":"subscribe","reqid":3,"pair":["XBT/USD"],"subscription":{"name":"book","depth":10}})"));
  acknowledge("unsubscribed", 2);
  acknowledge("subscribed", 3);
  snapshot();
  EXPECT_EQ(client.book("BTC/USD")->state(), BookState::Live);
}

TEST_F(SpotV1ClientTest, TellsItsCodecWhatItAsked) {
  client.unsubscribe({.channel = Channel::Ticker, .symbols = {"BTC/USD"}});
  clock.advance_to(clock.now());
  log.clear();
  transport.say(R"({"errorMessage":"any","event":"subscriptionStatus","pair":"XBT/USD","reqid":2,"status":"error"})");
  EXPECT_THAT(log.text(), HasSubstr(R"("method":"unsubscribe")"));
}

}  // namespace
}  // namespace ktape
