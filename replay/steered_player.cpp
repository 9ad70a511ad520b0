#include "replay/steered_player.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ktape {
namespace {

constexpr Duration kTick{1};

std::string text_of(Timestamp at) { return format_rfc3339(at); }

}  // namespace

std::string_view to_string(SteeringStatus::State state) {
  switch (state) {
    case SteeringStatus::State::Playing:
      return "playing";
    case SteeringStatus::State::Paused:
      return "paused";
    case SteeringStatus::State::Seeking:
      return "seeking";
    case SteeringStatus::State::Ended:
      return "ended";
  }
  return "";
}

SteeredPlayer::SteeredPlayer(Tape& tape, MakeStage make_stage, SteeringOptions options, OnNotice on_notice)
    : tape_(tape),
      make_stage_(std::move(make_stage)),
      options_(std::move(options)),
      on_notice_(std::move(on_notice)),
      position_(begin()),
      paused_(options_.paused) {
  begin_anew();
  if (options_.begin) target_ = Mark{*options_.begin, 0};
}

void SteeredPlayer::begin_anew() {
  player_.reset();
  stage_.reset();
  stage_ = make_stage_(shift_);
  player_.emplace(tape_, stage_->clock(), stage_->frames());
  place_ = {};
  marks_.clear();
  frames_ = 0;
}

// Nothing at the end of what is to be played.
Result<std::optional<Timestamp>> SteeredPlayer::next_at() {
  auto at = player_->next_at();
  if (at && *at && options_.end && **at >= *options_.end) return std::optional<Timestamp>{};
  return at;
}

Result<void> SteeredPlayer::play_one(Timestamp at) {
  if (at > place_.front) place_ = {at, 0};
  marks_.push_back(place_);
  if (marks_.size() > kMaxBack) marks_.pop_front();
  const auto stepped = player_->step();
  if (!stepped) return tl::unexpected<Error>(stepped.error());
  ++place_.skip;
  ++frames_;
  position_ = std::max(position_, at);
  waiting_since_ = position_;
  return {};
}

// One frame, of the next round where there is one.
Result<bool> SteeredPlayer::play_next() {
  for (;;) {
    if (auto arrived = arrive(); !arrived) return tl::unexpected<Error>(arrived.error());
    const auto at = next_at();
    if (!at) return tl::unexpected<Error>(at.error());
    if (*at) {
      if (auto played = play_one(**at); !played) return tl::unexpected<Error>(played.error());
      return true;
    }
    const auto more = begin_round();
    if (!more) return tl::unexpected<Error>(more.error());
    if (!*more) return false;
  }
}

// At the end of what is to be played: on to the next round, or the end.
Result<bool> SteeredPlayer::begin_round() {
  const bool heard_nothing = place_.front < begin();
  if (!options_.loop || heard_nothing || shift_ > kMaxShift) {
    if (!std::exchange(ended_, true)) notify(SteeringNotice::Kind::Ended, position_);
    return false;
  }
  const Duration length = place_.front - begin() + kTick;
  shift_ += std::chrono::ceil<std::chrono::seconds>(length);
  ++round_;
  notify(SteeringNotice::Kind::RoundBegun, begin(), shift_);  // the stage of the round before is still there
  if (auto entered = tape_.enter(begin()); !entered) return tl::unexpected<Error>(entered.error());
  begin_anew();
  position_ = begin();
  waiting_since_ = position_;
  anchor_.reset();
  if (options_.begin) target_ = Mark{*options_.begin, 0};
  return true;
}

// Timers due before `at` fire, those due at it do not.
void SteeredPlayer::stand_before(Timestamp at) {
  if (frames_ != 0 && stage_->clock().now() < at - kTick) stage_->clock().advance_to(at - kTick);
  position_ = std::max(position_, at);
}

Result<void> SteeredPlayer::go(Mark to) {
  anchor_.reset();
  ended_ = false;
  until_.reset();
  target_.reset();
  // Time on a stage may have run on beyond the last frame, and with it timers.
  const bool behind = to < place_ || (frames_ != 0 && stage_->clock().now() >= to.front);
  if (behind || frames_ == 0 || !next_at()) {
    if (auto entered = tape_.enter(to.front); !entered) return entered;
    begin_anew();
  }
  position_ = to.front;
  target_ = to;
  return {};
}

