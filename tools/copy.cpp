#include "tools/copy.hpp"

#include <functional>

#include "tools/frame_digest.hpp"
#include "tools/gap_copier.hpp"

namespace ktape {
namespace {

using Take = std::function<Result<void>(std::span<const Frame> frames, bool made)>;

Result<CopyReport> read(SessionReader& in, const WorkSoFar& so_far, const Take& take) {
  CopyReport report;
  FrameDigest digest;
  while (true) {
    const auto frames = in.next_chunk();
    if (!frames) return tl::unexpected<Error>(frames.error());
    if (frames->empty()) break;
    const bool made = in.in_keyframe();
    (made ? report.keyframe_frames : report.frames) += frames->size();
    for (const Frame& frame : *frames) {
      digest.add(frame);
      if (!made) report.payload_bytes += frame.payload.size();
    }
    if (auto done = take(*frames, made); !done) return tl::unexpected<Error>(done.error());
    if (so_far) so_far(report.payload_bytes);
  }
  report.digest = digest.hex();
  return report;
}

}  // namespace

Result<CopyReport> copy_recording(SessionReader& in, SessionWriter& out, const WorkSoFar& so_far) {
  GapCopier gaps(in, std::nullopt);
  auto report = read(in, so_far, [&](std::span<const Frame> frames, bool made) -> Result<void> {
    gaps.copy_until(frames.front().at, out);
    if (made) {
      out.write_keyframe(frames);
    } else {
      for (const Frame& frame : frames) out.on_frame(frame);
    }
    return out.status();
  });
  if (!report) return report;
  gaps.finish(std::nullopt, out);
  for (const Annotation& note : in.annotations()) out.annotate(note);
  if (!out.status()) return tl::unexpected<Error>(out.status().error());
  return report;
}

Result<CopyReport> read_recording(SessionReader& in, const WorkSoFar& so_far) {
  return read(in, so_far, [](std::span<const Frame>, bool) { return Result<void>(); });
}

Losses losses_of(const SessionReader& in) {
  Losses losses;
  for (const Gap& gap : in.gaps()) {
    if (gap.cause != GapCause::Damaged && gap.cause != GapCause::Crash) continue;
    ++losses.places;
    losses.frames += gap.frames.value_or(0);
    if (!gap.frames) ++losses.unknown;
  }
  return losses;
}

}  // namespace ktape
