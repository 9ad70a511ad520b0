#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/client_environment.hpp"
#include "cli/command.hpp"
#include "cli/recordings.hpp"
#include "cli/serving.hpp"
#include "cli/text_output.hpp"
#include "core/wire/web_requests.hpp"
#include "hosts/kraken_hosts.hpp"
#include "live/live_loop.hpp"
#include "mock_server/mock_server.hpp"
#include "replay/limited_source.hpp"
#include "replay/playback_exchange.hpp"
#include "replay/recording_survey.hpp"
#include "replay/told_terms.hpp"
#include "replay/translated_source.hpp"

namespace ktape::cli {
namespace {

Result<void> write_file(const std::string& path, std::string_view text) {
  // Written aside and renamed: whoever waits for the file never sees half of
  // it.
  const std::string aside = path + ".part";
  std::FILE* const file = std::fopen(aside.c_str(), "wb");
  const bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = file != nullptr && std::fclose(file) == 0;
  if (!written || !closed || std::rename(aside.c_str(), path.c_str()) != 0) {
    return fail(Errc::Io, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
  return {};
}

struct Window {
  Duration start_offset{};
  std::optional<Duration> duration;
};

// What its recording speaks, and what it is served in.
struct Languages {
  Dialect own = Dialect::SpotV2;
  Dialect served = Dialect::SpotV2;
};

Result<Languages> languages(const ServeArguments& options, const SessionInfo& info) {
  const auto own = dialect_of(info);
  if (!own) return tl::unexpected<Error>(own.error());
  if (options.dialect.empty()) return Languages{*own, *own};
  const auto wanted = parse_dialect(options.dialect);
  if (!wanted) {
    return fail(Errc::InvalidArgument,
                fmt::format("--dialect: '{}' is no dialect: spot-v2, spot-v1 or futures-v1 expected", options.dialect));
  }
  if (*wanted != *own && !TranslatedSource::knows(*own, *wanted)) {
    return fail(Errc::Unsupported, fmt::format("{}: a recording of {} cannot be told in {}", options.file,
                                               to_string(*own), to_string(*wanted)));
  }
  return Languages{*own, *wanted};
}

std::unique_ptr<FrameSource> in_language(std::unique_ptr<FrameSource> source, const Languages& spoken) {
  if (spoken.own == spoken.served) return source;
  return std::make_unique<TranslatedSource>(std::move(source), spoken.own, spoken.served);
}

Result<std::unique_ptr<FrameSource>> open_source(const std::string& path, const Window& window,
                                                 const Languages& spoken) {
  auto reader = open_recording(path);
  if (!reader) return tl::unexpected<Error>(reader.error());
  if (!window.duration) return in_language(std::move(*reader), spoken);
  return in_language(std::make_unique<LimitedSource>(std::move(*reader), window.start_offset + *window.duration),
                     spoken);
}

// What the recording holds, so that a client may ask for it before it is reached.
Result<RecordingSurvey> survey(const std::string& path, const Languages& spoken) {
  auto reader = open_recording(path);
  if (!reader) return tl::unexpected<Error>(reader.error());
  auto& recording = **reader;
  const auto source = in_language(std::move(*reader), spoken);
  auto found = survey_recording(*source, spoken.served);
  if (found) tell_what_is_missing(recording, path);  // and serve what is there
  return found;
}

// The terms of its pairs, by the recording's own telling: another dialect may not tell them.
Result<InstrumentTable> terms_of(const std::string& path, const Languages& spoken) {
  auto reader = open_recording(path);
  if (!reader) return tl::unexpected<Error>(reader.error());
  return told_terms(**reader, spoken.own);
}

Result<MockServerOptions> server_options(const ServeArguments& options) {
  MockServerOptions server;
  const auto rate = parse_rate(options.rate);
  if (!rate) return tl::unexpected(in_option("--rate", rate.error()));
  if (options.clock != "real" && (options.rate != "1" || options.start_paused)) {
    return fail(Errc::InvalidArgument, fmt::format("--clock {} keeps its own pace: --rate and "
                                                   "--start-paused are for --clock real",
                                                   options.clock));
  }
  if (options.clock == "lockstep") {
    server.pace = ServerPace::Lockstep;
  } else if (options.clock == "max" || !*rate) {
    server.pace = ServerPace::Max;
  } else {
    server.rate = **rate;
  }
  server.listen = {
      {.host = options.host, .port = static_cast<std::uint16_t>(options.port), .security = options.security}};
  server.wait_for_first_client = !options.time_at_once;
  if (options.security != ListenAddress::Security::Plain) {
    if (options.certificate.empty() != options.key.empty()) {
      return fail(Errc::InvalidArgument, "--cert and --key belong together");
    }
    auto identity =
        options.certificate.empty() ? make_tls_identity() : read_tls_identity(options.certificate, options.key);
    if (!identity) return tl::unexpected<Error>(identity.error());
    server.identity = std::move(*identity);
  } else if (!options.ca_out.empty() || !options.certificate.empty() || !options.key.empty()) {
    return fail(Errc::InvalidArgument, "--ca-out, --cert and --key have no meaning without --tls");
  }
  server.log = [](std::string_view line) { say(line); };
  return server;
}

// All that a client must know, as shell commands.
void print_environment(const ServeArguments& options, const std::vector<Endpoint>& endpoints) {
  ServerPlace place{.host = options.host, .ca_file = options.ca_out};
  for (const Endpoint& endpoint : endpoints) (endpoint.secure ? place.tls_port : place.plain_port) = endpoint.port;
  const std::string text = environment_text(place);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

int serve(const ServeArguments& options, const ServeHooks& hooks) {
  const auto start_offset = parse_optional_duration("--start-offset", options.start_offset);
  if (!start_offset) return report(start_offset.error());
  const auto duration = parse_optional_duration("--duration", options.duration);
  if (!duration) return report(duration.error());
  forbid_core_dumps();
  auto server_how = server_options(options);
  if (!server_how) return report(server_how.error());

  auto probe = open_recording(options.file);
  if (!probe) return report(probe.error());
  const auto spoken = languages(options, (*probe)->info());
  if (!spoken) return report(spoken.error());
  if (auto longer = require_longer_than(**probe, options.file, start_offset->value_or(Duration::zero())); !longer) {
    return report(longer.error());
  }
  auto found = survey(options.file, *spoken);
  if (!found) return report(found.error());

  auto terms = terms_of(options.file, *spoken);
  if (!terms) return report(terms.error());

  std::vector<hosts::Account> accounts;
  if (!options.accounts.empty()) {
    auto read = hosts::read_accounts(options.accounts);
    if (!read) return report(read.error());
    accounts = std::move(*read);
  }

  const Window window{start_offset->value_or(Duration::zero()), *duration};
  PlaybackOptions playback{};
  playback.dialect = spoken->served;
  playback.known_feeds = found->feeds;
  playback.at_end = options.loop   ? PlaybackEnd::RestartAtOnce
                    : options.once ? PlaybackEnd::Stop
                                   : PlaybackEnd::RestartOnAttach;
  // The clock must not be ahead of the first frame; it is moved there once that
  // is known.
  const auto first = (*probe)->next();
  if (!first) return report(first.error());
  if (!*first) return report({Errc::NotFound, fmt::format("{}: the recording has no frames", options.file)});
  VirtualClock clock((*first)->at);
  auto exchange = PlaybackExchange::create(
      clock, [&] { return open_source(options.file, window, *spoken); }, playback);
  if (!exchange) return report(exchange.error());
  if (window.start_offset > Duration::zero()) clock.advance_to(clock.now() + window.start_offset);

  hosts::KrakenHosts kraken(clock, **exchange,
                            {.accounts = std::move(accounts),
                             .watch = {.dialect = spoken->served,
                                       .feeds = std::move(found->feeds),
                                       .known_terms = std::move(*terms),
                                       .known_products = std::move(found->products)},
                             .market_ended = [&] { return (*exchange)->ended(); }});
  server_how->accepts = [&](const Endpoint& endpoint) { return kraken.serves(endpoint); };
  server_how->answer_http = [&](const net::HttpRequest& request) { return kraken.answer(request); };

  LiveLoop loop;
  const std::string ca = server_how->identity ? server_how->identity->ca : std::string();
  const Rate rate = server_how->rate;
  MockServer server(loop.context(), kraken, clock, std::move(*server_how));
  if (options.start_paused) server.pause();
  // Before anybody can know of this server, and stop it.
  bool stopping = false;
  bool paused = options.start_paused;
  const auto stop = [&] {
    if (std::exchange(stopping, true)) loop.stop();
    server.stop();
  };
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    if (number == SIGHUP && !hooks.on_signal) continue;
    loop.on_signal(number, [&, number] { hooks.on_signal ? hooks.on_signal(number) : stop(); });
  }
  loop.on_signal(SIGUSR1, [&] {
    paused = !paused;
    paused ? server.pause() : server.resume();
  });

  const auto endpoints = server.listen();
  if (!endpoints) {
    const bool theirs = endpoints.error().code == Errc::Tls && !options.certificate.empty();
    const std::string files = theirs ? fmt::format("{}, {}: ", options.certificate, options.key) : "";
    return report({endpoints.error().code, files + endpoints.error().detail});
  }
  if (!options.ca_out.empty()) {
    if (auto written = write_file(options.ca_out, ca); !written) return report(written.error());
  }
  if (!options.port_file.empty()) {
    const std::string port = fmt::format("{}\n", endpoints->front().port);
    if (auto written = write_file(options.port_file, port); !written) return report(written.error());
  }
  for (Endpoint endpoint : *endpoints) {
    endpoint.target = public_path(spoken->served);
    say(fmt::format("serving {} on {}{}", options.file, endpoint.url(),
                    options.start_paused ? " (paused: SIGUSR1 starts and stops time)" : ""));
  }

  if (options.print_environment) print_environment(options, *endpoints);
  if (hooks.listening) {
    if (auto ready = hooks.listening({loop, *endpoints, ca, clock.now(), rate}); !ready) return report(ready.error());
  }

  std::optional<int> code;
  loop.after_turn([&] {
    if (!code && hooks.ended) {
      code = hooks.ended();
      if (code) loop.stop();
    }
    const bool done = stopping || (options.once && (*exchange)->ended());
    if (done && server.clients() == 0) loop.stop();
  });
  loop.run();
  if (const auto& status = (*exchange)->status(); !status) return report(status.error());
  return code.value_or(kClean);
}

void add_playback_options(CLI::App& command, ServeArguments& arguments) {
  command.add_option("FILE", arguments.file, "The recording")->required();
  command.add_option("--dialect", arguments.dialect,
                     "Serve it in this one: a recording of spot-v2 in spot-v1, or the other way round, as far as its\n"
                     "facts allow [its own]");
  command.add_option("--host", arguments.host, "Address to listen on")->capture_default_str();
  command.add_option("--accounts", arguments.accounts,
                     "Accounts with keys and balances (YAML): private "
                     "websockets, tokens and trading");
  command
      .add_option("--clock", arguments.clock,
                  "real: at --rate; max: as fast as clients take it; lockstep: "
                  "instant by instant, each announced and\n"
                  "answered, so that every run is the same")
      ->check(CLI::IsMember({"real", "max", "lockstep"}))
      ->capture_default_str();
  command.add_option("-r,--rate", arguments.rate, "Ratio to real time: 1, 60, 1/2, or max")->capture_default_str();
  command.add_option("--start-offset", arguments.start_offset, "Begin so far into the recording (1m30s)");
  command.add_option("--duration", arguments.duration, "Serve no more than this span of it");
  command.add_flag("-l,--loop", arguments.loop, "Begin again at the end");
}

void add_serve(CLI::App& program, Run& run_later) {
  struct Options {
    ServeArguments arguments;
    bool tls = false;
  };
  auto options = std::make_shared<Options>();
  ServeArguments& arguments = options->arguments;
  CLI::App* command = program.add_subcommand("serve", "Serves a recording to websocket and HTTP clients, like Kraken");
  command->footer(
      "Example: ktape serve session.ktape --port 8443 --tls --ca-out ca.pem\n"
      "Time begins with the first client. When the recording ends, clients are closed with 1001; the next one starts\n"
      "it anew. It is served as Kraken would, by its dialect: Spot v2 at /v2, Spot v1 at /, Futures at /ws/v1.");
  add_playback_options(*command, arguments);
  command->add_option("--port", arguments.port, "0 takes a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command->add_option("--port-file", arguments.port_file, "Write the port number to this file once it is open");
  command->add_flag("--tls", options->tls, "wss and https with a certificate made for this run");
  command->add_option("--ca-out", arguments.ca_out, "Write the authority that clients must trust to this PEM file");
  command->add_option("--cert", arguments.certificate, "Use this certificate (PEM) instead");
  command->add_option("--key", arguments.key, "Its private key (PEM)");
  command->add_flag("--print-env", arguments.print_environment,
                    "Print what clients need, as shell commands: URLs, the "
                    "authority, a line for /etc/hosts");
  command->add_flag("--once", arguments.once, "Exit when the recording has ended and all clients are gone")
      ->excludes(command->get_option("--loop"));
  command->add_flag("-p,--start-paused", arguments.start_paused, "Let no time pass until SIGUSR1");
  command->callback([options, &run_later] {
    if (options->tls) options->arguments.security = ListenAddress::Security::Tls;
    run_later = [options] { return serve(options->arguments); };
  });
}

}  // namespace ktape::cli
