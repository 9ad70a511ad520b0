#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/base/clock.hpp"
#include "core/wire/exchange.hpp"
#include "relay/upstream.hpp"

namespace ktape::test {

// To an exchange on the same clock, without sockets and without latency.
class DirectUpstream final : public Upstream, private FrameSink {
 public:
  // All outlive it. `recorded`: the number in what it reports; `connection`: what the exchange knows it by.
  DirectUpstream(TimerService& timers, Exchange& exchange, ConnectionId recorded, ConnectionId connection)
      : timers_(timers), exchange_(exchange), recorded_(recorded), connection_(connection) {}
  ~DirectUpstream() override {
    if (attached_) tell(FrameKind::Closed, CloseInfo{1006, "the client is gone"}.text());
  }

  void connect(const Endpoint& endpoint, FrameSink& inbound) override {
    inbound_ = &inbound;
    timer_ = timers_.at(timers_.now(), [this, url = endpoint.url()](Timestamp) {
      open_ = true;
      report(Direction::FromExchange, FrameKind::Opened, url);
    });
    attached_ = true;
    exchange_.attach(connection_, endpoint, *this);
  }
  void send(FrameKind kind, std::string_view payload) override {
    if (!open_) return;
    report(Direction::ToExchange, kind, payload);
    tell(kind, payload);
  }
  void close(const CloseInfo& why) override {
    open_ = false;
    if (std::exchange(attached_, false)) tell(FrameKind::Closed, why.text());
    timer_ = timers_.at(timers_.now(), [this, text = why.text()](Timestamp) {
      report(Direction::ToExchange, FrameKind::Closed, text);  // may destroy this
    });
  }

 private:
  void on_frame(const Frame& frame) override {
    if (!attached_) return;
    if (frame.kind == FrameKind::Closed) attached_ = open_ = false;
    report(frame.direction, frame.kind, frame.payload);
  }
  void report(Direction direction, FrameKind kind, std::string_view payload) {
    inbound_->on_frame({timers_.now(), recorded_, direction, kind, payload});
  }
  void tell(FrameKind kind, std::string_view payload) {
    exchange_.on_frame({timers_.now(), connection_, Direction::ToExchange, kind, payload});
  }

  TimerService& timers_;
  Exchange& exchange_;
  ConnectionId recorded_;
  ConnectionId connection_;
  FrameSink* inbound_ = nullptr;
  Timer timer_;
  bool attached_ = false;
  bool open_ = false;
};

}  // namespace ktape::test
