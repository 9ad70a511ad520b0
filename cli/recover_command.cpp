#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/file_work.hpp"
#include "cli/progress.hpp"
#include "cli/text_output.hpp"
#include "core/session/recovery.hpp"
#include "tools/copy.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string input;
  std::string output;
  int level = 9;
  bool json = false;
};

void print_json(const Options& options, const RecoveryReport& copied, const Losses& losses,
                const SessionReader& origin) {
  std::string out = fmt::format(
      R"({{"output":{},"state_before":"{}","frames":{},"payload_bytes":{},"places_damaged":{},"frames_lost":{},)"
      R"("places_with_unknown_losses":{},"gaps":[)",
      json_text(options.output), to_string(copied.found), copied.frames, copied.payload_bytes, losses.places,
      losses.frames, losses.unknown);
  bool first = true;
  for (const Gap& gap : origin.gaps()) {
    if (!std::exchange(first, false)) out += ',';
    out += fmt::format(R"({{"from":{},"to":{},"cause":"{}",)", nanoseconds(gap.from), nanoseconds(gap.to),
                       to_string(gap.cause));
    if (gap.frames) out += fmt::format(R"("frames":{},)", *gap.frames);
    out += fmt::format(R"("detail":{}}})", json_text(gap.detail));
  }
  put(out + "]}\n");
}

int run(const Options& options) {
  auto origin = Origin::open(options.input);
  if (!origin) return report(origin.error());
  auto file = NewFile::create(options.output, recovered_info(origin->reader->info()), {.level = options.level});
  if (!file) return report(file.error());
  Result<RecoveryReport> copied;
  {
    WorkProgress progress("recovering", origin->summary.payload_bytes);
    copied = recover(*origin->reader, (*file)->writer(), std::ref(progress));
  }
  if (!copied) return report(copied.error());
  (*file)->take().reset();  // it is finished
  if (auto kept = (*file)->keep(); !kept) return report(kept.error());
  const Losses losses = losses_of(*origin->reader);
  std::string lost = "nothing is lost";
  if (losses.frames > 0 || losses.unknown > 0) {
    lost = fmt::format("{} frames are lost{}", grouped(losses.frames),
                       losses.unknown > 0 ? fmt::format(", and an unknown number in {} places", losses.unknown) : "");
  } else if (losses.places > 0) {
    lost = fmt::format("no frame is lost in {} damaged places", losses.places);
  }
  say(fmt::format("{}: {} frames rescued from {}, which was {}; {}", options.output, grouped(copied->frames),
                  options.input, to_string(copied->found), lost));
  for (const Gap& gap : origin->reader->gaps()) {
    if (gap.cause != GapCause::Damaged && gap.cause != GapCause::Crash) continue;
    say(fmt::format("  {} .. {} {}: {}", format_rfc3339(gap.from), format_rfc3339(gap.to), to_string(gap.cause),
                    gap.detail));
  }
  if (options.json) print_json(options, *copied, losses, *origin->reader);
  return losses.frames > 0 || losses.unknown > 0 ? kIncomplete : kClean;
}

}  // namespace

void add_recover(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("recover", "Makes a sound recording of one that is unsealed or damaged");
  command->footer(
      "Example: ktape recover killed.ktape -o rescued.ktape\n"
      "The journal beside the file is read too. What cannot be read stays visible as a gap with its cause.\n"
      "Exit code 3: frames are lost.");
  command->add_option("FILE", options->input, "The recording")->required();
  command->add_option("-o,--output", options->output, "The recording to make; must not exist")->required();
  command->add_option("--level", options->level, "zstd level")->check(CLI::Range(1, 19))->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
