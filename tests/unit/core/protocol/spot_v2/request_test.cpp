#include "core/protocol/spot_v2/request.hpp"

#include <gmock/gmock.h>

namespace ktape::spot_v2 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Request subscribe(Subscription subscription, std::int64_t id = 7) {
  return {.method = Method::Subscribe, .request_id = id, .subscription = std::move(subscription)};
}

TEST(SpotV2Encode, WritesTheDocumentedKeysInTheDocumentedOrder) {
  EXPECT_EQ(encode(subscribe({.channel = Channel::Book, .symbols = {"ETH/EUR", "BTC/USD"}, .depth = 25}, 17)),
            R"({"method":"subscribe","params":{"channel":"book","symbol":["ETH/EUR","BTC/USD"],"depth":25,)"
            R"("snapshot":true},"req_id":17})");
  EXPECT_EQ(encode(subscribe({.channel = Channel::Trade, .symbols = {"BTC/USD"}, .snapshot = false})),
            R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"],"snapshot":false},"req_id":7})");
  EXPECT_EQ(encode(subscribe({.channel = Channel::Ohlc, .symbols = {"BTC/USD"}, .interval_minutes = 60})),
            R"({"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":60,"snapshot":true},)"
            R"("req_id":7})");
  EXPECT_EQ(encode(subscribe({.channel = Channel::Ticker, .symbols = {"BTC/USD"}, .event_trigger = "bbo"})),
            R"({"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"bbo",)"
            R"("snapshot":true},"req_id":7})");
  EXPECT_EQ(encode(subscribe({.channel = Channel::Instrument, .symbols = {}})),
            R"({"method":"subscribe","params":{"channel":"instrument","snapshot":true},"req_id":7})");
}

TEST(SpotV2Encode, UnsubscribingRepeatsWhatIdentifiesTheSubscription) {
  Request request = subscribe({.channel = Channel::Book, .symbols = {"BTC/USD"}, .depth = 100});
  request.method = Method::Unsubscribe;
  EXPECT_EQ(encode(request),
            R"({"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":100},"req_id":7})");
}

TEST(SpotV2Encode, APingHasNoParams) {
  EXPECT_EQ(encode({.method = Method::Ping, .request_id = 101, .subscription = {}}),
            R"({"method":"ping","req_id":101})");
}

TEST(SpotV2Encode, EscapesWhatJsonDoesNotAllowInText) {
  EXPECT_EQ(encode(subscribe({.channel = Channel::Trade, .symbols = {"A\"\\\n/B"}})),
            R"({"method":"subscribe","params":{"channel":"trade","symbol":["A\"\\\n/B"],"snapshot":true},)"
            R"("req_id":7})");
}

TEST(SpotV2Request, ReadsWhatEncodeWrote) {
  for (const auto& subscription :
       {Subscription{.channel = Channel::Book, .symbols = {"BTC/USD", "ETH/EUR"}, .depth = 1000, .snapshot = false},
        Subscription{.channel = Channel::Trade, .symbols = {"BTC/USD"}},
        Subscription{.channel = Channel::Ohlc, .symbols = {"BTC/USD"}, .interval_minutes = 21600},
        Subscription{.channel = Channel::Ticker, .symbols = {"BTC/USD"}, .event_trigger = "bbo"},
        Subscription{.channel = Channel::Instrument, .symbols = {}}}) {
    const auto read = to_request(parse_request(encode(subscribe(subscription, -5))));
    ASSERT_TRUE(read.has_value()) << read.error().detail;
    EXPECT_EQ(read->method, Method::Subscribe);
    EXPECT_EQ(read->request_id, -5);
    EXPECT_EQ(read->subscription, subscription);
  }
}

