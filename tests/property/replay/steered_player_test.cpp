// Whatever somebody who steers a playback does, what he is told is a piece of the one history: the piece that begins
// where he jumped to. KTAPE_SEEDS=1000 runs the full proof; the default is a slice of it.

#include "replay/steered_player.hpp"

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/base/sha256.hpp"
#include "tests/support/session_shelf.hpp"
#include "tests/support/steered_log.hpp"
#include "tests/support/synthetic_recording.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

ClientOptions client_options() {
  ClientOptions options;
  options.candles.intervals = {1min};
  options.reconnects = false;
  return options;
}

// Two sessions that overlap, with silences of minutes that candles close in.
const SessionShelf& market() {
  static const SessionShelf shelf = [] {
    SessionShelf filled;
    auto one = synthetic_frames(1, 5s, ConnectionId{1}, {}, 10);
    auto two = synthetic_frames(2, 4s, ConnectionId{1}, 1500ms, 10);
    for (auto* frames : {&one, &two}) {
      for (std::size_t i = 0; i < frames->size(); ++i) {
        if (i > frames->size() / 2) (*frames)[i].at += 95s;
        if (i % 97 == 50) (*frames)[i].at -= 30ms;  // no clock is perfect
      }
    }
    filled.put("one", one, {.session = "one"});
    filled.put("two", two, {.session = "two"});
    return filled;
  }();
  return shelf;
}

const PlainRun& plain_run() {
  static const PlainRun run = PlainRun::of(*market().open({"one", "two"}).value(), client_options());
  return run;
}

std::string hash_of(const std::vector<LoggedLine>& lines) {
  Sha256 hash;
  for (const LoggedLine& line : lines) hash.add(line.text);
  return hash.hex();
}

// Somebody at the controls.
class Hand {
 public:
  explicit Hand(std::uint64_t seed)
      : random_(seed),
        tape_(market().open({"two", "one"}).value()),
        player_(*tape_, log_.make_stage(client_options()),
                {.first_at = *tape_->first_at(), .last_at = *tape_->last_at(), .paused = seed % 2 == 0}) {}

