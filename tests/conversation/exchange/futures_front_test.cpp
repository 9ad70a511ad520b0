#include "exchange/futures_front.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/conversation.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/open_market.hpp"

namespace ktape {
namespace {

using test::play;
using Market = test::OpenMarket<FuturesFront, FuturesFrontOptions>;

class FuturesFrontTalk : public testing::Test {
 protected:
  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  Market market{clock, {"PF_XBTUSD", "PI_ETHUSD"}};

  std::string talk(std::string_view script) { return play(clock, market, script); }
};

// Whatever is said first, info comes before it.
const std::string kHello = R"(
< {"event":"info","version":1}
)";

TEST_F(FuturesFrontTalk, AnswersEveryProductOfARequestInUpperCase) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"subscribe","feed":"book","product_ids":["pi_ethusd","PF_XBTUSD"]}
< {"event":"subscribed","feed":"book","product_ids":["PI_ETHUSD"]}
< {"event":"subscribed","feed":"book","product_ids":["PF_XBTUSD"]}
> {"event":"subscribe","feed":"ticker_lite","product_ids":["PF_XBTUSD"]}
< {"event":"subscribed","feed":"ticker_lite","product_ids":["PF_XBTUSD"]}
> {"event":"unsubscribe","feed":"book","product_ids":["PF_XBTUSD"]}
< {"event":"unsubscribed","feed":"book","product_ids":["PF_XBTUSD"]}
)"),
            "");
  EXPECT_EQ(market.asked.front().feed, Feed::of(Channel::Book, "PI_ETHUSD"));
}

TEST_F(FuturesFrontTalk, RefusesByAlertsInKrakensWords) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"subscribe","feed":"liquidations","product_ids":["PF_XBTUSD"]}
< {"event":"alert","message":"Couldn't subscribe to invalid feed"}
> {"event":"subscribe","feed":"trade","product_ids":["PF_WWWUSD","PF_XBTUSD","nonsense"]}
< {"event":"alert","message":"Couldn't subscribe to invalid product `PF_WWWUSD`"}
< {"event":"subscribed","feed":"trade","product_ids":["PF_XBTUSD"]}
< {"event":"alert","message":"Couldn't subscribe to invalid product `nonsense`"}
> {"event":"subscribe","feed":"trade","product_ids":["PF_XBTUSD"]}
< {"event":"alert","message":"Already subscribed to feed, re-requesting"}
> {"event":"unsubscribe","feed":"ticker","product_ids":["PF_XBTUSD"]}
< {"event":"alert","message":"Not subscribed to feed"}
> {"event":"subscribe","feed":"fills"}
< {"event":"alert","message":"Failed to subscribe to authenticated feed"}
> {"event":"subscribe","feed":"fills","api_key":"k","original_challenge":"c","signed_challenge":"s"}
< {"event":"alert","message":"Failed to subscribe to authenticated feed"}
> {"event":"subscribe"
< {"event":"alert","message":"Bad request"}
> {"event":"hello"}
< {"event":"alert","message":"Bad request"}
)"),
            "");
}

TEST_F(FuturesFrontTalk, RefusesInTheDocumentedFormWhereAnOptionSaysSo) {
  Market documented(clock, {"PF_XBTUSD"}, {.refusals = futures::RefusalForm::Documented});
  EXPECT_EQ(play(clock, documented, kHello + R"(
> {"event":"subscribe","feed":"liquidations"}
< {"event":"error","message":"Invalid feed"}
> {"event":"subscribe","feed":"trade","product_ids":["PF_WWWUSD"]}
< {"event":"error","message":"Invalid product id"}
> hello
< {"event":"error","message":"Json Error"}
)"),
            "");
}

TEST_F(FuturesFrontTalk, AnswersPingsAndChallenges) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"ping"}
< {"event":"pong"}
> {"event":"challenge","api_key":"k"}
< {"event":"challenge","message":"...-4...-...-..."}
> {"event":"challenge"}
< {"event":"error","message":"Json Error"}
)"),
            "");
}

TEST_F(FuturesFrontTalk, ChallengesEachConnectionDifferentlyAndAlikeInEveryRun) {
  const auto challenged = [this](std::uint64_t seed, int connection) {
    Market fresh(clock, {}, {.connection_id_seed = seed});
    test::ExchangeDriver driver(clock, fresh);
    ConnectionId client{};
    for (int i = 0; i < connection; ++i) client = driver.connect();
    driver.say(client, R"({"event":"challenge","api_key":"k"})");
    return driver.take(client).back();
  };
  EXPECT_EQ(challenged(1, 1), challenged(1, 1));
  EXPECT_NE(challenged(1, 1), challenged(1, 2));
  EXPECT_NE(challenged(1, 1), challenged(2, 1));
}

TEST_F(FuturesFrontTalk, BeatsForThoseWhoSubscribeToHeartbeatAndOnlyAsLong) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD"]}
< {"event":"subscribed","feed":"book","product_ids":["PF_XBTUSD"]}
@ +3s
> {"event":"subscribe","feed":"heartbeat"}
< {"event":"subscribed","feed":"heartbeat"}
@ +2s
< {"feed":"heartbeat","time":1788249604000}
< {"feed":"heartbeat","time":1788249605000}
> {"event":"unsubscribe","feed":"heartbeat"}
< {"event":"unsubscribed","feed":"heartbeat"}
@ +5s
)"),
            "");
}

}  // namespace
}  // namespace ktape
