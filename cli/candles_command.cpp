#include <memory>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/candle_printer.hpp"
#include "cli/command.hpp"
#include "cli/live_client.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/market/candle_check.hpp"
#include "core/market/candle_view.hpp"
#include "live/http_client.hpp"
#include "live/lateness.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"
#include "rest/candle_backfill.hpp"

namespace ktape::cli {
namespace {

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

  LiveArguments live;
  std::string rest;
  std::string backfill = "1h";
  std::uint64_t count = 0;
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

// The options that say what candles are, understood.
struct Wanted {
  std::vector<std::string> symbols;
  CandleFormat format = CandleFormat::Text;
  CandleOptions candles{};
  CandleFilterOptions view{};

  static Result<Wanted> of(const Options& options) {
    const auto intervals = parse_intervals(options.intervals);
    if (!intervals) return tl::unexpected<Error>(in_option("--intervals", intervals.error()));
    const auto grace = parse_duration(options.grace);
    if (!grace) return tl::unexpected<Error>(in_option("--grace", grace.error()));
    Wanted wanted;
    wanted.symbols = split_list(options.symbols);
    wanted.format = parse_candle_format(options.format);
    wanted.candles.intervals = *intervals;
    wanted.candles.policy = *parse_close_policy(options.policy);
    wanted.candles.grace = *grace;
    wanted.view = {.view = *parse_candle_view(options.view), .partial = options.partial};
    return wanted;
  }
};

int print(const Options& options, SessionReader& reader, Dialect dialect) {
  const auto wanted = Wanted::of(options);
  if (!wanted) return report(wanted.error());
  struct Sinks {
    Sinks(const Clock& clock, ConnectionId connection, const Wanted& how)
        : printer(clock, connection, how.format, how.symbols), filter(printer, how.view) {}
    CandlePrinter printer;
    CandleFilter filter;
  };
  VirtualClock clock(Timestamp::min());
  std::map<ConnectionId, std::unique_ptr<Sinks>> sinks;
  ClientOptions client_options;
  client_options.candles = wanted->candles;
  RecordedClients clients(
      dialect, clock,
      [&](ConnectionId id) -> EventSink& {
        auto& made = sinks[id];
        made = std::make_unique<Sinks>(clock, id, *wanted);
        return made->filter;
      },
      std::move(client_options));
  put(candle_head(wanted->format));
  if (auto played = play(reader, clock, clients); !played) return report(played.error());
  return tell_what_is_missing(reader, options.file);
}

// ---- live

// Where Spot's REST is: as told, else beside Kraken's own websockets, else nowhere.
Result<std::optional<Endpoint>> rest_of(const Options& options, const LivePlace& place) {
  if (options.rest.empty() && !options.live.url.empty()) return std::nullopt;
  if (place.dialect != Dialect::SpotV2) {
    if (options.rest.empty()) return std::nullopt;
    return fail(Errc::InvalidArgument, "--rest: trades without ids cannot be matched with those of REST: spot-v2 only");
  }
  auto server = parse_http_url(options.rest.empty() ? "https://api.kraken.com" : options.rest);
  if (!server) return tl::unexpected<Error>(in_option("--rest", server.error()));
  HttpClientOptions http;
  http.ca_file = place.ca_file;
  if (auto possible = HttpClient::check(*server, http); !possible) {
    return tl::unexpected<Error>(in_option("--rest", possible.error()));
  }
  return std::optional(std::move(*server));
}

// Counts what becomes of the subscription to each symbol.
class TradeStreams final : public EventSink {
 public:
  explicit TradeStreams(EventSink& candles) : candles_(candles) {}

  void on_event(const Event& event) override {
    candles_.on_event(event);
    const auto* stream = std::get_if<StreamStateChange>(&event);
    if (stream == nullptr || stream->channel != "trade") return;
    if (stream->state == StreamState::Live) live_.emplace(stream->symbol);
    if (stream->state != StreamState::Dead || !dead_.emplace(stream->symbol).second) return;
    say(fmt::format("ktape: trade {}: {}", stream->symbol, stream->reason));
  }

  std::size_t dead() const { return dead_.size(); }
  bool any_live() const { return !live_.empty(); }

