#include "exchange/spot_v2_front.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/wire/exchange.hpp"
#include "tests/support/conversation.hpp"
#include "tests/support/exchange_driver.hpp"

namespace ktape {
namespace {

using test::ExchangeDriver;
using test::play;

// A market of two pairs that agrees to everything at once, unless a test wants to answer by itself.
class Market final : public Exchange, private SpotV2Front::Backend {
 public:
  explicit Market(TimerService& timers, SpotV2FrontOptions options = {}) : front(timers, *this, std::move(options)) {}

  void attach(ConnectionId connection, const Endpoint& /*endpoint*/, FrameSink& client) override {
    front.attach(connection, client);
  }
  void on_frame(const Frame& frame) override { front.on_frame(frame); }

  SpotV2Front front;
  std::function<void(const FeedRequest&)> answer = [this](const FeedRequest& request) { front.accept(request); };
  std::vector<FeedRequest> asked;
  std::vector<ConnectionId> gone;

 private:
  bool is_listed(std::string_view symbol) const override { return symbol == "BTC/USD" || symbol == "ETH/EUR"; }
  void on_attached(ConnectionId connection) override { front.greet(connection); }
  std::string greeting(ConnectionId connection) override { return front.status_text(connection); }
  void on_request(const FeedRequest& request) override {
    asked.push_back(request);
    answer(request);
  }
  void on_detached(ConnectionId connection) override { gone.push_back(connection); }
};

class SpotV2FrontTalk : public testing::Test {
 protected:
  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00.000100Z").value()};
  Market market{clock};

  std::string talk(std::string_view script) { return play(clock, market, script); }
};

// Whatever is said first, status comes before it.
const std::string kHello = R"(
< {"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":...,"upcoming_maintenance":[],"emergency":[]}]}
)";

TEST_F(SpotV2FrontTalk, IsHeldToTheWholeScript) {
  const auto difference = [this](const std::string& script) {
    Market fresh(clock);
    return play(clock, fresh, script);
  };
  EXPECT_EQ(difference(kHello), "");
  EXPECT_NE(difference("< something else"), "");
  EXPECT_NE(difference(kHello + "> hello?"), "") << "an answer that the script does not tell";
  EXPECT_NE(difference(kHello + "< {}"), "") << "an answer that does not come";
}

TEST_F(SpotV2FrontTalk, AnswersEverySymbolOfARequestBySeparateAcknowledgements) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"subscribe","params":{"channel":"book","symbol":["ETH/EUR","BTC/USD"],"depth":25,"snapshot":true},"req_id":17}
< {"method":"subscribe","req_id":17,"result":{"channel":"book","depth":25,"snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000100Z"}
< {"method":"subscribe","req_id":17,"result":{"channel":"book","depth":25,"snapshot":true,"symbol":"BTC/USD"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000100Z"}
)"),
            "");
}

TEST_F(SpotV2FrontTalk, AcknowledgesEveryChannelWithItsOwnKeys) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"subscribe","params":{"channel":"instrument"}}
< {"method":"subscribe","result":{"channel":"instrument","snapshot":true,"warnings":["tick_size is deprecated, use price_increment"]},"success":true,...}
> {"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"bbo","snapshot":false}}
< {"method":"subscribe","result":{"channel":"ticker","event_trigger":"bbo","snapshot":false,"symbol":"BTC/USD"},"success":true,...}
> {"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]}}
< {"method":"subscribe","result":{"channel":"trade","snapshot":false,"symbol":"BTC/USD"},"success":true,...}
> {"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":5}}
< {"method":"subscribe","result":{"channel":"ohlc","interval":5,"snapshot":true,"symbol":"BTC/USD","warnings":["timestamp is deprecated, use interval_begin"]},"success":true,...}
> {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}}
< {"method":"subscribe","result":{"channel":"book","depth":10,"snapshot":true,"symbol":"BTC/USD"},"success":true,...}
> {"method":"unsubscribe","params":{"channel":"instrument"}}
< {"method":"unsubscribe","result":{"channel":"instrument"},"success":true,...}
> {"method":"unsubscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"bbo"}}
< {"method":"unsubscribe","result":{"channel":"ticker","event_trigger":"bbo","symbol":"BTC/USD"},"success":true,...}
> {"method":"unsubscribe","params":{"channel":"trade","symbol":["BTC/USD"]}}
< {"method":"unsubscribe","result":{"channel":"trade","symbol":"BTC/USD"},"success":true,...}
> {"method":"unsubscribe","params":{"channel":"ohlc","symbol":["BTC/USD"]}}
< {"method":"unsubscribe","result":{"channel":"ohlc","interval":5,"symbol":"BTC/USD"},"success":true,...}
> {"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10}}
< {"method":"unsubscribe","result":{"channel":"book","depth":10,"symbol":"BTC/USD"},"success":true,...}
)"),
            "");
  EXPECT_TRUE(market.front.feeds_in_use().empty());
}

