#include "exchange/futures_private.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/protocol/futures/challenge.hpp"
#include "exchange/shared_endpoint.hpp"
#include "tests/support/conversation.hpp"
#include "tests/support/fixed_market.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/open_exchange.hpp"

namespace ktape {
namespace {

// Of the documentation (futures-v1 section 3.2).
constexpr std::string_view kSecret =
    "7zxMEF5p/Z8l2p2U7Ghv6x14Af+Fx+92tPgUdVQ748FOIrEoT9bgT+bTRfXc5pz8na+hL/QdrCVG7bh9KpT0eMTm";

class FuturesPrivateTalk : public testing::Test {
 protected:
  FuturesKeys keys() {
    return {[this](std::string_view key) { return key == "key" ? &terms : nullptr; },
            [](std::string_view, std::string_view challenge, std::string_view signature) {
              return futures::sign_challenge(challenge, kSecret).value() == signature;
            }};
  }
  // Asks for a challenge and gives what it has to say, with what it hears.
  void say(std::string_view text) { front.on_frame({clock.now(), id, Direction::ToExchange, FrameKind::Text, text}); }
  std::string last() const { return client.frames.empty() ? "" : client.frames.back().payload; }
  std::string proof(std::string_view challenge, std::string_view secret = kSecret) {
    return R"("api_key":"key","original_challenge":")" + std::string(challenge) + R"(","signed_challenge":")" +
           futures::sign_challenge(challenge, secret).value() + R"(")";
  }
  std::string ask_challenge() {
    say(R"({"event":"challenge","api_key":"key"})");
    constexpr std::string_view kBefore = R"({"event":"challenge","message":")";
    const std::string heard = last();
    EXPECT_TRUE(heard.starts_with(kBefore)) << heard;
    return heard.substr(kBefore.size(), 36);
  }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  FuturesTerms terms{.account = "00000000-0000-4000-8000-000000000001",
                     .wallets = {.cash = {{"USD", test::decimal("1000.5")}}}};
  FuturesPrivate front{clock, keys()};
  test::FrameLog client;
  ConnectionId id{1};
};

TEST_F(FuturesPrivateTalk, VerifiesTheSignedChallengeAndSendsSnapshots) {
  front.attach(id, {}, client);
  clock.advance_to(clock.now());
  EXPECT_EQ(last(), R"({"event":"info","version":1})");
  const std::string challenge = ask_challenge();
  say(R"({"event":"subscribe","feed":"open_orders",)" + proof(challenge) + "}");
  ASSERT_GE(client.frames.size(), 4U);
  EXPECT_EQ(client.frames[2].payload, R"({"event":"subscribed","feed":"open_orders"})");
  EXPECT_EQ(client.frames[3].payload,
            R"({"feed":"open_orders_snapshot","account":"00000000-0000-4000-8000-000000000001","orders":[]})");
  say(R"({"event":"subscribe","feed":"balances",)" + proof(challenge) + "}");
  EXPECT_NE(last().find(R"("holding":{"USD":1000.5})"), std::string::npos) << last();
  for (const char* const feed :
       {"fills", "open_positions", "account_log", "notifications_auth", "open_orders_verbose"}) {
    const std::size_t before = client.frames.size();
    say(std::string(R"({"event":"subscribe","feed":")") + feed + "\"," + proof(challenge) + "}");
    EXPECT_EQ(client.frames.size(), before + 2) << feed;
  }
  say(R"({"event":"unsubscribe","feed":"fills",)" + proof(challenge) + "}");
  EXPECT_EQ(last(), R"({"event":"unsubscribed","feed":"fills"})");
}