// Hears the past up to the target, at most `limit` frames of it. True when it is there.
Result<bool> SteeredPlayer::catch_up(std::size_t& limit) {
  stage_->catch_up(true);
  const Timestamp shown = position_;
  Result<bool> there = false;
  for (;; --limit) {
    const auto at = next_at();
    if (!at) {
      there = tl::unexpected<Error>(at.error());
      break;
    }
    const bool far = *at && (place_.front < target_->front ? **at < target_->front : place_.skip < target_->skip);
    const bool far_within = *at && place_.front < target_->front && **at >= target_->front && target_->skip > 0;
    if (!far && !far_within) {
      there = true;
      break;
    }
    if (limit == 0) break;
    if (auto played = play_one(**at); !played) {
      there = tl::unexpected<Error>(played.error());
      break;
    }
  }
  position_ = shown;
  if (there && *there) {
    stand_before(target_->front);
    waiting_since_ = position_;
    target_.reset();
  }
  stage_->catch_up(false);
  return there;
}

Result<void> SteeredPlayer::arrive() {
  if (!target_) return {};
  std::size_t limit = static_cast<std::size_t>(-1);
  const auto there = catch_up(limit);
  if (!there) return tl::unexpected<Error>(there.error());
  return {};
}

Result<std::optional<Duration>> SteeredPlayer::drive(Duration now, std::size_t limit) {
  using Again = std::optional<Duration>;
  for (;;) {
    if (target_) {
      const auto there = catch_up(limit);
      if (!there) return tl::unexpected<Error>(there.error());
      if (!*there) return Again(now);
      continue;
    }
    if (paused_ || ended_) return Again{};
    if (limit == 0) return Again(now);
    const auto next = next_at();
    if (!next) return tl::unexpected<Error>(next.error());
    if (!*next) {
      if (const auto more = begin_round(); !more) return tl::unexpected<Error>(more.error());
      continue;
    }
    const bool stops = until_ && **next >= *until_;
    const Timestamp goal = stops ? std::max(*until_, position_) : **next;
    if (options_.rate) {
      if (!anchor_) {
        anchor_.emplace(Anchor{now, TimeScale(*options_.rate, position_)});
        waiting_since_ = position_;
      }
      const Timestamp at = anchor_->scale.virtual_at(now - anchor_->real);
      const bool skips = options_.max_wait && goal - waiting_since_ > *options_.max_wait;
      const Timestamp wake = skips ? waiting_since_ + *options_.max_wait : goal;
      if (at < wake) {
        // Time runs on between frames, for the timers: up to, but not to, the stamp of what comes next.
        if (frames_ != 0 && at > stage_->clock().now()) stage_->clock().advance_to(at);
        position_ = std::max(position_, at);
        const auto deadline = stage_->clock().next_deadline();
        const Timestamp due = deadline && *deadline > at ? std::min(wake, *deadline) : wake;
        return Again(anchor_->real + anchor_->scale.elapsed_at(due));
      }
      if (skips) {
        ++silences_skipped_;
        skipped_ += goal - wake;
        notify(SteeringNotice::Kind::SilenceSkipped, wake, goal - wake);
        anchor_.emplace(Anchor{now, TimeScale(*options_.rate, goal)});
      }
    }
    if (stops) {
      stand_before(goal);
      pause();
      until_.reset();
      notify(SteeringNotice::Kind::UntilReached, goal);
      continue;
    }
    if (auto played = play_one(goal); !played) return tl::unexpected<Error>(played.error());
    --limit;
  }
}

void SteeredPlayer::pause() {
  paused_ = true;
  anchor_.reset();
}

Result<void> SteeredPlayer::resume() {
  if (ended_ && !options_.loop) return fail(Errc::InvalidArgument, "the tape has ended: seek or go back first");
  ended_ = false;
  paused_ = false;
  return {};
}

Result<void> SteeredPlayer::toggle() {
  if (paused_ || ended_) return resume();
  pause();
  return {};
}

Result<void> SteeredPlayer::check_count(const char* verb, std::uint64_t count) const {
  if (count >= 1 && count <= kMaxStep) return {};
  return fail(Errc::InvalidArgument, fmt::format("{} {}: between 1 and {} expected", verb, count, kMaxStep));
}

Result<std::uint64_t> SteeredPlayer::step(std::uint64_t frames) {
  if (auto sane = check_count("step", frames); !sane) return tl::unexpected<Error>(sane.error());
  pause();
  return burst(frames);
}

Result<std::uint64_t> SteeredPlayer::step_events(std::uint64_t events) {
  if (auto sane = check_count("step", events); !sane) return tl::unexpected<Error>(sane.error());
  pause();
  std::uint64_t played = 0;
  for (std::uint64_t told = 0; told < events && played < kMaxStep; ++played) {
    const std::uint64_t round = round_;
    const std::uint64_t before = stage_->events();
    const auto more = play_next();
    if (!more) return tl::unexpected<Error>(more.error());
    if (!*more) break;
    told += stage_->events() - (round == round_ ? before : 0);
  }
  return played;
}

