#include "inspect/overview.hpp"

#include <gmock/gmock.h>

#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

OwnedFrame frame(Duration after, FrameKind kind, std::string payload, Direction direction = Direction::FromExchange,
                 ConnectionId connection = ConnectionId{1}) {
  OwnedFrame made;
  made.at = test_info().created_at + after;
  made.connection = connection;
  made.direction = direction;
  made.kind = kind;
  made.payload = std::move(payload);
  return made;
}

std::vector<OwnedFrame> conversation() {
  return {frame(0s, FrameKind::Opened, "wss://h/"), frame(1s, FrameKind::Text, "ask", Direction::ToExchange),
          frame(2s, FrameKind::Text, "answer"),     frame(3s, FrameKind::Closed, "1006 lost"),
          frame(4s, FrameKind::Opened, "wss://h/"), frame(8s, FrameKind::Text, "more")};
}

std::string record(std::uint32_t segment, const std::string& session = test_info().session_id) {
  const MemoryFile file = memory_file();
  SessionInfo info = test_info();
  info.segment = segment;
  info.session_id = session;
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, info, plain_options()).value();
  for (const OwnedFrame& each : conversation()) writer->on_frame(each.frame());
  EXPECT_TRUE(writer->finish().has_value());
  return *file;
}

Overview overview(std::uint32_t segment = 0, const std::string& session = test_info().session_id) {
  const auto reader = opened(record(segment, session));
  return overview_of(*reader, "a.ktape").value();
}

TEST(Overview, CountsConnectionsMessagesAndGaps) {
  const Overview one = overview();
  EXPECT_EQ(one.messages, 3U);
  EXPECT_EQ(one.summary.frames, 6U);
  EXPECT_EQ(one.span(), 8s);
  ASSERT_EQ(one.connections.size(), 1U);
  EXPECT_EQ(one.connections[0].opened, 2U);
  EXPECT_EQ(one.connections[0].closed, 1U);
  EXPECT_EQ(one.connections[0].received, 2U);
  EXPECT_EQ(one.connections[0].sent, 1U);
  ASSERT_EQ(one.gaps.size(), 1U);
  EXPECT_EQ(gap_text(one.gaps[0]),
            "2026-01-01T00:00:03.000000000Z .. 2026-01-01T00:00:04.000000000Z disconnected, connection 1: 1006 lost");
  std::vector<std::string> names;
  for (const ChannelOverview& channel : one.channels) names.push_back(channel.channel);
  EXPECT_THAT(names, ElementsAre("(closed)", "(opened)", "(text)"));
}

TEST(Overview, OfSeveralSegmentsAddsUp) {
  const std::vector<Overview> parts{overview(0), overview(1)};
  const Overview total = total_of(parts);
  EXPECT_EQ(total.messages, 6U);
  EXPECT_EQ(total.summary.stored_bytes, parts[0].summary.stored_bytes * 2);
  EXPECT_EQ(total.gaps.size(), 2U);
  ASSERT_EQ(total.connections.size(), 1U) << "a connection goes on through the segments";
  EXPECT_EQ(total.connections[0].opened, 4U);
  EXPECT_EQ(total.info.session_id, test_info().session_id);
  EXPECT_EQ(total.state, SessionState::Sealed);
}

TEST(Overview, OfSeveralSessionsKeepsTheirConnectionsApart) {
  const Overview total = total_of(std::vector<Overview>{overview(0, "one"), overview(0, "two")});
  EXPECT_EQ(total.connections.size(), 2U);
  EXPECT_EQ(total.info.session_id, "");
}

TEST(Overview, TotalHasTheWorstState) {
  std::vector<Overview> parts{overview(0), overview(1), overview(2)};
  parts[1].state = SessionState::Damaged;
  parts[2].state = SessionState::Open;
  EXPECT_EQ(total_of(parts).state, SessionState::Damaged);
}

TEST(Overview, NamesSegmentsThatAreNotThere) {
  EXPECT_THAT(missing_segments(std::vector<Overview>{overview(0), overview(1)}), IsEmpty());
  EXPECT_THAT(missing_segments(std::vector<Overview>{overview(3), overview(0), overview(5), overview(0, "two")}),
              ElementsAre(HasSubstr("segments 1 to 2 are not"), HasSubstr("segment 4 is not")));
}

TEST(Overview, RatesAreExactAndNothingWithoutTime) {
  EXPECT_EQ(rate_text(1, 8s), "0.125");
  EXPECT_EQ(rate_text(2, 3s), "0.666");
  EXPECT_EQ(rate_text(5, Duration::zero()), "-");
  EXPECT_EQ(rate_in_thousandths(1ULL << 40U, 1s), 1000ULL << 40U);
}

TEST(Overview, AsJsonTellsEverything) {
  std::string out;
  append_overview_json(out, overview());
  for (const char* const part :
       {R"("file":"a.ktape")", R"("segment":0)", R"("writer":"ktape test")", R"("state":"sealed")", R"("messages":3)",
        R"("duration":8000000000)", R"("cause":"disconnected")",
        R"("connections":[{"connection":1,"opened":2,"closed":1,"received":2,"sent":1,)", R"("per_second":0.250)"}) {
    EXPECT_THAT(out, HasSubstr(part));
  }
}

}  // namespace
}  // namespace ktape
