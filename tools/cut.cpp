#include "tools/cut.hpp"

#include "tools/gap_copier.hpp"

namespace ktape {

class Part::Collector final : public FrameSink {
 public:
  Collector(FrameFilter& filter, std::vector<Made>& out) : filter_(filter), out_(out) {}
  void on_frame(const Frame& frame) override {
    if (filter_.passes(frame)) out_.push_back({frame, std::string(frame.payload)});
  }

 private:
  FrameFilter& filter_;
  std::vector<Made>& out_;
};

void Part::take(const Frame& frame) {
  if (filter_.passes(frame)) tracker_.on_frame(frame);
}

void Part::write_keyframe(const std::vector<Made>& made, SessionWriter& out) {
  std::vector<Frame> frames;
  frames.reserve(made.size());
  for (const Made& one : made) {
    frames.push_back(one.frame);
    frames.back().payload = one.payload;
  }
  out.write_keyframe(frames);
  keyframe_frames_ += frames.size();
}

void Part::begin(Timestamp at, SessionWriter& out) {
  frames_ = 0;
  keyframe_frames_ = 0;
  // What the filter leaves out of a conversation is left out of the one that is made, too.
  std::vector<Made> made;
  Collector collector(filter_, made);
  tracker_.tell(at, collector);
  write_keyframe(made, out);
}

void Part::flush_made(SessionWriter& out) {
  if (made_.empty()) return;
  write_keyframe(made_, out);
  made_.clear();
}

void Part::write(const Frame& frame, bool made, SessionWriter& out) {
  if (!filter_.passes(frame)) return;
  if (keeps_state_) tracker_.on_frame(frame);
  if (made) {
    made_.push_back({frame, std::string(frame.payload)});
    return;
  }
  flush_made(out);
  out.on_frame(frame);
  ++frames_;
}

void Part::end(SessionWriter& out) { flush_made(out); }

Result<CutReport> cut(SessionReader& in, SessionWriter& out, const CutOptions& options, Dialect dialect,
                      FrameClassifier* classifier, const WorkSoFar& so_far) {
  auto filter = FrameFilter::create(options.selection, dialect, classifier);
  if (!filter) return tl::unexpected<Error>(filter.error());
  Part part(dialect, std::move(*filter));
  const auto& selected = options.selection.connections;
  GapCopier gaps(in, options.from, [&](Gap gap) -> std::optional<Gap> {
    if (gap.connection && !selected.empty() && !selected.contains(*gap.connection)) return std::nullopt;
    return gap;
  });
  CutReport report;
  bool begun = !options.from;
  bool ended = false;
  std::uint64_t bytes = 0;
  const auto begin = [&] {
    begun = true;
    part.begin(*options.from, out);
  };
  while (!ended && out.status()) {
    const auto frames = in.next_chunk();
    if (!frames) return tl::unexpected<Error>(frames.error());
    if (frames->empty()) break;
    const bool made = in.in_keyframe();
    if (begun) gaps.copy_until(frames->front().at, out);
    for (const Frame& frame : *frames) {
      bytes += frame.payload.size();
      if (!begun && frame.at >= *options.from && !(made && frame.at == *options.from)) {
        begin();
        gaps.copy_until(frame.at, out);
      }
      if (options.to && frame.at >= *options.to) {
        ended = true;
        break;
      }
      if (begun) {
        part.write(frame, made, out);
      } else {
        part.take(frame);
        if (!made) ++report.frames_before;
      }
    }
    if (so_far) so_far(bytes);
  }
  if (!begun) begin();
  part.end(out);
  gaps.finish(options.to, out);
  if (!out.status()) return tl::unexpected<Error>(out.status().error());
  report.frames = part.frames();
  report.keyframe_frames = part.keyframe_frames();
  return report;
}

}  // namespace ktape
