#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "mock_server/mock_server.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/open_exchange.hpp"

namespace ktape::test {

inline constexpr Timestamp kServerStart = from_nanoseconds(1'700'000'000'000'000'000);
inline constexpr ConnectionId kClient{7};  // the client's own number for its connection
inline constexpr ConnectionId kFirst{1};   // the server's for the first client
// Of real time, and only a guard: nothing is measured against it.
inline constexpr Duration kPatience = std::chrono::minutes(5);

inline const TlsIdentity& test_identity() {
  static const TlsIdentity identity = make_tls_identity().value();
  return identity;
}

// Both ends in one thread, on real sockets.
struct Network {
  explicit Network(TimeSource source = TimeSource::System) : loop(source) {}

  // Starts the server; the first of its endpoints.
  Endpoint serve(MockServerOptions options = {}) {
    for (const ListenAddress& address : options.listen) {
      if (address.security != ListenAddress::Security::Plain && !options.identity) options.identity = test_identity();
    }
    server.emplace(loop.context(), exchange, server_clock, std::move(options));
    return server->listen().value().front();
  }
  Endpoint serve_with(ListenAddress::Security security) {
    MockServerOptions options;
    options.listen = {{.security = security}};
    return serve(std::move(options));
  }

  static WebSocketOptions trusting() {
    WebSocketOptions options;
    options.ca_pem = test_identity().ca;
    return options;
  }

  // Until `done`; a test that comes to nothing fails with what the client has seen.
  ::testing::AssertionResult until(const std::function<bool()>& done) {
    if (loop.run_until(done, kPatience)) return ::testing::AssertionSuccess();
    auto failure = ::testing::AssertionFailure() << "nothing came of it; the client saw " << log.frames.size()
                                                 << " frames, the end '" << log.closed() << "'";
    return failure;
  }

  VirtualClock server_clock{kServerStart};
  OpenExchange exchange{server_clock};
  LiveLoop loop;
  std::optional<MockServer> server;
  FrameLog log;
};

}  // namespace ktape::test
