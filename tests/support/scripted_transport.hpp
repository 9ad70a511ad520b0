#pragma once

#include <string>
#include <vector>

#include "core/base/virtual_clock.hpp"
#include "core/wire/transport.hpp"

namespace ktape {

// A connection whose far end is the test: it notes what the client asks for, and says what the test wants.
class ScriptedTransport final : public Transport {
 public:
  explicit ScriptedTransport(VirtualClock& clock) : clock_(clock) {}

  void connect(const Endpoint&, FrameSink& inbound) override {
    ++connects;
    inbound_ = &inbound;
  }
  void send(std::string_view text) override {
    sent.emplace_back(text);
    report(Direction::ToExchange, FrameKind::Text, text);
  }
  void close(const CloseInfo& why) override { closes.push_back(why.text()); }

  void open() { hear(FrameKind::Opened, "wss://exchange/v2"); }
  void say(std::string_view text) { hear(FrameKind::Text, text); }
  void drop(std::string_view why = "1006 reset") { hear(FrameKind::Closed, why); }
  void hear(FrameKind kind, std::string_view payload) {
    report(Direction::FromExchange, kind, payload);
    clock_.advance_to(clock_.now());
  }

  int connects = 0;
  std::vector<std::string> sent;
  std::vector<std::string> closes;

 private:
  void report(Direction direction, FrameKind kind, std::string_view payload) {
    inbound_->on_frame({clock_.now(), ConnectionId{1}, direction, kind, payload});
  }

  VirtualClock& clock_;
  FrameSink* inbound_ = nullptr;
};

}  // namespace ktape
