#include "core/protocol/futures/classify.hpp"

#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace ktape::futures {

static void PrintTo(const Topic& topic, std::ostream* out) { *out << topic.channel << " of " << topic.symbol; }

namespace {

TEST(FuturesClassify, NamesTheFeedAndTheProductOfData) {
  EXPECT_EQ(classify(R"({"feed":"book","product_id":"PF_XBTUSD","side":"buy"})"), (Topic{"book", "PF_XBTUSD"}));
  EXPECT_EQ(classify(R"({"feed":"book_snapshot","product_id":"PF_XBTUSD","bids":[)"), (Topic{"book", "PF_XBTUSD"}));
  EXPECT_EQ(classify(R"({"time":1,"product_id":"PF_XBTUSD","greeks":{"feed":"no"},"feed":"ticker"})"),
            (Topic{"ticker", "PF_XBTUSD"}));
  EXPECT_EQ(classify(R"({"feed":"trade_snapshot","product_id":"A","trades":[{"product_id":"B"}]})"),
            (Topic{"trade", "A"}));
  EXPECT_EQ(classify(R"({"feed":"fills_snapshot","account":"a","fills":[{"instrument":"A"}]})"), (Topic{"fills", ""}));
}

TEST(FuturesClassify, NamesTheEventOfRequestsAndReplies) {
  EXPECT_EQ(classify(R"({"event":"info","version":1})"), (Topic{"info", ""}));
  EXPECT_EQ(classify(R"({"event":"subscribed","feed":"book","product_ids":["PF_XBTUSD"]})"),
            (Topic{"subscribed", "PF_XBTUSD"}));
  EXPECT_EQ(classify(R"({"product_ids":["A","B"],"feed":"book","event":"subscribe"})"), (Topic{"subscribe", "A"}));
  EXPECT_EQ(classify(R"({"event":"alert","message":"no"})"), (Topic{"alert", ""}));
}

TEST(FuturesClassify, HasNothingToSayOfOtherTexts) {
  for (const char* const text : {"", "[1]", "{", "{\"feed\":7}", "nonsense", "{\"event\""}) {
    EXPECT_EQ(classify(text), (Topic{"", ""})) << text;
  }
}

}  // namespace
}  // namespace ktape::futures
