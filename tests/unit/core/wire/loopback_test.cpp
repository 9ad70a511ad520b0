#include "core/wire/loopback.hpp"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ktape {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kStart = from_nanoseconds(1'000'000'000'000);
constexpr ConnectionId kOne{1};
const Endpoint kEndpoint = Endpoint::parse("ws://exchange/v2").value();

// Notes what it hears as "seconds kind payload", and lets the test answer.
class Listener : public FrameSink {
 public:
  explicit Listener(const Clock& clock) : clock_(clock) {}
  void on_frame(const Frame& frame) override {
    EXPECT_EQ(frame.at, clock_.now());
    heard.push_back(std::to_string((frame.at - kStart) / 1s) + " " + std::string(to_string(frame.direction)) + " " +
                    std::string(to_string(frame.kind)) + " " + std::string(frame.payload));
    if (answer) answer(frame);
  }
  std::vector<std::string> heard;
  std::function<void(const Frame&)> answer;

 private:
  const Clock& clock_;
};

// Greets after a second, echoes, and says "tick" each second when asked to.
class EchoExchange final : public Exchange {
 public:
  explicit EchoExchange(TimerService& timers) : timers_(timers) {}

  void attach(ConnectionId connection, const Endpoint&, FrameSink& client) override {
    clients_[connection] = &client;
    timer_ =
        timers_.at(timers_.now() + 1s, [this, connection](Timestamp) { say(connection, FrameKind::Text, "hello"); });
  }
  void on_frame(const Frame& frame) override {
    heard.push_back(std::to_string((frame.at - kStart) / 1s) + " " + std::string(to_string(frame.kind)) + " " +
                    std::string(frame.payload));
    if (frame.kind == FrameKind::Closed) clients_.erase(frame.connection);
    if (frame.kind == FrameKind::Text) say(frame.connection, FrameKind::Text, "echo " + std::string(frame.payload));
  }
  void say(ConnectionId connection, FrameKind kind, std::string_view text) {
    clients_.at(connection)->on_frame({timers_.now(), connection, Direction::FromExchange, kind, text});
  }
  std::vector<std::string> heard;

 private:
  TimerService& timers_;
  Timer timer_;
  std::map<ConnectionId, FrameSink*> clients_;
};

struct LoopbackTest : testing::Test {
  VirtualClock client_clock{kStart};
  VirtualClock exchange_clock{kStart};
  EchoExchange exchange{exchange_clock};
  Loopback loopback{exchange, client_clock, exchange_clock};
  Listener client{client_clock};
  std::unique_ptr<Transport> transport = loopback.make_transport(kOne);
};

using Lines = std::vector<std::string>;

TEST_F(LoopbackTest, ReportsOpeningAndBothDirections) {
  client.answer = [&](const Frame& frame) {
    if (frame.payload == "hello") transport->send("hi");
  };
  transport->connect(kEndpoint, client);
  EXPECT_TRUE(client.heard.empty());
  loopback.run();
  EXPECT_EQ(client.heard, (Lines{"0 from_exchange opened ws://exchange/v2", "1 from_exchange text hello",
                                 "1 to_exchange text hi", "1 from_exchange text echo hi"}));
  EXPECT_EQ(exchange.heard, Lines{"1 text hi"});
}

TEST_F(LoopbackTest, RunsAClientsTimerBeforeAFrameOfThatInstant) {
  transport->connect(kEndpoint, client);
  const Timer timer = client_clock.at(kStart + 1s, [&](Timestamp) { transport->send("first"); });
  loopback.run();
  EXPECT_EQ(client.heard, (Lines{"0 from_exchange opened ws://exchange/v2", "1 to_exchange text first",
                                 "1 from_exchange text hello", "1 from_exchange text echo first"}));
}

TEST_F(LoopbackTest, ClosesCleanlyFromTheClient) {
  client.answer = [&](const Frame& frame) {
    if (frame.payload == "hello") transport->close({1000, "done"});
  };
  transport->connect(kEndpoint, client);
  loopback.run();
  EXPECT_EQ(client.heard.back(), "1 to_exchange closed 1000 done");
  EXPECT_EQ(exchange.heard, Lines{"1 closed 1000 done"});
  transport->send("too late");
  loopback.run();
  EXPECT_EQ(exchange.heard.size(), 1U);
}

TEST_F(LoopbackTest, MayConnectAgainFromTheClosedHandler) {
  int closed = 0;
  client.answer = [&](const Frame& frame) {
    if (frame.payload == "hello") transport->close({1000, ""});
    if (frame.kind == FrameKind::Closed && ++closed == 1) transport->connect(kEndpoint, client);
  };
  transport->connect(kEndpoint, client);
  loopback.run();
  EXPECT_EQ(closed, 2);
  EXPECT_EQ(exchange.heard, (Lines{"1 closed 1000", "2 closed 1000"}));
}

TEST_F(LoopbackTest, ReportsAnEndByTheExchangeOnce) {
  transport->connect(kEndpoint, client);
  loopback.run();
  exchange.say(kOne, FrameKind::Closed, "1001 going away");
  exchange.say(kOne, FrameKind::Text, "after the end");
  loopback.run();
  EXPECT_EQ(client.heard.back(), "1 from_exchange closed 1001 going away");
  EXPECT_EQ(client.heard.size(), 3U);
}

TEST_F(LoopbackTest, AnswersPings) {
  transport->connect(kEndpoint, client);
  loopback.run();
  exchange.say(kOne, FrameKind::Ping, "p");
  loopback.run();
  EXPECT_EQ(client.heard.back(), "1 from_exchange ping p");
  EXPECT_EQ(exchange.heard, Lines{"1 pong p"});
}

TEST_F(LoopbackTest, GivesUpAnAttemptThatIsClosedBeforeItStands) {
  transport->connect(kEndpoint, client);
  transport->close({1000, "changed my mind"});
  loopback.run();
  EXPECT_EQ(client.heard, Lines{"0 to_exchange closed 1000 changed my mind"});
  EXPECT_TRUE(exchange.heard.empty());
}

TEST_F(LoopbackTest, TellsTheExchangeWhenATransportIsDestroyed) {
  transport->connect(kEndpoint, client);
  loopback.run();
  transport.reset();
  EXPECT_EQ(exchange.heard, Lines{"1 closed 1006 the client is gone"});
}

TEST_F(LoopbackTest, StandsAtTheEndOfRunUntil) {
  transport->connect(kEndpoint, client);
  loopback.run_until(kStart + 500ms);
  EXPECT_EQ(client.heard.size(), 1U);
  EXPECT_EQ(client_clock.now(), kStart + 500ms);
  EXPECT_EQ(exchange_clock.now(), kStart + 500ms);
}

}  // namespace
}  // namespace ktape
