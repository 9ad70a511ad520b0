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

  // Plays one frame. False at the end of the source. An error of the source ends the replay: it is returned again.
  Result<bool> step();

  // The stamp of the frame that the next step() plays; nothing at the end.
  Result<std::optional<Timestamp>> next_at();

  std::uint64_t frames() const { return frames_; }

 private:
  Result<void> look_ahead();

  FrameSource& in_;
  VirtualClock& clock_;
  FrameSink& out_;
  std::optional<Frame> next_;  // read, not played; its payload lives until the next read
  bool ended_ = false;
  std::optional<Error> failed_;
  std::uint64_t frames_ = 0;
};

}  // namespace ktape
