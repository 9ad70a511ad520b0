#include "replay/steered_player.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replay/steering_commands.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Timestamp kStart = from_nanoseconds(1'788'249'600'000'000'000);  // 2026-09-01T08:00:00Z

// Frames named by the seconds after the start, on a tape that may break.
class SecondsTape final : public Tape {
 public:
  explicit SecondsTape(std::vector<int> seconds) : seconds_(std::move(seconds)) {}
  Result<std::optional<Frame>> next() override {
    if (breaks_at == next_) return fail(Errc::Io, "the disk is gone");
    if (next_ == seconds_.size()) return std::nullopt;
    const int second = seconds_[next_++];
    payload_ = std::to_string(second);
    return Frame{.at = kStart + std::chrono::seconds(second), .payload = payload_};
  }
  Result<void> enter(Timestamp) override {
    next_ = 0;
    ++entered;
    return {};
  }

  int entered = 0;
  std::optional<std::size_t> breaks_at;

 private:
  std::vector<int> seconds_;
  std::size_t next_ = 0;
  std::string payload_;
};

// Hears frames; an event is a frame of an even second.
class HearingStage final : public Stage, private FrameSink {
 public:
  HearingStage(std::vector<std::string>& heard, Duration shift) : heard_(heard), shift_(shift) {}
  VirtualClock& clock() override { return clock_; }
  FrameSink& frames() override { return *this; }
  void catch_up(bool past) override { past_ = past; }
  std::uint64_t events() const override { return events_; }

 private:
  void on_frame(const Frame& frame) override {
    const std::string shift = shift_ == 0s ? "" : "+" + format_duration(shift_);
    heard_.push_back((past_ ? "(" + std::string(frame.payload) + ")" : std::string(frame.payload)) + shift);
    if (!past_ && frame.payload.back() % 2 == 0) ++events_;
  }

  std::vector<std::string>& heard_;
  Duration shift_;
  VirtualClock clock_{Timestamp::min()};
  bool past_ = false;
  std::uint64_t events_ = 0;
};

