#include "replay/player.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replay/limited_source.hpp"
#include "replay/recorded_transport.hpp"
#include "tests/support/tape.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr Timestamp kStart = from_nanoseconds(1'700'000'000'000'000'000);

class Listener final : public FrameSink {
 public:
  explicit Listener(VirtualClock& clock) : clock_(clock) {}
  void on_frame(const Frame& frame) override {
    EXPECT_EQ(clock_.now(), frame.at);
    heard.emplace_back(frame.payload);
    if (frame.payload == "defer") {
      timer_ = clock_.at(clock_.now(), TimerOrder::Deferred, [this](Timestamp) { heard.emplace_back("deferred"); });
    }
  }
  std::vector<std::string> heard;

 private:
  VirtualClock& clock_;
  Timer timer_;
};

struct PlayerTest : testing::Test {
  void SetUp() override {
    tape.hear(kStart, "a");
    tape.hear(kStart + 1s, "b");
  }
  test::Tape tape;
  VirtualClock clock{Timestamp{}};
  Listener listener{clock};
};

TEST_F(PlayerTest, MovesTimeToEachFrameAndFiresTimersBeforeIt) {
  const auto source = tape.source();
  Player player(*source, clock, listener);
  EXPECT_EQ(player.next_at().value(), kStart);
  EXPECT_TRUE(player.step().value());
  const Timer timer = clock.at(kStart + 1s, [&](Timestamp) { listener.heard.emplace_back("timer"); });
  EXPECT_TRUE(player.step().value());
  EXPECT_FALSE(player.next_at().value().has_value());
  EXPECT_FALSE(player.step().value());
  EXPECT_THAT(listener.heard, ElementsAre("a", "timer", "b"));
  EXPECT_EQ(player.frames(), 2U);
}

TEST_F(PlayerTest, DoesWhatAHandlerPutOffBeforeTheNextFrame) {
  tape.entries.front().payload = "defer";
  tape.entries.back().at = kStart;
  const auto source = tape.source();
  Player player(*source, clock, listener);
  while (player.step().value()) {
  }
  EXPECT_THAT(listener.heard, ElementsAre("defer", "deferred", "b"));
}

TEST_F(PlayerTest, RefusesAStampYearsAfterTheOneBefore) {
  tape.hear(kStart + 24h * 400, "c");
  const auto source = tape.source();
  Player player(*source, clock, listener);
  EXPECT_TRUE(player.step().value());
  EXPECT_TRUE(player.step().value());
  for (int again = 0; again < 2; ++again) {
    const auto refused = player.step();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::Corrupt);
    EXPECT_NE(refused.error().detail.find("frame 3"), std::string::npos) << refused.error().detail;
  }
}

TEST_F(PlayerTest, RefusesStampsThatNoRecorderHasSeen) {
  for (const Timestamp at : {Timestamp::min(), Timestamp::max()}) {
    test::Tape odd;
    odd.hear(at, "a");
    const auto source = odd.source();
    Player player(*source, clock, listener);
    const auto refused = player.step();
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().detail.find("frame 1"), std::string::npos) << refused.error().detail;
  }
}

TEST(LimitedSource, EndsBeforeTheFirstFrameBeyondTheSpan) {
  test::Tape tape;
  tape.hear(kStart, "a");
  tape.hear(kStart + 1s, "b");
  tape.hear(kStart + 2s, "c");
  LimitedSource limited(tape.source(), 2s);
  std::vector<std::string> heard;
  while (const auto frame = limited.next().value()) heard.emplace_back(frame->payload);
  EXPECT_THAT(heard, ElementsAre("a", "b"));
  EXPECT_FALSE(limited.next().value().has_value());
}

TEST(RecordedTransport, HandsOnWhatWasRecordedAndSendsNothing) {
  VirtualClock clock(kStart);
  Listener listener(clock);
  RecordedTransport transport;
  transport.on_frame({.at = kStart, .payload = "before anybody listens"});
  transport.connect({}, listener);
  transport.send("nowhere");
  transport.close({});
  transport.on_frame({.at = kStart, .payload = "a"});
  EXPECT_THAT(listener.heard, ElementsAre("a"));
}

}  // namespace
}  // namespace ktape
