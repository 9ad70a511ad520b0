#include <gmock/gmock.h>

#include "tests/support/faulty_market.hpp"

// What happens to connections, and how messages travel on them.
namespace ktape {
namespace {

using namespace std::chrono_literals;
using test::FaultyMarket;
using test::Lines;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FaultyConnection : public FaultyMarket {
 protected:
  Timer greeting;
};

TEST_F(FaultyConnection, CannotBeNoticedWithoutFaults) {
  connect();
  tell("a");
  tell(FrameKind::Ping, "p");
  say("b");
  EXPECT_THAT(heard(), ElementsAre("a", "ping p"));
  EXPECT_THAT(arrived(), ElementsAre("b"));
  EXPECT_EQ(exchange.endpoints.at(kOne).url(), "wss://ws.kraken.com/v2");
  tell(FrameKind::Closed, "1001 ended");
  EXPECT_THAT(heard(), ElementsAre("closed 1001 ended"));
  EXPECT_THAT(arrived(), IsEmpty());
  connect();
  leave();
  EXPECT_THAT(arrived(), ElementsAre("closed 1000 bye"));
}

TEST_F(FaultyConnection, Latency) {
  add("kind: latency, latency: 100ms");
  connect();
  tell("a");
  run_to(50ms);
  tell("b");
  say("c");
  run_to(1s);
  EXPECT_THAT(heard(), ElementsAre("@100ms a", "@150ms b"));
  EXPECT_THAT(arrived(), ElementsAre("@50ms c")) << "from the exchange, where nothing else is said";
  tell(FrameKind::Closed, "1001 ended");
  EXPECT_THAT(heard(), ElementsAre("@1s closed 1001 ended"));
}

TEST_F(FaultyConnection, LatencyKeepsTheOrderAndEndsWithItsTime) {
  add("kind: latency, latency: 100ms, direction: both, until: 50ms");
  connect();
  tell("a");
  say("b");
  run_to(60ms);
  tell("c");
  say("d");
  EXPECT_THAT(heard(), IsEmpty()) << "what comes later waits behind it";
  tell(FrameKind::Closed, "1001 ended");
  run_to(1s);
  EXPECT_THAT(heard(), ElementsAre("@100ms a", "@100ms c", "@100ms closed 1001 ended"));
}

TEST(FaultyTravel, JitterIsDrawnFromTheSeedAndNeverChangesTheOrder) {
  constexpr Timestamp kStart = from_nanoseconds(1'000'000'000);
  constexpr ConnectionId kOne{1};
  const auto run = [&](std::uint64_t seed) {
    VirtualClock clock(kStart);
    test::OpenExchange exchange(clock);
    FaultPlan plan(clock, seed);
    FaultyExchange faulty(clock, exchange, plan);
    test::FrameLog client;
    static_cast<void>(plan.add({.kind = faults::Latency{10ms, 10ms}}).value());
    faulty.attach(kOne, Endpoint::parse("wss://ws.kraken.com/v2").value(), client);
    for (int i = 0; i < 50; ++i) {
      exchange.send(kOne, std::to_string(i));
      clock.advance_to(clock.now() + 1ms);
    }
    clock.advance_to(clock.now() + 1s);
    return client.frames;
  };
  const auto one = run(1);
  ASSERT_EQ(one.size(), 50U);
  for (int i = 0; i < 50; ++i) {
    const auto& frame = one[static_cast<std::size_t>(i)];
    EXPECT_EQ(frame.payload, std::to_string(i));
    EXPECT_GE(frame.at, kStart + i * 1ms);
    EXPECT_LE(frame.at, kStart + 49ms + 20ms);
  }
  EXPECT_EQ(one, run(1));
  EXPECT_NE(one, run(2));
}

TEST_F(FaultyConnection, Bandwidth) {
  add("kind: bandwidth, rate: 1");
  connect();
  tell(std::string(100, 'a'));
  tell(std::string(50, 'b'));
  run_to(1s);
  tell("c");
  run_to(2s);
  EXPECT_THAT(heard(), ElementsAre("@100ms " + std::string(100, 'a'), "@150ms " + std::string(50, 'b'), "@1s1ms c"));
}

TEST_F(FaultyConnection, SlowStart) {
  add("kind: slow_start, rate: 1, doubling: 1s, full: 4");
  connect();
  tell(std::string(100, 'a'));
  run_to(1s);
  tell(std::string(100, 'b'));
  run_to(2s);
  tell(std::string(100, 'c'));
  EXPECT_THAT(heard(), ElementsAre("@100ms " + std::string(100, 'a'), "@1s50ms " + std::string(100, 'b'),
                                   "@2s " + std::string(100, 'c')));
}

TEST_F(FaultyConnection, Slicer) {
  add("kind: slicer, average_size: 10, delay: 20ms");
  connect();
  tell(std::string(35, 'a'));
  tell("short");
  run_to(1s);
  EXPECT_THAT(heard(), ElementsAre("@60ms " + std::string(35, 'a'), "@60ms short"));
}

TEST_F(FaultyConnection, SlowClose) {
  add("kind: slow_close, delay: 3s");
  connect();
  tell("a");
  tell(FrameKind::Closed, "1001 ended");
  say("still here?");
  run_to(5s);
  EXPECT_THAT(heard(), ElementsAre("a", "@3s closed 1001 ended"));
  EXPECT_THAT(arrived(), IsEmpty());
}

TEST_F(FaultyConnection, Stall) {
  add("kind: stall, from: 1s, duration: 2s");
  connect();
  tell("a");
  run_to(1s);
  tell("b");
  say("c");
  EXPECT_TRUE(plan.is_silent(kOne));
  run_to(4s);
  tell("d");
  EXPECT_FALSE(plan.is_silent(kOne));
  EXPECT_THAT(heard(), ElementsAre("a", "@3s b", "@4s d"));
  EXPECT_THAT(arrived(), ElementsAre("@3s c"));
}

TEST_F(FaultyConnection, StallOfOneWayBeginsWithAMessageAndEndsWithTheFault) {
  const FaultId id = add("kind: stall, contains: magic, direction: from_exchange");
  connect();
  tell("a");
  tell("magic");
  tell("b");
  say("c");
  EXPECT_THAT(heard(), ElementsAre("a"));
  EXPECT_THAT(arrived(), ElementsAre("c"));
  run_to(5s);
  plan.remove(id);
  EXPECT_THAT(heard(), ElementsAre("@5s magic", "@5s b"));
}

TEST_F(FaultyConnection, AStalledClientThatGoesSaysItsWordsFirst) {
  add("kind: stall");
  connect();
  say("a");
  tell("b");
  leave();
  EXPECT_THAT(arrived(), ElementsAre("a", "closed 1000 bye"));
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_F(FaultyConnection, HalfOpen) {
  const FaultId id = add("kind: half_open, from: 1s");
  connect();
  run_to(1s);
  tell("a");
  tell(FrameKind::Ping, "p");
  say("b");
  say(FrameKind::Ping, "q");
  EXPECT_TRUE(plan.is_silent(kOne));
  plan.remove(id);
  tell("c");
  tell(FrameKind::Closed, "1001 ended");
  EXPECT_THAT(heard(), IsEmpty()) << "for ever";
  EXPECT_THAT(arrived(), IsEmpty());
  leave();
  EXPECT_THAT(arrived(), IsEmpty()) << "the exchange had closed it";
  connect();
  tell("d");
  EXPECT_THAT(heard(), ElementsAre("@1s d"));
}

TEST_F(FaultyConnection, HalfOpenOneWay) {
  add("kind: half_open, direction: to_exchange");
  connect();
  tell("a");
  say("b");
  EXPECT_THAT(heard(), ElementsAre("a"));
  EXPECT_THAT(arrived(), IsEmpty());
  leave();
  EXPECT_THAT(arrived(), ElementsAre("closed 1000 bye")) << "the exchange's own end notices at last";
}

TEST_F(FaultyConnection, Timeout) {
  add("kind: timeout, timeout: 2s, from: 1s");
  connect();
  tell("a");
  run_to(1s);
  tell("b");
  say("c");
  run_to(3s);
  EXPECT_THAT(heard(), ElementsAre("a", "@3s closed 1006 timed out"));
  EXPECT_THAT(arrived(), ElementsAre("@3s closed 1006 timed out"));
}

TEST_F(FaultyConnection, TimeoutOfZeroLosesWhatIsSaidUntilItIsOver) {
  add("kind: timeout, from: 1s, until: 2s");
  connect();
  run_to(1s);
  tell("a");
  say("b");
  run_to(2s);
  tell("c");
  say("d");
  EXPECT_THAT(heard(), ElementsAre("@2s c"));
  EXPECT_THAT(arrived(), ElementsAre("@2s d"));
}

TEST_F(FaultyConnection, ResetPeer) {
  add("kind: reset_peer, from: 1s, times: 1");
  connect();
  connect(kTwo);
  run_to(2s);
  tell("a", kTwo);
  EXPECT_THAT(heard(), ElementsAre("@1s closed 1006 connection reset"));
  EXPECT_THAT(heard(kTwo), ElementsAre("@2s a"));
  EXPECT_THAT(arrived(), ElementsAre("@1s closed 1006 connection reset"));
  say("nobody hears this");
  EXPECT_THAT(arrived(), IsEmpty());
  connect();
  tell("b");
  EXPECT_THAT(heard(), ElementsAre("@2s b"));
}

TEST_F(FaultyConnection, ResetPeerInPlaceOfAMessage) {
  add("kind: reset_peer, after: 2, connection: 1");
  connect();
  tell("a");
  tell("b");
  tell("c");
  EXPECT_THAT(heard(), ElementsAre("a", "b", "closed 1006 connection reset"));
  connect();
  tell("d");
  EXPECT_THAT(heard(), ElementsAre("d")) << "it was for the first connection";
}

TEST_F(FaultyConnection, AResetAtTheOpeningComesBeforeAnyWord) {
  add("kind: reset_peer, connection: 1");
  exchange.attached = [&](ConnectionId id) {
    greeting = clock.at(clock.now(), [this, id](Timestamp) { exchange.send(id, "hello"); });
  };
  connect();
  EXPECT_THAT(heard(), ElementsAre("closed 1006 connection reset"));
  connect();
  EXPECT_THAT(heard(), ElementsAre("hello"));
}

TEST_F(FaultyConnection, CloseWithAnyCodeAndReason) {
  add("kind: close, code: 4321, reason: go away, since: opening, from: 1s");
  add("kind: latency, latency: 100ms");
  connect();
  run_to(950ms);
  tell("a");
  run_to(2s);
  EXPECT_THAT(heard(), ElementsAre("@1s50ms a", "@1s50ms closed 4321 go away")) << "behind what is under way";
  EXPECT_THAT(arrived(), ElementsAre("@1s closed 4321 go away"));
  connect();
  run_to(3s);
  EXPECT_THAT(heard(), ElementsAre("@3s closed 4321 go away")) << "so long after every opening";
}

TEST_F(FaultyConnection, EveryConnectionThatOpensWhileItLastsIsClosed) {
  add("kind: close, code: 1012, reason: restart, from: 1s, until: 2s");
  connect();
  run_to(1500ms);
  connect();
  run_to(2s);
  connect();
  run_to(5s);
  EXPECT_THAT(heard(), ElementsAre("@1s closed 1012 restart", "@1s500ms closed 1012 restart"));
}

TEST_F(FaultyConnection, LimitData) {
  add("kind: limit_data, bytes: 10");
  connect();
  tell("1234567");
  say("what is asked does not count");
  tell("890");
  tell("x");
  EXPECT_THAT(heard(), ElementsAre("1234567", "890", "closed 1006 limit of data reached"));
}

TEST_F(FaultyConnection, FaultsKeepToTheirPlaces) {
  add("kind: drop, connection: 2, name: second of all");
  add("kind: drop, host: ws-auth.kraken.com, connection: 1");
  add("kind: drop, dialect: futures-v1");
  add("kind: drop, target: /v2/l3");
  auto hears = [&, id = 10U](std::string_view url) mutable {
    const auto connection = ConnectionId{++id};
    connect(connection, url);
    tell("a", connection);
    return !heard(connection).empty();
  };
  EXPECT_TRUE(hears("wss://ws.kraken.com/v2"));
  EXPECT_FALSE(hears("wss://ws.kraken.com/v2")) << "the second";
  EXPECT_FALSE(hears("wss://ws-auth.kraken.com/v2")) << "the first of its host";
  EXPECT_TRUE(hears("wss://ws-auth.kraken.com/v2"));
  EXPECT_FALSE(hears("wss://futures.kraken.com/ws/v1"));
  EXPECT_FALSE(hears("ws://127.0.0.1:80/v2/l3?x=1"));
  EXPECT_TRUE(hears("wss://ws.kraken.com/"));
}

TEST_F(FaultyConnection, AFaultThatIsAddedLaterMeetsThoseThatAreThereInTheirOrder) {
  connect(kTwo);
  connect(kOne);
  const FaultId id = add("kind: stall, connection: 1");
  turn();
  tell("a", kOne);
  tell("b", kTwo);
  EXPECT_THAT(heard(kOne), ElementsAre("a"));
  EXPECT_THAT(heard(kTwo), IsEmpty()) << "it was there first";
  plan.disable(id);
  EXPECT_THAT(heard(kTwo), ElementsAre("b"));
  plan.enable(id);
  turn();
  tell("c", kTwo);
  EXPECT_THAT(heard(kTwo), IsEmpty()) << "it begins anew";
  EXPECT_EQ(plan.find(id)->acted, 2U);
}

TEST_F(FaultyConnection, WhoHearsOfAnActMayChangeThePlan) {
  FaultId id{};
  plan.on_act([&](const FaultAct& act) {
    if (act.count == 2) plan.remove(id);
    if (act.count == 1) connect(kTwo);
  });
  id = add("kind: drop");
  connect();
  exchange.send(kOne, "a");
  exchange.send(kOne, "b");
  exchange.send(kOne, "c");
  EXPECT_THAT(heard(), ElementsAre("b", "c")) << "removed before it could act";
  EXPECT_TRUE(plan.list().empty());
}

TEST_F(FaultyConnection, TheLogSaysWhatActedWhenAndNoSecret) {
  Lines lines;
  plan.on_act([&](const FaultAct& act) { lines.push_back(act.text()); });
  add("kind: drop, name: lost, times: 1");
  add("kind: latency, latency: 1s");
  connect(kOne, "wss://ws.kraken.com/v2?token=secret");
  run_to(1s);
  tell("secret");
  tell("secret");
  tell("secret");
  EXPECT_THAT(lines, ElementsAre("fault 'lost' (drop) on connection 1 (wss://ws.kraken.com/v2) at "
                                 "2026-09-01T08:00:01.000000000Z, no. 1",
                                 "fault 'latency' (latency) on connection 1 (wss://ws.kraken.com/v2) at "
                                 "2026-09-01T08:00:01.000000000Z, no. 1"))
      << "a fault of travelling tells of its first act on a connection only";
  EXPECT_EQ(plan.list()[1].acted, 2U);
}

}  // namespace
}  // namespace ktape
