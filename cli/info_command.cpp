#include <map>
#include <memory>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/base/json_text.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string file;
  bool json = false;
};

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

void print_json(const SessionReader& reader, const SessionSummary& summary) {
  std::string out = fmt::format(
      R"({{"session":{},"writer":{},"dialect":{},"description":{},"format":"{}.{}","state":"{}","created_at":{},)"
      R"("frames":{},"chunks":{},"payload_bytes":{},"stored_bytes":{})",
      json_string(reader.info().session_id), json_string(reader.info().writer), json_string(reader.info().dialect),
      json_string(reader.info().description), reader.info().major, reader.info().minor, to_string(reader.state()),
      nanoseconds(reader.info().created_at), summary.frames, summary.chunks, summary.payload_bytes,
      summary.stored_bytes);
  if (summary.first_at) {
    out += fmt::format(R"(,"first_at":{},"last_at":{})", nanoseconds(*summary.first_at), nanoseconds(*summary.last_at));
  }
  out += fmt::format(R"(,"gaps":{},"streams":[)", reader.gaps().size());
  for (const StreamCount& stream : summary.streams) {
    if (&stream != summary.streams.data()) out.push_back(',');
    out += fmt::format(
        R"({{"connection":{},"direction":"{}","kind":"{}","channel":{},"symbol":{},"frames":{},"bytes":{}}})",
        static_cast<std::uint32_t>(stream.connection), to_string(stream.direction), to_string(stream.kind),
        json_string(stream.channel), json_string(stream.symbol), stream.frames, stream.payload_bytes);
  }
  put(out + "]}\n");
}

void print_text(const Options& options, const SessionReader& reader, const SessionSummary& summary) {
  const auto line = [](std::string_view name, std::string_view value) { put(fmt::format("{:<12} {}\n", name, value)); };
  line("file", options.file);
  line("state", to_string(reader.state()));
  line("written by", fmt::format("{}, format {}.{}", reader.info().writer, reader.info().major, reader.info().minor));
  if (!reader.info().dialect.empty()) line("dialect", reader.info().dialect);
  if (!reader.info().description.empty()) line("description", reader.info().description);
  line("session", reader.info().session_id);
  if (summary.first_at) {
    line("start", format_rfc3339(*summary.first_at));
    line("end", format_rfc3339(*summary.last_at));
    line("duration",
         format_duration(std::chrono::floor<std::chrono::milliseconds>(*summary.last_at - *summary.first_at)));
  }
  line("frames", fmt::format("{} in {} chunks", grouped(summary.frames), grouped(summary.chunks)));
  const std::uint64_t tenths = summary.stored_bytes == 0 ? 0 : summary.payload_bytes * 10 / summary.stored_bytes;
  line("size", fmt::format("{} stored, {} of payload ({}.{}x)", bytes_text(summary.stored_bytes),
                           bytes_text(summary.payload_bytes), tenths / 10, tenths % 10));
  std::set<ConnectionId> connections;
  std::map<std::pair<std::string, std::string>, std::pair<std::uint64_t, std::uint64_t>> channels;
  for (const StreamCount& stream : summary.streams) {
    connections.insert(stream.connection);
    const std::string what = stream.channel.empty() ? fmt::format("({})", to_string(stream.kind)) : stream.channel;
    auto& [frames, bytes] = channels[{what, stream.symbol}];
    frames += stream.frames;
    bytes += stream.payload_bytes;
  }
  line("connections", grouped(connections.size()));
  const auto gaps = reader.gaps();
  line("gaps", gaps.empty() ? "none" : grouped(gaps.size()));
  for (const Gap& gap : gaps) {
    put(fmt::format("  {} .. {} {}{}\n", format_rfc3339(gap.from), format_rfc3339(gap.to), to_string(gap.cause),
                    gap.detail.empty() ? "" : ": " + gap.detail));
  }
  put(fmt::format("\n{:<14} {:<12} {:>12} {:>10}\n", "channel", "symbol", "frames", "payload"));
  for (const auto& [name, count] : channels) {
    put(fmt::format("{:<14} {:<12} {:>12} {:>10}\n", name.first, name.second, grouped(count.first),
                    bytes_text(count.second)));
  }
}

int run(const Options& options) {
  auto reader = open_recording(options.file);
  if (!reader) return report(reader.error());
  const auto summary = (*reader)->summary();
  if (!summary) return report(summary.error());
  if (options.json) {
    print_json(**reader, *summary);
  } else {
    print_text(options, **reader, *summary);
  }
  return (*reader)->state() == SessionState::Damaged || !(*reader)->gaps().empty() ? kIncomplete : kClean;
}

}  // namespace

void add_info(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("info", "Tells what a recording holds, from its index");
  command->footer("Example: ktape info session.ktape\nExit code 3: there are gaps, or damage.");
  command->add_option("FILE", options->file, "The recording")->required();
  command->add_flag("--json", options->json, "One JSON object");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