TEST_F(SpotV2FrontTalk, TakesItsOwnResultAsParametersOfANewSubscription) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"subscribe","params":{"channel":"ohlc","interval":5,"snapshot":true,"symbol":["BTC/USD"],"warnings":["timestamp is deprecated, use interval_begin"]}}
< {"method":"subscribe","result":{"channel":"ohlc","interval":5,...},"success":true,...}
)"),
            "");
}

TEST_F(SpotV2FrontTalk, TakesTheParametersOfInstrumentWithoutEffect) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"subscribe","params":{"channel":"instrument","snapshot":false,"include_tokenized_assets":true,"execution_venue":"international"}}
< {"method":"subscribe","result":{"channel":"instrument","snapshot":false,"warnings":["tick_size is deprecated, use price_increment"]},"success":true,...}
)"),
            "");
}

TEST_F(SpotV2FrontTalk, RefusesInKrakensWordsAndShapes) {
  EXPECT_EQ(talk(kHello + R"(
# The request as a whole.
> {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":27},"req_id":1}
< {"error":"Subscription depth not supported","method":"subscribe","req_id":1,"success":false,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000100Z"}
> {"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":2},"req_id":2}
< {"error":"Subscription ohlc interval not supported","method":"subscribe","req_id":2,"success":false,...}
> {"method":"subscribe","params":{"channel":"spread","symbol":["BTC/USD"]},"req_id":3}
< {"error":"Unsupported event","method":"subscribe","req_id":3,"success":false,...}
> {"method":"subscribe","params":{"channel":"executions","token":"x"},"req_id":4}
< {"error":"Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com","method":"subscribe","req_id":4,"success":false,...}
> {"method":"add_order","params":{"order_type":"limit"},"req_id":5}
< {"error":"Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com","method":"add_order","req_id":5,"success":false,...}
> {"method":"subscribe","params":{"channel":"level3","symbol":["BTC/USD"]},"req_id":6}
< {"error":"Token(s) not found","method":"subscribe","req_id":6,"success":false,...}
> {"method":"subscribe","params":{"channel":"book"},"req_id":7}
< {"error":"Symbol(s) not found","method":"subscribe","req_id":7,"success":false,...}
> {"method":"ping","params":{},"req_id":8}
< {"error":"Unsupported field: 'params' for the given msg type: ping","method":"ping","req_id":8,"success":false,...}
> {"method":"subscribe","channel":"book","params":{"channel":"book","symbol":["BTC/USD"]},"req_id":9}
< {"error":"Unsupported field: 'channel' for the given msg type: subscribe","method":"subscribe","req_id":9,"success":false,...}
# One symbol of it.
> {"method":"subscribe","params":{"channel":"trade","symbol":["XBT/USD","BTC/USD","WWW/USD","UNKNOWN"]},"req_id":10}
< {"error":"Currency pair not supported XBT/USD","method":"subscribe","req_id":10,"success":false,"symbol":"XBT/USD",...}
< {"method":"subscribe","req_id":10,"result":{"channel":"trade","snapshot":false,"symbol":"BTC/USD"},"success":true,...}
< {"error":"Currency pair not supported WWW/USD","method":"subscribe","req_id":10,"success":false,"symbol":"WWW/USD",...}
< {"error":"Currency pair not in ISO 4217-A3 format UNKNOWN","method":"subscribe","req_id":10,"success":false,"symbol":"UNKNOWN",...}
> {"method":"unsubscribe","params":{"channel":"trade","symbol":["ETH/EUR"]},"req_id":11}
< {"error":"Subscription Not Found","method":"unsubscribe","req_id":11,"success":false,"symbol":"ETH/EUR",...}
> {"method":"unsubscribe","params":{"channel":"instrument"},"req_id":12}
< {"error":"Subscription Not Found","method":"unsubscribe","req_id":12,"success":false,"time_in":...}
# What is no request of v2 at all.
> {"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"ticker"}}
< {"error":"Method(s) not found","method":"subscribe","success":false,...}
> hello?
< {"error":"Malformed request","method":"error","success":false,...}
> []
< {"error":"Malformed request","method":"error","success":false,...}
)"),
            "");
}

TEST_F(SpotV2FrontTalk, RefusesDuplicatesOnOneConnectionButNotOnAnother) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":25},"req_id":1}
< {"method":"subscribe","req_id":1,...}
> {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":25},"req_id":2}
< {"error":"Already subscribed","method":"subscribe","req_id":2,"success":false,"symbol":"BTC/USD",...}
> {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":100},"req_id":3}
< {"error":"Already subscribed","method":"subscribe","req_id":3,"success":false,"symbol":"BTC/USD",...}
> {"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":1},"req_id":4}
< {"method":"subscribe","req_id":4,...}
> {"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":5},"req_id":5}
< {"error":"Already subscribed to one ohlc interval on this symbol","method":"subscribe","req_id":5,"success":false,"symbol":"BTC/USD",...}
> {"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":1},"req_id":6}
< {"error":"Already subscribed","method":"subscribe","req_id":6,"success":false,"symbol":"BTC/USD",...}
> {"method":"subscribe","params":{"channel":"trade","symbol":["ETH/EUR","ETH/EUR"]},"req_id":7}
< {"method":"subscribe","req_id":7,...}
< {"error":"Already subscribed","method":"subscribe","req_id":7,"success":false,"symbol":"ETH/EUR",...}
> {"method":"subscribe","params":{"channel":"ticker","symbol":["ETH/EUR"]},"req_id":8}
< {"method":"subscribe","req_id":8,...}
> {"method":"subscribe","params":{"channel":"ticker","symbol":["ETH/EUR"],"event_trigger":"bbo"},"req_id":9}
< {"method":"subscribe","req_id":9,"result":{"channel":"ticker","event_trigger":"bbo",...}
2< {"channel":"status",...}
2> {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":100},"req_id":1}
2< {"method":"subscribe","req_id":1,"result":{"channel":"book","depth":100,...}
)"),
            "");
}

TEST_F(SpotV2FrontTalk, AnswersPingsWithAndWithoutARequestId) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"ping","req_id":9223372036854775807}
< {"method":"pong","req_id":9223372036854775807,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000100Z"}
> {"method":"ping"}
< {"method":"pong","time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000100Z"}
@ +5s
)"),
            "");
}

