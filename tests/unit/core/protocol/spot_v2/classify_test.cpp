#include "core/protocol/spot_v2/classify.hpp"

#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace ktape::spot_v2 {

static void PrintTo(const Topic& topic, std::ostream* out) { *out << topic.channel << " of " << topic.symbol; }

namespace {

TEST(SpotV2Classify, NamesTheChannelAndTheSymbolOfPushedData) {
  EXPECT_EQ(classify(R"({"channel":"heartbeat"})"), (Topic{"heartbeat", ""}));
  EXPECT_EQ(classify(R"({"channel":"book","type":"update","data":[{"symbol":"ETH/EUR","bids":[],"asks":[]}]})"),
            (Topic{"book", "ETH/EUR"}));
  EXPECT_EQ(classify(R"({"channel":"ohlc","type":"update","timestamp":"T","data":[{"symbol":"A/B","open":1}]})"),
            (Topic{"ohlc", "A/B"}));
  EXPECT_EQ(
      classify(
          R"({"channel":"level3","type":"update","data":[{"checksum":1,"bids":[{"symbol":"no"}],"symbol":"A/B"}]})"),
      (Topic{"level3", "A/B"}));
  EXPECT_EQ(classify(R"({"channel":"status","type":"update","data":[{"system":"online"}]})"), (Topic{"status", ""}));
  EXPECT_EQ(classify(R"({"channel":"instrument","type":"snapshot","data":{"pairs":[{"symbol":"A/B"}]}})"),
            (Topic{"instrument", ""}));
  EXPECT_EQ(classify(R"({"channel":"trade","type":"snapshot","data":[]})"), (Topic{"trade", ""}));
}

TEST(SpotV2Classify, NamesTheMethodOfRepliesAndRequests) {
  EXPECT_EQ(
      classify(
          R"({"method":"subscribe","req_id":1,"result":{"channel":"book","depth":10,"symbol":"A/B"},"success":true})"),
      (Topic{"subscribe", "A/B"}));
  EXPECT_EQ(classify(R"({"error":"no","method":"unsubscribe","success":false,"symbol":"X/Y"})"),
            (Topic{"unsubscribe", "X/Y"}));
  EXPECT_EQ(classify(R"({"channel":"executions","error":"no","method":"subscribe","status":"error"})"),
            (Topic{"subscribe", ""}));
  EXPECT_EQ(classify(R"({"method":"pong","req_id":1})"), (Topic{"pong", ""}));
  EXPECT_EQ(classify(R"({"method":"subscribe","params":{"channel":"book","symbol":["A/B","C/D"]}})"),
            (Topic{"subscribe", "A/B"}));
  EXPECT_EQ(classify(R"({"params":{"symbol":["A/B"]},"method":"unsubscribe"})"), (Topic{"unsubscribe", "A/B"}));
}

TEST(SpotV2Classify, TakesAnyOrderAndWhitespace) {
  EXPECT_EQ(classify(" { \"data\" : [ { \"a\":\"}\\\"\", \"symbol\" : \"A/B\" } ] ,\n\"channel\" :\t\"book\" } "),
            (Topic{"book", "A/B"}));
}

TEST(SpotV2Classify, TextOfAnotherFormHasNoTopic) {
  for (const char* text : {"", "CloudFlare WebSocket proxy restarting", "[0,{},\"book-10\",\"A/B\"]", "{", "{\"", "{}",
                           "{\"channel\"", "{\"channel\":\"", "{\"channel\":17}", "{\"a\":]", "{\"a\":\"\\"}) {
    EXPECT_EQ(classify(text), Topic{}) << text;
  }
}

TEST(SpotV2Classify, EveryPrefixOfAMessageIsHarmless) {
  const std::string text = R"({"channel":"book","type":"update","data":[{"symbol":"E\"/R","bids":[{"price":1}]}]})";
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const std::string copy = text.substr(0, length);  // of its own, so that a sanitizer sees a step too far
    const Topic topic = classify(copy);
    EXPECT_TRUE(topic.channel.empty() || topic.channel == "book") << length;
  }
}

}  // namespace
}  // namespace ktape::spot_v2
