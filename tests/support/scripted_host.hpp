#pragma once

#include <string>
#include <string_view>

#include "core/base/virtual_clock.hpp"
#include "live/live_loop.hpp"
#include "mock_server/mock_server.hpp"
#include "tests/support/client_script.hpp"
#include "tests/support/network.hpp"

namespace ktape::test {

// A host of an exchange, over TLS in the turns of `loop`, that says what its script says (client_script.hpp).
class ScriptedHost {
 public:
  ScriptedHost(LiveLoop& loop, std::string_view path, std::string_view script)
      : path_(path), exchange_(clock_, script), server_(loop.context(), exchange_, clock_, options(path_)) {
    endpoint_ = server_.listen().value().front();
    endpoint_.target = path_;
  }
  std::string url() const { return endpoint_.url(); }
  std::string problem() const { return exchange_.problem({}); }
  bool finished() const { return exchange_.finished(); }

 private:
  static MockServerOptions options(const std::string& path) {
    MockServerOptions out;
    out.listen = {{.security = ListenAddress::Security::Tls}};
    out.identity = test_identity();
    out.accepts = [path](const Endpoint& asked) { return asked.target == path; };
    return out;
  }

  std::string path_;
  VirtualClock clock_{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  ScriptedExchange exchange_;
  MockServer server_;
  Endpoint endpoint_;
};

}  // namespace ktape::test