TEST_F(SpotV2FrontTalk, BeatsEverySecondFromTheFirstSubscriptionOnEachConnectionForItself) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"subscribe","params":{"channel":"book","symbol":["WWW/USD"]}}
< {"error":"Currency pair not supported WWW/USD",...}
@ +3s
> {"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]}}
< {"method":"subscribe",...}
@ +999ms
2< {"channel":"status",...}
2> {"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]}}
2< {"method":"subscribe",...}
@ +1ms
< {"channel":"heartbeat"}
@ +998ms
@ +1ms
2< {"channel":"heartbeat"}
# It goes on without a subscription: what starts it is the first one.
> {"method":"unsubscribe","params":{"channel":"trade","symbol":["BTC/USD"]}}
< {"method":"unsubscribe",...}
@ +1ms
< {"channel":"heartbeat"}
)"),
            "");
}

TEST_F(SpotV2FrontTalk, MayStaySilentOnHeartbeatAndStatusRequests) {
  EXPECT_EQ(talk(kHello + R"(
> {"method":"subscribe","params":{"channel":"heartbeat"},"req_id":3}
< {"method":"subscribe","req_id":3,"result":{"channel":"heartbeat"},"success":true,...}
@ +1s
< {"channel":"heartbeat"}
)"),
            "");
  Market silent(clock, {.acknowledge_automatic_channels = false});
  EXPECT_EQ(play(clock, silent, kHello + R"(
> {"method":"subscribe","params":{"channel":"heartbeat"},"req_id":3}
@ +3s
)"),
            "");
}

