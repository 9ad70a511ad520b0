#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/base/sha256.hpp"
#include "core/client/client.hpp"
#include "core/wire/loopback.hpp"
#include "recorder/recording_transport.hpp"
#include "synth/synthetic_exchange.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string output;
  std::uint64_t seed = 1;
  std::string start = "2026-09-01T08:00:00Z";
  std::string duration = "10m";
  FeedArguments feeds{.symbols = "BTC/USD,ETH/USD,XRP/USD"};
  int level = 19;
};

class Nobody final : public EventSink {
 public:
  void on_event(const Event&) override {}
};

Result<synth::SyntheticOptions> market_options(const Options& options) {
  synth::SyntheticOptions market{.seed = options.seed};
  const auto start = parse_rfc3339(options.start);
  if (!start) return tl::unexpected(in_option("--start", start.error()));
  const auto duration = parse_duration(options.duration);
  if (!duration) return tl::unexpected(in_option("--duration", duration.error()));
  market.start = *start;
  market.duration = *duration;
  for (const std::string& symbol : split_list(options.feeds.symbols)) {
    const auto spec = synth::preset(symbol);
    if (!spec) return tl::unexpected(in_option("--symbols", spec.error()));
    market.symbols.push_back(*spec);
  }
  if (auto valid = synth::validate(market); !valid) return fail(Errc::InvalidArgument, valid.error().detail);
  return market;
}

// Our own client is connected to the made-up exchange, and recorded, exactly as it would be with the real one.
int run(const Options& options) {
  const auto wanted = subscriptions(options.feeds);
  if (!wanted) return report(wanted.error());
  const auto market = market_options(options);
  if (!market) return report(market.error());

  NewRecording recording{.path = options.output, .info = {}, .options = {}};
  const std::string identity = sha256_hex(fmt::format("{} {} {} {} {} {} {}", options.seed, options.start,
                                                      options.duration, options.feeds.symbols, options.feeds.channels,
                                                      options.feeds.depth, options.feeds.ohlc_interval));
  recording.info.session_id = identity.substr(0, 32);
  recording.info.salt = std::stoull(identity.substr(32, 16), nullptr, 16);
  recording.info.created_at = market->start;
  recording.info.writer = kWriter;
  recording.info.dialect = to_string(Dialect::SpotV2);
  recording.info.description =
      fmt::format("synthetic: seed {}, {} of {}", options.seed, options.duration, options.feeds.symbols);
  recording.options.compression_level = options.level;
  recording.options.redaction = Redaction::None;  // nothing in it is anybody's

  VirtualClock client_clock(market->start);
  VirtualClock exchange_clock(market->start);
  auto exchange = synth::SyntheticExchange::create(*market, exchange_clock);
  if (!exchange) return report(exchange.error());
  auto writer = create_recording(std::move(recording));
  if (!writer) return report(writer.error());

  Loopback loopback(**exchange, client_clock, exchange_clock);
  const auto line = loopback.make_transport(ConnectionId{1});
  RecordingTransport transport(*line, **writer);
  const auto codec = make_codec(Dialect::SpotV2);
  Nobody nobody;
  Client client(transport, *codec, client_clock, nobody,
                {.endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value(), .reconnects = false});
  for (const Subscription& one : *wanted) client.subscribe(one);
  client.start();
  Progress progress;
  while (client_clock.now() <= (*exchange)->end() && loopback.step()) {
    if (progress.due()) {
      progress.show(
          fmt::format("making: {} frames, {}", grouped((*writer)->frames()), format_rfc3339(client_clock.now(), 0)));
    }
  }
  if (auto finished = (*writer)->finish(); !finished) return report(finished.error());
  say(fmt::format("{}: {} frames, {} checksums right, {} wrong, {}", options.output, grouped((*writer)->frames()),
                  grouped(client.stats().checksums_verified), grouped(client.stats().checksums_failed),
                  bytes_text((*writer)->stored_bytes())));
  return client.stats().checksums_failed == 0 ? kClean : kFailed;
}

}  // namespace

void add_synth(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("synth", "Makes a recording of a synthetic market in Kraken's exact wire form");
  command->footer(
      "Example: ktape synth --seed 7 --symbols BTC/USD,ETH/USD --duration 10m -o market.ktape\n"
      "The same seed and options give the same bytes on every machine.");
  command->add_option("-o,--output", options->output, "The recording to make; must not exist")->required();
  command->add_option("--seed", options->seed, "Decides everything that happens")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--start", options->start, "When the market begins")->capture_default_str();
  command->add_option("--duration", options->duration, "How long it runs")->capture_default_str();
  command->add_option("--symbols", options->feeds.symbols, "Pairs; unknown ones are refused with a list")
      ->capture_default_str();
  command->add_option("--channels", options->feeds.channels, "What is subscribed to")->capture_default_str();
  command->add_option("--depth", options->feeds.depth, "Of the book: 10, 25, 100, 500, 1000")->capture_default_str();
  command->add_option("--interval", options->feeds.ohlc_interval, "Of the ohlc channel, in minutes")
      ->capture_default_str();
  command->add_option("--level", options->level, "zstd level")->check(CLI::Range(1, 19))->capture_default_str();
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
