#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/wire/transport.hpp"
#include "live/live_loop.hpp"

namespace ktape {

// Times are real ones, and each begins anew at its stage.
struct WebSocketOptions {
  // The authorities to trust in place of the system's: a PEM file, PEM text, or both. None: the system's.
  // Certificate and host name are always verified.
  std::string ca_file;
  std::string ca_pem;
  // ws:// to other hosts than loopback ones would send tokens in the clear.
  bool allow_plain_to_other_hosts = false;

  Duration connect_timeout = std::chrono::seconds(10);  // looking up the name; then for each of its addresses
  Duration handshake_timeout =
      std::chrono::seconds(10);  // TLS; then the upgrade; then the first time Ping, if one is due
  Duration close_timeout = std::chrono::seconds(10);

  std::size_t max_message_bytes = std::size_t{16} << 20U;
  std::size_t max_queued_bytes = std::size_t{64} << 20U;  // unsent; more end the connection

  // Whether Pings are answered. If not, whoever listens is to answer them by send(), or lets somebody else do so: then
  // a server's time Pings are reported as well.
  bool answer_pings = true;

  // Sends a websocket Ping each time that this much of the clock's time has passed. Zero: none.
  Duration ping_interval = Duration::zero();

  std::vector<std::pair<std::string, std::string>> headers = {{"User-Agent", "krakentape"}};
};

// A connection over the network. All pings and pongs are reported, the pongs it answers by itself included; if the
// server keeps the time (TimeSource::Server), its time Pings are not: they are the clock. Then Opened is reported when
// the first of them has set it, and before it is reported itself if Pings are not answered here.
//
// A Closed frame says why in a sentence: what the peer gave as its reason, or "1006 " and the stage that failed
// (resolve, connect, TLS, upgrade, ...) with its cause.
//
// May be closed or destroyed by the sink that it calls; destroying it drops the connection and never waits.
class WebSocketTransport final : public Transport {
 public:
  // What would fail at every attempt: a plain connection to another host, authorities that cannot be read.
  static Result<void> check(const Endpoint& endpoint, const WebSocketOptions& options);

  WebSocketTransport(LiveLoop& loop, ConnectionId connection, WebSocketOptions options = {});
  ~WebSocketTransport() override;
  WebSocketTransport(const WebSocketTransport&) = delete;
  WebSocketTransport& operator=(const WebSocketTransport&) = delete;

  void connect(const Endpoint& endpoint, FrameSink& inbound) override;
  void send(std::string_view text) override { send(FrameKind::Text, text); }
  // Text, Binary, Ping or Pong.
  void send(FrameKind kind, std::string_view payload);
  void close(const CloseInfo& why) override;

  // Why the present attempt, or the last one, did not get as far as the upgrade, if it did not. Errc::Tls: the
  // certificate is not accepted, and no further attempt will change that.
  std::optional<Error> failure() const;

 private:
  class Attempt;

  LiveLoop& loop_;
  ConnectionId connection_;
  WebSocketOptions options_;
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace ktape