TEST_F(SpotV2FrontTalk, LetsOptionsDecideWhatIsNotKnownOfKraken) {
  SpotV2FrontOptions options;
  options.trade_snapshot_by_default = true;
  options.one_book_depth_per_symbol = false;
  options.one_ticker_trigger_per_symbol = true;
  options.name_symbol_without_slash = false;
  options.name_symbol_of_second_interval = false;
  options.status_form.maintenance_fields = false;
  options.generate_heartbeats = false;
  Market other(clock, options);
  EXPECT_EQ(play(clock, other, R"(
< {"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":...}]}
> {"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD","NONSENSE"]}}
< {"method":"subscribe","result":{"channel":"trade","snapshot":true,"symbol":"BTC/USD"},"success":true,...}
< {"error":"Currency pair not in ISO 4217-A3 format NONSENSE","method":"subscribe","success":false,"time_in":...}
> {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10}}
< {"method":"subscribe",...}
> {"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":25}}
< {"method":"subscribe","result":{"channel":"book","depth":25,...}
> {"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"]}}
< {"method":"subscribe",...}
> {"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"],"event_trigger":"bbo"}}
< {"error":"Already subscribed",...}
> {"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":1}}
< {"method":"subscribe",...}
> {"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD"],"interval":5}}
< {"error":"Already subscribed to one ohlc interval on this symbol","method":"subscribe","success":false,"time_in":...}
@ +5s
)"),
            "");
}

class SpotV2FrontFeeds : public SpotV2FrontTalk {
 protected:
  static constexpr auto kBook = R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]},"req_id":1})";
  static constexpr auto kNoBook =
      R"({"method":"unsubscribe","params":{"channel":"book","symbol":["BTC/USD"]},"req_id":2})";
  const Feed feed = Feed::book("BTC/USD", 10);
  ExchangeDriver driver{clock, market};
};

TEST_F(SpotV2FrontFeeds, PublishesToThoseWhoSubscribedToExactlyThisFeed) {
  const auto a = driver.connect();
  const auto b = driver.connect();
  const auto c = driver.connect();
  driver.say(a, kBook);
  driver.say(b, R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":25}})");
  driver.say(c, kBook);
  for (const auto client : {a, b, c}) driver.take(client);

  market.front.publish(feed, "text");
  EXPECT_EQ(driver.take(a), (std::vector<std::string>{"text"}));
  EXPECT_TRUE(driver.take(b).empty());
  EXPECT_EQ(driver.take(c), (std::vector<std::string>{"text"}));
  EXPECT_EQ(market.front.subscribers(feed), (std::vector{a, c}));
  EXPECT_EQ(market.front.feeds_in_use(), (std::vector{feed, Feed::book("BTC/USD", 25)}));

  driver.leave(a);
  driver.say(c, kNoBook);
  driver.take(c);
  market.front.publish(feed, "text");
  EXPECT_TRUE(driver.take(a).empty());
  EXPECT_TRUE(driver.take(c).empty());
  EXPECT_EQ(market.gone, std::vector{a});
}

TEST_F(SpotV2FrontFeeds, LetsTheBackendAnswerLater) {
  market.answer = [](const FeedRequest&) {};
  const auto client = driver.connect();
  driver.say(client, kBook);
  driver.take(client);
  market.front.publish(feed, "too early");
  // What was asked for counts at once: a duplicate is one although nothing was answered yet.
  driver.say(client, kBook);
  EXPECT_EQ(driver.take(client).size(), 1U) << "only the refusal of the duplicate";
  driver.say(client, kNoBook);
  ASSERT_EQ(market.asked.size(), 2U);
  driver.run_for(std::chrono::microseconds(250));
  market.front.accept(market.asked[0]);
  EXPECT_TRUE(market.front.is_subscribed(client, feed));
  market.front.accept(market.asked[1]);
  EXPECT_FALSE(market.front.is_subscribed(client, feed));
  const auto heard = driver.take(client);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_TRUE(
      heard[0].ends_with(R"("time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000350Z"})"))
      << heard[0];
}

TEST_F(SpotV2FrontFeeds, ForgetsARefusedSubscription) {
  market.answer = [this](const FeedRequest& request) { market.front.refuse(request, "Not today"); };
  const auto client = driver.connect();
  driver.take(client);
  driver.say(client, kBook);
  driver.say(client, kBook);
  const auto heard = driver.take(client);
  ASSERT_EQ(heard.size(), 2U);
  for (const auto& text : heard) {
    EXPECT_TRUE(text.starts_with(
        R"({"error":"Not today","method":"subscribe","req_id":1,"success":false,"symbol":"BTC/USD","time_in":)"))
        << text;
  }
  EXPECT_FALSE(market.front.hears_heartbeats(client));
}

TEST_F(SpotV2FrontFeeds, SendsARecordedAnswerWithTheRequestsOwnId) {
  market.answer = [this](const FeedRequest& request) {
    market.front.accept_verbatim(request, R"({"method":"subscribe","req_id":99,"result":{},"success":true})");
  };
  const auto client = driver.connect();
  driver.take(client);
  driver.say(client, kBook);
  EXPECT_EQ(driver.take(client),
            (std::vector<std::string>{R"({"method":"subscribe","req_id":1,"result":{},"success":true})"}));
  EXPECT_TRUE(market.front.is_subscribed(client, feed));
}