 private:
  EventSink& candles_;
  std::set<std::string, std::less<>> live_, dead_;
};

void tell_lateness(const Lateness& lateness, const Options& options) {
  const auto text = [&](int percent) {
    return format_duration(std::chrono::floor<std::chrono::microseconds>(lateness.percentile(percent)));
  };
  say(fmt::format("{} boundaries passed; candles were told behind end and grace ({}): p50 {}, p99 {}, max {}",
                  lateness.count(), options.grace, text(50), text(99), text(100)));
}

int follow(const Options& options) {
  auto wanted = Wanted::of(options);
  if (!wanted) return report(wanted.error());
  if (wanted->symbols.empty()) {
    return report({Errc::InvalidArgument, "--symbols: say which pairs, or name a recording"});
  }
  const auto place = LivePlace::of(options.live);
  if (!place) return report(place.error());
  const auto server = rest_of(options, *place);
  if (!server) return report(server.error());
  const auto longest = parse_duration(options.backfill);
  if (!longest) return report(in_option("--backfill", longest.error()));

  Lateness lateness;
  ClientOptions client_options;
  client_options.candles = wanted->candles;
  // A server's time stands while its candles are told: nothing is late by it.
  if (!place->server_time) client_options.candles.on_close = [&](Timestamp due) { lateness.measure(due); };

  struct Later final : EventSink {
    EventSink* sink = nullptr;
    void on_event(const Event& event) override { sink->on_event(event); }
  } later;
  LiveClient live(*place, later, std::move(client_options));
  CandlePrinter printer(live.loop().clock(), ConnectionId{1}, wanted->format, wanted->symbols);
  CandleFilter filter(printer, wanted->view);
  TradeStreams streams(filter);
  later.sink = &streams;

  std::optional<HttpClient> http;
  std::optional<rest::RestClient> rest;
  std::optional<rest::CandleBackfill> backfill;
  if (*server && *longest > Duration::zero()) {
    HttpClientOptions how;
    how.ca_file = place->ca_file;
    http.emplace(live.loop(), **server, std::move(how));
    rest.emplace(*http, live.loop().clock());
    backfill.emplace(
        *rest, live.loop().clock(), streams,
        [&](std::string_view symbol, std::span<const Trade> trades) { return live.client().backfill(symbol, trades); },
        [](std::string_view what) { say(what); },
        rest::CandleBackfillOptions{.intervals = wanted->candles.intervals, .longest = *longest});
    later.sink = &*backfill;
  }

  for (const Channel channel : {Channel::Instrument, Channel::Trade}) {
    if (channel == Channel::Instrument && place->dialect != Dialect::SpotV2) continue;  // tells the places of prices
    Subscription subscription{.channel = channel};
    if (channel == Channel::Trade) subscription.symbols = wanted->symbols;
    if (auto asked = live.client().subscribe(subscription); !asked) return report(asked.error());
  }
  put(candle_head(wanted->format));
  const auto ended = live.run([&] {
    const bool gone = !flush_output();
    const bool enough = options.count != 0 && printer.printed() >= options.count;
    return gone || enough || streams.dead() == wanted->symbols.size();
  });
  if (lateness.count() > 0) tell_lateness(lateness, options);
  if (!ended) return report(ended.error());
  return streams.any_live() ? kClean : kFailed;
}

int run(const Options& options) {
  if (options.file.empty()) {
    if (options.check) return report({Errc::InvalidArgument, "--check: name a recording"});
    return follow(options);
  }
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
      "         ktape candles --symbols BTC/USD,ETH/USD --intervals 1,5\n"
      "Without a recording it follows the exchange: candles are told at their ends, the first ones completed from "
      "REST,\n"
      "and when it ends, how late they were told.\n"
      "--check compares every message of the ohlc channel with the trades it counts. Exit code 1: one differs.\n"
      "3: nothing could be checked, or frames are missing from the recording.");
  auto* const file = command->add_option("FILE", options->file, "The recording; none: the exchange itself");
  command->add_option("--symbols", options->symbols, "Only these pairs; of the exchange: which");
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
  std::vector<CLI::Option*> live = add_live_options(*command, options->live);
  live.push_back(command->add_option("--rest", options->rest,
                                     "Where trades from before are asked for; Kraken's own beside its websockets"));
  live.push_back(
      command->add_option("--backfill", options->backfill, "Complete candles no longer than this from REST; 0s: none")
          ->capture_default_str());
  live.push_back(command->add_option("-n,--count", options->count, "End after so many candles"));
  for (CLI::Option* const each : live) each->excludes(file);
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
