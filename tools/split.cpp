#include "tools/split.hpp"

#include <set>

#include <fmt/format.h>

#include "tools/cut.hpp"
#include "tools/gap_copier.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxParts = 1000;  // each is an open file when it is not cut by time

Error too_many() { return {Errc::Limit, fmt::format("a recording is split into at most {} parts at once", kMaxParts)}; }

// Parts that follow each other.
class Series {
 public:
  Series(SessionReader& in, const SplitOptions& options, Dialect dialect, const OpenPart& open)
      : in_(in), options_(options), open_(open), part_(dialect, FrameFilter::create({}, dialect, nullptr).value()) {
    part_.keep_state();
  }

  Result<void> take(const Frame& frame, bool made) {
    if (writer_ && !made && is_over(frame.at)) {
      if (auto done = finish(frame.at); !done) return done;
    }
    if (!writer_) {
      // A keyframe that the recording begins with is the state of its beginning.
      if (made) {
        part_.take(frame);
        return {};
      }
      if (auto done = begin(frame.at); !done) return done;
    }
    gaps_->copy_until(frame.at, *writer_);
    part_.write(frame, made, *writer_);
    return writer_->status();
  }

  Result<void> finish(std::optional<Timestamp> to) {
    if (!writer_) return {};
    part_.end(*writer_);
    gaps_->finish(to, *writer_);
    if (auto done = writer_->finish(); !done) return done;
    reports.back().frames = part_.frames();
    reports.back().keyframe_frames = part_.keyframe_frames();
    reports.back().stored_bytes = writer_->stored_bytes();
    writer_.reset();
    return {};
  }

  std::vector<PartReport> reports;

 private:
  bool is_over(Timestamp at) const {
    return options_.by == SplitBy::Time ? at >= end_ : writer_->stored_bytes() >= options_.bytes;
  }

  Result<void> begin(Timestamp at) {
    if (options_.by == SplitBy::Size && reports.size() >= kMaxParts) return tl::unexpected<Error>(too_many());
    const bool first = reports.empty();
    PartReport report;
    report.name = {reports.size(), at, {}};
    auto writer = open_(report.name);
    if (!writer) return tl::unexpected<Error>(writer.error());
    writer_ = std::move(*writer);
    reports.push_back(std::move(report));
    if (options_.by == SplitBy::Time) end_ = floor_to(at, options_.every) + options_.every;
    gaps_.emplace(in_, first ? std::nullopt : std::optional(at));
    part_.begin(at, *writer_);
    return writer_->status();
  }

  SessionReader& in_;
  const SplitOptions& options_;
  const OpenPart& open_;
  Part part_;
  std::unique_ptr<SessionWriter> writer_;
  std::optional<GapCopier> gaps_;
  Timestamp end_;
};

struct Side {
  Part part;
  std::unique_ptr<SessionWriter> writer;
  GapCopier gaps;
  bool begun = false;
};

bool is_market_channel(std::string_view name) {
  for (const auto channel : {Channel::Book, Channel::Trade, Channel::Ticker, Channel::Ohlc, Channel::Instrument}) {
    if (to_string(channel) == name) return true;
  }
  return false;
}

std::set<std::string> keys_of(const SessionSummary& summary, SplitBy by) {
  std::set<std::string> keys;
  for (const StreamCount& stream : summary.streams) {
    const bool data = is_market_channel(stream.channel);
    if (by == SplitBy::Connection) {
      keys.insert(fmt::format("{}", static_cast<std::uint32_t>(stream.connection)));
    } else if (data && by == SplitBy::Channel) {
      keys.insert(stream.channel);
    } else if (data && by == SplitBy::Symbol && stream.channel != to_string(Channel::Instrument) &&
               !stream.symbol.empty()) {
      keys.insert(stream.symbol);
    }
  }
  return keys;
}