TEST(SpotV2Request, TakesAnyKeyOrderAndWhitespace) {
  const auto parsed = parse_request(
      " { \"req_id\" : 9223372036854775807,\n\"params\":{\"snapshot\":false,\"depth\":25,"
      "\"symbol\":[\"BTC\\u002fUSD\"],\"channel\":\"book\"},\t\"method\":\"subscribe\"} ");
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_EQ(parsed.method, "subscribe");
  EXPECT_EQ(parsed.request_id, 9223372036854775807);
  EXPECT_EQ(parsed.channel, "book");
  EXPECT_THAT(parsed.symbols, ElementsAre("BTC/USD"));
  EXPECT_EQ(parsed.depth, 25);
  EXPECT_EQ(parsed.snapshot, false);
  EXPECT_TRUE(parsed.has_params);
  EXPECT_TRUE(parsed.has_symbols);
}

TEST(SpotV2Request, TellsWhatWasNotSaidFromWhatWas) {
  const auto parsed = parse_request(R"({"method":"subscribe","params":{"channel":"instrument"}})");
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_FALSE(parsed.request_id.has_value());
  EXPECT_FALSE(parsed.has_symbols);
  EXPECT_FALSE(parsed.snapshot.has_value());
  EXPECT_FALSE(parsed.depth.has_value());
  EXPECT_FALSE(parsed.has_token);
}

