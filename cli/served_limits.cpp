#include "cli/served_limits.hpp"

#include <charconv>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "cli/arguments.hpp"

namespace ktape::cli {
namespace {

constexpr std::uint32_t kMostAttempts = 100'000;
constexpr Duration kLongestWindow = std::chrono::hours(24);

Result<void> check_tls(const Fault& fault, const ServeArguments& options, const std::string& file) {
  const auto* const tls = std::get_if<faults::Tls>(&fault.kind);
  if (tls == nullptr) return {};
  if (options.security == ListenAddress::Security::Plain) {
    return fail(Errc::InvalidArgument,
                fmt::format("{}: a fault of kind tls can act on a server with --tls only", file));
  }
  if (!options.certificate.empty() && tls->failure != faults::TlsFailure::Handshake) {
    return fail(Errc::InvalidArgument,
                fmt::format("{}: a fault of kind tls with failure '{}' shows a certificate of the server's own "
                            "authority, which there is not with --cert",
                            file, to_string(tls->failure)));
  }
  return {};
}

Result<void> check_tls(const std::vector<scenario::Action>& actions, const ServeArguments& options) {
  for (const scenario::Action& action : actions) {
    const auto* const added = std::get_if<scenario::AddFault>(&action);
    if (added == nullptr) continue;
    if (auto good = check_tls(added->fault, options, options.scenario_file); !good) return good;
  }
  return {};
}

Result<void> check_tls(const scenario::Scenario& scenario, const ServeArguments& options) {
  for (const Fault& fault : scenario.faults) {
    if (auto good = check_tls(fault, options, options.scenario_file); !good) return good;
  }
  for (const scenario::State& state : scenario.states) {
    if (auto good = check_tls(state.actions, options); !good) return good;
    for (const scenario::Transition& transition : state.transitions) {
      if (auto good = check_tls(transition.actions, options); !good) return good;
    }
  }
  return {};
}

}  // namespace

Result<ClientLimits> client_limits(const ServeArguments& options) {
  const auto idle = parse_optional_duration("--idle-close", options.idle_close);
  if (!idle) return tl::unexpected<Error>(idle.error());
  if (*idle && **idle == Duration::zero()) return fail(Errc::InvalidArgument, "--idle-close: more than 0 expected");
  return ClientLimits{.idle_close = *idle, .requests_per_second = options.requests_per_second};
}

Result<std::optional<ConnectionLimitOptions>> connection_limit(const ServeArguments& options) {
  const std::string& text = options.max_connections;
  if (text.empty()) return std::nullopt;
  const auto wrong = [&] {
    return fail(Errc::InvalidArgument,
                fmt::format("--max-connections: attempts and a span expected, such as 150/10m (1 to {} in up to {}), "
                            "not '{}'",
                            kMostAttempts, format_duration(kLongestWindow), text.substr(0, 80)));
  };
  const auto slash = text.find('/');
  if (slash == std::string::npos) return wrong();
  ConnectionLimitOptions limit;
  const auto read = std::from_chars(text.data(), text.data() + slash, limit.attempts);
  const bool is_count = read.ec == std::errc() && read.ptr == text.data() + slash;
  const auto span = parse_optional_duration("--max-connections", text.substr(slash + 1));
  if (!is_count || limit.attempts == 0 || limit.attempts > kMostAttempts || !span || !*span ||
      **span <= Duration::zero() || **span > kLongestWindow) {
    return wrong();
  }
  limit.window = limit.ban = **span;
  return limit;
}

// How Kraken's edge puts it is not documented: this is what its provider says to who comes too often.
void limit_connections(MockServerOptions& server, const Clock& clock, ConnectionLimitOptions options) {
  const auto limit = std::make_shared<ConnectionLimit>(clock, options);
  server.refuses_upgrade = [limit, refuses = std::move(server.refuses_upgrade)](
                               const Endpoint& endpoint, std::string_view client) -> std::optional<net::HttpRefusal> {
    if (const auto banned = limit->refuses(client, endpoint.host)) {
      const auto seconds = std::chrono::ceil<std::chrono::seconds>(*banned);
      return net::HttpRefusal{429, "error code: 1015", {{"Retry-After", fmt::format("{}", seconds.count())}}};
    }
    return refuses ? refuses(endpoint, client) : std::nullopt;
  };
}

Result<std::vector<Fault>> faults_of(const ServeArguments& options) {
  if (options.scenario) {
    if (auto good = check_tls(*options.scenario, options); !good) return tl::unexpected<Error>(good.error());
  }
  if (options.faults.empty()) {
    if (!options.seed) return std::vector<Fault>();
    return fail(Errc::InvalidArgument, "--seed chooses what faults draw: it has no meaning without --faults");
  }
  auto faults = read_faults(options.faults);
  if (!faults) return faults;
  for (const Fault& fault : *faults) {
    if (auto good = check_tls(fault, options, options.faults); !good) return tl::unexpected<Error>(good.error());
  }
  return faults;
}

}  // namespace ktape::cli
