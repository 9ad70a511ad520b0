#include <algorithm>
#include <functional>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/file_work.hpp"
#include "cli/progress.hpp"
#include "cli/text_output.hpp"
#include "tools/derived_info.hpp"
#include "tools/split.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string input;
  std::string pattern;
  std::string every;
  std::uint64_t size = 0;
  std::string by;
  int level = 9;
  bool json = false;
};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

std::string path_of(const Options& options, const PartName& name) {
  std::string path = options.pattern;
  replace_all(path, "{n}", fmt::format("{:04}", name.number));
  std::string key = name.key;
  replace_all(key, "/", "-");
  replace_all(path, "{key}", key);
  if (name.begin) {
    std::string time = format_rfc3339(*name.begin, 0);
    std::erase(time, '-');
    std::erase(time, ':');
    replace_all(path, "{time}", time);
  }
  return path;
}

Result<SplitOptions> split_options(const Options& options) {
  const int ways = (options.every.empty() ? 0 : 1) + (options.size == 0 ? 0 : 1) + (options.by.empty() ? 0 : 1);
  if (ways != 1) {
    return fail(Errc::InvalidArgument, fmt::format("one of --every, --size and --by is needed, not {}", ways));
  }
  SplitOptions how;
  const bool beside = !options.by.empty();
  if (!options.every.empty()) {
    const auto every = parse_duration(options.every);
    if (!every) return tl::unexpected(in_option("--every", every.error()));
    if (*every <= Duration::zero()) return fail(Errc::InvalidArgument, "--every: parts have a length");
    how.every = *every;
  } else if (options.size != 0) {
    how.by = SplitBy::Size;
    how.bytes = options.size;
  } else {
    how.by = options.by == "symbol"    ? SplitBy::Symbol
             : options.by == "channel" ? SplitBy::Channel
                                       : SplitBy::Connection;
  }
  const auto has = [&](std::string_view what) { return options.pattern.find(what) != std::string::npos; };
  if (!has("{n}") && !has(beside ? "{key}" : "{time}")) {
    return fail(Errc::InvalidArgument, fmt::format("-o {}: the names of parts need {{n}} or {}", options.pattern,
                                                   beside ? "{key}" : "{time}"));
  }
  return how;
}

int run(const Options& options) {
  const auto how = split_options(options);
  if (!how) return report(how.error());
  auto origin = Origin::open(options.input);
  if (!origin) return report(origin.error());
  StorageArguments storage{.level = options.level};
  // A part is as large as asked for, give or take a chunk.
  if (options.size != 0) storage.chunk_bytes = std::clamp<std::size_t>(options.size / 4, 64U << 10U, 1U << 20U);

  std::map<std::string, std::unique_ptr<NewFile>> files;
  std::vector<std::string> paths;
  const OpenPart open = [&](const PartName& name) -> Result<std::unique_ptr<SessionWriter>> {
    const std::string path = path_of(options, name);
    auto info = derived_info(origin->reader->info(), name.key.empty() ? fmt::format("part {}", name.number)
                                                                      : fmt::format("{} {}", options.by, name.key));
    if (name.begin) info.created_at = *name.begin;
    auto file = NewFile::create(path, std::move(info), storage);
    if (!file) return tl::unexpected<Error>(file.error());
    paths.push_back(path);
    auto writer = (*file)->take();
    files.emplace(path, std::move(*file));
    return writer;
  };
  Result<std::vector<PartReport>> parts;
  {
    WorkProgress progress("splitting", origin->summary.payload_bytes);
    parts = split(*origin->reader, *how, origin->dialect, classifier_for(std::string(to_string(origin->dialect))), open,
                  std::ref(progress));
  }
  if (!parts) return report(parts.error());
  for (auto& [path, file] : files) {
    if (auto kept = file->keep(); !kept) return report(kept.error());
  }
  std::string json = R"({"parts":[)";
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const PartReport& part = (*parts)[i];
    say(fmt::format("{}: {} frames, {} made, {}", paths[i], grouped(part.frames), grouped(part.keyframe_frames),
                    bytes_text(part.stored_bytes)));
    json += fmt::format(R"({}{{"output":{},"frames":{},"keyframe_frames":{},"stored_bytes":{}}})", i == 0 ? "" : ",",
                        json_text(paths[i]), part.frames, part.keyframe_frames, part.stored_bytes);
  }
  if (options.json) put(json + "]}\n");
  return tell_what_is_missing(*origin->reader, options.input);
}

}  // namespace

void add_split(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("split", "Takes a recording apart; each part can be played alone");
  command->footer(
      "Example: ktape split day.ktape -o 'day-{time}.ktape' --every 1h\n"
      "Example: ktape split day.ktape -o 'day-{key}.ktape' --by symbol\n"
      "{n} is the number of the part, {time} when it begins (20260901T080000Z), {key} its symbol, channel or\n"
      "connection, with - for /.");
  command->add_option("FILE", options->input, "The recording")->required();
  command->add_option("-o,--output", options->pattern, "What the parts are called; none may exist")->required();
  command->add_option("--every", options->every, "A part for each such span, from full to full (1h)");
  command->add_option("--size", options->size, "A part for each so many stored bytes (100MB)")
      ->transform(CLI::AsSizeValue(true));
  command->add_option("--by", options->by, "A part for each symbol, channel or connection")
      ->check(CLI::IsMember({"symbol", "channel", "connection"}));
  command->add_option("--level", options->level, "zstd level")->check(CLI::Range(1, 19))->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
