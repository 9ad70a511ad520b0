#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/file_work.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "inspect/overview.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  bool json = false;
};

void line(std::string_view name, std::string_view value) { put(fmt::format("{:<12} {}\n", name, value)); }

// Without the file's own line.
void print_content(const Overview& overview) {
  const SessionSummary& summary = overview.summary;
  if (summary.first_at) {
    line("start", format_rfc3339(*summary.first_at));
    line("end", format_rfc3339(*summary.last_at));
    line("duration", format_duration(std::chrono::floor<std::chrono::milliseconds>(overview.span())));
  }
  line("frames", fmt::format("{} in {} chunks", grouped(summary.frames), grouped(summary.chunks)));
  line("messages",
       fmt::format("{}, {} per second", grouped(overview.messages), rate_text(overview.messages, overview.span())));
  const std::uint64_t tenths = summary.stored_bytes == 0 ? 0 : summary.payload_bytes * 10 / summary.stored_bytes;
  line("size", fmt::format("{} stored, {} of payload ({}.{}x)", bytes_text(summary.stored_bytes),
                           bytes_text(summary.payload_bytes), tenths / 10, tenths % 10));
  line("connections", grouped(overview.connections.size()));
  for (const ConnectionOverview& connection : overview.connections) {
    put(fmt::format("  {:<10} opened {}, closed {}, {} messages received, {} sent\n",
                    static_cast<std::uint32_t>(connection.connection), grouped(connection.opened),
                    grouped(connection.closed), grouped(connection.received), grouped(connection.sent)));
  }
  line("gaps", overview.gaps.empty() ? "none" : grouped(overview.gaps.size()));
  for (const Gap& gap : overview.gaps) put(fmt::format("  {}\n", gap_text(gap)));
  if (summary.keyframe_frames > 0) {
    line("keyframe",
         fmt::format("{} frames more, made for the state at the beginning", grouped(summary.keyframe_frames)));
  }
  put_notes(overview.annotations);
  put(fmt::format("\n{:<14} {:<12} {:>12} {:>12} {:>10}\n", "channel", "symbol", "frames", "per second", "payload"));
  for (const ChannelOverview& channel : overview.channels) {
    put(fmt::format("{:<14} {:<12} {:>12} {:>12} {:>10}\n", channel.channel, channel.symbol, grouped(channel.frames),
                    rate_text(channel.frames, overview.span()), bytes_text(channel.payload_bytes)));
  }
}

void print_one(const Overview& overview) {
  const SessionInfo& info = overview.info;
  line("file", overview.path);
  line("state", to_string(overview.state));
  line("written by", fmt::format("{}, format {}.{}", info.writer, info.major, info.minor));
  if (!info.dialect.empty()) line("dialect", info.dialect);
  if (!info.description.empty()) line("description", info.description);
  line("session", fmt::format("{}, segment {}", info.session_id, info.segment));
  print_content(overview);
}

void print_table(const std::vector<Overview>& all, const Overview& total) {
  constexpr std::string_view kRow = "{:>7} {:<9} {:<20} {:>12} {:>12} {:>10} {:>5}  {}\n";
  put(fmt::format(kRow, "segment", "state", "start", "duration", "messages", "stored", "gaps", "file"));
  for (const Overview& one : all) {
    put(fmt::format(kRow, one.info.segment, to_string(one.state),
                    one.summary.first_at ? format_rfc3339(*one.summary.first_at, 0) : "-",
                    format_duration(std::chrono::floor<std::chrono::milliseconds>(one.span())), grouped(one.messages),
                    bytes_text(one.summary.stored_bytes), one.gaps.size(), one.path));
  }
  put(fmt::format("\ntotal of {} files\n", all.size()));
  line("state", to_string(total.state));
  if (!total.info.session_id.empty()) line("session", total.info.session_id);
  print_content(total);
}

int run(const Options& options) {
  std::vector<Overview> all;
  for (const std::string& file : options.files) {
    auto reader = open_recording(file);
    if (!reader) return report(reader.error());
    auto overview = overview_of(**reader, file);
    if (!overview) return report(overview.error());
    all.push_back(std::move(*overview));
  }
  const Overview total = total_of(all);
  const auto missing = missing_segments(all);
  if (options.json && all.size() == 1) {
    std::string out;
    append_overview_json(out, all.front());
    put(out + "\n");
  } else if (options.json) {
    std::string out = R"({"files":[)";
    for (const Overview& one : all) {
      if (&one != all.data()) out.push_back(',');
      append_overview_json(out, one);
    }
    out += R"(],"total":)";
    append_overview_json(out, total);
    put(out + "}\n");
  } else if (all.size() == 1) {
    print_one(all.front());
  } else {
    print_table(all, total);
  }
  for (const std::string& what : missing) say("ktape: " + what);
  const bool whole = total.state != SessionState::Damaged && total.gaps.empty() && missing.empty();
  return whole ? kClean : kIncomplete;
}

}  // namespace

void add_info(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("info", "Tells what a recording holds, from its index");
  command->footer(
      "Example: ktape info session.ktape\n"
      "Several files, such as the segments of a session, give a table and a total.\n"
      "Exit code 3: there are gaps, damage, or a segment between the others is missing.");
  command->add_option("FILE", options->files, "The recordings")->required();
  command->add_flag("--json", options->json, "One JSON object; of several files {\"files\":[...],\"total\":{...}}");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
