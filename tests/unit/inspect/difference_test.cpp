#include "inspect/difference.hpp"

#include <gmock/gmock.h>

#include "core/client/event_log.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Comparison compare_frames(const std::vector<OwnedFrame>& a, const std::vector<OwnedFrame>& b,
                          const CompareOptions& options = {}) {
  const auto left = opened(recorded(a));
  const auto right = opened(recorded(b));
  return compare(*frames_of(*left), *frames_of(*right), options).value();
}

Comparison compare_lines(const std::string& a, const std::string& b, const CompareOptions& options = {}) {
  MemorySource left(a);
  MemorySource right(b);
  return compare(*lines_of(left), *lines_of(right), options).value();
}

TEST(Difference, IsNoneBetweenEqualRecordings) {
  const auto frames = seeded_frames(1, 5000);
  const Comparison result = compare_frames(frames, frames);
  EXPECT_EQ(result.equal, 5000U);
  EXPECT_FALSE(result.first.has_value());
}

TEST(Difference, IsTheFirstWithWhatLedToIt) {
  const auto frames = seeded_frames(1, 100);
  auto changed = frames;
  changed[50].payload += "!";
  changed[60].payload += "!";
  const Comparison result = compare_frames(frames, changed, {.context = 2});
  EXPECT_EQ(result.equal, 50U);
  ASSERT_TRUE(result.first.has_value());
  EXPECT_THAT(result.first->parts, ElementsAre("payload"));
  EXPECT_EQ(result.first->a->body, frames[50].payload);
  EXPECT_EQ(result.first->b->body, changed[50].payload);
  ASSERT_EQ(result.first->before.size(), 2U);
  EXPECT_EQ(result.first->before[0].a.at, frames[48].at);
  EXPECT_EQ(result.first->before[1].a.at, frames[49].at);
}

TEST(Difference, MayBeInAnyPartOfAFrame) {
  const auto frames = seeded_frames(2, 10);
  const auto parts_after = [&](auto change) {
    auto changed = frames;
    change(changed[3]);
    return compare_frames(frames, changed).first.value().parts;
  };
  EXPECT_THAT(parts_after([](OwnedFrame& f) { f.at += 1ns; }), ElementsAre("time"));
  EXPECT_THAT(parts_after([](OwnedFrame& f) { f.connection = ConnectionId{99}; }), ElementsAre("connection"));
  EXPECT_THAT(parts_after([](OwnedFrame& f) {
                f.direction = f.direction == Direction::FromExchange ? Direction::ToExchange : Direction::FromExchange;
              }),
              ElementsAre("kind"));
}

TEST(Difference, OfTimesAndConnectionsMayBeIgnored) {
  const auto frames = seeded_frames(3, 50);
  auto later = frames;
  for (OwnedFrame& frame : later) {
    frame.at += 1s;
    frame.connection = ConnectionId{static_cast<std::uint32_t>(frame.connection) + 1};
  }
  EXPECT_EQ(compare_frames(frames, later, {.compare_times = false, .compare_connections = false}).equal, 50U);
  const Comparison times_only = compare_frames(frames, later, {.compare_times = false});
  ASSERT_TRUE(times_only.first.has_value());
  EXPECT_THAT(times_only.first->parts, ElementsAre("connection"));
  EXPECT_THAT(times_only.first->before, IsEmpty());
}

TEST(Difference, IsAnEndThatComesEarlier) {
  const auto frames = seeded_frames(4, 20);
  const std::vector<OwnedFrame> fewer(frames.begin(), frames.begin() + 15);
  const Comparison result = compare_frames(frames, fewer);
  EXPECT_EQ(result.equal, 15U);
  ASSERT_TRUE(result.first.has_value());
  EXPECT_TRUE(result.first->a.has_value());
  EXPECT_FALSE(result.first->b.has_value());
  EXPECT_THAT(result.first->parts, IsEmpty());
}

