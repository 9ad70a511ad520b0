#include <array>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/file_work.hpp"
#include "cli/progress.hpp"
#include "cli/text_output.hpp"
#include "tools/dedupe.hpp"
#include "tools/derived_info.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string output;
  std::string window = "2s";
  int level = 9;
  bool dedupe = false;
  bool json = false;
};

Result<std::vector<Origin>> open_all(const Options& options) {
  std::vector<Origin> origins;
  for (const std::string& path : options.inputs) {
    auto origin = Origin::open(path);
    if (!origin) return tl::unexpected<Error>(origin.error());
    if (!origins.empty() && origin->dialect != origins.front().dialect) {
      return fail(
          Errc::InvalidArgument,
          fmt::format("{} is of {} and {} of {}: recordings of one dialect only become one", origins.front().path,
                      to_string(origins.front().dialect), path, to_string(origin->dialect)));
    }
    origins.push_back(std::move(*origin));
  }
  return origins;
}

SessionInfo info_of(const std::vector<Origin>& origins, const Options& options) {
  std::string how = options.dedupe ? "one of two recordings of the same feed:" : "merged:";
  for (const Origin& origin : origins) {
    const SessionInfo& info = origin.reader->info();
    how += fmt::format(" {} (session {}{}{})", origin.path, info.session_id, info.description.empty() ? "" : ", ",
                       info.description);
  }
  auto info = derived_info(origins.front().reader->info(), how);
  // The description may have 64 KiB; the sessions are in the notes, too.
  constexpr std::size_t kLongest = 16'000;
  info.description = how.substr(0, kLongest);
  for (const Origin& origin : origins) info.created_at = std::min(info.created_at, origin.reader->info().created_at);
  return info;
}

std::string gap_json(const Gap& gap) {
  std::string out = fmt::format(R"({{"from":{},"to":{},"cause":"{}")", nanoseconds(gap.from), nanoseconds(gap.to),
                                to_string(gap.cause));
  if (gap.connection) out += fmt::format(R"(,"connection":{})", static_cast<std::uint32_t>(*gap.connection));
  return out + fmt::format(R"(,"detail":{}}})", json_text(gap.detail));
}

int tell(const Options& options, const DedupeReport& done, std::uint64_t stored) {
  say(fmt::format("{}: {} frames, {} of both, {} of {} only, {} of {} only; {} left out, {} restamped, {}",
                  options.output, grouped(done.frames), grouped(done.from_both), grouped(done.from_one[0]),
                  options.inputs[0], grouped(done.from_one[1]), options.inputs[1], grouped(done.left_out),
                  grouped(done.restamped), bytes_text(stored)));
  for (const Gap& gap : done.gaps) {
    say(fmt::format("  gap {} .. {} {}", format_rfc3339(gap.from), format_rfc3339(gap.to), gap.detail));
  }
  for (const Disagreement& one : done.first_disagreements) {
    say(fmt::format("ktape: they disagree at {} on {} of {}: '{}' or '{}'", format_rfc3339(one.at), one.what,
                    one.symbol, one.first, one.second));
  }
  if (options.json) {
    std::string out = fmt::format(
        R"({{"output":{},"frames":{},"from_both":{},"from_first":{},"from_second":{},"left_out":{},"restamped":{},)"
        R"("stored_bytes":{},"gaps":[)",
        json_text(options.output), done.frames, done.from_both, done.from_one[0], done.from_one[1], done.left_out,
        done.restamped, stored);
    for (const Gap& gap : done.gaps) out += (&gap == done.gaps.data() ? "" : ",") + gap_json(gap);
    out += fmt::format(R"(],"disagreements":{},"first_disagreements":[)", done.disagreements);
    for (const Disagreement& one : done.first_disagreements) {
      if (&one != done.first_disagreements.data()) out += ',';
      out += fmt::format(R"({{"at":{},"symbol":{},"what":{},"first":{},"second":{}}})", nanoseconds(one.at),
                         json_text(one.symbol), json_text(one.what), json_text(one.first), json_text(one.second));
    }
    put(out + "]}\n");
  }
  return done.gaps.empty() && done.disagreements == 0 ? kClean : kIncomplete;
}

