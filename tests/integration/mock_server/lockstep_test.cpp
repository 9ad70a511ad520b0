// Lockstep: client and exchange see one history, whatever the sockets do.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/network.hpp"
#include "tests/support/raw_peer.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using Security = ListenAddress::Security;

std::string stamped(Timestamp at, std::string_view text) {
  return std::to_string((at - kServerStart) / 1us) + " " + std::string(text);
}

class Lockstep : public ::testing::TestWithParam<Security> {
 protected:
  Endpoint serve() {
    MockServerOptions options;
    options.pace = ServerPace::Lockstep;
    options.listen = {{.security = GetParam()}};
    options.log = [this](std::string_view line) { lines.emplace_back(line); };
    options.patience = patience;
    options.close_timeout = patience;
    return net.serve(std::move(options));
  }
  // Everything the client saw, with its own stamps.
  static std::vector<std::string> history(const FrameLog& log) {
    std::vector<std::string> out;
    for (const auto& f : log.frames) {
      if (f.kind == FrameKind::Opened) {
        out.push_back(stamped(f.at, "opened"));
      } else {
        out.push_back(stamped(f.at, (f.direction == Direction::FromExchange ? "< " : "> ") + f.payload));
      }
    }
    return out;
  }

  Network net{TimeSource::Server};
  Duration patience = std::chrono::seconds(10);
  std::vector<std::string> lines;
};

INSTANTIATE_TEST_SUITE_P(Plain, Lockstep, ::testing::Values(Security::Plain));
INSTANTIATE_TEST_SUITE_P(Tls, Lockstep, ::testing::Values(Security::Tls));

TEST_P(Lockstep, GivesTheClientTheExchangesStamps) {
  constexpr int kTicks = 200;
  std::vector<std::string> sent;
  Timer timer;
  int ticks = 0;
  std::function<void(Timestamp)> tick = [&](Timestamp at) {
    for (int i = 0; i < 3; ++i) {
      const std::string text = "tick " + std::to_string(ticks) + "." + std::to_string(i);
      sent.push_back(stamped(at, "< " + text));
      net.exchange.send(kFirst, text);
    }
    if (++ticks < kTicks) {
      timer = net.server_clock.at(at + std::chrono::microseconds(1 + ticks % 7), tick);
    } else {
      net.exchange.send(kFirst, FrameKind::Closed, "1001 recording ended");
      sent.push_back(stamped(at, "< 1001 recording ended"));
    }
  };
  net.exchange.attached = [&](ConnectionId) { timer = net.server_clock.at(kServerStart + 10ms, tick); };
  WebSocketTransport transport(net.loop, kClient, Network::trusting());
  transport.connect(serve(), net.log);
  ASSERT_TRUE(net.until([&] { return !net.log.closed().empty(); }));
  sent.insert(sent.begin(), "0 opened");
  EXPECT_EQ(history(net.log), sent) << "no time Ping and no Pong among them, and equal stamps";
}

TEST_P(Lockstep, WaitsForWhatTheClientSaysInHandlersAndTimers) {
  // The client answers each tick at once and once more 250 us later; the exchange ticks each millisecond.
  std::vector<std::string> heard;
  net.exchange.said = [&](const Frame& frame) { heard.push_back(stamped(frame.at, frame.payload)); };
  Timer tick_timer;
  int ticks = 0;
  std::function<void(Timestamp)> tick = [&](Timestamp at) {
    net.exchange.send(kFirst, "tick");
    if (++ticks < 3) tick_timer = net.server_clock.at(at + 1ms, tick);
  };
  net.exchange.attached = [&](ConnectionId) { tick_timer = net.server_clock.at(kServerStart + 1ms, tick); };
  WebSocketTransport transport(net.loop, kClient, Network::trusting());
  std::vector<Timer> later;
  net.log.react = [&](const Frame& frame) {
    if (frame.kind != FrameKind::Text || frame.direction != Direction::FromExchange) return;
    transport.send("at once");
    later.push_back(net.loop.clock().at(frame.at + 250us, [&](Timestamp) { transport.send("later"); }));
  };
  transport.connect(serve(), net.log);
  ASSERT_TRUE(net.until([&] { return heard.size() == 5; }));
  EXPECT_THAT(history(net.log), ElementsAre("0 opened", "1000 < tick", "1000 > at once", "1250 > later", "2000 < tick",
                                            "2000 > at once", "2250 > later", "3000 < tick", "3000 > at once"));
  // What a timer of the client's says on the way to an instant is heard at that instant: never before it was said.
  EXPECT_THAT(heard, ElementsAre("1000 at once", "2000 later", "2000 at once", "3000 later", "3000 at once"));
}

