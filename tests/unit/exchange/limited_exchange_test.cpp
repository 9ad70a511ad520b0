#include "exchange/limited_exchange.hpp"

#include <gmock/gmock.h>

#include "tests/support/open_exchange.hpp"

namespace ktape {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ConnectionId kOne{1};

class LimitedExchangeTest : public testing::Test {
 protected:
  void connect(const char* url, ClientLimits limits) {
    limited.emplace(clock, exchange, limits);
    limited->attach(kOne, Endpoint::parse(url).value(), client);
  }
  void say(std::string_view text, FrameKind kind = FrameKind::Text) {
    limited->on_frame({clock.now(), kOne, Direction::ToExchange, kind, text});
  }
  void pass(Duration span) { clock.advance_to(clock.now() + span); }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  test::OpenExchange exchange{clock};
  test::FrameLog client;
  std::optional<LimitedExchange> limited;
};

TEST_F(LimitedExchangeTest, ClosesAConnectionOnWhichNothingPasses) {
  connect("wss://ws.kraken.com/v2", {.idle_close = seconds(60)});
  pass(seconds(59));
  say(R"({"method":"ping"})");
  pass(seconds(59));
  exchange.send(kOne, R"({"channel":"heartbeat"})");
  pass(seconds(59));
  say("", FrameKind::Ping);
  pass(seconds(59));
  EXPECT_EQ(client.closed(), "");
  pass(seconds(1));
  EXPECT_EQ(client.closed(), "< 1001 no activity for 1m");
  EXPECT_EQ(exchange.heard.closed(), "> 1001 no activity for 1m");
  say(R"({"method":"ping"})");
  EXPECT_EQ(exchange.heard.frames.back().kind, FrameKind::Closed) << "what a closed client says is not heard";
}

TEST_F(LimitedExchangeTest, WantsAWordOfClientsOfFutures) {
  connect("wss://futures.kraken.com/ws/v1", {.idle_close = seconds(60)});
  pass(seconds(30));
  exchange.send(kOne, R"({"feed":"heartbeat","time":1788249600000})");
  pass(seconds(30));
  EXPECT_EQ(client.closed(), "< 1001 no activity for 1m") << "what the exchange says does not count";
}

TEST_F(LimitedExchangeTest, LeavesAnEndedConnectionAlone) {
  connect("wss://ws.kraken.com/v2", {.idle_close = seconds(60)});
  exchange.send(kOne, FrameKind::Closed, "1012 restart");
  pass(seconds(120));
  EXPECT_EQ(client.frames.size(), 1U);
  EXPECT_EQ(client.closed(), "< 1012 restart");
}

TEST_F(LimitedExchangeTest, AnswersWhoAsksTooOftenInTheWordsOfTheDialect) {
  connect("wss://ws.kraken.com/v2", {.requests_per_second = 2});
  for (int i = 1; i <= 3; ++i) say(R"({"method":"ping","req_id":)" + std::to_string(i) + "}");
  ASSERT_EQ(client.frames.size(), 1U);
  EXPECT_EQ(
      client.frames[0].payload,
      R"({"error":"Exceeded msg rate","method":"ping","req_id":3,"success":false,"time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})");
  EXPECT_EQ(exchange.heard.frames.size(), 2U);
  pass(milliseconds(999));
  say(R"({"method":"ping","req_id":4})");
  EXPECT_EQ(exchange.heard.frames.size(), 2U);
  pass(milliseconds(1));
  say(R"({"method":"ping","req_id":5})");
  EXPECT_EQ(exchange.heard.frames.size(), 3U);
}

TEST_F(LimitedExchangeTest, AnswersInSpotV1WithAnErrorEvent) {
  connect("wss://ws.kraken.com", {.requests_per_second = 1});
  say(R"({"event":"ping","reqid":41})");
  say(R"({"event":"ping","reqid":42})");
  ASSERT_EQ(client.frames.size(), 1U);
  EXPECT_EQ(client.frames[0].payload, R"({"errorMessage":"Exceeded msg rate","event":"error","reqid":42})");
}

TEST_F(LimitedExchangeTest, ClosesClientsOfFuturesThatAskTooOften) {
  connect("wss://futures.kraken.com/ws/v1", {.requests_per_second = 1});
  say(R"({"event":"ping"})");
  say(R"({"event":"ping"})");
  EXPECT_EQ(client.closed(), "< 1008 Exceeded msg rate");
}

TEST_F(LimitedExchangeTest, PassesEverythingOnWithoutLimits) {
  connect("wss://ws.kraken.com/v2", {});
  for (int i = 0; i < 1000; ++i) say("x");
  pass(std::chrono::hours(24));
  EXPECT_EQ(exchange.heard.frames.size(), 1000U);
  EXPECT_EQ(client.frames.size(), 0U);
}

}  // namespace
}  // namespace ktape
