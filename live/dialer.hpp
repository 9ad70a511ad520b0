#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/result.hpp"
#include "core/wire/endpoint.hpp"
#include "live/live_loop.hpp"
#include "net/byte_stream.hpp"

// Private to this folder: what websockets and HTTP requests have in common before either begins.
namespace ktape {

struct DialOptions {
  std::string ca_file;
  std::string ca_pem;
  bool allow_plain_to_other_hosts = false;
  Duration connect_timeout = std::chrono::seconds(10);    // looking up the name; then for each of its addresses
  Duration handshake_timeout = std::chrono::seconds(10);  // TLS
};

// Nothing that a token could be read from on its way.
Result<void> require_private(const Endpoint& endpoint, const DialOptions& options);

// "ws.kraken.com", "127.0.0.1:8080", "[::1]:8443": the port is left out where it is the scheme's own.
std::string host_header(const Endpoint& endpoint);

// One way to an endpoint: the name's addresses in turn, then TLS. Handlers keep it.
class Dialer : public std::enable_shared_from_this<Dialer> {
 public:
  // The error begins with the stage that failed: "resolve: ", "connect: ", "TLS: ". Errc::Tls: the certificate is not
  // accepted, or there is no authority to judge it by.
  using Done = std::function<void(Result<net::ByteStream>)>;

  Dialer(LiveLoop& loop, Endpoint endpoint, DialOptions options);

  // Calls `done` once, unless cancel() comes first; perhaps at once.
  void start(Done done);
  void cancel();

 private:
  void connect_next();
  void secure(net::ByteStream stream);
  void limit(Duration time, std::string what);
  void finish(Result<net::ByteStream> result);

  LiveLoop& loop_;
  Endpoint endpoint_;
  DialOptions options_;
  Done done_;

  std::unique_ptr<boost::asio::ssl::context> tls_;
  net::tcp::resolver resolver_;
  boost::asio::steady_timer timer_;
  std::deque<net::tcp::endpoint> addresses_;
  std::string refusals_;  // of the addresses tried so far
  int attempts_ = 0;      // addresses tried
  bool timed_out_ = false;
  std::optional<boost::asio::steady_timer> attempt_timer_;
  std::optional<net::tcp::socket> connecting_;
  std::optional<net::ByteStream> stream_;
};

}  // namespace ktape
