#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/protocol/dialect.hpp"
#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "replay/state_tracker.hpp"
#include "tools/frame_filter.hpp"
#include "tools/work.hpp"

namespace ktape {

// One new recording that goes on from the middle of another: what comes before its beginning is taken as state, and
// told as a keyframe.
class Part {
 public:
  Part(Dialect dialect, FrameFilter filter) : tracker_(dialect), filter_(std::move(filter)) {}

  // A frame before the beginning.
  void take(const Frame& frame);

  // From now on frames are written to `out`, after the keyframe stamped `at`. What was taken may not be later.
  void begin(Timestamp at, SessionWriter& out);

  // A frame after the beginning; `made`: it stands in a keyframe of the origin.
  void write(const Frame& frame, bool made, SessionWriter& out);

  // All was written. begin() may follow, with another recording, if keep_state() was called before the first frame.
  void end(SessionWriter& out);

  // Takes what is written as state, too.
  void keep_state() { keeps_state_ = true; }

  std::uint64_t frames() const { return frames_; }  // written to the present recording
  std::uint64_t keyframe_frames() const { return keyframe_frames_; }

 private:
  struct Made {
    Frame frame;
    std::string payload;
  };
  class Collector;
  void flush_made(SessionWriter& out);
  void write_keyframe(const std::vector<Made>& made, SessionWriter& out);

  StateTracker tracker_;
  FrameFilter filter_;
  bool keeps_state_ = false;
  std::vector<Made> made_;
  std::uint64_t frames_ = 0;
  std::uint64_t keyframe_frames_ = 0;
};

struct CutOptions {
  std::optional<Timestamp> from{};  // the first frame stamped so or later is the first
  std::optional<Timestamp> to{};    // the first frame stamped so or later is left out, with all after it
  CopySelection selection{};
};

struct CutReport {
  std::uint64_t frames = 0;
  std::uint64_t keyframe_frames = 0;
  std::uint64_t frames_before = 0;  // of the origin, before the beginning
};

// Copies a span of a recording, and of it what is selected, so that the copy can be played: with the state at its
// beginning as a keyframe, where the dialect is understood. `out` allows extras and is not finished by it. An error
// (Io) of the source ends it; those of the writer stand in its status.
Result<CutReport> cut(SessionReader& in, SessionWriter& out, const CutOptions& options, Dialect dialect,
                      FrameClassifier* classifier, const WorkSoFar& so_far = {});

}  // namespace ktape
