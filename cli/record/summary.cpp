#include "cli/record/summary.hpp"

#include <fmt/format.h>

#include "cli/text_output.hpp"
#include "core/base/json_text.hpp"

namespace ktape::cli {
namespace {

LinkFigures sum_of(const std::vector<LinkFigures>& links) {
  LinkFigures all;
  for (const LinkFigures& link : links) {
    all.connects += link.connects;
    all.disconnects += link.disconnects;
    all.failed_attempts += link.failed_attempts;
    all.stale_spans += link.stale_spans;
    all.refused += link.refused;
    all.checksums_verified += link.checksums_verified;
    all.checksums_failed += link.checksums_failed;
    all.sequences_verified += link.sequences_verified;
    all.sequences_failed += link.sequences_failed;
    all.trade_gaps += link.trade_gaps;
    all.unanswered += link.unanswered;
  }
  return all;
}

}  // namespace

bool is_whole(const RunResult& result) {
  const LinkFigures all = sum_of(result.links);
  return all.refused == 0 && all.checksums_failed == 0 && all.sequences_failed == 0 && all.trade_gaps == 0 &&
         result.output.recording.dropped_frames == 0;
}

std::string summary_text(const RecordConfig& config, const RunResult& result) {
  const LinkFigures all = sum_of(result.links);
  const RecordingStats& stats = result.output.recording;
  std::string out =
      result.paths.size() == 1 ? result.paths.front() : fmt::format("{}: {} files", config.output, result.paths.size());
  const bool numbered = config.dialect == Dialect::FuturesV1;
  out +=
      fmt::format(": {} frames, {}, {} {} right, {} wrong, {} holes in trade ids", grouped(stats.frames),
                  bytes_text(stats.stored_bytes), grouped(numbered ? all.sequences_verified : all.checksums_verified),
                  numbered ? "numbers of books" : "checksums",
                  grouped(numbered ? all.sequences_failed : all.checksums_failed), grouped(all.trade_gaps));
  if (result.links.size() > 1) out += fmt::format(", {} connections", result.links.size());
  if (all.disconnects > 0) out += fmt::format(", {} lost connections", grouped(all.disconnects));
  if (all.stale_spans > 0) out += fmt::format(", {} silences", grouped(all.stale_spans));
  if (all.refused > 0) out += fmt::format(", {} refused", grouped(all.refused));
  if (stats.dropped_frames > 0) out += fmt::format(", {} frames DROPPED", grouped(stats.dropped_frames));
  return out;
}

std::string summary_json(const RunResult& result, int exit_code) {
  const LinkFigures all = sum_of(result.links);
  const RecordingStats& stats = result.output.recording;
  std::string out = "{\"files\":[";
  for (std::size_t i = 0; i < result.paths.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(out, result.paths[i]);
  }
  out += fmt::format(
      R"(],"frames":{},"payload_bytes":{},"stored_bytes":{},"dropped_frames":{},"seconds":{},"connections":{},)",
      stats.frames, stats.payload_bytes, stats.stored_bytes, stats.dropped_frames,
      result.length / std::chrono::seconds(1), result.links.size());
  out += fmt::format(
      R"("connects":{},"disconnects":{},"failed_attempts":{},"stale_spans":{},"refused":{},"unanswered":{},)",
      all.connects, all.disconnects, all.failed_attempts, all.stale_spans, all.refused, all.unanswered);
  out += fmt::format(R"("checksums_verified":{},"checksums_failed":{},"sequences_verified":{},"sequences_failed":{},)",
                     all.checksums_verified, all.checksums_failed, all.sequences_verified, all.sequences_failed);
  out += fmt::format(R"("trade_gaps":{},"incidents":{},)", all.trade_gaps, result.output.incidents);
  out += fmt::format(R"("times_blocked":{},"longest_sync_ms":{},"error":)", stats.times_blocked,
                     stats.longest_sync / std::chrono::milliseconds(1));
  if (result.error) {
    append_json_string(out, result.error->detail);
  } else {
    out += "null";
  }
  return out + fmt::format(",\"exit_code\":{}}}\n", exit_code);
}

}  // namespace ktape::cli