Result<std::uint64_t> SteeredPlayer::step(Duration span) {
  if (span <= Duration::zero() || span > Player::kMaxSilence) {
    return fail(Errc::InvalidArgument,
                fmt::format("step {}ns: a span of more than nothing and less than a year expected", span.count()));
  }
  if (auto arrived = arrive(); !arrived) return tl::unexpected<Error>(arrived.error());
  pause();
  const Timestamp goal = position_ + span;
  for (std::uint64_t played = 0;; ++played) {
    const auto at = next_at();
    if (!at) return tl::unexpected<Error>(at.error());
    if (*at && **at < goal) {
      if (auto done = play_one(**at); !done) return tl::unexpected<Error>(done.error());
      continue;
    }
    if (*at) {
      stand_before(goal);
    } else if (const auto more = begin_round(); !more) {
      return tl::unexpected<Error>(more.error());
    }
    return played;
  }
}

Result<std::uint64_t> SteeredPlayer::burst(std::uint64_t frames) {
  if (auto sane = check_count("burst", frames); !sane) return tl::unexpected<Error>(sane.error());
  anchor_.reset();
  std::uint64_t played = 0;
  for (; played < frames; ++played) {
    const auto more = play_next();
    if (!more) return tl::unexpected<Error>(more.error());
    if (!*more) break;
  }
  return played;
}

Result<void> SteeredPlayer::back(std::uint64_t frames) {
  if (auto sane = check_count("back", frames); !sane) return sane;
  if (auto arrived = arrive(); !arrived) return arrived;
  if (frames > marks_.size()) {
    return fail(Errc::InvalidArgument,
                fmt::format("back {}: {} frames can be taken back from here", frames, marks_.size()));
  }
  const Mark to = marks_[marks_.size() - static_cast<std::size_t>(frames)];
  if (to.front < begin()) {
    return fail(Errc::InvalidArgument,
                fmt::format("back {}: that is before {}, where the playback begins", frames, text_of(begin())));
  }
  pause();
  if (auto gone = go(to); !gone) return gone;
  return arrive();
}

Result<void> SteeredPlayer::seek(Timestamp at) {
  const Timestamp last = status().end;
  if (at < begin() || at > last) {
    return fail(Errc::InvalidArgument,
                fmt::format("seek {}: there is {} to {}", text_of(at), text_of(begin()), text_of(last)));
  }
  return go({at, 0});
}

Result<void> SteeredPlayer::until(std::optional<Timestamp> at) {
  if (!at) {
    until_.reset();
    return {};
  }
  const Timestamp last = status().end;
  if (*at <= position_ || *at > last) {
    return fail(Errc::InvalidArgument,
                fmt::format("until {}: it is {}, and the end is {}", text_of(*at), text_of(position_), text_of(last)));
  }
  if (auto resumed = resume(); !resumed) return resumed;
  until_ = at;
  return {};
}

Result<void> SteeredPlayer::set_rate(std::optional<Rate> rate) {
  if (rate && (rate->numerator == 0 || rate->denominator == 0)) {
    return fail(Errc::InvalidArgument,
                fmt::format("rate {}/{}: both greater than zero expected", rate->numerator, rate->denominator));
  }
  options_.rate = rate;
  anchor_.reset();
  return {};
}

void SteeredPlayer::set_max_wait(std::optional<Duration> span) {
  options_.max_wait = span;
  anchor_.reset();
}

SteeringStatus SteeredPlayer::status() const {
  using State = SteeringStatus::State;
  SteeringStatus status;
  status.state = target_ ? State::Seeking : ended_ ? State::Ended : paused_ ? State::Paused : State::Playing;
  status.at = position_;
  status.begin = begin();
  status.end = options_.end ? std::min(*options_.end, options_.last_at) : options_.last_at;
  status.rate = options_.rate;
  status.max_wait = options_.max_wait;
  status.until = until_;
  status.loop = options_.loop;
  status.round = round_;
  status.shift = shift_;
  status.frames = frames_;
  status.events = stage_->events();
  status.silences_skipped = silences_skipped_;
  status.skipped = skipped_;
  return status;
}

void SteeredPlayer::notify(SteeringNotice::Kind kind, Timestamp at, Duration span) {
  if (on_notice_) on_notice_({kind, at, span});
}

}  // namespace ktape
