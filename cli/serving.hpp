#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/base/time_scale.hpp"
#include "core/wire/endpoint.hpp"
#include "live/live_loop.hpp"
#include "mock_server/mock_server.hpp"
#include "scenario/scenario.hpp"

namespace CLI {
class App;
}

namespace ktape::cli {

// What is served, and how: the arguments of `ktape serve` and `ktape run`.
struct ServeArguments {
  std::string file;
  std::vector<std::string> more;  // further recordings, of other dialects
  std::string dialect;
  std::string host = "127.0.0.1";
  int port = 0;
  std::string port_file;
  ListenAddress::Security security = ListenAddress::Security::Plain;
  std::string ca_out;
  std::string certificate;
  std::string key;
  std::string accounts;
  std::string faults;  // a file of what goes wrong
  std::optional<std::uint64_t> seed;
  std::string clock;  // where it is empty: the scenario's, or real
  std::string rate;   // the scenario's, or 1
  std::string start_offset;
  std::string duration;
  std::string idle_close;  // a span; empty: never
  std::optional<std::uint32_t> requests_per_second;
  std::string max_connections;  // "150/10m"; empty: any number
  std::string engine;           // the state of the matching engine from the beginning; empty: what was recorded
  std::string rebase;           // "now", or a time; empty: times stay
  bool loop = false;
  bool once = false;
  bool start_paused = false;
  bool print_environment = false;
  bool time_at_once = false;  // time passes from the beginning on, not from the first client on

  std::string scenario_file;
  std::string journal;
  bool journal_sent = false;  // also what the exchange says
  std::string junit, tap;     // files for reports
  std::string admin_host = "127.0.0.1";
  std::optional<std::uint16_t> admin_port;  // 0: a free one; nothing: no admin API

  // What take_scenario() has found.
  std::optional<scenario::Scenario> scenario;
  bool is_complete = false;
};

// Those that `serve` and `run` share. `arguments` outlives the command.
void add_playback_options(CLI::App& command, ServeArguments& arguments);

// What somebody may add who serves.
struct ServeHooks {
  struct Listening {
    LiveLoop& loop;
    const std::vector<Endpoint>& endpoints;
    std::string ca;     // PEM; empty without TLS
    Timestamp start{};  // the exchange's time now, if it passes from the beginning on
    Rate rate;
    std::string admin_url;  // empty where there is no admin API
  };
  // Clients can come from now on. An error ends it.
  std::function<Result<void>(const Listening&)> listening;
  // SIGINT, SIGTERM or SIGHUP has come; nothing: the server stops, at once if it is the second.
  std::function<void(int signal)> on_signal;
  // Asked in every turn: a value ends it, and is the exit code.
  std::function<std::optional<int>()> ended;
};

// Serves until there is a reason to stop; the exit code.
int serve(const ServeArguments& arguments, const ServeHooks& hooks = {});

}  // namespace ktape::cli
