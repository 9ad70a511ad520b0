#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/base/json_text.hpp"
#include "live/real_time.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string file;
  std::string format = "text";
  std::string start_offset;
  std::string duration;
  std::uint64_t limit = 0;
  bool follow = false;
};

void append_json(std::string& out, const Frame& frame) {
  fmt::format_to(std::back_inserter(out), R"({{"at":{},"connection":{},"direction":"{}","kind":"{}","payload":)",
                 nanoseconds(frame.at), static_cast<std::uint32_t>(frame.connection), to_string(frame.direction),
                 to_string(frame.kind));
  append_json_string(out, frame.payload);
  out += "}\n";
}

void append_text(std::string& out, const Frame& frame) {
  append_rfc3339(out, frame.at);
  fmt::format_to(std::back_inserter(out), " {} {} ", static_cast<std::uint32_t>(frame.connection),
                 frame.direction == Direction::FromExchange ? '<' : '>');
  if (frame.kind != FrameKind::Text) fmt::format_to(std::back_inserter(out), "[{}] ", to_string(frame.kind));
  out += frame.payload;
  out.push_back('\n');
}

int run(const Options& options) {
  const auto start_offset = parse_optional_duration("--start-offset", options.start_offset);
  if (!start_offset) return report(start_offset.error());
  const auto duration = parse_optional_duration("--duration", options.duration);
  if (!duration) return report(duration.error());
  auto reader = open_recording(options.file);
  if (!reader) return report(reader.error());

  if (auto longer = require_longer_than(**reader, options.file, start_offset->value_or(Duration::zero()));
      !longer && !options.follow) {
    return report(longer.error());
  }
  std::optional<Timestamp> begin;
  std::optional<Timestamp> end;
  std::uint64_t printed = 0;
  std::string line;
  for (;;) {
    auto frame = (*reader)->next();
    if (!frame) return report(frame.error());
    if (!*frame) {
      if (!options.follow) break;
      if (!flush_output()) break;
      const auto more = (*reader)->refresh();
      if (!more) return report(more.error());
      if (!*more && (*reader)->state() == SessionState::Sealed) break;
      if (!*more) pause_real_time(std::chrono::milliseconds(100));
      continue;
    }
    if (!begin) {
      begin = (*frame)->at + start_offset->value_or(Duration::zero());
      if (*duration) end = *begin + **duration;
    }
    if ((*frame)->at < *begin) continue;
    if (end && (*frame)->at >= *end) break;
    line.clear();
    if (options.format == "json") {
      append_json(line, **frame);
    } else if (options.format == "payload") {
      if ((*frame)->kind != FrameKind::Text) continue;
      line.append((*frame)->payload).push_back('\n');
    } else {
      append_text(line, **frame);
    }
    if (!put(line) || ++printed == options.limit) break;
  }
  flush_output();
  return tell_what_is_missing(**reader, options.file);
}

}  // namespace

void add_cat(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("cat", "Prints the frames of a recording, one per line");
  command->footer(
      "Example: ktape cat session.ktape --format json --limit 10\n"
      "text: time, connection, < from or > to the exchange, payload. payload: the messages alone, both ways.");
  command->add_option("FILE", options->file, "The recording")->required();
  command->add_option("--format", options->format, "text, json or payload")
      ->check(CLI::IsMember({"text", "json", "payload"}))
      ->capture_default_str();
  command->add_option("--start-offset", options->start_offset, "Leave out so much from the beginning (1m30s)");
  command->add_option("--duration", options->duration, "Print no more than this span");
  command->add_option("--limit", options->limit, "Print at most so many frames")->check(CLI::NonNegativeNumber);
  command->add_flag("-f,--follow", options->follow, "Wait for what is still being written, until it is sealed");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
