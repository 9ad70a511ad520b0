#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/client_fixture.hpp"

namespace ktape::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ClientTest, DoesNotTradeUnlessItIsAllowedTo) {
  Tokens tokens;
  build({.authoriser = &tokens});
  open();
  const auto refused = client->trade(CancelAll{});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("allow_trading is off"));
  build({.allow_trading = true});
  open();
  const auto without_credentials = client->trade(CancelAll{});
  ASSERT_FALSE(without_credentials);
  EXPECT_THAT(without_credentials.error().detail, HasSubstr("needs credentials"));
  EXPECT_THAT(transport.sent, IsEmpty());
}

TEST_F(ClientTest, RefusesPrivateChannelsWithoutCredentials) {
  build();
  const auto refused = client->subscribe({.channel = Channel::Executions});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("executions needs credentials"));
}

struct ClientSessionTest : ClientTest {
  void begin(ClientOptions options = {}) {
    options.authoriser = &tokens;
    options.allow_trading = true;
    options.notices = &notices;
    build(std::move(options));
    client->subscribe({.channel = Channel::Balances});
    open();
  }
  void acknowledge(int id) {
    transport.say(fmt::format(
        R"({{"method":"subscribe","req_id":{},"result":{{"channel":"balances","snapshot":true}},"success":true}})",
        id));
  }
  void refuse(int id, std::string_view error = "ESession:Invalid session") {
    transport.say(fmt::format(
        R"({{"channel":"balances","error":"{}","method":"subscribe","req_id":{},"status":"error","success":false}})",
        error, id));
  }
  void balances(int sequence, const char* type = "update") {
    transport.say(fmt::format(R"({{"channel":"balances","type":"{}","data":[],"sequence":{}}})", type, sequence));
  }
  std::string last_sent() { return transport.sent.empty() ? "" : transport.sent.back(); }

  Tokens tokens;
  NoticeLines notices;
};

TEST_F(ClientSessionTest, AsksForANewTokenOnEachConnection) {
  begin();
  acknowledge(1);
  EXPECT_THAT(last_sent(), HasSubstr(R"("token":"token-1")"));
  transport.drop();
  pass(1s);
  transport.open();
  EXPECT_THAT(tokens.needs, ElementsAre("first", "renew"));
  EXPECT_THAT(last_sent(), HasSubstr(R"("token":"token-2")"));
}

TEST_F(ClientSessionTest, RenewsATokenThatWasRefusedAndAsksAgainWithIt) {
  begin({.subscribe_attempts = 3});
  refuse(1);
  EXPECT_THAT(tokens.needs, ElementsAre("first", "renew"));
  EXPECT_THAT(last_sent(), AllOf(HasSubstr(R"("method":"subscribe")"), HasSubstr(R"("token":"token-2")")));
  refuse(2);
  refuse(3);
  EXPECT_THAT(tokens.needs, ElementsAre("first", "renew", "renew"));
  EXPECT_EQ(transport.sent.size(), 3U) << "not for ever";
  EXPECT_THAT(notices.take(),
              ElementsAre("failed: subscription to balances given up on this connection after 3 attempts"));
}

TEST_F(ClientSessionTest, RemembersOnTheNextConnectionThatATokenWasRefused) {
  begin();
  tokens.later = true;
  refuse(1);
  transport.drop();
  tokens.later = false;
  pass(1s);
  transport.open();
  EXPECT_THAT(tokens.needs, ElementsAre("first", "renew", "renew"));
}

TEST_F(ClientSessionTest, AsksForEachRequestUntilAPrivateSubscriptionKeepsTheTokenAlive) {
  begin();
  ASSERT_TRUE(client->trade(CancelAll{}));
  pass(0s);
  EXPECT_THAT(tokens.needs, ElementsAre("first", "first"));
  acknowledge(1);
  pass(20min);
  ASSERT_TRUE(client->trade(CancelAll{}));
  pass(0s);
  EXPECT_EQ(tokens.needs.size(), 2U);
  EXPECT_THAT(last_sent(), HasSubstr(R"("token":"token-2")"));
}

TEST_F(ClientSessionTest, RenewsTheTokenThatATradeWasRefusedForButDoesNotRepeatTheTrade) {
  begin();
  acknowledge(1);
  ASSERT_TRUE(client->trade(CancelAll{}));
  pass(0s);
  const auto sent = transport.sent.size();
  transport.say(R"({"error":"ESession:Invalid session","method":"cancel_all","req_id":2,"success":false})");
  EXPECT_EQ(transport.sent.size(), sent);
  ASSERT_TRUE(client->trade(CancelAll{}));
  pass(0s);
  EXPECT_THAT(tokens.needs, ElementsAre("first", "renew"));
}

TEST_F(ClientSessionTest, KeepsSubscriptionsWhileNoTokenCanBeHadButNoTrades) {
  tokens.failure = Error{Errc::Io, "no route"};
  begin();
  ASSERT_TRUE(client->trade(CancelAll{}));
  EXPECT_THAT(notices.take(), ElementsAre("failed: no route", "failed: no route", "not sent 2: no route"));
  pass(30s);
  EXPECT_THAT(transport.sent, testing::Each(HasSubstr("ping")));
  tokens.failure.reset();
  transport.say(R"({"method":"pong","req_id":3})");
  pass(60s);
  EXPECT_THAT(transport.sent, testing::Contains(HasSubstr(R"("channel":"balances")")));
  EXPECT_THAT(transport.sent, testing::Not(testing::Contains(HasSubstr("cancel_all"))));
}

TEST_F(ClientSessionTest, DoesNotGoOnAskingWithAKeyThatIsRefused) {
  tokens.failure = Error{Errc::InvalidArgument, "EAPI:Invalid key"};
  begin({.silence_timeout = kNever});
  pass(10min);
  EXPECT_EQ(tokens.needs.size(), 3U);
  EXPECT_THAT(notices.take(), ElementsAre("failed: EAPI:Invalid key", "failed: EAPI:Invalid key",
                                          "failed: EAPI:Invalid key", "not sent 1: EAPI:Invalid key"));
}

TEST_F(ClientSessionTest, NamesMissingMessagesAsksForANewSnapshotAndDropsRepetitions) {
  begin();
  acknowledge(1);
  balances(1, "snapshot");
  balances(2);
  balances(2);
  notes.take();
  balances(4);
  EXPECT_THAT(notes.take(), ElementsAre("missing balances 3-4", "balances 4", "stream balances  ended: unsubscribed",
                                        "stream balances  recovering: requested"));
  EXPECT_EQ(client->stats().sequence_gaps, 1U);
  EXPECT_EQ(client->stats().duplicate_updates, 1U);
  acknowledge(3);
  balances(1, "snapshot");
  balances(2);
  EXPECT_THAT(notes.take(),
              ElementsAre("reply subscribe  ok", "stream balances  live: confirmed", "balances 1", "balances 2"));
}

}  // namespace
}  // namespace ktape::test