TEST_F(FuturesPrivateTalk, RefusesWrongSignaturesKeysAndChallengesOfOtherConnections) {
  const std::string denied = R"({"event":"alert","message":"Failed to subscribe to authenticated feed"})";
  front.attach_guest(id, client);
  say(R"({"event":"challenge","api_key":"stranger"})");
  EXPECT_EQ(last(), denied);
  const std::string challenge = ask_challenge();
  say(R"({"event":"subscribe","feed":"fills",)" + proof(challenge, "c2VjcmV0") + "}");
  EXPECT_EQ(last(), denied);
  say(R"({"event":"subscribe","feed":"fills"})");
  EXPECT_EQ(last(), denied);
  say(R"({"event":"unsubscribe","feed":"fills",)" + proof(challenge) + "}");
  EXPECT_EQ(last(), R"({"event":"alert","message":"Not subscribed to feed"})");
  test::FrameLog another;
  front.attach_guest(ConnectionId{2}, another);
  front.on_frame({clock.now(), ConnectionId{2}, Direction::ToExchange, FrameKind::Text,
                  R"({"event":"subscribe","feed":"fills",)" + proof(challenge) + "}"});
  EXPECT_EQ(another.frames.back().payload, denied);
}

TEST_F(FuturesPrivateTalk, RefusesInTheDocumentedFormWhereAnOptionSaysSo) {
  FuturesPrivate documented(clock, keys(), {.refusals = futures::RefusalForm::Documented});
  EXPECT_EQ(test::play(clock, documented, R"(
< {"event":"info","version":1}
> {"event":"subscribe","feed":"liquidations"}
< {"event":"error","message":"Invalid feed"}
> {"event":"challenge"}
< {"event":"error","message":"Json Error"}
)"),
            "");
}

// Legacy feeds are taken; nobody has seen what deposits_withdrawals says.
TEST_F(FuturesPrivateTalk, TakesTheFeedsThatNoPageNamesAnyMore) {
  front.attach_guest(id, client);
  const std::string challenge = ask_challenge();
  say(R"({"event":"subscribe","feed":"deposits_withdrawals",)" + proof(challenge) + "}");
  EXPECT_EQ(last(), R"({"event":"subscribed","feed":"deposits_withdrawals"})");
  say(R"({"event":"subscribe","feed":"account_balances_and_margins",)" + proof(challenge) + "}");
  EXPECT_EQ(
      last(),
      R"({"feed":"account_balances_and_margins","account":"00000000-0000-4000-8000-000000000001","margin_accounts":[{"name":"usd","type":"holding","balance":1000.5,"pnl":0,"funding":0,"pv":1000.5,"am":1000.5,"im":0,"mm":0}],"seq":0})");
}

TEST_F(FuturesPrivateTalk, SendsTheSnapshotAgainToWhoSubscribesTwice) {
  front.attach_guest(id, client);
  const std::string challenge = ask_challenge();
  const std::string again = R"({"event":"subscribe","feed":"fills",)" + proof(challenge) + "}";
  say(again);
  const std::string snapshot = last();
  say(again);
  EXPECT_EQ(client.frames[client.frames.size() - 2].payload,
            R"({"event":"alert","message":"Already subscribed to feed, re-requesting"})");
  EXPECT_EQ(last(), snapshot);
}

TEST_F(FuturesPrivateTalk, VerifiesTheSignatureOfUnsubscriptionsToo) {
  front.attach_guest(id, client);
  const std::string challenge = ask_challenge();
  say(R"({"event":"subscribe","feed":"fills",)" + proof(challenge) + "}");
  say(R"({"event":"unsubscribe","feed":"fills",)" + proof(challenge, "c2VjcmV0") + "}");
  EXPECT_EQ(last(), R"({"event":"alert","message":"Failed to subscribe to authenticated feed"})");
  say(R"({"event":"unsubscribe","feed":"fills",)" + proof(challenge) + "}");
  EXPECT_EQ(last(), R"({"event":"unsubscribed","feed":"fills"})");
}

TEST_F(FuturesPrivateTalk, SharesItsConnectionWithThePublicFeeds) {
  test::OpenExchange open(clock);
  open.echo();
  SharedEndpoint shared(open, front, SharedEndpoint::futures());
  EXPECT_EQ(test::play(clock, shared, R"(
> {"event":"subscribe","feed":"ticker","product_ids":["PF_XBTUSD"]}
< {"event":"subscribe","feed":"ticker","product_ids":["PF_XBTUSD"]}
> {"event":"challenge","api_key":"key"}
< {"event":"challenge","message":"..."}
> {"event":"ping"}
< {"event":"ping"}
)"),
            "");
}

}  // namespace
}  // namespace ktape
