#include "core/session/recovery.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace ktape {
SessionInfo recovered_info(const SessionInfo& info) {
  SessionInfo out = info;
  if (out.session_id.empty()) out.session_id = "unknown";  // its header is lost
  return out;
}

Result<RecoveryReport> recover(SessionReader& in, SessionWriter& out,
                               const std::function<void(std::uint64_t payload_bytes)>& so_far) {
  RecoveryReport report;
  in.seek_to_sequence(in.info().first_sequence);
  // What is known to be missing goes in its place; damage that is found only by reading comes after all frames.
  const std::vector<Gap> known = in.gaps();
  const std::vector<Annotation> notes = in.annotations();
  std::size_t next_gap = 0;
  std::size_t next_note = 0;
  const auto tell_until = [&](Timestamp at) {
    for (; next_gap < known.size() && known[next_gap].to <= at; ++next_gap) out.note_gap(known[next_gap]);
    for (; next_note < notes.size() && notes[next_note].at <= at; ++next_note) out.annotate(notes[next_note]);
  };
  Timestamp last = in.info().created_at;
  while (true) {
    const auto frames = in.next_chunk();
    if (!frames) return tl::unexpected(frames.error());
    if (frames->empty()) break;
    if (in.in_keyframe()) {
      tell_until(frames->front().at);
      out.write_keyframe(*frames);
      continue;
    }
    for (const Frame& frame : *frames) {
      tell_until(frame.at);
      out.on_frame(frame);
      last = std::max(last, frame.at);
      ++report.frames;
      report.payload_bytes += frame.payload.size();
    }
    if (!out.status()) return tl::unexpected(out.status().error());
    if (so_far) so_far(report.payload_bytes);
  }
  tell_until(Timestamp::max());
  next_gap = 0;
  for (const Gap& gap : in.gaps()) {  // in the order of the known ones, with others in between
    if (next_gap < known.size() && gap == known[next_gap]) {
      ++next_gap;
    } else {
      out.note_gap(gap);
    }
  }
  report.found = in.state();
  const auto& told = out.gaps();
  const bool crash_told =
      std::any_of(told.begin(), told.end(), [](const Gap& gap) { return gap.cause == GapCause::Crash; });
  if ((!in.sealed() || report.found == SessionState::Recovered) && !crash_told) {
    out.note_gap({last, last, GapCause::Crash, 0, std::nullopt, "the recording was cut off here, and not finished"});
  }
  if (auto done = out.finish(); !done) return tl::unexpected(done.error());
  report.annotations = notes.size();
  report.gaps = out.gaps();
  for (const Gap& gap : report.gaps) {
    const bool lost = gap.cause == GapCause::Damaged || gap.cause == GapCause::Crash;
    if (lost) report.lost_frames += gap.frames.value_or(0);
  }
  return report;
}

}  // namespace ktape