TEST_F(SpotV2FrontFeeds, ClosesAndForgets) {
  const auto client = driver.connect();
  driver.say(client, kBook);
  driver.take(client);
  market.front.close_all({1001, "recording ended"});
  EXPECT_EQ(driver.take(client), (std::vector<std::string>{"closed 1001 recording ended"}));
  driver.say(client, kBook);
  driver.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(driver.take(client).empty());
  EXPECT_EQ(market.gone, std::vector{client});
  EXPECT_TRUE(market.front.feeds_in_use().empty());
}

// A client that talks back from inside of what it hears, as one over a loopback may.
class Talkative final : public FrameSink {
 public:
  explicit Talkative(Exchange& exchange) : exchange_(exchange) {}
  void on_frame(const Frame& frame) override {
    ++heard;
    if (on_text) on_text(frame);
  }
  void reply(const Frame& frame, FrameKind kind, std::string_view text) {
    exchange_.on_frame({frame.at, frame.connection, Direction::ToExchange, kind, text});
  }
  std::function<void(const Frame&)> on_text;
  int heard = 0;

 private:
  Exchange& exchange_;
};

TEST_F(SpotV2FrontFeeds, StandsAClientThatLeavesWhileItIsToldSomething) {
  Talkative leaver(market);
  leaver.on_text = [&](const Frame& frame) {
    if (frame.payload == "last words") leaver.reply(frame, FrameKind::Closed, "1000 enough");
  };
  const auto id = static_cast<ConnectionId>(77);
  market.attach(id, {}, leaver);
  market.on_frame({clock.now(), id, Direction::ToExchange, FrameKind::Text, kBook});
  const auto other = driver.connect();
  driver.say(other, kBook);
  driver.take(other);
  market.front.publish(feed, "last words");
  market.front.publish(feed, "more");
  EXPECT_EQ(leaver.heard, 3) << "status, the acknowledgement and the last words";
  EXPECT_EQ(driver.take(other), (std::vector<std::string>{"last words", "more"}));
  EXPECT_EQ(market.front.subscribers(feed), std::vector{other});
}

TEST_F(SpotV2FrontFeeds, StandsAClientThatLeavesInTheMiddleOfItsOwnRequest) {
  Talkative leaver(market);
  leaver.on_text = [&](const Frame& frame) {
    if (frame.payload.find("ETH/EUR") != std::string_view::npos) leaver.reply(frame, FrameKind::Closed, "1000 enough");
  };
  const auto id = static_cast<ConnectionId>(77);
  market.attach(id, {}, leaver);
  market.on_frame({clock.now(), id, Direction::ToExchange, FrameKind::Text,
                   R"({"method":"subscribe","params":{"channel":"trade","symbol":["ETH/EUR","BTC/USD"]}})"});
  driver.turn();
  EXPECT_EQ(leaver.heard, 2) << "status and the first acknowledgement";
  EXPECT_FALSE(market.front.is_attached(id));
  EXPECT_TRUE(market.front.feeds_in_use().empty());
}

TEST_F(SpotV2FrontFeeds, GivesEveryConnectionAnIdOfItsOwnThatIsTheSameInEveryRun) {
  const auto one = static_cast<ConnectionId>(1);
  EXPECT_EQ(market.front.status_text(one), Market(clock).front.status_text(one));
  EXPECT_NE(market.front.status_text(one), market.front.status_text(static_cast<ConnectionId>(2)));
  EXPECT_NE(market.front.status_text(one).find(R"("system":"online")"), std::string::npos);
  EXPECT_NE(market.front.status_text(one, "maintenance").find(R"("system":"maintenance")"), std::string::npos);
}

TEST(Feed, SaysWhatItIs) {
  EXPECT_EQ(Feed::book("BTC/USD", 25).text(), "book BTC/USD depth 25");
  EXPECT_EQ(Feed::ohlc("BTC/USD", 5).text(), "ohlc BTC/USD 5m");
  EXPECT_EQ(Feed::ticker("BTC/USD", "bbo").text(), "ticker BTC/USD on bbo");
  EXPECT_EQ(Feed::trade("BTC/USD").text(), "trade BTC/USD");
  EXPECT_EQ(Feed::instrument().text(), "instrument");
}

}  // namespace
}  // namespace ktape
