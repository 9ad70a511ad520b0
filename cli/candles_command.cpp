#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/base/json_text.hpp"
#include "core/market/candle_check.hpp"
#include "core/market/candle_view.hpp"
#include "core/market/event_text.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"

namespace ktape::cli {
namespace {

enum class Format : std::uint8_t { Text, Json, Csv };

struct Options {
  std::string file;
  std::string symbols;
  std::string intervals = "1";
  std::string view = "rest";
  std::string policy = "timer";
  std::string grace = "250ms";
  std::string format = "text";
  bool partial = false;
  bool check = false;
};

// Prints candles, one a line.
class Printer final : public EventSink {
 public:
  Printer(const Clock& clock, ConnectionId connection, Format format, const std::vector<std::string>& symbols)
      : clock_(clock), connection_(connection), format_(format), symbols_(symbols) {}

  static std::string head(Format format) {
    if (format == Format::Csv) return "begin,symbol,interval,open,high,low,close,vwap,volume,trades,state\n";
    if (format == Format::Json) return "";
    return fmt::format("{:<20} {:<10} {:>5} {:>14} {:>14} {:>14} {:>14} {:>14} {:>20} {:>7}  {}\n", "begin", "symbol",
                       "min", "open", "high", "low", "close", "vwap", "volume", "trades", "state");
  }

  void on_event(const Event& event) override {
    const Candle& candle = std::get<Candle>(event);
    if (!symbols_.empty() && std::find(symbols_.begin(), symbols_.end(), candle.symbol) == symbols_.end()) return;
    const auto minutes = candle.interval / std::chrono::minutes(1);
    const std::string begin = format_rfc3339(candle.begin, 0);
    switch (format_) {
      case Format::Json: {
        std::string line;
        append_event_text(line, clock_.now(), static_cast<std::uint32_t>(connection_), event);
        put(line + "\n");
        break;
      }
      case Format::Csv:
        put(fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", begin, candle.symbol, minutes, candle.open.text(),
                        candle.high.text(), candle.low.text(), candle.close.text(), candle.vwap.text(),
                        candle.volume.text(), candle.trades, to_string(candle.state)));
        break;
      case Format::Text:
        put(fmt::format("{:<20} {:<10} {:>5} {:>14} {:>14} {:>14} {:>14} {:>14} {:>20} {:>7}  {}{}\n", begin,
                        candle.symbol, minutes, candle.open.text(), candle.high.text(), candle.low.text(),
                        candle.close.text(), candle.vwap.text(), candle.volume.text(), candle.trades,
                        to_string(candle.state),
                        candle.suspect && candle.state == CandleState::Revised ? " suspect" : ""));
        break;
    }
  }

