#include "exchange/spot_v1_front.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/conversation.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/open_market.hpp"

namespace ktape {
namespace {

using test::play;
using Market = test::OpenMarket<SpotV1Front, SpotV1FrontOptions>;

class SpotV1FrontTalk : public testing::Test {
 protected:
  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  Market market{clock, {"BTC/USD", "ETH/EUR"}};

  std::string talk(std::string_view script) { return play(clock, market, script); }
};

// Whatever is said first, systemStatus comes before it.
const std::string kHello = R"(
< {"connectionID":...,"event":"systemStatus","status":"online","version":"1.9.6"}
)";

TEST_F(SpotV1FrontTalk, AnswersEveryPairOfARequestBySeparateAcknowledgements) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"subscribe","reqid":17,"pair":["ETH/EUR","XBT/USD"],"subscription":{"name":"book","depth":25}}
< {"channelID":...,"channelName":"book-25","event":"subscriptionStatus","pair":"ETH/EUR","reqid":17,"status":"subscribed","subscription":{"depth":25,"name":"book"}}
< {"channelID":...,"channelName":"book-25","event":"subscriptionStatus","pair":"XBT/USD","reqid":17,"status":"subscribed","subscription":{"depth":25,"name":"book"}}
)"),
            "");
  ASSERT_EQ(market.asked.size(), 2U);
  EXPECT_EQ(market.asked.back().feed, Feed::book("BTC/USD", 25)) << "the wire's names stay on the wire";
}

TEST_F(SpotV1FrontTalk, AcknowledgesEveryChannelWithItsOwnKeys) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"ticker"}}
< {"channelID":...,"channelName":"ticker","event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"name":"ticker"}}
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"ohlc","interval":5}}
< {"channelID":...,"channelName":"ohlc-5","event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"interval":5,"name":"ohlc"}}
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"ohlc"}}
< {"channelID":...,"channelName":"ohlc-1","event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"interval":1,"name":"ohlc"}}
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"spread"}}
< {"channelID":...,"channelName":"spread","event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"name":"spread"}}
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"trade"}}
< {"channelID":...,"channelName":"trade","event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"name":"trade"}}
# An unsubscription without an interval is of all that there are.
> {"event":"unsubscribe","reqid":3,"pair":["XBT/USD"],"subscription":{"name":"ohlc"}}
< {"channelID":...,"channelName":"ohlc-1","event":"subscriptionStatus","pair":"XBT/USD","reqid":3,"status":"unsubscribed","subscription":{"interval":1,"name":"ohlc"}}
< {"channelID":...,"channelName":"ohlc-5","event":"subscriptionStatus","pair":"XBT/USD","reqid":3,"status":"unsubscribed","subscription":{"interval":5,"name":"ohlc"}}
> {"event":"unsubscribe","pair":["XBT/USD"],"subscription":{"name":"*"}}
< {..."channelName":"ticker",..."status":"unsubscribed",...}
< {..."channelName":"trade",..."status":"unsubscribed",...}
< {..."channelName":"spread",..."status":"unsubscribed",...}
)"),
            "");
  EXPECT_TRUE(market.front.feeds_in_use().empty());
}

// As the page Unsubscribe says, and nobody has shown.
TEST_F(SpotV1FrontTalk, UnsubscribesByTheNumberThatWasAcknowledged) {
  const auto number = std::to_string(SpotV1Front::channel_number(Feed::book("BTC/USD", 25)));
  EXPECT_EQ(
      talk(
          kHello + R"(
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"book","depth":25}}
< {"channelID":)" +
          number + R"(,"channelName":"book-25",..."status":"subscribed",...}
> {"event":"unsubscribe","channelID":7,"reqid":1}
< {"errorMessage":"Subscription Not Found","event":"subscriptionStatus","reqid":1,"status":"error"}
> {"event":"unsubscribe","channelID":)" +
          number + R"(,"reqid":2}
< {"channelID":)" +
          number +
          R"(,"channelName":"book-25","event":"subscriptionStatus","pair":"XBT/USD","reqid":2,"status":"unsubscribed","subscription":{"depth":25,"name":"book"}}
> {"event":"unsubscribe","channelID":)" +
          number + R"(}
< {"errorMessage":"Subscription Not Found","event":"subscriptionStatus","status":"error"}
> {"event":"unsubscribe","channelID":"book"}
< {"errorMessage":"ChannelID field must be an integer","event":"subscriptionStatus","status":"error"}
)"),
      "");
  EXPECT_TRUE(market.front.feeds_in_use().empty());
}