TEST(SpotV2Request, CallsTextThatIsNoJsonObjectMalformed) {
  const std::string with_nul("{\"method\":\"ping\"}\0{}", 19);
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("ping"), std::string("[1,2]"), std::string("{\"a\":\"\xff\"}"),
        with_nul, std::string(kMaxRequestBytes + 1, ' '), std::string(100'000, '[')}) {
    const auto parsed = parse_request(text);
    EXPECT_THAT(parsed.problems, ElementsAre("Malformed request"));
    EXPECT_EQ(parsed.reply_method, "error");
    EXPECT_FALSE(parsed.well_formed());
    EXPECT_EQ(to_request(parsed).error().code, Errc::Parse);
  }
}

struct Objection {
  const char* text;
  const char* problem;
  const char* reply_method;
};

TEST(SpotV2Request, ObjectsInKrakensWords) {
  constexpr const char* kPrivate = "Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com";
  for (const auto& [text, problem, reply_method] : {
           Objection{R"({"event":"subscribe","pair":["XBT/USD"]})", "Method(s) not found", "subscribe"},
           Objection{R"({"method":7})", "Method(s) not found", "subscribe"},
           Objection{R"({"method":"ping","params":{}})", "Unsupported field: 'params' for the given msg type: ping",
                     "ping"},
           Objection{R"({"method":"subscribe","channel":"book","params":{"channel":"book","symbol":["BTC/USD"]}})",
                     "Unsupported field: 'channel' for the given msg type: subscribe", "subscribe"},
           Objection{R"({"method":"subscribe","params":{"channel":"nosuch","symbol":["BTC/USD"]}})",
                     "Unsupported event", "subscribe"},
           Objection{R"({"method":"dance"})", "Unsupported event", "dance"},
           Objection{R"({"method":"subscribe"})", "Params field not found", "subscribe"},
           Objection{R"({"method":"subscribe","params":[]})", "Params field must be an object", "subscribe"},
           Objection{R"({"method":"subscribe","params":{"channel":"executions","token":"T"}})", kPrivate, "subscribe"},
           Objection{R"({"method":"add_order","params":{}})", kPrivate, "add_order"},
           Objection{R"({"method":"subscribe","params":{"channel":"level3","symbol":["BTC/USD"]}})",
                     "Token(s) not found", "subscribe"},
           Objection{R"({"method":"subscribe","params":{"channel":"book"}})", "Symbol(s) not found", "subscribe"},
           Objection{R"({"method":"subscribe","params":{"channel":"book","symbol":[]}})", "Symbol(s) not found",
                     "subscribe"},
           Objection{R"({"method":"subscribe","params":{"channel":"book","symbol":"BTC/USD"}})",
                     "Symbol field must be an array", "subscribe"},
           Objection{R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":27}})",
                     "Subscription depth not supported", "subscribe"},
           Objection{R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":"10"}})",
                     "Subscription book depth must be an integer", "subscribe"},
           Objection{R"({"method":"unsubscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":2}})",
                     "Subscription ohlc interval not supported", "unsubscribe"},
           Objection{R"({"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"]}})",
                     "Subscription ohlc requires interval", "subscribe"},
           Objection{R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"],"snapshot":"yes"}})",
                     "Snapshot field must be a boolean", "subscribe"},
           Objection{R"({"method":"ping","req_id":"abc"})", "Req_id field must be an integer", "ping"},
       }) {
    const auto parsed = parse_request(text);
    EXPECT_THAT(parsed.problems, ElementsAre(problem)) << text;
    EXPECT_EQ(parsed.reply_method, reply_method) << text;
    EXPECT_TRUE(parsed.well_formed()) << text;
    const auto request = to_request(parsed);
    ASSERT_FALSE(request.has_value()) << text;
    EXPECT_EQ(request.error().detail, problem);
  }
}

TEST(SpotV2Request, KeepsTheRequestIdOfARefusedRequest) {
  const auto parsed = parse_request(R"({"req_id":42,"event":"subscribe"})");
  EXPECT_EQ(parsed.request_id, 42);
  EXPECT_THAT(parsed.problems, ElementsAre("Method(s) not found"));
}

TEST(SpotV2Request, ListsParamsThatTheChannelDoesNotKnowWithoutObjecting) {
  const auto parsed = parse_request(
      R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"],"depth":3,"warnings":[],"token":"T"}})");
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_THAT(parsed.unknown_params, ElementsAre("depth", "warnings"));
  EXPECT_TRUE(parsed.has_token);
  EXPECT_FALSE(parsed.depth.has_value());
}

TEST(SpotV2Request, TheLastOfTwoEqualKeysCounts) {
  const auto parsed = parse_request(
      R"({"method":"ping","method":"subscribe","params":{},"params":{"channel":"book","symbol":["A/B"],"depth":10,"depth":25}})");
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_EQ(parsed.method, "subscribe");
  EXPECT_EQ(parsed.depth, 25);
}

TEST(SpotV2Request, SubscribingToWhatIsPushedAnywayIsNoProblemButNoSubscription) {
  const auto parsed = parse_request(R"({"method":"subscribe","params":{"channel":"heartbeat"}})");
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_EQ(to_request(parsed).error().code, Errc::Unsupported);
}

TEST(SpotV2Request, ASymbolIsJudgedAlone) {
  EXPECT_EQ(symbol_problem("UNKNOWN"), "Currency pair not in ISO 4217-A3 format UNKNOWN");
  EXPECT_EQ(symbol_problem("XBT/USD"), "Currency pair not supported XBT/USD");
  EXPECT_EQ(symbol_problem("ETH/XBT"), "Currency pair not supported ETH/XBT");
  EXPECT_EQ(symbol_problem("WWW/USD"), std::nullopt);
  const auto parsed =
      parse_request(R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD","XBT/USD"]}})");
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_EQ(to_request(parsed).error().detail, "Currency pair not supported XBT/USD");
}

TEST(SpotV2Request, DefaultsAreTheDocumentedOnes) {
  const auto book = to_request(parse_request(R"({"method":"subscribe","params":{"channel":"book","symbol":["A/B"]}})"));
  EXPECT_EQ(book->subscription.depth, 10);
  EXPECT_TRUE(book->subscription.snapshot);
  EXPECT_EQ(book->request_id, 0);
  const auto trade =
      to_request(parse_request(R"({"method":"subscribe","params":{"channel":"trade","symbol":["A/B"]}})"));
  EXPECT_FALSE(trade->subscription.snapshot);
}

}  // namespace
}  // namespace ktape::spot_v2
