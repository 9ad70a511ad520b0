// A disk that stands still for 30 s of a live market.
#include <gtest/gtest.h>

#include "tests/support/door.hpp"
#include "tests/support/recording_fixture.hpp"
#include "tests/support/synthetic_session.hpp"

namespace ktape::test {
namespace {

class NoEvents final : public EventSink {
 public:
  void on_event(const Event&) override {}
};

// What crosses a connection in 30 s with two symbols' books and trades.
std::vector<OwnedFrame> live_traffic() {
  const std::vector<std::string_view> symbols{"BTC/USD", "ETH/USD"};
  const std::vector<std::string> names(symbols.begin(), symbols.end());
  const std::vector<Subscription> wanted{book_of(names, 100), channel_of(Channel::Trade, names),
                                         channel_of(Channel::Ticker, names)};
  NoEvents events;
  SyntheticSession session(synthetic_options(3, std::chrono::seconds{30}, symbols), wanted, events);
  session.run();
  std::vector<OwnedFrame> frames;
  for (const auto& crossed : session.crossed()) {
    OwnedFrame& frame = frames.emplace_back();
    frame.at = crossed.at;
    frame.connection = ConnectionId{1};
    frame.direction = crossed.direction;
    frame.kind = crossed.kind;
    frame.payload = crossed.payload;
  }
  return frames;
}

// The calls are made while the door is shut: one that waited for the disk would wait for ever.
TEST(StalledDisk, CostsNothingWhileTheJournalHasRoom) {
  const auto frames = live_traffic();
  ASSERT_GT(frames.size(), 500U);
  Door door;
  MemoryFileSystem files([&](MemoryFileSystem::Operation& operation) {
    if (operation.kind != MemoryFileSystem::Kind::Map) door.pass();
    return 0;
  });
  VirtualClock clock(frames.front().at);
  RecordingOptions options = recording_options("a.ktape", 64U << 10);
  options.info.created_at = clock.now();
  options.journal_bytes = 16U << 20;
  auto recording = Recording::create(options, clock, files).value();
  door.shut();
  for (const OwnedFrame& frame : frames) {
    clock.advance_to(std::max(clock.now(), frame.at));
    recording->on_frame(frame.frame());
  }
  EXPECT_GE(clock.now() - frames.front().at, std::chrono::seconds{29});
  EXPECT_EQ(recording->stats().frames, frames.size());
  EXPECT_EQ(recording->stats().times_blocked, 0U);
  EXPECT_EQ(frames_in(files.files()), frames) << "a kill now would cost nothing";
  door.open();
  ASSERT_TRUE(recording->finish());
  EXPECT_EQ(frames_in(files.files()), frames);
}

TEST(StalledDisk, LeavesAnExactGapWhereTheJournalIsTooSmall) {
  const auto frames = live_traffic();
  Door door;
  MemoryFileSystem files([&](MemoryFileSystem::Operation& operation) {
    if (operation.kind != MemoryFileSystem::Kind::Map) door.pass();
    return 0;
  });
  VirtualClock clock(frames.front().at);
  RecordingOptions options = recording_options("a.ktape", 16U << 10);
  options.info.created_at = clock.now();
  options.when_full = WhenFull::Drop;
  auto recording = Recording::create(options, clock, files).value();
  const std::size_t stalls_at = frames.size() / 10;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i == stalls_at) door.shut();
    clock.advance_to(std::max(clock.now(), frames[i].at));
    recording->on_frame(frames[i].frame());
    if (i < stalls_at) recording->settle();
  }
  door.open();
  const RecordingStats stats = recording->stats();
  ASSERT_GT(stats.dropped_frames, 0U);
  EXPECT_EQ(stats.times_blocked, 0U);
  ASSERT_TRUE(recording->finish());

  auto reader = open_in(files.files(), "a.ktape").value();
  const auto read = read_all(*reader);
  ASSERT_EQ(read.size() + stats.dropped_frames, frames.size());
  ASSERT_TRUE(std::equal(read.begin(), read.end(), frames.begin())) << "what was dropped is one piece at the end";
  const auto gaps = reader->gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].cause, GapCause::Dropped);
  EXPECT_EQ(gaps[0].frames, stats.dropped_frames);
  EXPECT_EQ(gaps[0].from, frames[read.size()].at);
  EXPECT_EQ(gaps[0].to, frames.back().at);
  EXPECT_EQ(gaps[0].connection, ConnectionId{1});
}

}  // namespace
}  // namespace ktape::test