CopySelection selection_of(const std::string& key, SplitBy by) {
  CopySelection selection;
  if (by == SplitBy::Symbol) selection.symbols.insert(key);
  if (by == SplitBy::Channel) selection.channels.insert(key);
  if (by == SplitBy::Connection)
    selection.connections.insert(ConnectionId{static_cast<std::uint32_t>(std::stoul(key))});
  return selection;
}

// Parts that lie beside each other.
Result<std::vector<PartReport>> split_by_key(SessionReader& in, const SplitOptions& options, Dialect dialect,
                                             FrameClassifier* classifier, const OpenPart& open,
                                             const WorkSoFar& so_far) {
  const auto summary = in.summary();
  if (!summary) return tl::unexpected<Error>(summary.error());
  const auto keys = keys_of(*summary, options.by);
  if (keys.empty()) return fail(Errc::InvalidArgument, "the recording does not say which frames belong to which");
  if (keys.size() > kMaxParts) return tl::unexpected<Error>(too_many());
  std::vector<PartReport> reports;
  std::vector<std::unique_ptr<Side>> sides;
  for (const std::string& key : keys) {
    const auto selection = selection_of(key, options.by);
    auto filter = FrameFilter::create(selection, dialect, classifier);
    if (!filter) return tl::unexpected<Error>(filter.error());
    reports.push_back({{reports.size(), std::nullopt, key}});
    auto writer = open(reports.back().name);
    if (!writer) return tl::unexpected<Error>(writer.error());
    const auto connections = selection.connections;
    sides.push_back(std::make_unique<Side>(
        Side{Part(dialect, std::move(*filter)), std::move(*writer),
             GapCopier(in, std::nullopt, [connections](Gap gap) -> std::optional<Gap> {
               if (gap.connection && !connections.empty() && !connections.contains(*gap.connection))
                 return std::nullopt;
               return gap;
             })}));
  }
  std::uint64_t bytes = 0;
  while (true) {
    const auto frames = in.next_chunk();
    if (!frames) return tl::unexpected<Error>(frames.error());
    if (frames->empty()) break;
    const bool made = in.in_keyframe();
    for (const auto& side : sides) {
      side->gaps.copy_until(frames->front().at, *side->writer);
      for (const Frame& frame : *frames) side->part.write(frame, made, *side->writer);
      if (!side->writer->status()) return tl::unexpected<Error>(side->writer->status().error());
    }
    for (const Frame& frame : *frames) bytes += frame.payload.size();
    if (so_far) so_far(bytes);
  }
  for (std::size_t i = 0; i < sides.size(); ++i) {
    Side& side = *sides[i];
    side.part.end(*side.writer);
    side.gaps.finish(std::nullopt, *side.writer);
    if (auto done = side.writer->finish(); !done) return tl::unexpected<Error>(done.error());
    reports[i].frames = side.part.frames();
    reports[i].keyframe_frames = side.part.keyframe_frames();
    reports[i].stored_bytes = side.writer->stored_bytes();
  }
  return reports;
}

}  // namespace

Result<std::vector<PartReport>> split(SessionReader& in, const SplitOptions& options, Dialect dialect,
                                      FrameClassifier* classifier, const OpenPart& open, const WorkSoFar& so_far) {
  if (options.by != SplitBy::Time && options.by != SplitBy::Size) {
    return split_by_key(in, options, dialect, classifier, open, so_far);
  }
  Series series(in, options, dialect, open);
  std::uint64_t bytes = 0;
  while (true) {
    const auto frames = in.next_chunk();
    if (!frames) return tl::unexpected<Error>(frames.error());
    if (frames->empty()) break;
    const bool made = in.in_keyframe();
    for (const Frame& frame : *frames) {
      bytes += frame.payload.size();
      if (auto done = series.take(frame, made); !done) return tl::unexpected<Error>(done.error());
    }
    if (so_far) so_far(bytes);
  }
  if (auto done = series.finish(std::nullopt); !done) return tl::unexpected<Error>(done.error());
  return std::move(series.reports);
}

}  // namespace ktape