TEST_F(SpotV1FrontTalk, SubscribesToAllPublicChannelsAtOnce) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"subscribe","reqid":1,"pair":["XBT/USD"],"subscription":{"name":"*"}}
< {"channelID":...,"channelName":"ticker",...,"reqid":1,"status":"subscribed",...}
< {"channelID":...,"channelName":"ohlc-1",...,"reqid":1,"status":"subscribed",...}
< {"channelID":...,"channelName":"trade",...,"reqid":1,"status":"subscribed",...}
< {"channelID":...,"channelName":"spread",...,"reqid":1,"status":"subscribed",...}
< {"channelID":...,"channelName":"book-10",...,"reqid":1,"status":"subscribed",...}
)"),
            "");
}

TEST_F(SpotV1FrontTalk, RefusesInKrakensWordsAndShapes) {
  EXPECT_EQ(talk(kHello + R"(
# The request as a whole, for each of its pairs.
> {"event":"subscribe","reqid":1,"pair":["XBT/USD"],"subscription":{"name":"book","depth":12}}
< {"errorMessage":"Subscription depth not supported","event":"subscriptionStatus","pair":"XBT/USD","reqid":1,"status":"error","subscription":{"name":"book","depth":12}}
> {"event":"subscribe","pair":["XBT/USD","ETH/EUR"],"subscription":{"name":"ohlc","interval":2}}
< {"errorMessage":"Subscription ohlc interval not supported","event":"subscriptionStatus","pair":"XBT/USD","status":"error","subscription":{"name":"ohlc","interval":2}}
< {"errorMessage":"Subscription ohlc interval not supported","event":"subscriptionStatus","pair":"ETH/EUR","status":"error","subscription":{"name":"ohlc","interval":2}}
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"spread","depth":10}}
< {"errorMessage":"Subscription spread doesn't require depth",...,"pair":"XBT/USD","status":"error",...}
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"instrument"}}
< {"errorMessage":"Subscription name invalid","event":"subscriptionStatus","status":"error","subscription":{"name":"instrument"}}
> {"event":"subscribe","subscription":{"name":"trade"}}
< {"errorMessage":"Pair(s) not found","event":"subscriptionStatus","status":"error","subscription":{"name":"trade"}}
> {"event":"subscribe","subscription":{"name":"openOrders","token":"T"}}
< {"errorMessage":"Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com","event":"subscriptionStatus","status":"error","subscription":{"name":"openOrders","token":"T"}}
> {"event":"addOrder","reqid":4,"token":"T","pair":"XBT/USD","type":"buy","ordertype":"market","volume":"1"}
< {"errorMessage":"Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com","event":"addOrderStatus","reqid":4,"status":"error"}
> {"event":"hello","reqid":5}
< {"errorMessage":"Unsupported event","event":"error","reqid":5}
> {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}}
< {"errorMessage":"Event(s) not found","event":"error"}
> not JSON
< {"errorMessage":"Malformed request","event":"error"}
# One pair of it; the others are served.
> {"event":"subscribe","reqid":6,"pair":["BTC/USD","XBT/USD","XDG/USD","UNKNOWN"],"subscription":{"name":"trade"}}
< {"errorMessage":"Currency pair not supported BTC/USD","event":"subscriptionStatus","pair":"BTC/USD","reqid":6,"status":"error","subscription":{"name":"trade"}}
< {"channelID":...,"channelName":"trade","event":"subscriptionStatus","pair":"XBT/USD","reqid":6,"status":"subscribed",...}
< {"errorMessage":"Currency pair not supported XDG/USD","event":"subscriptionStatus","pair":"XDG/USD","reqid":6,"status":"error",...}
< {"errorMessage":"Currency pair not in ISO 4217-A3 format UNKNOWN","event":"subscriptionStatus","pair":"UNKNOWN","reqid":6,"status":"error",...}
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"trade"}}
< {"errorMessage":"Already subscribed",..."pair":"XBT/USD","status":"error",...}
> {"event":"unsubscribe","reqid":7,"pair":["ETH/EUR"],"subscription":{"name":"trade"}}
< {"errorMessage":"Subscription Not Found",..."pair":"ETH/EUR","reqid":7,"status":"error",...}
> {"event":"unsubscribe","pair":["ETH/EUR"],"subscription":{"name":"*"}}
< {"errorMessage":"Subscription Not Found",..."pair":"ETH/EUR","status":"error",...}
)"),
            "");
}

