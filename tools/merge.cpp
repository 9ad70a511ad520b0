#include "tools/merge.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "core/base/json_text.hpp"

namespace ktape {

Result<bool> MergeCursor::advance() {
  if (next_ == frames_.size()) {
    const auto frames = reader_.next_chunk();
    if (!frames) return tl::unexpected<Error>(frames.error());
    if (frames->empty()) return false;
    frames_ = *frames;
    made_ = reader_.in_keyframe();
    next_ = 0;
  }
  ++next_;
  at_ = std::max(at_, frame().at);
  return true;
}

ConnectionId ConnectionNumbers::of(std::size_t input, ConnectionId was) {
  const auto [place, is_new] = known_.try_emplace({input, was}, was);
  if (!is_new) return place->second;
  if (taken_.contains(was)) {
    // Beyond all that is taken; a file with the last number of all leaves the first that is free.
    auto number = static_cast<std::uint32_t>(taken_.rbegin()->first) + 1;
    while (taken_.contains(ConnectionId{number})) ++number;
    place->second = ConnectionId{number};
  }
  taken_[place->second] = true;
  all_.push_back({input, was, place->second});
  return place->second;
}

Result<void> annotate_sources(std::span<const MergeInput> inputs, ConnectionNumbers& numbers, SessionWriter& out) {
  const auto json = [](std::string_view text) {
    std::string quoted;
    append_json_string(quoted, text);
    return quoted;
  };
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (Annotation note : inputs[i].reader->annotations()) {
      if (note.connection) note.connection = numbers.of(i, *note.connection);
      out.annotate(note);
    }
  }
  for (const MergedConnection& one : numbers.all()) {
    const SessionInfo& info = inputs[one.input].reader->info();
    out.annotate({info.created_at, one.is, "source",
                  fmt::format(R"({{"note":"source","connection":{},"file":{},"session":{},"was":{}}})",
                              static_cast<std::uint32_t>(one.is), json(inputs[one.input].name), json(info.session_id),
                              static_cast<std::uint32_t>(one.was))});
  }
  return out.status();
}

Result<MergeReport> merge(std::span<const MergeInput> inputs, SessionWriter& out, const WorkSoFar& so_far) {
  ConnectionNumbers numbers;
  std::vector<MergeCursor> cursors;
  std::vector<std::unique_ptr<GapCopier>> gaps;
  std::vector<bool> alive;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    cursors.emplace_back(*inputs[i].reader);
    gaps.push_back(std::make_unique<GapCopier>(*inputs[i].reader, std::nullopt,
                                               [&numbers, &inputs, i](Gap gap) -> std::optional<Gap> {
                                                 if (gap.connection) gap.connection = numbers.of(i, *gap.connection);
                                                 gap.detail = fmt::format("{}: {}", inputs[i].name, gap.detail);
                                                 return gap;
                                               }));
    auto begun = cursors.back().advance();
    if (!begun) return tl::unexpected<Error>(begun.error());
    alive.push_back(*begun);
  }
  MergeReport report;
  std::uint64_t bytes = 0;
  std::vector<std::pair<Frame, std::string>> made;
  const auto flush_made = [&] {
    if (made.empty()) return;
    std::vector<Frame> frames;
    for (auto& [frame, payload] : made) {
      frame.payload = payload;
      frames.push_back(frame);
    }
    out.write_keyframe(frames);
    report.keyframe_frames += frames.size();
    made.clear();
  };
  while (out.status()) {
    std::optional<std::size_t> next;
    for (std::size_t i = 0; i < cursors.size(); ++i) {
      if (alive[i] && (!next || cursors[i].at() < cursors[*next].at())) next = i;
    }
    if (!next) break;
    MergeCursor& cursor = cursors[*next];
    if (cursor.is_first_of_batch()) {
      gaps[*next]->copy_until(cursor.at(), out);
      if (so_far) so_far(bytes);
    }
    Frame frame = cursor.frame();
    frame.connection = numbers.of(*next, frame.connection);
    bytes += frame.payload.size();
    if (cursor.made()) {
      made.emplace_back(frame, std::string(frame.payload));
    } else {
      flush_made();
      out.on_frame(frame);
      ++report.frames;
    }
    const auto more = cursor.advance();
    if (!more) return tl::unexpected<Error>(more.error());
    alive[*next] = *more;
  }
  flush_made();
  for (const auto& each : gaps) each->finish(std::nullopt, out);
  if (auto done = annotate_sources(inputs, numbers, out); !done) return tl::unexpected<Error>(done.error());
  report.connections = numbers.all();
  return report;
}

}  // namespace ktape