TEST_P(Lockstep, AnswersWithADelayArriveAtTheirTime) {
  Timer answer;
  Timer far;
  net.exchange.attached = [&](ConnectionId) {
    far = net.server_clock.at(kServerStart + 1s, [&](Timestamp) { net.exchange.send(kFirst, "far"); });
  };
  net.exchange.said = [&](const Frame& frame) {
    answer = net.server_clock.at(frame.at + 3ms, [&](Timestamp) { net.exchange.send(kFirst, "answer"); });
  };
  WebSocketTransport transport(net.loop, kClient, Network::trusting());
  net.log.react = [&](const Frame& frame) {
    if (frame.kind == FrameKind::Opened) transport.send("question");
  };
  transport.connect(serve(), net.log);
  ASSERT_TRUE(net.until([&] { return net.log.frames.size() == 4; }));
  EXPECT_THAT(history(net.log), ElementsAre("0 opened", "0 > question", "3000 < answer", "1000000 < far"))
      << "the far instant was not announced before the question was dealt with";
}

TEST_P(Lockstep, HasTheSameHistoryWithSeveralConnectionsEveryTime) {
  const auto run = [] {
    Network fresh(TimeSource::Server);
    MockServerOptions options;
    options.pace = ServerPace::Lockstep;
    options.listen = {{.security = GetParam()}};
    const Endpoint endpoint = fresh.serve(std::move(options));
    std::vector<std::string> heard;
    fresh.exchange.said = [&](const Frame& frame) {
      heard.push_back(std::to_string(static_cast<std::uint32_t>(frame.connection)) + " " +
                      stamped(frame.at, frame.payload));
    };
    std::vector<std::unique_ptr<WebSocketTransport>> transports;
    std::vector<FrameLog> logs(3);
    for (std::uint32_t i = 0; i < 3; ++i) {
      transports.push_back(std::make_unique<WebSocketTransport>(fresh.loop, ConnectionId{i}, Network::trusting()));
      // What one connection brings makes the client speak on the next one.
      logs[i].react = [&transports, i](const Frame& frame) {
        if (frame.kind == FrameKind::Text && frame.direction == Direction::FromExchange) {
          transports[(i + 1) % 3]->send("after " + std::string(frame.payload));
        }
      };
      transports.back()->connect(endpoint, logs[i]);
      EXPECT_TRUE(fresh.until([&] { return logs[i].opened() && fresh.server->clients() == i + 1; }));
    }
    Timer timer;
    int ticks = 0;
    std::function<void(Timestamp)> tick = [&](Timestamp at) {
      for (std::uint32_t i = 1; i <= 3; ++i) {
        if ((ticks + static_cast<int>(i)) % 2 == 0) fresh.exchange.send(ConnectionId{i}, std::to_string(ticks));
      }
      if (++ticks < 50) timer = fresh.server_clock.at(at + 1ms, tick);
    };
    timer = fresh.server_clock.at(kServerStart + 1s, tick);
    transports[0]->send("go on");
    EXPECT_TRUE(fresh.until([&] { return heard.size() == 76; }));
    for (const FrameLog& log : logs) {
      for (const std::string& line : history(log)) heard.push_back(line);
    }
    return heard;
  };
  const auto once = run();
  EXPECT_EQ(once, run());
  EXPECT_GT(once.size(), 200U);
}

