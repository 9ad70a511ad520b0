#include "exchange/verbatim_reply.hpp"

#include <gtest/gtest.h>

namespace ktape {
namespace {

constexpr auto kWith = R"({"method":"subscribe","req_id":17,"result":{"channel":"trade"},"success":true})";
constexpr auto kWithout = R"({"method":"subscribe","result":{"channel":"trade"},"success":true})";

TEST(VerbatimReply, KeepsEveryByteWhereTheRequestIdIsTheSame) {
  EXPECT_EQ(with_request_id(kWith, 17), kWith);
  EXPECT_EQ(with_request_id(kWithout, std::nullopt), kWithout);
}

TEST(VerbatimReply, ReplacesTheRequestId) {
  EXPECT_EQ(with_request_id(kWith, -9000000000000LL),
            R"({"method":"subscribe","req_id":-9000000000000,"result":{"channel":"trade"},"success":true})");
}

TEST(VerbatimReply, AddsARequestIdBehindTheMethod) { EXPECT_EQ(with_request_id(kWithout, 17), kWith); }

TEST(VerbatimReply, TakesTheRequestIdAwayWithOneComma) {
  EXPECT_EQ(with_request_id(kWith, std::nullopt), kWithout);
  EXPECT_EQ(with_request_id(R"({"error":"x","method":"subscribe","req_id":5})", std::nullopt),
            R"({"error":"x","method":"subscribe"})");
  EXPECT_EQ(with_request_id(R"({"req_id":5,"method":"subscribe"})", std::nullopt), R"({"method":"subscribe"})");
}

TEST(VerbatimReply, UnderstandsTextThatWasPrintedAgainWithBlanks) {
  EXPECT_EQ(with_request_id(R"({ "method" : "subscribe", "req_id" : 5, "success": true })", 7),
            R"({ "method" : "subscribe", "req_id" : 7, "success": true })");
  EXPECT_EQ(with_request_id(R"({"method": "subscribe", "success": true})", 7),
            R"({"method": "subscribe","req_id":7, "success": true})");
}

TEST(VerbatimReply, IsNotFooledByTextInsideOfAString) {
  EXPECT_EQ(with_request_id(R"({"method":"x","result":{"warnings":["\"req_id\":1"]}})", 7),
            R"({"method":"x","req_id":7,"result":{"warnings":["\"req_id\":1"]}})");
}

TEST(VerbatimReply, PutsSpotV1sRequestIdInAlphabeticalOrder) {
  constexpr auto kSubscribed =
      R"({"channelID":464,"channelName":"trade","event":"subscriptionStatus","pair":"XBT/CHF","status":"subscribed","subscription":{"name":"trade"}})";
  constexpr auto kNumbered =
      R"({"channelID":464,"channelName":"trade","event":"subscriptionStatus","pair":"XBT/CHF","reqid":7,"status":"subscribed","subscription":{"name":"trade"}})";
  EXPECT_EQ(with_request_id(kSubscribed, 7, kSpotV1RequestId), kNumbered);
  EXPECT_EQ(with_request_id(kNumbered, std::nullopt, kSpotV1RequestId), kSubscribed);
  EXPECT_EQ(with_request_id(R"({"event":"pong"})", 7, kSpotV1RequestId), R"({"event":"pong","reqid":7})");
}

}  // namespace
}  // namespace ktape
