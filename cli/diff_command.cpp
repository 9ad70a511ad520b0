#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/progress.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/base/json_text.hpp"
#include "inspect/difference.hpp"
#include "replay/file_source.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string a;
  std::string b;
  bool events = false;
  bool ignore_times = false;
  bool ignore_connections = false;
  std::size_t context = 3;
};

// A file to be compared, with what has to live as long as its history.
struct Side {
  std::unique_ptr<ByteSource> text;
  std::unique_ptr<SessionReader> recording;
  std::unique_ptr<History> history;
  std::uint64_t bytes = 0;  // of payload, or of text
};

// An event log is lines of objects; everything else has to be a recording.
Result<bool> is_event_log(ByteSource& file) {
  std::string start(1, '\0');
  const auto got = file.read_at(0, start);
  if (!got) return tl::unexpected<Error>(got.error());
  return *got == 1 && start == "{";
}

Result<Side> open_side(const std::string& path, bool events) {
  Side side;
  auto file = FileSource::open(path);
  if (!file) return fail(Errc::Io, file.error().detail);
  const auto log = is_event_log(**file);
  if (!log) return tl::unexpected<Error>(log.error());
  if (*log) {
    side.text = std::move(*file);
    const auto size = side.text->size();
    if (!size) return tl::unexpected<Error>(size.error());
    side.bytes = *size;
    side.history = lines_of(*side.text);
    return side;
  }
  auto reader = open_recording(path);
  if (!reader) return tl::unexpected<Error>(reader.error());
  side.recording = std::move(*reader);
  const auto summary = side.recording->summary();
  if (!summary) return tl::unexpected<Error>(summary.error());
  side.bytes = summary->payload_bytes;
  if (!events) {
    side.history = frames_of(*side.recording);
    return side;
  }
  const auto dialect = dialect_of(side.recording->info());
  if (!dialect) return tl::unexpected<Error>(dialect.error());
  if (auto decodes = require_codec(*dialect); !decodes) return tl::unexpected<Error>(decodes.error());
  side.history = events_of(*side.recording, *dialect);
  return side;
}

// On one line, and no longer than a terminal likes; as a JSON string where it is no plain text.
std::string shortened(std::string_view text) {
  constexpr std::size_t kShown = 240;
  const std::string_view shown = text.substr(0, kShown);
  const bool plain = is_utf8(shown) && std::none_of(shown.begin(), shown.end(),
                                                    [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  std::string out;
  if (plain) {
    out = shown;
  } else {
    append_json_string(out, shown);
  }
  return out + (text.size() > kShown ? "..." : "");
}

std::string item_text(const HistoryItem& item) {
  std::string out;
  if (item.at) out += format_rfc3339(*item.at) + " ";
  if (item.connection) out += fmt::format("{} ", *item.connection);
  if (!item.head.empty()) out += item.head + " ";
  return out + shortened(item.body);
}

void print_difference(const Options& options, const Comparison& result, std::string_view what) {
  const Difference& first = *result.first;
  put(fmt::format("A  {}\nB  {}\n", options.a, options.b));
  const std::string equal = fmt::format("{} {}s are equal", grouped(result.equal), what);
  if (!first.a || !first.b) {
    put(fmt::format("{}, then {} ends and {} goes on\n", equal, first.a ? "B" : "A", first.a ? "A" : "B"));
  } else {
    put(fmt::format("{}; {} {} differs in {}\n", equal, what, grouped(result.equal + 1), fmt::join(first.parts, ", ")));
  }
  if (!first.before.empty()) put("before it:\n");
  for (const Difference::Pair& pair : first.before) {
    const std::string a = item_text(pair.a);
    const std::string b = item_text(pair.b);
    put(a == b ? fmt::format("   {}\n", a) : fmt::format(" A {}\n B {}\n", a, b));
  }
  put("the difference:\n");
  put(fmt::format(" A {}\n", first.a ? item_text(*first.a) : "(end)"));
  put(fmt::format(" B {}\n", first.b ? item_text(*first.b) : "(end)"));
  if (!first.a || !first.b || first.a->body == first.b->body) return;
  const auto fields = field_differences(first.a->body, first.b->body);
  if (!fields.empty()) {
    put("in the payload:\n");
    for (const FieldDifference& field : fields) put(fmt::format("   {}: A {} | B {}\n", field.path, field.a, field.b));
    return;
  }
  const std::string_view a = first.a->body;
  const std::string_view b = first.b->body;
  const auto place = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  const auto at = static_cast<std::size_t>(place - a.begin());
  put(fmt::format("in the payload: from byte {} on: A '{}' | B '{}'\n", at, shortened(a.substr(at, 64)),
                  shortened(b.substr(at, 64))));
}

int run(const Options& options) {
  auto a = open_side(options.a, options.events);
  if (!a) return report(a.error());
  auto b = open_side(options.b, options.events);
  if (!b) return report(b.error());
  if ((a->recording == nullptr) != (b->recording == nullptr) && !options.events) {
    return report(
        {Errc::InvalidArgument,
         fmt::format("{} is a recording and {} an event log: --events compares the recording's events with it",
                     a->recording ? options.a : options.b, a->recording ? options.b : options.a)});
  }
  WorkProgress progress("comparing", options.events ? 0 : a->bytes);
  CompareOptions how{.compare_times = !options.ignore_times,
                     .compare_connections = !options.ignore_connections,
                     .context = options.context,
                     .progress = [&](std::uint64_t bytes) { progress(bytes); }};
  const auto result = compare(*a->history, *b->history, how);
  if (!result) return report(result.error());
  const std::string_view what = options.events ? "event" : a->recording ? "frame" : "line";
  if (result->first) {
    print_difference(options, *result, what);
  } else {
    say(fmt::format("equal: {} {}s", grouped(result->equal), what));
  }
  int code = result->first ? kFailed : kClean;
  for (const auto& [side, path] : {std::pair(&*a, &options.a), std::pair(&*b, &options.b)}) {
    // Equal as far as both can be read is not equal.
    if (side->recording == nullptr) continue;
    const int missing = tell_what_is_missing(*side->recording, *path);
    if (code == kClean) code = missing;
  }
  return code;
}

}  // namespace

void add_diff(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("diff", "Finds the first difference between two recordings, or two event logs");
  command->footer(
      "Example: ktape diff live.ktape again.ktape --ignore-times\n"
      "Compares frame by frame: time, connection, direction, kind, payload. --events compares what clients tell that\n"
      "the recordings are played to; an event log is what `ktape replay --events` prints.\n"
      "Exit code 0: equal. 1: they differ. 3: equal as far as they can be read, and something is missing.");
  command->add_option("A", options->a, "A recording or an event log")->required();
  command->add_option("B", options->b, "What to compare it with")->required();
  command->add_flag("--events", options->events, "Compare the typed events of the recordings");
  command->add_flag("--ignore-times", options->ignore_times, "Do not compare the times of reception");
  command->add_flag("--ignore-connections", options->ignore_connections, "Do not compare the numbers of connections");
  command->add_option("--context", options->context, "Show so many before the difference")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
