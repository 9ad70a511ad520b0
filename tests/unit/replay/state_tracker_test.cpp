#include "replay/state_tracker.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/frame_log.hpp"

namespace ktape::test {
namespace {

const Timestamp kAt = from_nanoseconds(1'000'000'000);

Frame frame(FrameKind kind, std::string_view payload) {
  return {kAt, ConnectionId{1}, Direction::FromExchange, kind, payload};
}

std::string trade(int id) {
  return fmt::format(
      R"({{"channel":"trade","type":"update","data":[{{"symbol":"BTC/USD","side":"buy","price":1.0,"qty":2.0,)"
      R"("ord_type":"limit","trade_id":{},"timestamp":"2026-09-01T08:00:00.000000Z"}}]}})",
      id);
}

TEST(StateTracker, TellsOnlyTradesAfterTheLastHoleInTheirIds) {
  StateTracker tracker(Dialect::SpotV2);
  tracker.on_frame(frame(FrameKind::Opened, "wss://x"));
  for (const int id : {1, 2, 5, 6}) tracker.on_frame(frame(FrameKind::Text, trade(id)));
  FrameLog log;
  tracker.tell(kAt, log);
  ASSERT_EQ(log.frames.size(), 4U);  // opened, request, answer, snapshot
  const std::string& snapshot = log.frames.back().payload;
  EXPECT_NE(snapshot.find(R"("type":"snapshot")"), std::string::npos);
  EXPECT_EQ(snapshot.find(R"("trade_id":2)"), std::string::npos);
  EXPECT_NE(snapshot.find(R"("trade_id":5)"), std::string::npos);
  EXPECT_NE(snapshot.find(R"("trade_id":6)"), std::string::npos);
}

TEST(StateTracker, HasNothingToTellOfAConnectionThatIsClosed) {
  StateTracker tracker(Dialect::SpotV2);
  tracker.on_frame(frame(FrameKind::Opened, "wss://x"));
  tracker.on_frame(frame(FrameKind::Text, trade(1)));
  tracker.on_frame(frame(FrameKind::Closed, "1006 lost"));
  FrameLog log;
  tracker.tell(kAt, log);
  EXPECT_TRUE(log.frames.empty());
}

}  // namespace
}  // namespace ktape::test
