#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/file_work.hpp"
#include "cli/progress.hpp"
#include "cli/text_output.hpp"
#include "tools/copy.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string input;
  std::string output;
  int level = 19;
  int chunk_mib = 8;
  bool json = false;
};

std::string ratio(std::uint64_t payload, std::uint64_t stored) {
  const std::uint64_t hundredths = stored == 0 ? 0 : payload * 100 / stored;
  return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
}

int run(const Options& options) {
  auto origin = Origin::open(options.input);
  if (!origin) return report(origin.error());
  auto file =
      NewFile::create(options.output, origin->reader->info(),
                      {.level = options.level, .chunk_bytes = static_cast<std::size_t>(options.chunk_mib) << 20U});
  if (!file) return report(file.error());
  Result<CopyReport> copied;
  {
    WorkProgress progress("compacting", origin->summary.payload_bytes);
    copied = copy_recording(*origin->reader, (*file)->writer(), std::ref(progress));
  }
  if (!copied) return report(copied.error());
  if (auto done = (*file)->writer().finish(); !done) return report(done.error());
  const std::uint64_t stored = (*file)->writer().stored_bytes();
  (*file)->take().reset();

  // What was written is read back from the disk before anybody throws the origin away.
  auto again = open_recording(options.output);
  if (!again) return report(again.error());
  WorkProgress progress("checking", origin->summary.payload_bytes);
  const auto read = read_recording(**again, std::ref(progress));
  if (!read) return report(read.error());
  if (read->digest != copied->digest || read->frames != copied->frames || !(*again)->complete()) {
    return report(
        {Errc::Corrupt, fmt::format("{} read back has {} frames with SHA-256 {} instead of {} with {}", options.output,
                                    read->frames, read->digest, copied->frames, copied->digest)});
  }
  if (auto kept = (*file)->keep(); !kept) return report(kept.error());
  say(fmt::format("{}: {} frames, {} instead of {} ({}x payload, was {}x), read back and equal", options.output,
                  grouped(copied->frames), bytes_text(stored), bytes_text(origin->summary.stored_bytes),
                  ratio(copied->payload_bytes, stored), ratio(copied->payload_bytes, origin->summary.stored_bytes)));
  if (options.json) {
    put(fmt::format(R"({{"output":{},"frames":{},"keyframe_frames":{},"payload_bytes":{},"stored_before":{},)"
                    R"("stored_after":{},"sha256_of_frames":"{}"}})"
                    "\n",
                    json_text(options.output), copied->frames, copied->keyframe_frames, copied->payload_bytes,
                    origin->summary.stored_bytes, stored, copied->digest));
  }
  return tell_what_is_missing(*origin->reader, options.input);
}

}  // namespace

void add_compact(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("compact", "Stores a recording again, as small as it gets");
  command->footer(
      "Example: ktape compact day.ktape -o archive.ktape\n"
      "Every frame stays as it is; the copy is read back and compared by count and SHA-256.");
  command->add_option("FILE", options->input, "The recording")->required();
  command->add_option("-o,--output", options->output, "The recording to make; must not exist")->required();
  command->add_option("--level", options->level, "zstd level")->check(CLI::Range(1, 19))->capture_default_str();
  command->add_option("--chunk", options->chunk_mib, "MiB before compression in a chunk, which is what a seek reads")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
