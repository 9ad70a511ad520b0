#include "faults/server_faults.hpp"

#include <utility>

#include <fmt/format.h>

#include "net/http_message.hpp"

namespace ktape {

void let_fail(MockServerOptions& options, FaultPlan& plan, std::function<ConnectionId(ConnectionId)> numbered) {
  options.refuses_socket = [&plan] { return plan.refuses_socket(); };
  options.fails_handshake = [&plan]() -> std::optional<TlsTrouble> {
    const auto failure = plan.at_handshake();
    if (!failure) return std::nullopt;
    switch (*failure) {
      case faults::TlsFailure::Expired:
        return TlsTrouble::Expired;
      case faults::TlsFailure::WrongName:
        return TlsTrouble::WrongName;
      case faults::TlsFailure::Untrusted:
        return TlsTrouble::Untrusted;
      case faults::TlsFailure::Handshake:
        break;
    }
    return TlsTrouble::NoHandshake;
  };
  options.refuses_upgrade = [&plan](const Endpoint& endpoint) -> std::optional<net::HttpRefusal> {
    auto refusal = plan.at_upgrade(endpoint);
    if (!refusal) return std::nullopt;
    net::HttpRefusal out{refusal->status, std::move(refusal->body), {}};
    if (refusal->retry_after) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*refusal->retry_after);
      out.headers.emplace_back("Retry-After", fmt::format("{}", seconds.count()));
    }
    return out;
  };
  options.is_silent = [&plan, numbered = std::move(numbered)](ConnectionId id) { return plan.is_silent(numbered(id)); };
}

}  // namespace ktape
