#pragma once

#include <optional>
#include <string>

#include "core/base/virtual_clock.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// The replay engine: moves time to each frame's stamp, which fires the timers due by then, and hands the frame over.
// Who calls step() decides the pace; what happens is the same at any.
class Player {
 public:
  // All outlive the player. The clock must not be ahead of the first frame.
  Player(FrameSource& in, VirtualClock& clock, FrameSink& out) : in_(in), clock_(clock), out_(out) {}

  // Plays one frame. False at the end of the source. An error of the source ends the replay: it is returned again. So
  // does a frame that is stamped more than kMaxSilence after the one before it, since no recorder is silent so long:
  // the stamp is wrong, and the timers of years would fire in between.
  Result<bool> step();

  // The stamp of the frame that the next step() plays; nothing at the end.
  Result<std::optional<Timestamp>> next_at();

  std::uint64_t frames() const { return frames_; }

  static constexpr Duration kMaxSilence = std::chrono::hours(24) * 366;

  // Stamps outside of these are errors as well: the arithmetic of timers needs room on both sides.
  static constexpr Timestamp kEarliest = std::chrono::sys_days{std::chrono::year{1900} / 1 / 1};
  static constexpr Timestamp kLatest = std::chrono::sys_days{std::chrono::year{2200} / 1 / 1};

 private:
  Result<void> look_ahead();

  FrameSource& in_;
  VirtualClock& clock_;
  FrameSink& out_;
  std::optional<Frame> next_;  // read, not played; its payload lives until the next read
  std::optional<Timestamp> last_at_;
  bool ended_ = false;
  std::optional<Error> failed_;
  std::uint64_t frames_ = 0;
};

}  // namespace ktape
