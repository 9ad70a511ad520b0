#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/base/virtual_clock.hpp"
#include "core/wire/exchange.hpp"
#include "tests/support/frame_log.hpp"

namespace ktape::test {

// An exchange without rules of its own: a test says what it does when, and sees what it was told.
class OpenExchange final : public Exchange {
 public:
  explicit OpenExchange(VirtualClock& clock) : clock_(clock) {}

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override {
    clients[connection] = &client;
    endpoints[connection] = endpoint;
    if (attached) attached(connection);
  }

  void on_frame(const Frame& frame) override {
    if (frame.kind == FrameKind::Closed) clients.erase(frame.connection);
    heard.on_frame(frame);
    if (said) said(frame);
  }

  void send(ConnectionId to, FrameKind kind, std::string_view payload) {
    const auto client = clients.find(to);
    if (client == clients.end()) return;
    FrameSink& sink = *client->second;
    if (kind == FrameKind::Closed) clients.erase(client);
    sink.on_frame({clock_.now(), to, Direction::FromExchange, kind, payload});
  }
  void send(ConnectionId to, std::string_view text) { send(to, FrameKind::Text, text); }

  // Answers each text with itself.
  void echo() {
    said = [this](const Frame& frame) {
      if (frame.kind == FrameKind::Text || frame.kind == FrameKind::Binary) {
        send(frame.connection, frame.kind, frame.payload);
      }
    };
  }

  FrameLog heard;
  std::map<ConnectionId, FrameSink*> clients;
  std::map<ConnectionId, Endpoint> endpoints;
  std::function<void(ConnectionId)> attached;
  std::function<void(const Frame&)> said;

 private:
  VirtualClock& clock_;
};

}  // namespace ktape::test
