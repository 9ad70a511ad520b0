#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/child_process.hpp"
#include "cli/client_environment.hpp"
#include "cli/command.hpp"
#include "cli/fake_time.hpp"
#include "cli/served_scenario.hpp"
#include "cli/serving.hpp"

namespace ktape::cli {
namespace {

struct Options {
  ServeArguments serve;
  std::vector<std::string> command;
  bool faketime = false;
};

// A folder of our own that is gone with this object.
class PrivateFolder {
 public:
  static Result<PrivateFolder> create() {
    const char* const parent = std::getenv("TMPDIR");
    std::string name = fmt::format("{}/ktape-run-XXXXXX", parent != nullptr && *parent != '\0' ? parent : "/tmp");
    if (::mkdtemp(name.data()) == nullptr) {
      return fail(Errc::Io, fmt::format("cannot make a folder {}: {}", name, std::strerror(errno)));
    }
    return PrivateFolder(std::move(name));
  }
  ~PrivateFolder() {
    if (path_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  PrivateFolder(PrivateFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  std::string file(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

 private:
  explicit PrivateFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Programs that cannot be run end like in a shell.
constexpr int kCannotRun = 127;

int run(const Options& options) {
  ServeArguments serve_how = options.serve;
  if (auto taken = take_scenario(serve_how); !taken) return report(taken.error());
  // The program may steer.
  if (!serve_how.admin_port) serve_how.admin_port = 0;
  std::string library;
  if (options.faketime) {
    auto found = find_faketime();
    if (!found) return report(found.error());
    if (serve_how.clock != "real" || serve_how.rate == "max") {
      return report({Errc::InvalidArgument, "--faketime needs time that passes at a rate: --clock real"});
    }
    library = std::move(*found);
  }
  auto folder = PrivateFolder::create();
  if (!folder) return report(folder.error());
  serve_how.security = ListenAddress::Security::Both;
  serve_how.ca_out = folder->file("ca.pem");
  serve_how.time_at_once = options.faketime;

  std::unique_ptr<ChildProcess> child;
  bool not_run = false;
  ServeHooks hooks;
  hooks.listening = [&](const ServeHooks::Listening& server) -> Result<void> {
    ServerPlace place{.host = serve_how.host, .ca_file = serve_how.ca_out};
    for (const Endpoint& endpoint : server.endpoints) {
      (endpoint.secure ? place.tls_port : place.plain_port) = endpoint.port;
    }
    auto environment = client_environment(place);
    environment.emplace_back("KTAPE_ADMIN_URL", server.admin_url);
    if (options.faketime) {
      server.loop.take_time();
      for (auto& one : faketime_environment(library, server.start, server.loop.clock().now(), server.rate)) {
        environment.push_back(std::move(one));
      }
    }
    // A child's end wakes the loop.
    server.loop.on_signal(SIGCHLD, [] {});
    auto started = ChildProcess::start(options.command, environment);
    if (!started) {
      not_run = started.error().code == Errc::NotFound;
      return tl::unexpected<Error>(started.error());
    }
    child = std::move(*started);
    return {};
  };
  hooks.on_signal = [&](int number) {
    if (child) child->signal(number);
  };
  hooks.ended = [&]() -> std::optional<int> { return child ? child->poll() : std::nullopt; };
  const int code = serve(serve_how, hooks);
  return not_run ? kCannotRun : code;
}

}  // namespace

void add_run(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("run", "Serves a recording to one program, and ends when it does");
  command->footer(
      "Example: ktape run session.ktape --rate 10 -- pytest tests/\n"
      "COMMAND finds the server by its environment (KTAPE_WS_URL, KTAPE_REST_URL, ...) and trusts it (SSL_CERT_FILE,\n"
      "REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS). The exit code is that of COMMAND, or 1 if that is 0 and a scenario\n"
      "expected what did not happen; signals are passed on to it.");
  add_playback_options(*command, options->serve);
  command->add_flag("--faketime", options->faketime,
                    "Let COMMAND see the recording's time, passing at the same rate (Debian's faketime)");
  command->add_option("COMMAND", options->command, "The program and its arguments, behind --")->required();
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