int tell(const Options& options, const MergeReport& done, std::uint64_t stored) {
  say(fmt::format("{}: {} frames on {} connections, {}", options.output, grouped(done.frames),
                  grouped(done.connections.size()), bytes_text(stored)));
  std::string json = fmt::format(R"({{"output":{},"frames":{},"keyframe_frames":{},"stored_bytes":{},"connections":[)",
                                 json_text(options.output), done.frames, done.keyframe_frames, stored);
  for (const MergedConnection& one : done.connections) {
    const auto was = static_cast<std::uint32_t>(one.was);
    const auto is = static_cast<std::uint32_t>(one.is);
    say(fmt::format("  connection {} is {} of {}", is, was, options.inputs[one.input]));
    json += fmt::format(R"({}{{"connection":{},"file":{},"was":{}}})", &one == done.connections.data() ? "" : ",", is,
                        json_text(options.inputs[one.input]), was);
  }
  if (options.json) put(json + "]}\n");
  return kClean;
}

int run(const Options& options) {
  if (options.dedupe && options.inputs.size() != 2) {
    return report({Errc::InvalidArgument, fmt::format("--dedupe takes two recordings, not {}", options.inputs.size())});
  }
  const auto window = parse_duration(options.window);
  if (!window) return report(in_option("--window", window.error()));
  auto origins = open_all(options);
  if (!origins) return report(origins.error());
  std::vector<MergeInput> inputs;
  std::uint64_t bytes = 0;
  for (const Origin& origin : *origins) {
    inputs.push_back({origin.reader.get(), origin.path});
    bytes += origin.summary.payload_bytes;
  }
  auto file = NewFile::create(options.output, info_of(*origins, options), {.level = options.level});
  if (!file) return report(file.error());
  SessionWriter& writer = (*file)->writer();
  int code = kClean;
  const auto keep = [&](const auto& done) -> int {
    if (!done) return report(done.error());
    if (auto kept = (*file)->keep(); !kept) return report(kept.error());
    return tell(options, *done, writer.stored_bytes());
  };
  if (options.dedupe) {
    Result<DedupeReport> done;
    {
      WorkProgress progress("merging", bytes);
      done = dedupe({inputs[0], inputs[1]}, writer, origins->front().dialect, {.window = *window}, std::ref(progress));
    }
    code = keep(done);
  } else {
    Result<MergeReport> done;
    {
      WorkProgress progress("merging", bytes);
      done = merge(inputs, writer, std::ref(progress));
    }
    code = keep(done);
  }
  // What one lacks the other may have filled: only where nothing was matched is damage still missing.
  for (const Origin& origin : *origins) {
    const int missing = options.dedupe ? kClean : tell_what_is_missing(*origin.reader, origin.path);
    if (code == kClean) code = missing;
  }
  return code;
}

}  // namespace

void add_merge(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("merge", "Makes one recording of several, or of two of the same feed");
  command->footer(
      "Example: ktape merge spot.ktape more.ktape -o both.ktape\n"
      "Example: ktape merge --dedupe tokyo.ktape frankfurt.ktape -o whole.ktape\n"
      "In the order of time; of equal stamps the first named comes first. With --dedupe what one recorder missed\n"
      "is taken from the other; exit code 3: both missed something, or they disagree.");
  command->add_option("FILES", options->inputs, "The recordings")->required()->expected(2, 100);
  command->add_option("-o,--output", options->output, "The recording to make; must not exist")->required();
  command->add_flag("--dedupe", options->dedupe, "Two recorders of the same feed: each message once");
  command->add_option("--window", options->window, "With --dedupe: how far apart the two may have received a message")
      ->capture_default_str();
  command->add_option("--level", options->level, "zstd level")->check(CLI::Range(1, 19))->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
