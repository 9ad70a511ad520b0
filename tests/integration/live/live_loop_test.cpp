#include "live/live_loop.hpp"

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "live/websocket_transport.hpp"
#include "tests/support/network.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(LiveLoop, FiresATimerWhenItsTimeHasCome) {
  LiveLoop loop;
  const Timestamp deadline = loop.clock().now() + 2ms;
  Timestamp fired;
  const Timer timer = loop.clock().at(deadline, [&](Timestamp) { fired = loop.clock().now(); });
  ASSERT_TRUE(loop.run_until([&] { return fired != Timestamp{}; }, kPatience));
  EXPECT_EQ(fired, deadline) << "it stands at the deadline, however late it was woken";
  EXPECT_GE(loop.clock().now(), deadline);
}

TEST(LiveLoop, WakesUpForTheEarlierTimerAndNotForACancelledOne) {
  LiveLoop loop;
  std::string fired;
  const Timestamp start = loop.clock().now();
  Timer late = loop.clock().at(start + 1h, [&](Timestamp) { fired += 'l'; });
  loop.turn(Duration::zero());
  const Timer early = loop.clock().at(start + 1ms, [&](Timestamp) { fired += 'e'; });
  ASSERT_TRUE(loop.run_until([&] { return !fired.empty(); }, kPatience));
  late.cancel();
  EXPECT_FALSE(loop.turn(1ms));
  EXPECT_EQ(fired, "e");
}

TEST(LiveLoop, FiresWhatIsDueBeforeItRunsOrDeliversAnything) {
  LiveLoop loop;
  std::string order;
  loop.post([&] { order += 'p'; });
  const Timestamp due = loop.clock().now();
  const Timer timer = loop.clock().at(due, [&](Timestamp) { order += 't'; });
  loop.turn(kPatience);
  EXPECT_EQ(order, "tp");
}

TEST(LiveLoop, TakesTheTimeOncePerTurn) {
  LiveLoop loop;
  std::vector<Timestamp> seen;
  for (int i = 0; i < 3; ++i) loop.post([&] { seen.push_back(loop.clock().now()); });
  loop.turn(kPatience);
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0], seen[2]);
}

TEST(LiveLoop, RunsItsHookAtTheEndOfEveryTurn) {
  LiveLoop loop;
  std::string order;
  loop.after_turn([&] { order += '|'; });
  loop.post([&] { order += 'a'; });
  loop.post([&] { order += 'b'; });
  loop.turn(kPatience);
  loop.post([&] {
    order += 'c';
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(order, "ab|c|");
}

TEST(LiveLoop, IsStoppedAndCalledFromOtherThreads) {
  LiveLoop loop;
  int calls = 0;
  std::thread other([&] {
    loop.post([&] { ++calls; });
    loop.stop();
  });
  loop.run();
  other.join();
  loop.run_until([&] { return calls == 1; }, kPatience);
  EXPECT_EQ(calls, 1);
}

TEST(LiveLoop, HandlesSignalsAsEvents) {
  LiveLoop loop;
  int caught = 0;
  loop.on_signal(SIGUSR1, [&] { ++caught; });
  for (int i = 1; i <= 2; ++i) {
    std::raise(SIGUSR1);
    ASSERT_TRUE(loop.run_until([&] { return caught == i; }, kPatience));
  }
}

TEST(LiveLoop, FiresDueTimersBeforeAFrameThatArrives) {
  Network net;
  WebSocketTransport transport(net.loop, kClient);
  transport.connect(net.serve(), net.log);
  ASSERT_TRUE(net.until([&] { return net.log.opened() && net.server->clients() == 1; }));
  std::vector<std::pair<Timestamp, std::string>> order;
  net.log.react = [&](const Frame& frame) { order.emplace_back(frame.at, "frame"); };
  std::vector<Timer> timers;
  const Timestamp start = net.loop.clock().now();
  for (int i = 1; i <= 2000; ++i) {
    timers.push_back(net.loop.clock().at(start + i * 10us, [&](Timestamp at) {
      order.emplace_back(at, "timer");
      if (order.size() % 5 == 0) net.exchange.send(kFirst, "x");
    }));
  }
  ASSERT_TRUE(net.until([&] { return order.size() >= 2100; }));
  for (std::size_t i = 1; i < order.size(); ++i) {
    ASSERT_LE(order[i - 1].first, order[i].first) << order[i - 1].second << " before " << order[i].second;
    if (order[i].first == order[i - 1].first) {
      EXPECT_NE(order[i].second + order[i - 1].second, "timerframe");
    }
  }
}

TEST(LiveLoop, BeginsAtTheEpochWhenAServerKeepsTheTime) {
  LiveLoop loop(TimeSource::Server);
  EXPECT_EQ(loop.clock().now(), Timestamp{});
  bool fired = false;
  const Timer timer = loop.clock().at(Timestamp{} + 1ns, [&](Timestamp) { fired = true; });
  loop.turn(1ms);
  EXPECT_FALSE(fired) << "only a server's word moves it";
  loop.take_server_time(from_nanoseconds(5));
  EXPECT_TRUE(fired);
  loop.take_server_time(from_nanoseconds(3));
  EXPECT_EQ(loop.clock().now(), from_nanoseconds(5));
}

}  // namespace
}  // namespace ktape::test
