#pragma once

#include <cstdint>
#include <string>

#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "tools/work.hpp"

namespace ktape {

struct CopyReport {
  std::uint64_t frames = 0;           // as recorded
  std::uint64_t keyframe_frames = 0;  // made
  std::uint64_t payload_bytes = 0;    // of the recorded ones
  std::string digest;                 // of all frames: see FrameDigest
};

// Copies all that can be read: frames, keyframes, notes and gaps. What cannot be read becomes a gap. `out` is not
// finished by it. An error (Io) of the source ends it; those of the writer stand in its status.
Result<CopyReport> copy_recording(SessionReader& in, SessionWriter& out, const WorkSoFar& so_far = {});

// Reads a recording to its end and reports what copy_recording() would.
Result<CopyReport> read_recording(SessionReader& in, const WorkSoFar& so_far = {});

// How much could not be read.
struct Losses {
  std::uint64_t frames = 0;   // where the number is known
  std::uint64_t unknown = 0;  // places where it is not
  std::uint64_t places = 0;
};
// Of a recording that was read to its end.
Losses losses_of(const SessionReader& in);

}  // namespace ktape
