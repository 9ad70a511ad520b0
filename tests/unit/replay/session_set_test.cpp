#include "replay/session_set.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "tests/support/session_shelf.hpp"
#include "tests/support/temporary_folder.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using test::frames_left;
using test::SessionShelf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const Timestamp kStart = test_info().created_at;

OwnedFrame text(Duration after, std::string payload, std::uint32_t connection = 1) {
  OwnedFrame frame;
  frame.at = kStart + after;
  frame.connection = ConnectionId{connection};
  frame.payload = std::move(payload);
  return frame;
}

// "a1": payload and connection, of all that is left.
std::vector<std::string> told(FrameSource& source) {
  std::vector<std::string> all;
  for (const OwnedFrame& frame : frames_left(source)) {
    all.push_back(frame.payload + "@" + std::to_string(static_cast<std::uint32_t>(frame.connection)));
  }
  return all;
}

TEST(SessionSet, PlaysOneSessionAsItWasRecorded) {
  SessionShelf shelf;
  auto frames = seeded_frames(3, 200);
  shelf.put("one", frames, {.session = "s"});
  const auto set = shelf.open({"one"}).value();
  EXPECT_EQ(frames_left(*set), frames) << "with its numbers, and where its stamps go back";
  EXPECT_FALSE(set->next().value()) << "the end stays the end";
  set->rewind();
  EXPECT_EQ(frames_left(*set), frames);
}

TEST(SessionSet, OrdersByStampThenBySessionThenBySequence) {
  SessionShelf shelf;
  shelf.put("x", {text(0s, "b1"), text(1s, "b2"), text(1s, "b3"), text(3s, "b4")}, {.session = "b"});
  shelf.put("y", {text(0s, "a1"), text(1s, "a2"), text(2s, "a3")}, {.session = "a"});
  const std::vector<std::string> expected{"a1@1", "b1@2", "a2@1", "b2@2", "b3@2", "a3@1", "b4@2"};
  EXPECT_EQ(told(*shelf.open({"x", "y"}).value()), expected);
  EXPECT_EQ(told(*shelf.open({"y", "x"}).value()), expected);
}

TEST(SessionSet, KeepsTheOrderOfASessionThatGoesBackInTime) {
  SessionShelf shelf;
  shelf.put("x", {text(5s, "a1"), text(2s, "a2"), text(6s, "a3")}, {.session = "a"});
  shelf.put("y", {text(3s, "b1"), text(5s, "b2")}, {.session = "b"});
  EXPECT_THAT(told(*shelf.open({"x", "y"}).value()), ElementsAre("b1@2", "a1@1", "a2@1", "b2@2", "a3@1"));
}

TEST(SessionSet, NumbersConnectionsThatWouldCollideAnew) {
  SessionShelf shelf;
  shelf.put("x", {text(0s, "a1", 1), text(2s, "a2", 4)}, {.session = "a"});
  shelf.put("y", {text(1s, "b1", 1), text(3s, "b2", 2)}, {.session = "b"});
  shelf.put("z", {text(4s, "c1", 4294967295U), text(5s, "c2", 1)}, {.session = "c"});
  const auto set = shelf.open({"z", "y", "x"}).value();
  EXPECT_THAT(told(*set), ElementsAre("a1@1", "b1@5", "a2@4", "b2@2", "c1@4294967295", "c2@6"));
  EXPECT_EQ(set->session_of(ConnectionId{5}), 1U);
  EXPECT_EQ(set->session_of(ConnectionId{6}), 2U);
  // And the same numbers for who comes in later.
  ASSERT_TRUE(set->seek(kStart + 3s));
  EXPECT_THAT(told(*set), ElementsAre("b2@2", "c1@4294967295", "c2@6"));
}

TEST(SessionSet, DoesNotCareInWhichOrderFilesAreNamed) {
  SessionShelf shelf;
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < 5; ++i) {
    // Stamps on a coarse grid, so that many are equal.
    auto frames = seeded_frames(i + 1, 60);
    for (OwnedFrame& frame : frames) frame.at = floor_to(frame.at, 10s);
    const std::string name = "file" + std::to_string(i);
    shelf.put(name, frames,
              {.session = i < 3 ? "long" : "s" + std::to_string(i),
               .segment = i < 3 ? i : 0,
               .first_sequence = i < 3 ? 60U * i : 0U});
    names.push_back(name);
  }
  const auto expected = frames_left(*shelf.open(names).value());
  EXPECT_THAT(expected, SizeIs(300));
  Random random(7);
  for (int round = 0; round < 30; ++round) {
    for (std::size_t i = names.size(); i > 1; --i) std::swap(names[i - 1], names[random.below(i)]);
    EXPECT_EQ(frames_left(*shelf.open(names).value()), expected) << "round " << round;
  }
}

TEST(SessionSet, KnowsItsSpanItsSessionsAndTheirGaps) {
  SessionShelf shelf;
  shelf.put("x0", {text(0s, "a1"), text(1s, "a2")}, {.session = "a"});
  shelf.put("x2", {text(9s, "a9")}, {.session = "a", .segment = 2, .first_sequence = 8});
  shelf.put("y", {text(4s, "b1")}, {.session = "b", .dialect = "futures-v1"});
  const auto set = shelf.open({"y", "x2", "x0"}).value();
  EXPECT_EQ(set->first_at(), kStart);
  EXPECT_EQ(set->last_at(), kStart + 9s);
  ASSERT_THAT(set->sessions(), SizeIs(2));
  EXPECT_THAT(set->sessions()[0].files, ElementsAre("x0", "x2"));
  EXPECT_EQ(set->sessions()[0].frames, 3U);
  EXPECT_EQ(set->sessions()[1].info.dialect, "futures-v1");
  EXPECT_THAT(frames_left(*set), SizeIs(4));
  ASSERT_THAT(set->gaps(), SizeIs(1));
  EXPECT_EQ(set->gaps()[0].frames, 6U);
}

TEST(SessionSet, SaysWhatItCannotPlay) {
  SessionShelf shelf;
  shelf.put("x", {text(0s, "a1")}, {.session = "a"});
  shelf.put("twin", {text(0s, "a1")}, {.session = "a"});
  shelf.put("other", {text(0s, "a1")}, {.session = "a", .dialect = "spot-v1", .segment = 1, .first_sequence = 1});
  shelf.put_bytes("torn", "KT");
  EXPECT_EQ(shelf.open({}).error().detail, "there is no recording to read");
  EXPECT_EQ(shelf.open({"x", "none"}).error().detail, "cannot open none");
  EXPECT_EQ(shelf.open({"x", "twin"}).error().detail, "x and twin are both segment 0 of their session");
  EXPECT_EQ(shelf.open({"other", "x"}).error().detail,
            "x and other are both of the session a, but their dialects are 'spot-v2' and 'spot-v1'");
  EXPECT_FALSE(shelf.open({"x", "torn"})) << "it was named";
}

}  // namespace
}  // namespace ktape
