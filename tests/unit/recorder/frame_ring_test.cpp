#include "recorder/frame_ring.hpp"

#include <gmock/gmock.h>

#include "core/base/random.hpp"
#include "tests/support/frame_log.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using test::FrameLog;
using test::LoggedFrame;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Timestamp kStart = from_nanoseconds(1'700'000'000'000'000'000);

Frame frame(Duration at, std::string_view payload, FrameKind kind = FrameKind::Text) {
  return {kStart + at, ConnectionId{1}, Direction::FromExchange, kind, payload};
}

std::vector<std::string> texts(const FrameRing& ring, std::uint64_t from = 0) {
  FrameLog log;
  ring.read(from, SIZE_MAX, log);
  std::vector<std::string> out;
  for (const LoggedFrame& one : log.frames) out.push_back(one.payload);
  return out;
}

TEST(FrameRing, KeepsTheLastSpanOfTime) {
  std::vector<std::string> gone;
  FrameRing ring({.span = 10s}, [&](const Frame& old) { gone.emplace_back(old.payload); });
  ring.on_frame(frame(0s, "a"));
  ring.on_frame(frame(5s, "b"));
  ring.on_frame(frame(10s, "c"));
  EXPECT_THAT(texts(ring), ElementsAre("a", "b", "c")) << "ten seconds old is not older than ten seconds";
  ring.on_frame(frame(16s, "d"));
  EXPECT_THAT(texts(ring), ElementsAre("c", "d"));
  EXPECT_THAT(gone, ElementsAre("a", "b"));
  EXPECT_EQ(ring.begin(), 2U);
  EXPECT_EQ(ring.end(), 4U);
  EXPECT_EQ(ring.cut_by_bytes(), 0U);
}

TEST(FrameRing, KeepsNoMoreBytesThanItMay) {
  FrameRing ring({.span = 1h, .bytes = 10'000});
  const std::string payload(952, 'x');  // with its entry 1,000 bytes
  for (int i = 0; i < 25; ++i) ring.on_frame(frame(1s * i, payload));
  EXPECT_EQ(ring.end() - ring.begin(), 10U);
  EXPECT_LE(ring.bytes(), 10'000U);
  EXPECT_EQ(ring.cut_by_bytes(), 15U);
  ring.on_frame(frame(30s, std::string(50'000, 'y')));
  EXPECT_EQ(ring.end() - ring.begin(), 1U) << "a single frame is kept whatever its size";
}

TEST(FrameRing, HandsFramesOnInSteps) {
  FrameRing ring({.span = 1h});
  for (int i = 0; i < 10; ++i) ring.on_frame(frame(1s * i, std::string(100, static_cast<char>('a' + i))));
  FrameLog log;
  std::uint64_t next = ring.read(0, 300, log);
  EXPECT_EQ(next, 3U);
  next = ring.read(next, SIZE_MAX, log);
  EXPECT_EQ(next, 10U);
  EXPECT_EQ(log.frames.size(), 10U);
  EXPECT_EQ(ring.read(next, SIZE_MAX, log), 10U) << "nothing new";
}

TEST(FrameRing, HoldsWhatAReaderHasNotSeen) {
  FrameRing ring({.span = 2s});
  for (int i = 0; i < 3; ++i) ring.on_frame(frame(1s * i, std::to_string(i)));
  ring.hold(1);
  for (int i = 3; i < 8; ++i) ring.on_frame(frame(1s * i, std::to_string(i)));
  EXPECT_THAT(texts(ring), ElementsAre("1", "2", "3", "4", "5", "6", "7"));
  ring.hold(4);
  EXPECT_EQ(ring.begin(), 4U);
  ring.release();
  EXPECT_THAT(texts(ring), ElementsAre("5", "6", "7"));
}

TEST(FrameRing, SkipsWhatHasGone) {
  FrameRing ring({.span = 1s});
  for (int i = 0; i < 5; ++i) ring.on_frame(frame(1s * i, std::to_string(i)));
  EXPECT_THAT(texts(ring, 0), ElementsAre("3", "4"));
  EXPECT_THAT(texts(ring, 9), IsEmpty());
}

TEST(FrameRing, IsAQueueWhateverComes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    FrameLog gone;
    FrameRing ring({.span = 50ms, .bytes = 400'000}, [&](const Frame& old) { gone.on_frame(old); });
    FrameLog all;
    for (int i = 0; i < 500; ++i) {
      const std::string payload(random.below(20) == 0 ? random.below(300'000) : random.below(2'000),
                                static_cast<char>('a' + i % 26));
      Frame one = frame(1ms * i, payload, random.below(9) == 0 ? FrameKind::Ping : FrameKind::Text);
      one.connection = ConnectionId{static_cast<std::uint32_t>(random.below(3))};
      one.direction = random.below(2) == 0 ? Direction::ToExchange : Direction::FromExchange;
      all.on_frame(one);
      ring.on_frame(one);
      if (random.below(40) == 0) ring.hold(ring.begin() + random.below(ring.end() - ring.begin()));
      if (random.below(20) == 0) ring.release();
    }
    ring.read(ring.begin(), SIZE_MAX, gone);
    EXPECT_TRUE(gone.frames == all.frames) << "each frame once, in order, unchanged";
  }
}

}  // namespace
}  // namespace ktape
