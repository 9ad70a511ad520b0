#pragma once

#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "mock_server/mock_server.hpp"
#include "tests/support/network.hpp"
#include "tests/support/open_exchange.hpp"
#include "tests/support/process.hpp"

namespace ktape::test {

// An exchange without manners, in the test's own thread. It runs while the program beside it is waited for.
class Peer {
 public:
  explicit Peer(ListenAddress::Security security = ListenAddress::Security::Plain)
      : server_(io, exchange, clock_, options(security)) {
    endpoint_ = server_.listen().value().front();
  }
  std::string url() const {
    Endpoint endpoint = endpoint_;
    endpoint.target = "/v2";
    return endpoint.url();
  }
  // True once `done`, false if the program ends before.
  bool until(Process& program, const std::function<bool()>& done) {
    while (!done()) {
      if (!program.collect(Duration::zero())) return done();
      io.run_one_for(std::chrono::milliseconds(10));
    }
    return true;
  }
  int exit_code(Process& program) {
    until(program, [] { return false; });
    return program.exit_code();
  }

  boost::asio::io_context io;

 private:
  static MockServerOptions options(ListenAddress::Security security) {
    MockServerOptions out;
    out.listen = {{.security = security}};
    if (security != ListenAddress::Security::Plain) out.identity = test_identity();
    return out;
  }

  VirtualClock clock_{from_nanoseconds(1'788'249'600'000'000'000)};

 public:
  OpenExchange exchange{clock_};

 private:
  MockServer server_;
  Endpoint endpoint_;
};

}  // namespace ktape::test
