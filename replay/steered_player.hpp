#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/base/time_scale.hpp"
#include "replay/player.hpp"
#include "replay/stage.hpp"
#include "replay/tape.hpp"

namespace ktape {

struct SteeringOptions {
  // What the tape holds; not empty.
  Timestamp first_at{}, last_at{};
  // The part of it that is played: frames before `begin` are the past, those stamped `end` or later are not there.
  std::optional<Timestamp> begin{}, end{};
  std::optional<Rate> rate = Rate{};  // tape time per real time; nothing: as fast as possible
  std::optional<Duration> max_wait{};
  bool paused = false;
  bool loop = false;
};

// What happened without having been asked for.
struct SteeringNotice {
  enum class Kind : std::uint8_t {
    SilenceSkipped,  // `span` of tape time from `at` on was not waited for
    UntilReached,    // paused at `at`
    RoundBegun,      // of a loop; `span`: what is added to its stamps. Told while the stage before is still there
    Ended,           // `at`: the last frame
  };
  Kind kind{};
  Timestamp at{};
  Duration span{};
};

struct SteeringStatus {
  enum class State : std::uint8_t { Playing, Paused, Seeking, Ended };
  State state = State::Paused;
  Timestamp at{};  // of the tape: everything stamped before it was heard
  Timestamp begin{}, end{};
  std::optional<Rate> rate{};
  std::optional<Duration> max_wait{};
  std::optional<Timestamp> until{};
  bool loop = false;
  std::uint64_t round = 0;   // counts from 0
  Duration shift{};          // added to the stamps of this round's events
  std::uint64_t frames = 0;  // heard since the beginning of the tape, or since where it was entered
  std::uint64_t events = 0;  // that were news, since the last jump back
  std::uint64_t silences_skipped = 0;
  Duration skipped{};
};
std::string_view to_string(SteeringStatus::State state);

// Plays a tape the way a person wants to see it. Each verb acts at once, but for seek(), which takes as long as the way
// is: drive() goes it bit by bit, and the next verb that depends on the place goes the rest.
//
// What is heard, and with which stamps, is the same at any rate, in steps or in bursts, with or without pauses. After a
// jump to T what is heard from T on is what a run from the beginning would have told from T on, because everything
// before it was heard as the past (see Tape).
//
// At the end of a loop's round everything begins anew, on a new stage. Its stamps are those of the round before plus
// the length of the round in whole seconds, rounded up: time never goes back. What messages say of time stays.
//
// No threads, no clock of its own: real time comes from whoever calls drive().
class SteeredPlayer {
 public:
  // Makes the stage for each new beginning; `shift` is what its stamps are to be moved by. The stage before is gone.
  using MakeStage = std::function<std::unique_ptr<Stage>(Duration shift)>;
  using OnNotice = std::function<void(const SteeringNotice&)>;

  // `tape` outlives it.
  SteeredPlayer(Tape& tape, MakeStage make_stage, SteeringOptions options, OnNotice on_notice = {});

  // Plays what is due at the reading `now` of any clock that never goes back, at most `limit` frames. Returns the
  // reading at which there will be something to do: `now` if there is more already, nothing if not before the next
  // verb. An error of the tape is told until somebody jumps.
  Result<std::optional<Duration>> drive(Duration now, std::size_t limit);

  void pause();
  Result<void> resume();  // an error at the end
  Result<void> toggle();

  // Plays the next frames, or those up to the next events, at once and pauses. How many there were: fewer at the end.
  Result<std::uint64_t> step(std::uint64_t frames);
  Result<std::uint64_t> step_events(std::uint64_t events);
  // Plays the next `span` of tape time at once and pauses.
  Result<std::uint64_t> step(Duration span);
  // Plays the next frames at once, and goes on as before.
  Result<std::uint64_t> burst(std::uint64_t frames);
  // Takes back the last frames, and pauses. The last kMaxBack can be taken back.
  Result<void> back(std::uint64_t frames);
  // To the instant before the first frame stamped `at` or later.
  Result<void> seek(Timestamp at);
  // Goes on, and pauses when time has come to `at`: what is stamped before it was heard. Nothing: no longer.
  Result<void> until(std::optional<Timestamp> at);
  // Both parts at least 1; nothing: as fast as possible.
  Result<void> set_rate(std::optional<Rate> rate);
  // Silences longer than this end here: the rest of them is not waited for, and told. Nothing: every one is waited for.
  void set_max_wait(std::optional<Duration> span);
  void set_loop(bool loop) { options_.loop = loop; }

  SteeringStatus status() const;

  static constexpr std::uint64_t kMaxStep = 1'000'000;
  static constexpr std::size_t kMaxBack = 65'536;
  // A loop ends when its stamps have gone so far.
  static constexpr Duration kMaxShift = std::chrono::hours(24) * 366 * 50;

 private:
  // A place between two frames: before it are all frames up to the first one stamped `front` or later, and `skip` more.
  struct Mark {
    Timestamp front = Timestamp::min();
    std::uint64_t skip = 0;
    friend auto operator<=>(const Mark&, const Mark&) = default;
  };
  struct Anchor {
    Duration real{};
    TimeScale scale;
  };

  Timestamp begin() const { return options_.begin.value_or(options_.first_at); }
  void begin_anew();
  Result<std::optional<Timestamp>> next_at();
  Result<void> play_one(Timestamp at);
  Result<bool> play_next();
  Result<void> go(Mark to);
  Result<bool> catch_up(std::size_t& limit);
  Result<void> arrive();
  Result<bool> begin_round();
  void stand_before(Timestamp at);
  void notify(SteeringNotice::Kind kind, Timestamp at, Duration span = {});
  Result<void> check_count(const char* verb, std::uint64_t count) const;

  Tape& tape_;
  MakeStage make_stage_;
  SteeringOptions options_;
  OnNotice on_notice_;

  std::unique_ptr<Stage> stage_;
  std::optional<Player> player_;
  Mark place_;
  Timestamp position_;          // of tape time; runs on between frames
  std::deque<Mark> marks_;      // places before the last frames
  std::optional<Mark> target_;  // of a jump that is under way
  std::uint64_t frames_ = 0;

  bool paused_;
  bool ended_ = false;
  std::optional<Timestamp> until_;
  std::optional<Anchor> anchor_;
  Timestamp waiting_since_{};  // tape time
  std::uint64_t round_ = 0;
  Duration shift_{};
  std::uint64_t silences_skipped_ = 0;
  Duration skipped_{};
};

}  // namespace ktape