  void act() {
    switch (random_.below(14)) {
      case 0:
        return player_.pause();
      case 1:
        return ignore(player_.resume());
      case 2:
        return ignore(player_.toggle());
      case 3:
        return ignore(player_.step(1 + random_.below(5)));
      case 4:
        return ignore(player_.step_events(1 + random_.below(5)));
      case 5:
        return ignore(player_.step(Duration{1'000'000'000} * static_cast<int>(random_.below(30) + 1)));
      case 6:
        return ignore(player_.burst(1 + random_.below(60)));
      case 7:
        return jump();
      case 8:
        return back();
      case 9:
        return ignore(player_.until(somewhere()));
      case 10:
        return ignore(
            player_.set_rate(random_.below(4) == 0 ? std::nullopt : std::optional(Rate{1U << random_.below(12), 3})));
      case 11:
        return player_.set_max_wait(random_.below(2) == 0 ? std::nullopt : std::optional<Duration>(5s));
      default:
        now_ += Duration{static_cast<std::int64_t>(random_.below(2'000'000'000))};
        EXPECT_TRUE(player_.drive(now_, random_.below(80)).has_value());
    }
  }

  void play_to_the_end() {
    EXPECT_TRUE(player_.until(std::nullopt));
    EXPECT_TRUE(player_.set_rate(std::nullopt));
    player_.resume();
    while (player_.drive(now_, 1'000).value()) {
    }
    EXPECT_EQ(player_.status().state, SteeringStatus::State::Ended);
    check();
    EXPECT_EQ(line_, plain_run().lines.size());
  }

  // What was told since the last time goes on where the plain run was.
  void check() {
    const auto told = log_.take();
    const auto& all = plain_run().lines;
    ASSERT_LE(line_ + told.size(), all.size());
    for (std::size_t i = 0; i < told.size(); ++i) ASSERT_EQ(told[i], all[line_ + i]) << "line " << line_ + i;
    line_ += told.size();
  }

 private:
  template <class T>
  static void ignore(const Result<T>&) {}  // the end has been reached, or the moment is over

  Timestamp somewhere() {
    const auto status = player_.status();
    // A stamp, or any instant.
    if (random_.below(2) == 0) return plain_run().fronts[random_.below(plain_run().fronts.size())];
    const auto length = static_cast<std::uint64_t>((status.end - status.begin).count());
    return status.begin + Duration{static_cast<std::int64_t>(random_.below(length))};
  }
  void jump() {
    check();
    const Timestamp to = somewhere();
    ASSERT_TRUE(player_.seek(to));
    EXPECT_TRUE(log_.lines.empty());
    line_ = plain_run().line_at(to);
  }
  void back() {
    check();
    if (!player_.back(1 + random_.below(40))) {
      // Refused at the beginning; what a jump under way passed was the past.
      return check();
    }
    EXPECT_TRUE(log_.lines.empty());
    line_ = plain_run().line_before_frame(player_.status().frames);
  }

  Random random_;
  SteeredLog log_;
  std::unique_ptr<SessionSet> tape_;
  SteeredPlayer player_;
  Duration now_{};
  std::size_t line_ = 0;
};

TEST(SteeredPlayerLaws, WhateverIsDoneTheHistoryStaysTheSame) {
  ASSERT_GT(plain_run().lines.size(), 500U);
  for (std::uint64_t seed = 1; seed <= seeds_wanted(12); ++seed) {
    SCOPED_TRACE(seed);
    Hand hand(seed);
    for (int i = 0; i < 60; ++i) {
      hand.act();
      hand.check();
      if (HasFatalFailure()) return;
    }
    hand.play_to_the_end();
    if (HasFatalFailure()) return;
  }
}

// One history, one hash: at any rate, stepped, or in bursts.
TEST(SteeredPlayerLaws, EveryPaceHasTheHashOfThePlainRun) {
  const std::string expected = hash_of(plain_run().lines);
  const auto run = [](const std::function<void(SteeredPlayer&)>& play, std::optional<Rate> rate) {
    const auto tape = market().open({"one", "two"}).value();
    SteeredLog log;
    SteeredPlayer player(*tape, log.make_stage(client_options()),
                         {.first_at = *tape->first_at(), .last_at = *tape->last_at(), .rate = rate});
    play(player);
    EXPECT_EQ(player.status().state, SteeringStatus::State::Ended);
    return hash_of(log.lines);
  };
  const auto drive = [](SteeredPlayer& player) {
    for (std::optional<Duration> now = Duration{}; now; now = player.drive(*now, 100).value()) {
    }
  };
  for (const auto& rate :
       {std::optional<Rate>{}, std::optional(Rate{1, 1}), std::optional(Rate{1000, 7}), std::optional(Rate{1, 9})}) {
    EXPECT_EQ(run(drive, rate), expected) << rate_text(rate);
  }
  EXPECT_EQ(run(
                [](SteeredPlayer& player) {
                  while (player.step(std::uint64_t{1}).value() != 0) {
                  }
                },
                Rate{}),
            expected);
  EXPECT_EQ(run(
                [](SteeredPlayer& player) {
                  while (player.step_events(3).value() != 0) {
                  }
                },
                Rate{}),
            expected);
  EXPECT_EQ(run(
                [](SteeredPlayer& player) {
                  while (player.burst(100).value() != 0) {
                  }
                },
                Rate{}),
            expected);
  EXPECT_EQ(run(
                [](SteeredPlayer& player) {
                  while (player.status().state != SteeringStatus::State::Ended) EXPECT_TRUE(player.step(Duration(7s)));
                },
                Rate{}),
            expected);
}

TEST(SteeredPlayerLaws, EachRoundOfALoopTellsTheSameALittleLater) {
  const auto tape = market().open({"one", "two"}).value();
  SteeredLog log;
  SteeredPlayer player(*tape, log.make_stage(client_options()),
                       {.first_at = *tape->first_at(), .last_at = *tape->last_at(), .rate = {}, .loop = true});
  const auto& plain = plain_run().lines;
  for (Duration now{}; player.status().round < 3;) now = player.drive(now, 500).value().value();
  ASSERT_GE(log.lines.size(), 3 * plain.size());
  Timestamp last = Timestamp::min();
  for (std::size_t i = 0; i < 3 * plain.size(); ++i) {
    ASSERT_LE(last, log.lines[i].at) << "time goes back with line " << i;
    last = log.lines[i].at;
    const LoggedLine& original = plain[i % plain.size()];
    const Duration shift = log.lines[i].at - original.at;
    ASSERT_EQ(shift % 1s, 0s);
    // Only the stamp differs, which stands in front.
    ASSERT_EQ(log.lines[i].text.substr(log.lines[i].text.find(',')), original.text.substr(original.text.find(',')));
  }
}

}  // namespace
}  // namespace ktape::test
