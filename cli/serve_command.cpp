#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/recordings.hpp"
#include "core/wire/web_requests.hpp"
#include "live/live_loop.hpp"
#include "mock_server/mock_server.hpp"
#include "replay/limited_source.hpp"
#include "replay/playback_exchange.hpp"
#include "replay/translated_source.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string file;
  std::string dialect;
  std::string host = "127.0.0.1";
  int port = 0;
  std::string port_file;
  bool tls = false;
  std::string ca_out;
  std::string certificate;
  std::string key;
  std::string clock = "real";
  std::string rate = "1";
  std::string start_offset;
  std::string duration;
  bool loop = false;
  bool once = false;
  bool start_paused = false;
};

Result<void> write_file(const std::string& path, std::string_view text) {
  // Written aside and renamed: whoever waits for the file never sees half of it.
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

Result<Languages> languages(const Options& options, const SessionInfo& info) {
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

// Every feed that the recording acknowledges, so that a client may ask for it before it is reached.
Result<std::vector<Feed>> feeds_of(const std::string& path, const Languages& spoken) {
  class Feeds final : public EventSink {
   public:
    explicit Feeds(const RecordedDialect& its_dialect) : dialect(its_dialect) {}
    void on_event(const Event& event) override {
      const auto* reply = std::get_if<Reply>(&event);
      if (reply == nullptr || reply->method != "subscribe") return;
      if (const auto feed = dialect.feed_of(*reply)) all.insert(*feed);
    }
    const RecordedDialect& dialect;
    std::set<Feed> all;
  };
  auto reader = open_recording(path);
  if (!reader) return tl::unexpected<Error>(reader.error());
  auto& recording = **reader;
  const auto source = in_language(std::move(*reader), spoken);
  const auto codec = make_codec(spoken.served);
  Feeds feeds(RecordedDialect::of(spoken.served));
  WebRequests web_requests;
  for (;;) {
    auto frame = source->next();
    if (!frame) return tl::unexpected<Error>(frame.error());
    if (!*frame) break;
    const bool may_tell = (*frame)->kind == FrameKind::Text && (*frame)->direction == Direction::FromExchange;
    if (web_requests.holds(**frame) || !may_tell || !feeds.dialect.may_answer((*frame)->payload)) continue;
    codec->decode((*frame)->payload, feeds);
  }
  tell_what_is_missing(recording, path);  // and serve what is there
  return std::vector<Feed>(feeds.all.begin(), feeds.all.end());
}

Result<MockServerOptions> server_options(const Options& options) {
  MockServerOptions server;
  const auto rate = parse_rate(options.rate);
  if (!rate) return tl::unexpected(in_option("--rate", rate.error()));
  if (options.clock != "real" && (options.rate != "1" || options.start_paused)) {
    return fail(
        Errc::InvalidArgument,
        fmt::format("--clock {} keeps its own pace: --rate and --start-paused are for --clock real", options.clock));
  }
  if (options.clock == "lockstep") {
    server.pace = ServerPace::Lockstep;
  } else if (options.clock == "max" || !*rate) {
    server.pace = ServerPace::Max;
  } else {
    server.rate = **rate;
  }
  server.listen = {{.host = options.host,
                    .port = static_cast<std::uint16_t>(options.port),
                    .security = options.tls ? ListenAddress::Security::Tls : ListenAddress::Security::Plain}};
  if (options.tls) {
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

int run(const Options& options) {
  const auto start_offset = parse_optional_duration("--start-offset", options.start_offset);
  if (!start_offset) return report(start_offset.error());
  const auto duration = parse_optional_duration("--duration", options.duration);
  if (!duration) return report(duration.error());
  auto server_how = server_options(options);
  if (!server_how) return report(server_how.error());

  auto probe = open_recording(options.file);
  if (!probe) return report(probe.error());
  const auto spoken = languages(options, (*probe)->info());
  if (!spoken) return report(spoken.error());
  if (auto longer = require_longer_than(**probe, options.file, start_offset->value_or(Duration::zero())); !longer) {
    return report(longer.error());
  }
  auto feeds = feeds_of(options.file, *spoken);
  if (!feeds) return report(feeds.error());

  const Window window{start_offset->value_or(Duration::zero()), *duration};
  PlaybackOptions playback{};
  playback.dialect = spoken->served;
  playback.known_feeds = std::move(*feeds);
  playback.at_end = options.loop   ? PlaybackEnd::RestartAtOnce
                    : options.once ? PlaybackEnd::Stop
                                   : PlaybackEnd::RestartOnAttach;
  // The clock must not be ahead of the first frame; it is moved there once that is known.
  const auto first = (*probe)->next();
  if (!first) return report(first.error());
  if (!*first) return report({Errc::NotFound, fmt::format("{}: the recording has no frames", options.file)});
  VirtualClock clock((*first)->at);
  auto exchange = PlaybackExchange::create(
      clock, [&] { return open_source(options.file, window, *spoken); }, playback);
  if (!exchange) return report(exchange.error());
  if (window.start_offset > Duration::zero()) clock.advance_to(clock.now() + window.start_offset);

  server_how->accepts_path = [path = public_path(spoken->served)](std::string_view asked) { return asked == path; };
  LiveLoop loop;
  const std::string ca = server_how->identity ? server_how->identity->ca : std::string();
  MockServer server(loop.context(), **exchange, clock, std::move(*server_how));
  if (options.start_paused) server.pause();
  // Before anybody can know of this server, and stop it.
  bool stopping = false;
  bool paused = options.start_paused;
  const auto stop = [&] {
    if (std::exchange(stopping, true)) loop.stop();
    server.stop();
  };
  loop.on_signal(SIGINT, stop);
  loop.on_signal(SIGTERM, stop);
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

  loop.after_turn([&] {
    const bool done = stopping || (options.once && (*exchange)->ended());
    if (done && server.clients() == 0) loop.stop();
  });
  loop.run();
  if (const auto& status = (*exchange)->status(); !status) return report(status.error());
  return kClean;
}

}  // namespace

void add_serve(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("serve", "Serves a recording to websocket clients, like Kraken");
  command->footer(
      "Example: ktape serve session.ktape --port 8443 --tls --ca-out ca.pem\n"
      "Time begins with the first client. When the recording ends, clients are closed with 1001; the next one starts "
      "it\n"
      "anew. It is served as Kraken would, by its dialect: Spot v2 at /v2, Spot v1 at /, Futures at /ws/v1.");
  command->add_option("FILE", options->file, "The recording")->required();
  command->add_option("--dialect", options->dialect,
                      "Serve it in this one: a recording of spot-v2 in spot-v1, or the other way round, as far as its\n"
                      "facts allow [its own]");
  command->add_option("--host", options->host, "Address to listen on")->capture_default_str();
  command->add_option("--port", options->port, "0 takes a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command->add_option("--port-file", options->port_file, "Write the port number to this file once it is open");
  command->add_flag("--tls", options->tls, "wss with a certificate made for this run");
  command->add_option("--ca-out", options->ca_out, "Write the authority that clients must trust to this PEM file");
  command->add_option("--cert", options->certificate, "Use this certificate (PEM) instead");
  command->add_option("--key", options->key, "Its private key (PEM)");
  command
      ->add_option(
          "--clock", options->clock,
          "real: at --rate; max: as fast as clients take it; lockstep: instant by instant, each announced and\n"
          "answered, so that every run is the same")
      ->check(CLI::IsMember({"real", "max", "lockstep"}))
      ->capture_default_str();
  command->add_option("-r,--rate", options->rate, "Ratio to real time: 1, 60, 1/2, or max")->capture_default_str();
  command->add_option("--start-offset", options->start_offset, "Begin so far into the recording (1m30s)");
  command->add_option("--duration", options->duration, "Serve no more than this span of it");
  auto* loop = command->add_flag("-l,--loop", options->loop, "Begin again at the end");
  command->add_flag("--once", options->once, "Exit when the recording has ended and all clients are gone")
      ->excludes(loop);
  command->add_flag("-p,--start-paused", options->start_paused, "Let no time pass until SIGUSR1");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
