#include <charconv>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/file_work.hpp"
#include "cli/progress.hpp"
#include "cli/text_output.hpp"
#include "tools/cut.hpp"
#include "tools/derived_info.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string input;
  std::string output;
  std::string from;
  std::string to;
  std::string channels;
  std::string symbols;
  std::string connections;
  std::string direction;
  int level = 9;
  bool json = false;
};

Result<std::set<ConnectionId>> parse_connections(const std::string& text) {
  std::set<ConnectionId> all;
  for (const std::string& part : split_list(text)) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc{} || end != part.data() + part.size()) {
      return fail(Errc::InvalidArgument, fmt::format("--connections: '{}' is no number of a connection", part));
    }
    all.insert(ConnectionId{number});
  }
  return all;
}

Result<CutOptions> cut_options(const Options& options, const Origin& origin) {
  CutOptions how;
  const auto from = parse_instant("--from", options.from, origin);
  if (!from) return tl::unexpected<Error>(from.error());
  const auto to = parse_instant("--to", options.to, origin);
  if (!to) return tl::unexpected<Error>(to.error());
  how.from = *from;
  how.to = *to;
  const auto first = origin.summary.first_at;
  const auto last = origin.summary.last_at;
  if (!first) return fail(Errc::InvalidArgument, fmt::format("{} has no frames", origin.path));
  if ((*from && **from > *last) || (*to && **to <= *first)) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} {}: {} has frames from {} to {}", *from && **from > *last ? "--from" : "--to",
                            *from && **from > *last ? options.from : options.to, origin.path, format_rfc3339(*first),
                            format_rfc3339(*last)));
  }
  if (*from && *to && **from >= **to) {
    return fail(Errc::InvalidArgument, fmt::format("--from {} is not before --to {}", options.from, options.to));
  }
  auto connections = parse_connections(options.connections);
  if (!connections) return tl::unexpected<Error>(connections.error());
  how.selection.connections = std::move(*connections);
  for (const std::string& name : split_list(options.channels)) how.selection.channels.insert(name);
  for (const std::string& name : split_list(options.symbols)) how.selection.symbols.insert(name);
  if (options.direction == "from") how.selection.direction = Direction::FromExchange;
  if (options.direction == "to") how.selection.direction = Direction::ToExchange;
  return how;
}

std::string how_text(const Options& options, const CutOptions& how) {
  std::string text = "cut";
  if (how.from) text += fmt::format(" from {}", format_rfc3339(*how.from));
  if (how.to) text += fmt::format(" to {}", format_rfc3339(*how.to));
  if (!options.channels.empty()) text += fmt::format(", channels {}", options.channels);
  if (!options.symbols.empty()) text += fmt::format(", symbols {}", options.symbols);
  if (!options.connections.empty()) text += fmt::format(", connections {}", options.connections);
  if (!options.direction.empty()) text += fmt::format(", direction {}", options.direction);
  return text;
}

int run(const Options& options) {
  auto origin = Origin::open(options.input);
  if (!origin) return report(origin.error());
  const auto how = cut_options(options, *origin);
  if (!how) return report(how.error());
  auto info = derived_info(origin->reader->info(), how_text(options, *how));
  if (how->from) info.created_at = *how->from;
  auto file = NewFile::create(options.output, std::move(info), {.level = options.level});
  if (!file) return report(file.error());
  WorkProgress progress("cutting", origin->summary.payload_bytes);
  const auto done = cut(*origin->reader, (*file)->writer(), *how, origin->dialect,
                        classifier_for(std::string(to_string(origin->dialect))), std::ref(progress));
  if (!done) return report(done.error());
  if (done->frames == 0) {
    return report(
        {Errc::NotFound, fmt::format("{}: no frame is wanted of {}", how_text(options, *how), options.input)});
  }
  if (auto kept = (*file)->keep(); !kept) return report(kept.error());
  say(fmt::format("{}: {} frames of {}, {} made for the state at its beginning, {}", options.output,
                  grouped(done->frames), grouped(origin->summary.frames), grouped(done->keyframe_frames),
                  bytes_text((*file)->writer().stored_bytes())));
  if (options.json) {
    put(fmt::format(R"({{"output":{},"frames":{},"frames_of_origin":{},"keyframe_frames":{},"stored_bytes":{}}})"
                    "\n",
                    json_text(options.output), done->frames, origin->summary.frames, done->keyframe_frames,
                    (*file)->writer().stored_bytes()));
  }
  return tell_what_is_missing(*origin->reader, options.input);
}

}  // namespace

void add_cut(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("cut", "Copies a span of a recording, or some of its channels, playable");
  command->alias("filter");
  command->footer(
      "Example: ktape cut day.ktape -o hour.ktape --from 2026-09-01T08:00:00Z --to 2026-09-01T09:00:00Z\n"
      "Example: ktape cut day.ktape -o books.ktape --from +5m --channels book --symbols BTC/USD\n"
      "The state at the beginning (subscriptions, books, last trades, candles) goes in as a keyframe.\n"
      "Status and heartbeats always stay. Exit code 3: the recording is damaged.");
  command->add_option("FILE", options->input, "The recording")->required();
  command->add_option("-o,--output", options->output, "The recording to make; must not exist")->required();
  command->add_option("--from", options->from, "The first instant (RFC 3339, or +5m into the recording)");
  command->add_option("--to", options->to, "The first instant that is left out");
  command->add_option("--channels", options->channels, "Only these: book,trade,ticker,ohlc,instrument");
  command->add_option("--symbols", options->symbols, "Only these: BTC/USD,ETH/USD");
  command->add_option("--connections", options->connections, "Only these, by number");
  command->add_option("--direction", options->direction, "Only what came from, or went to, the exchange: from, to")
      ->check(CLI::IsMember({"from", "to"}));
  command->add_option("--level", options->level, "zstd level")->check(CLI::Range(1, 19))->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