 private:
  const Clock& clock_;
  ConnectionId connection_;
  Format format_;
  const std::vector<std::string>& symbols_;
};

Result<void> play(SessionReader& reader, VirtualClock& clock, FrameSink& out) {
  Player player(reader, clock, out);
  Progress progress;
  for (;;) {
    const auto stepped = player.step();
    if (!stepped) return tl::unexpected<Error>(stepped.error());
    if (!*stepped) return {};
    if (progress.due()) progress.show(fmt::format("reading: {} frames", grouped(player.frames())));
  }
}

int check(const Options& options, SessionReader& reader, Dialect dialect) {
  VirtualClock clock(Timestamp::min());
  // One for each connection: ids and messages of another are told at other times.
  std::map<ConnectionId, CandleCheck> checks;
  RecordedClients clients(dialect, clock, [&](ConnectionId id) -> EventSink& { return checks[id]; }, {});
  if (auto played = play(reader, clock, clients); !played) return report(played.error());
  CandleCheckCounts sum;
  std::string differences;
  for (auto& [connection, each] : checks) {
    each.finish();
    sum.equal += each.counts().equal;
    sum.different += each.counts().different;
    sum.gap += each.counts().gap;
    sum.early += each.counts().early;
    sum.unknown += each.counts().unknown;
    for (const std::string& difference : each.differences()) differences += "  " + difference + "\n";
  }
  if (options.format == "json") {
    put(fmt::format(R"({{"checked":{},"equal":{},"different":{},"gap":{},"early":{},"unknown":{}}})"
                    "\n",
                    sum.checked(), sum.equal, sum.different, sum.gap, sum.early, sum.unknown));
  } else {
    put(fmt::format("ohlc messages    {} checked: {} equal, {} different\n", grouped(sum.checked()), grouped(sum.equal),
                    grouped(sum.different)));
    put(fmt::format("not checked      {} gap, {} early, {} of intervals that began before the trades\n",
                    grouped(sum.gap), grouped(sum.early), grouped(sum.unknown)));
    put(differences);
  }
  if (sum.different > 0) return kFailed;
  if (sum.checked() > 0) return tell_what_is_missing(reader, options.file);
  const bool none = sum.gap + sum.early + sum.unknown == 0;
  say(fmt::format("ktape: {}: nothing was checked: {}", options.file,
                  none ? "it has no messages of the ohlc channel"
                       : "of no message's interval the trades are there from the beginning without a hole"));
  return kIncomplete;
}

int print(const Options& options, SessionReader& reader, Dialect dialect) {
  const auto intervals = parse_intervals(options.intervals);
  if (!intervals) return report(in_option("--intervals", intervals.error()));
  const auto grace = parse_duration(options.grace);
  if (!grace) return report(in_option("--grace", grace.error()));
  const std::vector<std::string> symbols = split_list(options.symbols);
  const Format format = options.format == "csv" ? Format::Csv : options.format == "json" ? Format::Json : Format::Text;

  struct Sinks {
    Sinks(const Clock& clock, ConnectionId connection, Format form, const std::vector<std::string>& wanted,
          CandleFilterOptions view)
        : printer(clock, connection, form, wanted), filter(printer, view) {}
    Printer printer;
    CandleFilter filter;
  };
  VirtualClock clock(Timestamp::min());
  std::map<ConnectionId, std::unique_ptr<Sinks>> sinks;
  ClientOptions client_options;
  client_options.candles.intervals = *intervals;
  client_options.candles.policy = *parse_close_policy(options.policy);
  client_options.candles.grace = *grace;
  const CandleFilterOptions view{.view = *parse_candle_view(options.view), .partial = options.partial};
  RecordedClients clients(
      dialect, clock,
      [&](ConnectionId id) -> EventSink& {
        auto& made = sinks[id];
        made = std::make_unique<Sinks>(clock, id, format, symbols, view);
        return made->filter;
      },
      std::move(client_options));
  put(Printer::head(format));
  if (auto played = play(reader, clock, clients); !played) return report(played.error());
  return tell_what_is_missing(reader, options.file);
}

int run(const Options& options) {
  auto reader = open_recording(options.file);
  if (!reader) return report(reader.error());
  const auto dialect = dialect_of((*reader)->info());
  if (!dialect) return report(dialect.error());
  if (auto decodes = require_codec(*dialect); !decodes) return report(decodes.error());
  return options.check ? check(options, **reader, *dialect) : print(options, **reader, *dialect);
}

}  // namespace

void add_candles(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("candles", "Prints candles built from the trades, or checks Kraken's own");
  command->footer(
      "Example: ktape candles session.ktape --intervals 1,5 --view rest --format csv\n"
      "         ktape candles session.ktape --check\n"
      "--check compares every message of the ohlc channel with the trades it counts. Exit code 1: one differs.\n"
      "3: nothing could be checked, or frames are missing from the recording.");
  command->add_option("FILE", options->file, "The recording")->required();
  command->add_option("--symbols", options->symbols, "Only these pairs");
  command->add_option("--intervals", options->intervals, "In minutes: 1, 5, 15, 30, 60, 240, 1440, 10080, 21600")
      ->capture_default_str();
  command->add_option("--view", options->view, "Intervals without trades: rest tells them, ws and csv do not")
      ->check(CLI::IsMember({"rest", "ws", "csv"}))
      ->capture_default_str();
  command->add_option("--policy", options->policy, "What closes a candle: next, timer, watermark")
      ->check(CLI::IsMember({"next", "timer", "watermark"}))
      ->capture_default_str();
  command->add_option("--grace", options->grace, "How long after its end a timer closes one")->capture_default_str();
  command->add_option("--format", options->format, "text, json or csv")
      ->check(CLI::IsMember({"text", "json", "csv"}))
      ->capture_default_str();
  command->add_flag("--partial", options->partial, "Also candles whose beginning is not known");
  command->add_flag("--check", options->check, "Compare the ohlc channel with the trades");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
