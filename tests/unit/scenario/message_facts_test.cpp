#include "scenario/message_facts.hpp"

#include <gtest/gtest.h>

namespace ktape::scenario {
namespace {

struct Case {
  const char* what;
  const char* text;
  MessageFacts facts;
};

TEST(MessageReader, SaysWhatAMessageOfAnyDialectIsAbout) {
  const Case cases[] = {
      {"v2 request",
       R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD"],"depth":10},"req_id":1})",
       {"subscribe", "book", {"BTC/USD", "ETH/USD"}, {}}},
      {"v2 order",
       R"({"method":"add_order","params":{"symbol":"BTC/USD","order_qty":1,"token":"T"}})",
       {"add_order", "", {"BTC/USD"}, {}}},
      {"v2 answer",
       R"({"method":"subscribe","result":{"channel":"book","symbol":"BTC/USD"},"success":true})",
       {"subscribe", "book", {"BTC/USD"}, true}},
      {"v2 refusal",
       R"({"error":"Currency pair not supported X/Y","method":"subscribe","success":false,"symbol":"X/Y"})",
       {"subscribe", "", {"X/Y"}, false}},
      {"v2 data",
       R"({"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":1},{"symbol":"ETH/USD"}]})",
       {"", "ticker", {"BTC/USD", "ETH/USD"}, {}}},
      {"v1 request",
       R"({"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"book","depth":10}})",
       {"subscribe", "book", {"XBT/USD"}, {}}},
      {"v1 answer",
       R"({"channelID":336,"channelName":"book-10","event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"depth":10,"name":"book"}})",
       {"subscriptionStatus", "book", {"XBT/USD"}, true}},
      {"v1 data", R"([336,{"a":[["1.0","2.0","3.0"]],"c":"1"},"book-10","XBT/USD"])", {"", "book", {"XBT/USD"}, {}}},
      {"futures request",
       R"({"event":"subscribe","feed":"book","product_ids":["PI_XBTUSD"]})",
       {"subscribe", "book", {"PI_XBTUSD"}, {}}},
      {"futures answer",
       R"({"event":"subscribed","feed":"book","product_ids":["PI_XBTUSD"]})",
       {"subscribed", "book", {"PI_XBTUSD"}, true}},
      {"futures data", R"({"feed":"trade","product_id":"PI_XBTUSD","side":"buy"})", {"", "trade", {"PI_XBTUSD"}, {}}},
      {"no JSON", "CloudFlare WebSocket proxy restarting", {}},
      {"no message", "17", {}},
  };
  MessageReader reader;
  for (const Case& one : cases) EXPECT_EQ(reader.read(one.text), one.facts) << one.what;
}

TEST(MessageReader, KeepsLittleOfWhatIsTooLong) {
  MessageReader reader;
  const std::string endless(100'000, 'x');
  EXPECT_EQ(reader.read(R"({"method":")" + endless + R"("})").method.size(), 100U);
}

TEST(MessageReader, KnowsWhichAnswersMayChangeSubscriptions) {
  EXPECT_TRUE(may_change_subscriptions(R"({"method":"subscribe","result":{)"));
  EXPECT_TRUE(may_change_subscriptions(R"({"method":"unsubscribe","result":{)"));
  EXPECT_TRUE(may_change_subscriptions(R"({"channelID":1,"channelName":"ticker","event":"subscriptionStatus")"));
  EXPECT_FALSE(may_change_subscriptions(R"({"channel":"book","type":"update","data":[{"symbol":"BTC/USD"}]})"));
}

}  // namespace
}  // namespace ktape::scenario