struct SteeredPlayerTest : testing::Test {
  SteeredPlayer& start(SteeringOptions options = {}) {
    options.first_at = kStart;
    options.last_at = kStart + 100s;
    player.emplace(
        tape, [this](Duration shift) { return std::make_unique<HearingStage>(heard, shift); }, options,
        [this](const SteeringNotice& notice) { notices.push_back(notice_text(notice)); });
    return *player;
  }
  std::vector<std::string> take() { return std::exchange(heard, {}); }
  std::optional<Duration> drive(Duration now) { return player->drive(now, 1'000).value(); }

  SecondsTape tape{{0, 1, 2, 3, 10, 10, 11, 100}};
  std::vector<std::string> heard;
  std::vector<std::string> notices;
  std::optional<SteeredPlayer> player;
};

TEST_F(SteeredPlayerTest, KeepsToTheRateThatIsSet) {
  start();
  EXPECT_EQ(drive(0s), 1s) << "when to come again";
  EXPECT_EQ(drive(2500ms), 3s);
  EXPECT_THAT(take(), ElementsAre("0", "1", "2"));
  EXPECT_EQ(player->status().at, kStart + 2500ms);
  EXPECT_TRUE(player->set_rate(Rate{15, 2}));
  EXPECT_EQ(drive(2500ms), 2566666667ns);
  EXPECT_EQ(drive(3500ms), 3633333334ns) << "10 s was due";
  EXPECT_THAT(take(), ElementsAre("3", "10", "10"));
}

TEST_F(SteeredPlayerTest, StandsStillWhilePaused) {
  start({.paused = true});
  EXPECT_EQ(drive(0s), std::nullopt);
  EXPECT_EQ(drive(50s), std::nullopt);
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_TRUE(player->toggle());
  EXPECT_EQ(drive(60s), 61s) << "real time before does not count";
  EXPECT_TRUE(player->toggle());
  EXPECT_EQ(drive(90s), std::nullopt);
  EXPECT_THAT(take(), ElementsAre("0"));
  EXPECT_EQ(player->status().state, SteeringStatus::State::Paused);
}

TEST_F(SteeredPlayerTest, StepsByFramesEventsAndSpans) {
  start();
  EXPECT_EQ(player->step(std::uint64_t{2}), 2U);
  EXPECT_EQ(player->status().state, SteeringStatus::State::Paused);
  EXPECT_THAT(take(), ElementsAre("0", "1"));
  EXPECT_EQ(player->step_events(2), 3U);
  EXPECT_THAT(take(), ElementsAre("2", "3", "10"));
  EXPECT_EQ(player->step(Duration(1s)), 1U);
  EXPECT_THAT(take(), ElementsAre("10"));
  EXPECT_EQ(player->status().at, kStart + 11s) << "what is stamped 11 s is to come";
  EXPECT_EQ(player->step(std::uint64_t{9}), 2U);
  EXPECT_EQ(player->status().state, SteeringStatus::State::Ended);
  EXPECT_EQ(player->step(std::uint64_t{9}), 0U);
}

TEST_F(SteeredPlayerTest, BurstsAndGoesOnAsBefore) {
  start();
  EXPECT_EQ(player->burst(4), 4U);
  EXPECT_EQ(drive(5s), 12s) << "7 s after the burst";
  EXPECT_EQ(player->status().state, SteeringStatus::State::Playing);
  player->pause();
  EXPECT_EQ(player->burst(1), 1U);
  EXPECT_EQ(player->status().state, SteeringStatus::State::Paused);
}

TEST_F(SteeredPlayerTest, GoesBackFrameByFrameThroughOneInstant) {
  start();
  EXPECT_EQ(player->step(std::uint64_t{7}), 7U);
  take();
  ASSERT_TRUE(player->back(2));
  EXPECT_THAT(take(), ElementsAre("(0)", "(1)", "(2)", "(3)", "(10)"));
  EXPECT_EQ(player->status().at, kStart + 10s);
  EXPECT_EQ(player->step(std::uint64_t{1}), 1U);
  EXPECT_THAT(take(), ElementsAre("10"));
  ASSERT_TRUE(player->back(6));
  take();
  EXPECT_EQ(player->back(1).error().detail, "back 1: 0 frames can be taken back from here");
  EXPECT_EQ(player->step(std::uint64_t{1}), 1U);
  EXPECT_THAT(take(), ElementsAre("0"));
}

TEST_F(SteeredPlayerTest, SeeksForwardsOnTheSameStageAndBackOnANewOne) {
  start({.paused = true});
  ASSERT_TRUE(player->seek(kStart + 10s));
  EXPECT_EQ(player->status().state, SteeringStatus::State::Seeking);
  EXPECT_EQ(player->drive(0s, 3).value(), 0s) << "bit by bit";
  EXPECT_EQ(player->drive(0s, 3).value(), std::nullopt);
  EXPECT_THAT(take(), ElementsAre("(0)", "(1)", "(2)", "(3)"));
  const int entered = tape.entered;
  ASSERT_TRUE(player->seek(kStart + 11s));
  EXPECT_EQ(player->step(std::uint64_t{1}), 1U);
  EXPECT_THAT(take(), ElementsAre("(10)", "(10)", "11"));
  EXPECT_EQ(tape.entered, entered);
  ASSERT_TRUE(player->seek(kStart + 2s));
  EXPECT_EQ(player->step(std::uint64_t{1}), 1U);
  EXPECT_THAT(take(), ElementsAre("(0)", "(1)", "2"));
  EXPECT_EQ(tape.entered, entered + 1);
  EXPECT_EQ(player->seek(kStart + 101s).error().detail,
            "seek 2026-09-01T08:01:41.000000000Z: there is 2026-09-01T08:00:00.000000000Z to "
            "2026-09-01T08:01:40.000000000Z");
}

TEST_F(SteeredPlayerTest, PausesWhenTimeHasComeToAMoment) {
  start({.paused = true});
  ASSERT_TRUE(player->until(kStart + 10s));
  EXPECT_EQ(drive(0s), 1s) << "it goes on";
  EXPECT_EQ(drive(60s), std::nullopt);
  EXPECT_THAT(take(), ElementsAre("0", "1", "2", "3"));
  EXPECT_EQ(player->status().at, kStart + 10s);
  EXPECT_THAT(notices, ElementsAre("paused at 2026-09-01T08:00:10.000Z"));
  EXPECT_FALSE(player->until(kStart + 10s));
  EXPECT_FALSE(player->until(kStart + 101s));
}

TEST_F(SteeredPlayerTest, SkipsSilencesAndSaysSo) {
  start({.max_wait = 5s});
  drive(0s);
  EXPECT_EQ(drive(3s), 8s) << "silent from the third second on";
  EXPECT_EQ(drive(8s), 9s);
  EXPECT_EQ(drive(9s), 14s);
  EXPECT_EQ(drive(14s), std::nullopt);
  EXPECT_THAT(take(), ElementsAre("0", "1", "2", "3", "10", "10", "11", "100"));
  EXPECT_THAT(notices, ElementsAre("skipped 2s of silence from 2026-09-01T08:00:08.000Z",
                                   "skipped 1m24s of silence from 2026-09-01T08:00:16.000Z",
                                   "ended at 2026-09-01T08:01:40.000Z"));
  EXPECT_EQ(player->status().skipped, 86s);
}

TEST_F(SteeredPlayerTest, PlaysAPartOfTheTape) {
  start({.begin = kStart + 2s, .end = kStart + 11s, .rate = {}});
  EXPECT_EQ(drive(0s), std::nullopt);
  EXPECT_THAT(take(), ElementsAre("(0)", "(1)", "2", "3", "10", "10"));
  EXPECT_EQ(player->status().state, SteeringStatus::State::Ended);
  EXPECT_FALSE(player->seek(kStart + 1s));
  EXPECT_FALSE(player->back(5)) << "that would be before the part";
  EXPECT_TRUE(player->back(4));
}

TEST_F(SteeredPlayerTest, BeginsAgainWithTimeGoingOn) {
  start({.begin = kStart + 10s, .end = kStart + 20s, .rate = {}, .loop = true});
  EXPECT_EQ(player->step(std::uint64_t{5}), 5U);
  EXPECT_THAT(take(), ElementsAre("(0)", "(1)", "(2)", "(3)", "10", "10", "11", "(0)+2s", "(1)+2s", "(2)+2s", "(3)+2s",
                                  "10+2s", "10+2s"));
  EXPECT_EQ(player->status().round, 1U);
  EXPECT_THAT(notices, ElementsAre("begins again, stamps moved by 2s"));
  player->set_loop(false);
  EXPECT_EQ(player->step(std::uint64_t{5}), 1U);
  EXPECT_FALSE(player->resume());
  player->set_loop(true);
  EXPECT_TRUE(player->resume());
}

TEST_F(SteeredPlayerTest, DoesNotLoopOverNothing) {
  start({.begin = kStart + 20s, .end = kStart + 30s, .rate = {}, .loop = true});
  EXPECT_EQ(drive(0s), std::nullopt);
  EXPECT_EQ(player->status().state, SteeringStatus::State::Ended);
}

TEST_F(SteeredPlayerTest, TellsAnErrorOfTheTapeUntilSomebodyJumps) {
  tape.breaks_at = 3;
  start({.rate = {}});
  EXPECT_EQ(player->drive(0s, 100).error().detail, "the disk is gone");
  EXPECT_EQ(player->step(std::uint64_t{1}).error().detail, "the disk is gone");
  tape.breaks_at.reset();
  ASSERT_TRUE(player->seek(kStart + 2s));
  take();
  EXPECT_EQ(player->step(std::uint64_t{1}), 1U);
  EXPECT_THAT(take(), ElementsAre("(0)", "(1)", "2"));
}

TEST_F(SteeredPlayerTest, ObeysWords) {
  start({.paused = true});
  const auto does = [&](std::string_view line) { return answer_to(*player, line); };
  EXPECT_THAT(does("status"), HasSubstr(R"({"ok":true,"state":"paused","at":"2026-09-01T08:00:00.000000000Z")"));
  EXPECT_THAT(does("  step  2 \r"), HasSubstr(R"({"ok":true,"played":2,"state":"paused")"));
  EXPECT_THAT(does("step 1 event"), HasSubstr(R"("played":1,)"));
  EXPECT_THAT(does("step 1s"), HasSubstr(R"("at":"2026-09-01T08:00:03.000000000Z")"));
  EXPECT_THAT(does("back"), HasSubstr(R"("at":"2026-09-01T08:00:02.000000000Z")"));
  EXPECT_THAT(does("burst 3"), HasSubstr(R"("played":3,)"));
  EXPECT_THAT(does("seek 08:01"), HasSubstr(R"("state":"seeking","at":"2026-09-01T08:01:00.000000000Z")"));
  EXPECT_THAT(does("seek -50.5s"), HasSubstr(R"("at":"2026-09-01T08:00:09.500000000Z")"));
  EXPECT_THAT(does("rate up"), HasSubstr(R"("rate":"2")"));
  EXPECT_THAT(does("rate 3/2"), HasSubstr(R"("rate":"3/2")"));
  EXPECT_THAT(does("rate down"), HasSubstr(R"("rate":"3/4")"));
  EXPECT_THAT(does("rate max"), HasSubstr(R"("rate":"max")"));
  EXPECT_THAT(does("until 20s"), HasSubstr(R"("until":"2026-09-01T08:00:20.000000000Z")"));
  EXPECT_THAT(does("until off"), HasSubstr(R"("until":null)"));
  EXPECT_THAT(does("max-wait 2s"), HasSubstr(R"("max_wait":"2s")"));
  EXPECT_THAT(does("max-wait off"), HasSubstr(R"("max_wait":null)"));
  EXPECT_THAT(does("loop on"), HasSubstr(R"("loop":true)"));
  EXPECT_THAT(does("pause"), HasSubstr(R"("ok":true)"));
}

TEST_F(SteeredPlayerTest, RefusesWordsThatMakeNoSense) {
  start({.paused = true});
  const auto why = [&](std::string_view line) { return steer(*player, line).error().detail; };
  EXPECT_EQ(why(""),
            "a verb expected: pause, resume, toggle, step, back, burst, seek, until, rate, max-wait, loop, status");
  EXPECT_THAT(why("jump 5"), HasSubstr("'jump' is no verb: one of pause, "));
  EXPECT_EQ(why("pause now"), "'now' is more than this verb takes");
  EXPECT_EQ(why("step x"), "step x: a number of frames, a number and 'events', or a span such as 1m expected");
  EXPECT_EQ(why("step 0"), "step 0: between 1 and 1000000 expected");
  EXPECT_EQ(why("burst"), "burst: a number of frames expected");
  EXPECT_EQ(why("back 1 2 3 4 5 6"), "back 1 2 3 4: a number of frames expected");
  EXPECT_EQ(why("seek 25:00"), "'25:00' is no moment: 2026-09-01T08:03:00Z, 08:03:20, 3m20s, +30s or -30s expected");
  EXPECT_THAT(why("seek +99999d"), HasSubstr("is no moment"));
  EXPECT_THAT(why("rate 0"), HasSubstr("'0' is no rate"));
  EXPECT_EQ(why("loop maybe"), "loop maybe: on, off or toggle expected");
  EXPECT_EQ(answer_to(*player, "\xff\""),
            R"({"ok":false,"error":"'\ufffd\"' is no verb: one of )" + std::string(steering_verbs()) + " expected\"}");
}

TEST(Moments, AreReadAsPeopleWriteThem) {
  const Timestamp begin = kStart + 3min;
  const Timestamp now = kStart + 1h;
  const auto at = [&](std::string_view text) { return parse_moment(text, begin, now).value() - kStart; };
  EXPECT_EQ(at("2026-09-01T08:00:07Z"), 7s);
  EXPECT_EQ(at("08:05"), 5min);
  EXPECT_EQ(at("08:05:01.25"), 5min + 1250ms);
  EXPECT_EQ(at("08:02"), 24h + 2min) << "the first one at or after the beginning";
  EXPECT_EQ(at("2m"), 5min);
  EXPECT_EQ(at("+10s"), 1h + 10s);
  EXPECT_EQ(at("-10s"), 1h - 10s);
  EXPECT_EQ(at("begin"), 3min);
  for (const char* bad :
       {"", "8:05", "08:60", "08:05:", "08:05:61", "08:05:01.", "08:05x", "+", "1900-01-01", "soon"}) {
    EXPECT_FALSE(parse_moment(bad, begin, now)) << bad;
  }
}

}  // namespace
}  // namespace ktape