TEST(Difference, OfEventLogsKnowsTheirTimes) {
  const std::string a = "{\"at\":1,\"connection\":1,\"event\":\"heartbeat\"}\n";
  const std::string b = "{\"at\":2,\"connection\":3,\"event\":\"heartbeat\"}\n";
  EXPECT_THAT(compare_lines(a, b).first.value().parts, ElementsAre("time", "connection"));
  EXPECT_FALSE(compare_lines(a, b, {.compare_times = false, .compare_connections = false}).first.has_value());
  EXPECT_THAT(compare_lines(a + "x\n", a + "y").first.value().parts, ElementsAre("payload"));
  EXPECT_FALSE(compare_lines(a, a.substr(0, a.size() - 1)).first.has_value()) << "the last newline does not count";
}

TEST(Difference, ReadsLinesOfAnyLengthThroughItsBuffer) {
  std::string text;
  for (std::size_t length = 0; length < 1200; ++length) text += std::string(length, 'x') + "\n";
  const Comparison result = compare_lines(text, text);
  EXPECT_EQ(result.equal, 1200U);
  EXPECT_EQ(compare_lines(std::string(std::size_t{1} << 20U, 'x'), "x").equal, 0U);
}

TEST(Difference, OfEventsIsThatOfTheirLog) {
  std::vector<OwnedFrame> frames;
  const auto add = [&](FrameKind kind, std::string payload) {
    OwnedFrame& frame = frames.emplace_back();
    frame.at = test_info().created_at + std::chrono::seconds(frames.size());
    frame.connection = ConnectionId{1};
    frame.kind = kind;
    frame.payload = std::move(payload);
  };
  add(FrameKind::Opened, "wss://h/");
  add(FrameKind::Text, R"({"channel":"heartbeat"})");
  add(FrameKind::Text, R"({"channel":"heartbeat"})");
  auto spaced = frames;
  spaced[2].payload = R"({ "channel" : "heartbeat" })";
  const auto a = opened(recorded(frames));
  const auto b = opened(recorded(spaced));
  const Comparison events = compare(*events_of(*a, Dialect::SpotV2), *events_of(*b, Dialect::SpotV2)).value();
  EXPECT_FALSE(events.first.has_value()) << "white space is no event";
  EXPECT_EQ(events.equal, 3U);

  // The same as a log of text.
  const auto again = opened(recorded(frames));
  MemorySource log(
      std::string(R"({"at":1767225601000000000,"connection":1,"event":"link","state":"up","detail":"wss://h/"})"
                  "\n"
                  R"({"at":1767225602000000000,"connection":1,"event":"heartbeat"})"
                  "\n"));
  const Comparison with_log = compare(*events_of(*again, Dialect::SpotV2), *lines_of(log)).value();
  EXPECT_EQ(with_log.equal, 2U);
  EXPECT_FALSE(with_log.first.value().b.has_value());
}

std::vector<std::string> fields(std::string_view a, std::string_view b) {
  std::vector<std::string> out;
  for (const FieldDifference& field : field_differences(a, b))
    out.push_back(field.path + ": " + field.a + " | " + field.b);
  return out;
}

TEST(FieldDifferences, NameThePathOfEach) {
  EXPECT_THAT(fields(R"({"data":[{"bids":[{"qty":1.0},{"qty":2.0}],"checksum":1}]})",
                     R"({"data":[{"bids":[{"qty":1.0},{"qty":2.00}],"checksum":2}]})"),
              ElementsAre("data[0].bids[1].qty: 2.0 | 2.00", "data[0].checksum: 1 | 2"));
  EXPECT_THAT(fields("[1,2]", "[1]"), ElementsAre("[1]: 2 | (nothing)"));
  EXPECT_THAT(fields(R"({"a":1})", R"({"b":1})"), ElementsAre("a: 1 | (nothing)", "b: (nothing) | 1"));
  EXPECT_THAT(fields("1", "[]"), ElementsAre(HasSubstr("(all): 1 | ")));
}

TEST(FieldDifferences, AreNoneOfOrderAndWhiteSpaceOrWithoutJson) {
  EXPECT_THAT(fields(R"({"a":1,"b":2})", R"({ "b":2, "a":1 })"), IsEmpty());
  EXPECT_THAT(fields("I am no JSON", "{}"), IsEmpty());
}

TEST(FieldDifferences, HaveALimit) {
  std::string a = "[0";
  std::string b = "[1";
  for (int i = 0; i < 100; ++i) {
    a += ",0";
    b += ",1";
  }
  EXPECT_EQ(field_differences(a + "]", b + "]").size(), 20U);
}

}  // namespace
}  // namespace ktape