TEST_F(SpotV1FrontTalk, AnswersPingsWithAndWithoutARequestId) {
  EXPECT_EQ(talk(kHello + R"(
> {"event":"ping","reqid":1788254400123}
< {"event":"pong","reqid":1788254400123}
> {"event":"ping"}
< {"event":"pong"}
)"),
            "");
}

TEST_F(SpotV1FrontTalk, BeatsEverySecondWhileThereIsASubscription) {
  EXPECT_EQ(talk(kHello + R"(
@ +3s
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"trade"}}
< {..."status":"subscribed",...}
@ +2s
< {"event":"heartbeat"}
< {"event":"heartbeat"}
> {"event":"unsubscribe","pair":["XBT/USD"],"subscription":{"name":"trade"}}
< {..."status":"unsubscribed",...}
@ +5s
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"trade"}}
< {..."status":"subscribed",...}
@ +1s
< {"event":"heartbeat"}
)"),
            "");
}

TEST_F(SpotV1FrontTalk, TakesTwoDepthsOfAPairUnlessAnOptionForbidsIt) {
  const std::string script = kHello + R"(
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"book"}}
< {..."channelName":"book-10",..."status":"subscribed",...}
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"book","depth":25}}
)";
  EXPECT_EQ(talk(script + R"(< {..."channelName":"book-25",..."status":"subscribed",...})"), "");
  Market strict(clock, {"BTC/USD"}, {.one_book_depth_per_pair = true});
  EXPECT_EQ(play(clock, strict, script + R"(< {"errorMessage":"Already subscribed",...})"), "");
}

TEST_F(SpotV1FrontTalk, NumbersChannelsAlikeInEveryRunAndEachForItself) {
  const auto number = SpotV1Front::channel_number(Feed::book("BTC/USD", 10));
  EXPECT_EQ(number, SpotV1Front::channel_number(Feed::book("BTC/USD", 10)));
  EXPECT_NE(number, SpotV1Front::channel_number(Feed::book("BTC/USD", 25)));
  EXPECT_NE(number, SpotV1Front::channel_number(Feed::book("ETH/USD", 10)));
  EXPECT_NE(number, SpotV1Front::channel_number(Feed::trade("BTC/USD")));
}

TEST_F(SpotV1FrontTalk, PublishesToSubscribersOnly) {
  test::ExchangeDriver driver(clock, market);
  const auto first = driver.connect();
  const auto second = driver.connect();
  driver.say(first, R"({"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"trade"}})");
  driver.take(first);
  driver.take(second);
  market.front.publish(Feed::trade("BTC/USD"), "a trade");
  EXPECT_EQ(driver.take(first), std::vector<std::string>{"a trade"});
  EXPECT_TRUE(driver.take(second).empty());
}

}  // namespace
}  // namespace ktape