TEST_P(Lockstep, ComesBackAfterALostConnection) {
  const Endpoint endpoint = serve();
  Timer timer;
  net.exchange.attached = [&](ConnectionId id) {
    timer = net.server_clock.at(net.server_clock.now() + 1s,
                                [&net = net, id](Timestamp) { net.exchange.send(id, FrameKind::Closed, "1006 cut"); });
  };
  WebSocketTransport transport(net.loop, kClient, Network::trusting());
  Timer again;
  net.log.react = [&](const Frame& frame) {
    if (frame.kind != FrameKind::Closed) return;
    again = net.loop.clock().at(frame.at + 5s, [&](Timestamp) { transport.connect(endpoint, net.log); });
  };
  transport.connect(endpoint, net.log);
  ASSERT_TRUE(net.until([&] { return net.log.count(Direction::FromExchange, FrameKind::Closed) == 2; }));
  std::vector<std::string> kinds;
  for (const auto& f : net.log.frames) kinds.push_back(stamped(f.at, to_string(f.kind)));
  EXPECT_THAT(kinds, ElementsAre("0 opened", "1000000 closed", "6000000 opened", "6000000 closed"))
      << "without a server time goes to the next timer";
}

// With a raw peer, which speaks no TLS.
class RawLockstep : public Lockstep {};
INSTANTIATE_TEST_SUITE_P(Plain, RawLockstep, ::testing::Values(Security::Plain));

TEST_P(RawLockstep, NamesAClientThatDoesNotAnswerTheTime) {
  patience = 20ms;
  RawPeer mute = RawPeer::connect(net.loop.context(), serve());
  mute.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(net.until([&] { return !lines.empty(); }));
  EXPECT_THAT(lines, ElementsAre("client 1: 1008 did not answer the time ping"));
  EXPECT_TRUE(net.exchange.endpoints.empty());
}

TEST_P(RawLockstep, SendsTheTimeBeforeAnythingElse) {
  RawPeer peer = RawPeer::connect(net.loop.context(), serve());
  peer.write(RawPeer::upgrade_request("/v2"));
  const std::string first = "\r\n\r\n\x89\x1Ektape-time=1700000000000000000";
  ASSERT_TRUE(net.until([&] { return peer.received().ends_with(first); }));
  EXPECT_EQ(net.server->clients(), 0U) << "it is attached when it has answered";
}

// Answers each time Ping that its peer has been sent and not answered yet.
class Answers {
 public:
  explicit Answers(RawPeer& peer) : peer_(peer) {}
  void operator()() {
    static constexpr std::string_view kPing = "\x89\x1Ektape-time=";
    for (auto at = peer_.received().find(kPing, read_); at != std::string::npos;
         at = peer_.received().find(kPing, read_)) {
      if (peer_.received().size() < at + 2 + 30) return;
      peer_.write(RawPeer::client_frame(0x8A, std::string_view(peer_.received()).substr(at + 2, 30)));
      read_ = at + 2 + 30;
    }
  }

 private:
  RawPeer& peer_;
  std::size_t read_ = 0;
};

TEST_P(RawLockstep, HearsWhatANewcomerSaysWhileOthersThink) {
  std::vector<std::string> heard;
  net.exchange.said = [&](const Frame& frame) { heard.emplace_back(frame.payload); };
  const Endpoint endpoint = serve();
  RawPeer slow = RawPeer::connect(net.loop.context(), endpoint);
  slow.write(RawPeer::upgrade_request("/v2"));
  Answers slow_answers(slow);
  ASSERT_TRUE(net.until([&] {
    if (net.server->clients() == 0) slow_answers();
    return net.server->clients() == 1 && slow.received().ends_with("ktape-time=1700000000000000000");
  })) << "a round is under way, and this one does not answer";

  RawPeer newcomer = RawPeer::connect(net.loop.context(), endpoint);
  newcomer.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(net.until([&] { return newcomer.received().ends_with("\r\n\r\n"); }));
  newcomer.write(RawPeer::client_frame(0x81, "subscribe"));
  newcomer.write(RawPeer::client_frame(0x89, "read it?"));
  ASSERT_TRUE(net.until([&] { return newcomer.received().ends_with("read it?"); }));
  EXPECT_TRUE(heard.empty());
  Answers newcomer_answers(newcomer);
  EXPECT_TRUE(net.until([&] {
    slow_answers();
    newcomer_answers();
    return heard.size() == 2;
  }));
  EXPECT_THAT(heard, ElementsAre("subscribe", "read it?"));
}

}  // namespace
}  // namespace ktape::test
