#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/random.hpp"
#include "core/base/virtual_clock.hpp"
#include "core/wire/exchange.hpp"
#include "core/wire/transport.hpp"

namespace ktape::test {

// One client's live loop and its connection, without sockets or system time: both sides' time is drawn from a seed. It
// wakes up late, sometimes very late; takes the time once per wake-up, fires what is due, each timer at its deadline;
// and delivers all that has arrived meanwhile with that one stamp, as LiveLoop does. The connection is refused and cut
// now and then.
class LateLoop final : public Transport, private FrameSink {
 public:
  // Both outlive it.
  LateLoop(Exchange& exchange, VirtualClock& exchange_clock, std::uint64_t seed)
      : exchange_(exchange), exchange_clock_(exchange_clock), clock_(exchange_clock.now()), random_(seed) {
    // Every seed has troubles of its own.
    cut_one_in_ = 200 + random_.below(4000);
    late_one_in_ = 2 + random_.below(40);
    longest_delay_ = 1 + static_cast<std::int64_t>(random_.below(7'000'000'000));
  }

  VirtualClock& clock() { return clock_; }
  Transport& transport() { return *this; }

  struct Counts {
    std::uint64_t wake_ups = 0;
    std::uint64_t bursts = 0;          // wake-ups with several frames
    std::uint64_t timers_skipped = 0;  // wake-ups with several deadlines behind them
    std::uint64_t connections = 0;
    std::uint64_t cuts = 0;
  };
  const Counts& counts() const { return counts_; }

  void run_until(Timestamp end) {
    while (clock_.now() < end) wake_up(std::min(end, next_wake_up(end)));
  }

 private:
  struct Arrived {
    FrameKind kind;
    std::string payload;
  };

  void connect(const Endpoint& endpoint, FrameSink& inbound) override {
    inbound_ = &inbound;
    endpoint_ = endpoint;
    awaiting_ = true;
    if (random_.below(8) == 0) {
      arrived_.push_back({FrameKind::Closed, "1006 connect: refused"});
      return;
    }
    connects_ = true;
  }
  void send(std::string_view text) override {
    if (!open_) return;
    said_.push_back({FrameKind::Text, std::string(text)});
    inbound_->on_frame({clock_.now(), kConnection, Direction::ToExchange, FrameKind::Text, text});
  }
  void close(const CloseInfo& why) override {
    if (!open_ || closing_) return;
    closing_ = true;
    leaves_ = std::exchange(attached_, false);
    arrived_.push_back({FrameKind::Closed, why.text()});
  }

  // What the exchange says, on its own time.
  void on_frame(const Frame& frame) override {
    if (!attached_) return;
    if (frame.kind == FrameKind::Closed) attached_ = false;
    arrived_.push_back({frame.kind, std::string(frame.payload)});
  }

  Timestamp next_wake_up(Timestamp end) {
    Timestamp next = end;
    if (const auto due = clock_.next_deadline()) next = std::min(next, *due);
    if (const auto due = exchange_clock_.next_deadline()) next = std::min(next, *due);
    if (!arrived_.empty() || connects_) next = clock_.now();
    next = std::max(next, clock_.now());
    auto late = static_cast<std::int64_t>(random_.below(300'000));
    if (random_.below(late_one_in_) == 0) {
      late = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(longest_delay_)));
    }
    return next + Duration{late};
  }

  void wake_up(Timestamp at) {
    ++counts_.wake_ups;
    if (std::exchange(leaves_, false)) {
      exchange_.on_frame({exchange_clock_.now(), kConnection, Direction::ToExchange, FrameKind::Closed, "1000 "});
    }
    if (std::exchange(connects_, false)) {
      ++counts_.connections;
      attached_ = true;
      arrived_.push_back({FrameKind::Opened, endpoint_.url()});
      exchange_.attach(kConnection, endpoint_, *this);
    }
    for (const Arrived& each : std::exchange(said_, {})) {
      if (!attached_) continue;
      exchange_.on_frame({exchange_clock_.now(), kConnection, Direction::ToExchange, each.kind, each.payload});
    }
    exchange_clock_.advance_to(at);

    std::uint64_t passed = 0;
    if (const auto due = clock_.next_deadline()) passed = *due < at ? 1 : 0;
    clock_.advance_to(at);
    if (passed != 0) ++counts_.timers_skipped;
    if (arrived_.size() > 1) ++counts_.bursts;
    for (const Arrived& each : std::exchange(arrived_, {})) {
      if (!open_ && !awaiting_) continue;  // what was under way when the connection ended
      const bool cut = open_ && !closing_ && random_.below(cut_one_in_) == 0;
      deliver(cut ? Arrived{FrameKind::Closed, "1006 read: reset by peer"} : each);
      if (!cut) continue;
      ++counts_.cuts;
      if (std::exchange(attached_, false)) {
        exchange_.on_frame({exchange_clock_.now(), kConnection, Direction::ToExchange, FrameKind::Closed, "1006 gone"});
      }
      return;
    }
    clock_.advance_to(at);
  }

  void deliver(const Arrived& each) {
    if (each.kind == FrameKind::Opened) open_ = true;
    awaiting_ = false;
    if (each.kind == FrameKind::Closed) {
      open_ = closing_ = false;
      said_.clear();
    }
    inbound_->on_frame({clock_.now(), kConnection, Direction::FromExchange, each.kind, each.payload});
    clock_.advance_to(clock_.now());
  }

  static constexpr ConnectionId kConnection{1};

  Exchange& exchange_;
  VirtualClock& exchange_clock_;
  VirtualClock clock_;
  Random random_;
  std::uint64_t cut_one_in_;
  std::uint64_t late_one_in_;
  std::int64_t longest_delay_;

  FrameSink* inbound_ = nullptr;
  Endpoint endpoint_;
  bool connects_ = false;  // asked for, and the exchange has not heard of it
  bool attached_ = false;  // the exchange may speak
  bool open_ = false;      // the client has heard Opened, and not Closed
  bool closing_ = false;
  bool awaiting_ = false;  // neither Opened nor Closed has come yet
  bool leaves_ = false;    // the exchange has not heard that the client has closed
  std::deque<Arrived> arrived_, said_;
  Counts counts_;
};

}  // namespace ktape::test
