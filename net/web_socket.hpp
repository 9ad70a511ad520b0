#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/frame.hpp"
#include "net/byte_stream.hpp"
#include "net/http_message.hpp"

namespace ktape::net {

// The limits of one websocket. Times are real ones.
struct WebSocketLimits {
  std::size_t max_message_bytes = std::size_t{16} << 20U;
  Duration handshake_timeout = std::chrono::seconds(10);
  Duration close_timeout = std::chrono::seconds(10);
  // A server's side that answers HTTP requests, too:
  std::size_t max_body_bytes = std::size_t{256} << 10U;
  Duration answer_timeout = std::chrono::seconds(60);  // for an answer that comes later
  Duration idle_timeout = std::chrono::seconds(60);    // after an answer, until the next request
};

// What a client asks for when it upgrades the connection.
struct UpgradeOffer {
  std::string host;    // the Host header: "ws.kraken.com", "127.0.0.1:8080"
  std::string target;  // "/v2?x=1"
  HttpHeaders headers;
};

// What a server sees of a request: enough to accept or to refuse it.
struct UpgradeRequest {
  std::string method;
  std::string host;
  std::string target;
  bool is_upgrade = false;                // asks for a websocket, as RFC 6455 says
  std::vector<std::string> subprotocols;  // offered, in the client's order
};

// Nothing: go ahead.
using UpgradePolicy = std::function<std::optional<HttpRefusal>(const UpgradeRequest&)>;

// Answers a request that asks for no websocket, at once or later in the loop. False: it will not, and the policy is
// asked, which will refuse it.
using HttpAnswerer = std::function<bool(const HttpRequest&, HttpReply reply)>;

// How a websocket ended. `by_us`: this end closed it, or refused what came.
struct Ending {
  CloseInfo info;
  bool by_us = false;
};

// Called from the io_context, never from inside a call to the WebSocket. The callee may close or destroy the WebSocket.
class WebSocketEvents {
 public:
  // The handshake is done. A server's side gets the request; a client's side what it had asked for.
  virtual void on_open(const UpgradeRequest& request) = 0;
  // Text, Binary, Ping and Pong in the order of arrival. A Ping is answered when the call has returned, that is, after
  // everything sent before or meanwhile.
  virtual void on_message(FrameKind kind, std::string_view payload) = 0;
  // Asked when a Ping or a close (FrameKind::Closed) has come, after on_message(): true leaves it to the callee to
  // answer, or nobody does, as if the answer were lost on its way.
  virtual bool is_mute(FrameKind /*kind*/) { return false; }
  // Once and last, also for a handshake that failed.
  virtual void on_end(const Ending& ending) = 0;
  // A write has ended: queued_bytes() is smaller.
  virtual void on_written() {}

 protected:
  ~WebSocketEvents() = default;
};

// One websocket (RFC 6455) without compression, as a client or as a server. The handle owns the connection: destroying
// it drops the socket without a goodbye, and no call follows.
class WebSocket {
 public:
  WebSocket(ByteStream stream, const WebSocketLimits& limits, WebSocketEvents& events);
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // One of the two, once. A subprotocol that a client offers first is the one that is accepted.
  //
  // A server with `answers` stays in HTTP until an upgrade comes: it answers one request after the other, on the same
  // connection where the client wants that. A connection that was used for nothing else ends with code 1000.
  void connect(const UpgradeOffer& offer);
  void accept(UpgradePolicy policy, HttpAnswerer answers = {});

  // Text, Binary, Ping or Pong, as one frame, never fragmented. Control payloads over 125 bytes are cut. False: not
  // sent, because the connection is not open or is being closed.
  bool send(FrameKind kind, std::string_view payload);
  std::size_t queued_bytes() const;

  // Bytes of what is sent can be held back, as ByteStream does it. A close lets them go.
  std::uint64_t position() const;
  void hold_at(std::uint64_t position);
  void let_go();

  // Sends a close frame and waits for the answer; on_end() follows. 1005 sends one without a code, as RFC 6455 says;
  // 1006 and other codes that may not be sent drop the connection without one.
  void close(const CloseInfo& why);
  // Drops the connection; on_end() follows with `why`. For a peer that broke a rule of ours or does not answer.
  void drop(const CloseInfo& why);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ktape::net
