#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/client_environment.hpp"
#include "cli/command.hpp"
#include "cli/output_file.hpp"
#include "cli/served_limits.hpp"
#include "cli/served_markets.hpp"
#include "cli/served_scenario.hpp"
#include "cli/serving.hpp"
#include "cli/text_output.hpp"
#include "exchange/limited_exchange.hpp"
#include "faults/server_faults.hpp"
#include "hosts/kraken_hosts.hpp"
#include "live/live_loop.hpp"
#include "mock_server/mock_server.hpp"

namespace ktape::cli {
namespace {

// How long, of real time, the connections of a program that has ended are waited for.
constexpr Duration kFarewell = std::chrono::seconds(2);

Result<MockServerOptions> server_options(const ServeArguments& options) {
  MockServerOptions server;
  const auto rate = parse_rate(options.rate);
  if (!rate) return tl::unexpected(in_option("--rate", rate.error()));
  if (options.clock != "real" && (options.rate != "1" || options.start_paused)) {
    return fail(Errc::InvalidArgument, fmt::format("--clock {} keeps its own pace: --rate and "
                                                   "--start-paused are for --clock real",
                                                   options.clock));
  }
  if (options.clock == "step") {
    server.pace = ServerPace::Manual;
  } else if (options.clock == "lockstep") {
    server.pace = ServerPace::Lockstep;
  } else if (options.clock == "max" || !*rate) {
    server.pace = ServerPace::Max;
  } else {
    server.rate = **rate;
  }
  server.listen = {
      {.host = options.host, .port = static_cast<std::uint16_t>(options.port), .security = options.security}};
  server.wait_for_first_client = !options.time_at_once && options.rebase != "now";
  if (options.security != ListenAddress::Security::Plain) {
    if (options.certificate.empty() != options.key.empty()) {
      return fail(Errc::InvalidArgument, "--cert and --key belong together");
    }
  } else if (!options.ca_out.empty() || !options.certificate.empty() || !options.key.empty()) {
    return fail(Errc::InvalidArgument, "--ca-out, --cert and --key have no meaning without --tls");
  }
  server.log = [](std::string_view line) { say(line); };
  return server;
}

// For recordings that are told as if they happened now.
Timestamp system_now() {
  LiveLoop sample;
  sample.take_time();
  return sample.clock().now();
}

// Clients may live in the present, or in the time that is served: a certificate of ours is valid in both.
Result<TroubledIdentities> identities_of(const ServeArguments& options, Timestamp served_from) {
  if (!options.certificate.empty()) {
    auto given = read_tls_identity(options.certificate, options.key);
    if (!given) return tl::unexpected<Error>(given.error());
    return TroubledIdentities{std::move(*given), {}};
  }
  TlsIdentityOptions how;
  const Duration shift = served_from - system_now();
  if (shift < Duration::zero()) {
    how.valid_from += shift;
  } else {
    how.valid_until += shift;
  }
  return make_troubled_identities(how);
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

int serve(const ServeArguments& arguments, const ServeHooks& hooks) {
  forbid_core_dumps();
  ServeArguments options = arguments;
  if (auto taken = take_scenario(options); !taken) return report(taken.error());
  const auto limits = client_limits(options);
  if (!limits) return report(limits.error());
  auto server_how = server_options(options);
  if (!server_how) return report(server_how.error());

  auto connections = connection_limit(options);
  if (!connections) return report(connections.error());

  auto faults = faults_of(options);
  if (!faults) return report(faults.error());

  std::vector<hosts::Account> accounts;
  if (!options.accounts.empty()) {
    auto read = hosts::read_accounts(options.accounts);
    if (!read) return report(read.error());
    accounts = std::move(*read);
  }

  auto markets = ServedMarkets::open(options, system_now);
  if (!markets) return report(markets.error());
  VirtualClock& clock = (*markets)->clock();
  if (options.security != ListenAddress::Security::Plain) {
    auto identities = identities_of(options, clock.now());
    if (!identities) return report(identities.error());
    server_how->identity = std::move(identities->good);
    server_how->troubled = std::move(identities->troubled);
  }
  auto how = (*markets)->hosts_options();
  how.accounts = std::move(accounts);
  how.spot_v2.close_without_subscription = limits->idle_close;
  if (options.scenario) how.token_seed = options.scenario->seed;
  hosts::KrakenHosts kraken(clock, (*markets)->main_market(), std::move(how));
  LimitedExchange limited(clock, kraken, *limits);
  LiveLoop loop;
  (*markets)->catch_up();  // what goes wrong counts from where time begins
  if (!options.faults.empty()) {
    if (!options.scenario) options.scenario.emplace().name = "faults";
    auto& all = options.scenario->faults;
    all.insert(all.begin(), faults->begin(), faults->end());
    options.scenario->seed = options.seed.value_or(options.scenario->seed);
  }
  ServedMarkets& shown = **markets;
  auto created = ServedScenario::create(
      options, clock, limited,
      {.set_engine = [&shown](std::string_view state) { return shown.set_engine(state); },
       .seek =
           [&shown](const admin::RecordedPlace& place) {
             const Duration most = Timestamp::max() - shown.first_at();
             return shown.seek(place.to ? *place.to : shown.first_at() + std::min(place.offset.value_or(most), most));
           },
       .position = [&shown] { return shown.position(); }});
  if (!created) return report(created.error());
  ServedScenario* const scenario = created->get();
  if (!options.engine.empty()) {
    auto set =
        scenario != nullptr ? scenario->exchange().set_engine(options.engine) : (*markets)->set_engine(options.engine);
    if (!set) return report(set.error());
  }
  server_how->accepts = [&](const Endpoint& endpoint) {
    const bool is_served = kraken.serves(endpoint);
    if (!is_served && scenario != nullptr) scenario->exchange().door().note_refusal(endpoint, 404);
    return is_served;
  };
  server_how->answer_http = [&kraken](const net::HttpRequest& request) { return kraken.answer(request); };

  const std::string ca = server_how->identity ? server_how->identity->ca : std::string();
  const Rate rate = server_how->rate;
  if (scenario != nullptr) {
    FaultPlan& plan = scenario->exchange().faults();
    auto& door = scenario->exchange().door();
    if (!options.faults.empty()) plan.on_act([](const FaultAct& act) { say(act.text()); });
    server_how->ends_connection = [&door](ConnectionId id) { door.note_verdict(id); };
    let_fail(*server_how, plan, [&door](ConnectionId id) { return door.inner_number(id); });
    server_how->answer_http = [answers = server_how->answer_http, &door](const net::HttpRequest& request) {
      auto response = answers(request);
      if (response) door.note_call(request, *response);
      return response;
    };
  }
  if (*connections) limit_connections(*server_how, clock, **connections);
  if (scenario != nullptr) {
    server_how->refuses_upgrade = [refuses = server_how->refuses_upgrade, &door = scenario->exchange().door()](
                                      const Endpoint& endpoint, std::string_view client) {
      auto refusal = refuses(endpoint, client);
      if (refusal) door.note_refusal(endpoint, refusal->status);
      return refusal;
    };
  }
  Exchange& served = scenario != nullptr ? static_cast<Exchange&>(scenario->exchange()) : limited;
  MockServer server(loop.context(), served, clock, std::move(*server_how));
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

  (*markets)->catch_up();
  // What is due at the beginning: REST knows the market when the first client asks.
  clock.advance_to(clock.now());
  const auto endpoints = server.listen();
  if (!endpoints) {
    const bool theirs = endpoints.error().code == Errc::Tls && !options.certificate.empty();
    const std::string files = theirs ? fmt::format("{}, {}: ", options.certificate, options.key) : "";
    return report({endpoints.error().code, files + endpoints.error().detail});
  }
  if (!options.ca_out.empty()) {
    if (auto written = write_whole_file(options.ca_out, ca); !written) return report(written.error());
  }
  if (!options.port_file.empty()) {
    const std::string port = fmt::format("{}\n", endpoints->front().port);
    if (auto written = write_whole_file(options.port_file, port); !written) return report(written.error());
  }
  for (const auto& [file, path] : (*markets)->served()) {
    for (Endpoint endpoint : *endpoints) {
      endpoint.target = path;
      say(fmt::format("serving {} on {}{}", file, endpoint.url(),
                      options.start_paused ? " (paused: SIGUSR1 starts and stops time)" : ""));
    }
  }
  for (const std::string& note : (*markets)->notes()) say(note);

  if (options.start_paused) server.pause();
  if (scenario != nullptr) {
    if (auto begun = scenario->begin(loop, server, rate); !begun) return report(begun.error());
  }

  if (options.print_environment) print_environment(options, *endpoints);
  if (hooks.listening) {
    const std::string admin_url = scenario != nullptr ? scenario->admin_url() : "";
    auto ready = hooks.listening({loop, *endpoints, ca, clock.now(), rate, admin_url});
    if (!ready) return report(ready.error());
  }

  std::optional<int> code;
  loop.after_turn([&] {
    if (!code && hooks.ended) {
      code = hooks.ended();
      if (code) loop.stop();
    }
    if (scenario != nullptr) {
      scenario->flush();
      if (scenario->has_ended() && !std::exchange(stopping, true)) {
        server.stop();
        // Whoever was started for this run has nothing more to do.
        if (hooks.ended) code = kClean;
        if (code) loop.stop();
      }
    }
    const bool done = stopping || (options.once && (*markets)->ended());
    if (done && server.clients() == 0) loop.stop();
  });
  loop.run();
  if (const auto status = (*markets)->status(); !status) return report(status.error());
  if (scenario == nullptr) return code.value_or(kClean);
  loop.after_turn({});
  // A program that has ended takes its connections along, which is a part of what it did.
  if (code && !scenario->has_ended()) loop.run_until([&] { return server.clients() == 0; }, kFarewell);
  return scenario->finish(code.value_or(kClean));
}

void add_playback_options(CLI::App& command, ServeArguments& arguments) {
  command.add_option("FILE", arguments.file, "The recording, or a scenario (.yaml) that names one");
  command.add_option("--with", arguments.more, "Another recording, of another dialect, on the same clock and port");
  command.add_option("--dialect", arguments.dialect,
                     "Serve it in this one only: a recording of spot-v2 in spot-v1, or the other way round, as far as\n"
                     "its facts allow [its own, and of Spot the other one as well]");
  command.add_option("--host", arguments.host, "Address to listen on")->capture_default_str();
  command.add_option("--accounts", arguments.accounts,
                     "Accounts with keys and balances (YAML): private "
                     "websockets, tokens and trading");
  command.add_option("--faults", arguments.faults, "What goes wrong on purpose, where and when (YAML): docs/faults.md");
  command.add_option("--seed", arguments.seed, "What faults draw depends on it [1]");
  command
      .add_option("--clock", arguments.clock,
                  "real: at --rate; max: as fast as clients take it; lockstep: "
                  "instant by instant, each announced and\n"
                  "answered, so that every run is the same; step: by the admin API only [real]")
      ->check(CLI::IsMember({"real", "max", "lockstep", "step"}));
  command.add_option("-r,--rate", arguments.rate, "Ratio to real time: 1, 60, 1/2, or max [1]");
  command.add_option("--start-offset", arguments.start_offset, "Begin so far into the recording (1m30s)");
  command.add_option("--duration", arguments.duration, "Serve no more than this span of it");
  command.add_option("--idle-close", arguments.idle_close,
                     "Close a connection without any activity for so long; Kraken does after about 1m [never]");
  command
      .add_option("--max-requests", arguments.requests_per_second,
                  "Requests of one connection in a second; beyond that 'Exceeded msg rate' [any number]")
      ->check(CLI::Range(1, 1'000'000));
  command.add_option(
      "--max-connections", arguments.max_connections,
      "Attempts of one address to connect to one host, in how long: 150/10m, as at Kraken's edge. What is\n"
      "more is answered with HTTP 429 for as long [any number]");
  command.add_option(
      "--rebase", arguments.rebase,
      "Tell it as if it happened at this time (now, or 2026-09-01T08:00:00Z): every time in every message\n"
      "is moved, by a multiple of the candles' interval");
  command
      .add_option("--engine", arguments.engine,
                  "State of the matching engine from the beginning: online, post_only, limit_only, cancel_only or\n"
                  "maintenance [as recorded]")
      ->check(CLI::IsMember({"online", "post_only", "limit_only", "cancel_only", "maintenance"}));
  command.add_flag("-l,--loop", arguments.loop, "Begin again at the end");
  command.add_option("--scenario", arguments.scenario_file,
                     "What happens to clients, and what they are expected to do (docs/scenarios.md)");
  command.add_option("--journal", arguments.journal, "Write what clients do to this file, a line of JSON each");
  command.add_flag("--journal-sent", arguments.journal_sent, "Note also what the exchange says");
  command.add_option("--junit", arguments.junit, "Write what became of the expectations to this file, as JUnit XML");
  command.add_option("--tap", arguments.tap, "The same for the Test Anything Protocol");
  command.add_option("--admin-port", arguments.admin_port, "Serve the admin API on this port; 0 takes a free one");
  command.add_option("--admin-host", arguments.admin_host, "Address that the admin API listens on")
      ->capture_default_str();
}

void add_serve(CLI::App& program, Run& run_later) {
  struct Options {
    ServeArguments arguments;
    std::vector<std::string> more;
    bool tls = false;
  };
  auto options = std::make_shared<Options>();
  ServeArguments& arguments = options->arguments;
  CLI::App* command = program.add_subcommand("serve", "Serves a recording to websocket and HTTP clients, like Kraken");
  command->footer(
      "Example: ktape serve session.ktape --port 8443 --tls --ca-out ca.pem\n"
      "Time begins with the first client. When the recording ends, clients are closed with 1001; the next one starts\n"
      "it anew. It is served as Kraken would, by its dialect: Spot v2 at /v2, Spot v1 at /, Futures at /ws/v1; one of\n"
      "Spot in both of its dialects.");
  add_playback_options(*command, arguments);
  command->add_option("MORE", options->more, "Further recordings, as with --with");
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
    auto& with = options->arguments.more;
    with.insert(with.end(), options->more.begin(), options->more.end());
    if (options->tls) options->arguments.security = ListenAddress::Security::Tls;
    run_later = [options] { return serve(options->arguments); };
  });
}

}  // namespace ktape::cli
