#include "core/protocol/spot_v1/classify.hpp"

#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace ktape::spot_v1 {

static void PrintTo(const Topic& topic, std::ostream* out) { *out << topic.channel << " of " << topic.symbol; }

namespace {

TEST(SpotV1Classify, NamesTheChannelAndThePairOfMarketData) {
  EXPECT_EQ(classify(R"([321,[["1.0","1.0","1.0","b","m",""]],"trade","XBT/USD"])"), (Topic{"trade", "XBT/USD"}));
  EXPECT_EQ(classify(R"([1,{"a":[["1.0","1.0","1.0"]]},{"b":[["1.0","1.0","1.0"]],"c":"1"},"book-10","A/B"])"),
            (Topic{"book", "A/B"}));
  EXPECT_EQ(classify(R"([1,[],"ohlc-1440","A/B"])"), (Topic{"ohlc", "A/B"}));
}

TEST(SpotV1Classify, NamesTheChannelOfAccountData) {
  EXPECT_EQ(classify(R"([[{"O1":{"descr":{"pair":"A/B"}}}],"openOrders",{"sequence":2}])"), (Topic{"openOrders", ""}));
  EXPECT_EQ(classify(R"([[],"ownTrades",{"sequence":1}])"), (Topic{"ownTrades", ""}));
}

TEST(SpotV1Classify, NamesTheEventAndThePairOfEverythingElse) {
  EXPECT_EQ(classify(R"({"event":"heartbeat"})"), (Topic{"heartbeat", ""}));
  EXPECT_EQ(classify(R"({"channelID":7,"event":"subscriptionStatus","pair":"XBT/USD","subscription":{"pair":"no"}})"),
            (Topic{"subscriptionStatus", "XBT/USD"}));
  EXPECT_EQ(classify(R"({"event":"subscribe","pair":["A/B","C/D"],"subscription":{"name":"book"}})"),
            (Topic{"subscribe", "A/B"}));
  EXPECT_EQ(classify(R"({"pair":["A/B","C/D"],"event":"subscribe"})"), (Topic{"subscribe", "A/B"}));
}

TEST(SpotV1Classify, TakesWhiteSpace) {
  EXPECT_EQ(classify(" [ 1 , [ ] , \"book-10\" ,\n\"A/B\" ] \n"), (Topic{"book", "A/B"}));
  EXPECT_EQ(classify(" { \"event\" : \"pong\" } "), (Topic{"pong", ""}));
}

TEST(SpotV1Classify, TextOfAnotherFormHasNoTopic) {
  for (const char* text : {"", "CloudFlare WebSocket proxy restarting", "[", "[]", "[1", "[1,2]", "[\"a\\\"\"]", "{",
                           "{\"", "{}", "{\"event\"", "{\"event\":17}", "[}]", "[\"A/B\"]"}) {
    EXPECT_EQ(classify(text).channel, "") << text;
  }
}

TEST(SpotV1Classify, EveryPrefixOfAMessageIsHarmless) {
  for (const std::string text : {R"([1,{"a":[["1.0","1.0","1.0"]],"c":"1"},"book-10","A\"/B"])",
                                 R"([[{"O1":{}}],"openOrders",{"sequence":2}])"}) {
    for (std::size_t length = 0; length <= text.size(); ++length) {
      const std::string copy = text.substr(0, length);  // of its own, so that a sanitizer sees a step too far
      static_cast<void>(classify(copy));
    }
  }
}

}  // namespace
}  // namespace ktape::spot_v1
