#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/file_work.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"
#include "replay/state_text.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string file;
  std::string at;
  std::string symbols;
  std::string candles = "1,5,60";
  std::string format = "text";
  std::size_t levels = 10;
  bool from_start = false;
};

// The instant, which must lie within the recording.
Result<Timestamp> wanted_instant(const Options& options, const Origin& origin) {
  const auto at = parse_instant("--at", options.at, origin);
  if (!at) return tl::unexpected<Error>(at.error());
  const auto first = origin.summary.first_at;
  const auto last = origin.summary.last_at;
  if (!first) return fail(Errc::InvalidArgument, fmt::format("{} has no frames", origin.path));
  if (!*at || **at < *first || **at > *last) {
    return fail(Errc::InvalidArgument, fmt::format("--at {}: {} has frames from {} to {}", options.at, origin.path,
                                                   format_rfc3339(*first), format_rfc3339(*last)));
  }
  return **at;
}

int run(const Options& options) {
  const auto intervals = parse_intervals(options.candles);
  if (!intervals) return report(in_option("--candles", intervals.error()));
  auto origin = Origin::open(options.file);
  if (!origin) return report(origin.error());
  if (auto decodes = require_codec(origin->dialect); !decodes) return report(decodes.error());
  const auto at = wanted_instant(options, *origin);
  if (!at) return report(at.error());
  StateTextOptions how{.levels = options.levels};
  for (const std::string& symbol : split_list(options.symbols)) how.symbols.insert(symbol);

  const auto keyframe = options.from_start ? std::nullopt : origin->reader->seek_to_keyframe(*at);
  VirtualClock clock(Timestamp::min());
  RecordedState state({.candle_intervals = *intervals});
  StateSinks sinks(state, clock);
  RecordedClients clients(origin->dialect, clock,
                          [&](ConnectionId connection) -> EventSink& { return sinks.of(connection); }, {});
  Player player(*origin->reader, clock, clients);
  Progress progress;
  for (;;) {
    const auto next = player.next_at();
    if (!next) return report(next.error());
    if (!*next || **next > *at) break;
    if (const auto stepped = player.step(); !stepped) return report(stepped.error());
    if (progress.due()) progress.show(fmt::format("at {}", format_rfc3339(clock.now(), 0)));
  }
  clock.advance_to(*at);
  state.stand_at(*at);

  for (const std::string& symbol : how.symbols) {
    bool known = false;
    for (const auto& [id, connection] : state.connections()) known = known || connection.symbols.contains(symbol);
    if (!known) {
      return report({Errc::NotFound, fmt::format("--symbol {}: nothing was told of it in {} up to {}", symbol,
                                                 options.file, format_rfc3339(*at))});
    }
  }
  std::string text;
  if (options.format == "json") {
    append_state_json(text, state, how);
    text.push_back('\n');
  } else {
    append_state_text(text, state, how);
  }
  put(text);
  if (keyframe) {
    say(fmt::format("ktape: played from the keyframe of {}: candles that began before it lack their beginning",
                    format_rfc3339(*keyframe)));
  }
  return tell_what_is_missing(*origin->reader, options.file);
}

}  // namespace

void add_state(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("state", "Prints what was known at an instant of a recording");
  command->footer(
      "Example: ktape state session.ktape --at +5m --symbol BTC/USD\n"
      "Example: ktape state session.ktape --at 2026-09-01T08:00:00Z --format json\n"
      "Connections, subscriptions, books, open candles, the last ticker and trade of each symbol: after every frame\n"
      "stamped at that instant or earlier, and every timer due by then, as a replay up to there has them. It plays\n"
      "from the last keyframe before the instant, if there is one after the beginning.");
  command->add_option("FILE", options->file, "The recording")->required();
  command->add_option("--at", options->at, "The instant (RFC 3339, or +5m into the recording)")->required();
  command->add_option("--symbol", options->symbols, "Only these: BTC/USD,ETH/USD");
  command->add_option("--candles", options->candles, "Open candles of these minutes")->capture_default_str();
  command->add_option("--levels", options->levels, "Levels shown of each side of a book; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--format", options->format, "text, or json: one object, instants in nanoseconds since 1970")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_flag("--from-start", options->from_start, "Play from the beginning, whatever keyframes there are");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
