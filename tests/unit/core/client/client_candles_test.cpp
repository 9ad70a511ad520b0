#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/client_fixture.hpp"

namespace ktape::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct ClientCandleTest : ClientTest {
  void begin(std::vector<Duration> intervals, Duration grace) {
    build({.candles = {.intervals = std::move(intervals), .grace = grace},
           .ping_interval = kNever,
           .stale_after = kNever,
           .silence_timeout = kNever});
    open();
    transport.say(
        R"({"method":"subscribe","req_id":1,"result":{"channel":"trade","snapshot":false,"symbol":"ETH/EUR"},"success":true,)"
        R"("time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})");
    notes.take();
  }
};

TEST_F(ClientCandleTest, ClosesAtTheBoundaryPlusGraceWhetherOrNotAnythingTrades) {
  begin({1min}, 250ms);
  at("08:00:30");
  trade("08:00:30", 1);
  notes.take();
  at("08:01:00.249");
  EXPECT_THAT(notes.take(), IsEmpty());
  at("08:01:00.25");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:00 closed C 10.0 N 1 r0"));
  at("08:03:01");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:01 empty C 10.0 N 0 r0",
                                        "candle ETH/EUR 1m 08:02 empty C 10.0 N 0 r0"));
}

TEST_F(ClientCandleTest, TakesATradeThatArrivesWithinTheGrace) {
  begin({1min}, 250ms);
  at("08:00:30");
  trade("08:00:30", 1);
  at("08:01:00.2");
  trade("08:00:59.9", 2, "11.0");
  notes.take();
  at("08:01:01");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:00 closed C 11.0 N 2 r0"));
}

TEST_F(ClientCandleTest, RevisesWhenATradeArrivesAfterTheGrace) {
  begin({1min}, 250ms);
  at("08:00:30");
  trade("08:00:30", 1);
  at("08:01:00.3");
  notes.take();
  trade("08:00:59.9", 2, "11.0");
  EXPECT_THAT(notes.take(), ElementsAre("trade ETH/EUR 2", "candle ETH/EUR 1m 08:00 revised C 11.0 N 2 r1"));
}

TEST_F(ClientCandleTest, FiresTheCloseBeforeAFrameOfThatVeryInstant) {
  begin({1min}, 0s);
  at("08:00:30");
  trade("08:00:30", 1);
  notes.take();
  at("08:01:00");
  trade("08:00:59.9", 2, "11.0");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 1m 08:00 closed C 10.0 N 1 r0", "trade ETH/EUR 2",
                                        "candle ETH/EUR 1m 08:00 revised C 11.0 N 2 r1"));
}

TEST_F(ClientCandleTest, TellsTheLongestIntervalFirst) {
  begin({1min, 5min, 60min}, 250ms);
  at("08:59:30");
  trade("08:59:30", 1);
  notes.take();
  at("09:00:01");
  EXPECT_THAT(notes.take(), ElementsAre("candle ETH/EUR 60m 08:00 closed C 10.0 N 1 r0",
                                        "candle ETH/EUR 5m 08:55 closed C 10.0 N 1 r0",
                                        "candle ETH/EUR 1m 08:59 closed C 10.0 N 1 r0"));
}

TEST_F(ClientCandleTest, StopsMakingEmptyCandlesAfterALongQuietAndBeginsAgainWithATrade) {
  begin({1min}, 250ms);
  at("08:00:30");
  trade("08:00:30", 1);
  notes.take();
  clock.advance_to(clock.now() + 24h * 365 * 30);
  EXPECT_EQ(notes.take().size(), 100'001U);
  trade("08:00:31", 2);  // old by the exchange's clock: history
  notes.take();
  pass(3min);
  EXPECT_THAT(notes.take().size(), 3U);
}

TEST_F(ClientCandleTest, DoesNotCallACandleWholeWhileNothingIsHeard) {
  build({.candles = {.intervals = {1min}, .grace = 0s}, .ping_interval = kNever, .silence_timeout = kNever});
  open();
  client->subscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR"}});
  pass(0s);
  transport.say(
      R"({"method":"subscribe","req_id":1,"result":{"channel":"trade","snapshot":false,"symbol":"ETH/EUR"},"success":true,)"
      R"("time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})");
  transport.say(R"({"channel":"heartbeat"})");
  trade("08:00:01", 1);
  notes.take();
  at("08:02:00");
  EXPECT_THAT(notes.take(), ElementsAre("stream trade ETH/EUR stale: nothing heard for 5s",
                                        "candle ETH/EUR 1m 08:00 suspect C 10.0 N 1 r0",
                                        "candle ETH/EUR 1m 08:01 suspect C 10.0 N 0 r0"));
  at("08:02:01");
  transport.say(R"({"channel":"heartbeat"})");
  trade("08:02:01", 2);  // its number proves that nothing happened meanwhile
  EXPECT_THAT(notes.take(), testing::IsSupersetOf({"candle ETH/EUR 1m 08:00 revised C 10.0 N 1 r1",
                                                   "candle ETH/EUR 1m 08:01 revised C 10.0 N 0 r1"}));
}

TEST_F(ClientCandleTest, DoesNotDoubtAnArchiveWithoutHeartbeats) {
  build({.candles = {.intervals = {1min}, .grace = 0s}, .ping_interval = kNever, .silence_timeout = kNever});
  open();
  client->subscribe({.channel = Channel::Trade, .symbols = {"ETH/EUR"}});
  pass(0s);
  transport.say(
      R"({"method":"subscribe","req_id":1,"result":{"channel":"trade","snapshot":false,"symbol":"ETH/EUR"},"success":true,)"
      R"("time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})");
  trade("08:00:01", 1);
  notes.take();
  at("08:01:00");
  EXPECT_THAT(notes.take(), testing::Contains("candle ETH/EUR 1m 08:00 closed C 10.0 N 1 r0"));
}

}  // namespace
}  // namespace ktape::test
