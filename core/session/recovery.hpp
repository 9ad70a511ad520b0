#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/result.hpp"
#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"

namespace ktape {

// What a new recording of a damaged or unfinished one must say of itself: the same session and segment, frames that
// are redacted already. To be given to SessionWriter::create together with Redaction::Kept.
SessionInfo recovered_info(const SessionInfo& info);

struct RecoveryReport {
  SessionState found = SessionState::Open;  // what the recording was
  std::uint64_t frames = 0;                 // saved
  std::uint64_t payload_bytes = 0;
  std::uint64_t annotations = 0;
  std::vector<Gap> gaps;          // all that the new recording tells
  std::uint64_t lost_frames = 0;  // by damage or crash, as far as known
};

// Makes a sealed recording of one that was killed, torn or damaged: streams every readable frame of `in`, with its
// journal, from the first on to `out`, which is then finished; gaps and annotations go along, and what is damaged or
// was cut short becomes a gap that says so. Frames are numbered anew from `out`'s first on. A sealed recording without
// damage comes out with the same content. `out` allows extras. `so_far` hears of the bytes of payload that are saved.
Result<RecoveryReport> recover(SessionReader& in, SessionWriter& out,
                               const std::function<void(std::uint64_t payload_bytes)>& so_far = {});

}  // namespace ktape
