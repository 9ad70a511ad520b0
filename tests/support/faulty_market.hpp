#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "faults/faulty_exchange.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/open_exchange.hpp"

namespace ktape::test {

using namespace std::chrono_literals;

using Lines = std::vector<std::string>;

// An exchange that says what the test says, its clients, and the faults between them.
struct FaultyMarket : ::testing::Test {
  static inline const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();
  static constexpr ConnectionId kOne{1};
  static constexpr ConnectionId kTwo{2};

  // From YAML, as users write it.
  FaultId add(std::string_view members) {
    const auto fault = parse_fault("{" + std::string(members) + "}", "test");
    EXPECT_TRUE(fault.has_value()) << fault.error().detail;
    return plan.add(*fault).value();
  }

  void connect(ConnectionId id = kOne, std::string_view url = "wss://ws.kraken.com/v2") {
    faulty.attach(id, Endpoint::parse(url).value(), clients[id]);
    turn();
  }
  void connect(Dialect dialect, ConnectionId id = kOne) { connect(id, public_url(dialect)); }

  // The exchange says it, the client says it.
  void tell(std::string_view text, ConnectionId to = kOne) {
    exchange.send(to, text);
    turn();
  }
  void tell(FrameKind kind, std::string_view payload, ConnectionId to = kOne) {
    exchange.send(to, kind, payload);
    turn();
  }
  void say(std::string_view text, ConnectionId from = kOne) { say(FrameKind::Text, text, from); }
  void say(FrameKind kind, std::string_view payload, ConnectionId from = kOne) {
    faulty.on_frame({clock.now(), from, Direction::ToExchange, kind, payload});
    turn();
  }
  void leave(ConnectionId from = kOne) { say(FrameKind::Closed, "1000 bye", from); }

  void turn() { clock.advance_to(clock.now()); }
  void run_to(Duration since_start) { clock.advance_to(kStart + since_start); }
  void run_for(Duration span) { clock.advance_to(clock.now() + span); }

  // What the client has heard since the last call, "@1.5s text" with the time since the start; without a time at the
  // start itself. An end is "closed 1001 reason".
  Lines heard(ConnectionId client = kOne) { return take(clients[client].frames); }
  // What the exchange has heard, of all connections; those but the first with their number in front.
  Lines arrived() { return take(exchange.heard.frames); }

  VirtualClock clock{kStart};
  OpenExchange exchange{clock};
  FaultPlan plan{clock, 7};
  std::map<ConnectionId, FrameLog> clients;
  FaultyExchange faulty{clock, exchange, plan};

 private:
  static Lines take(std::vector<LoggedFrame>& frames) {
    Lines lines;
    for (const LoggedFrame& frame : std::exchange(frames, {})) {
      std::string line;
      if (frame.at != kStart) line += "@" + format_duration(frame.at - kStart) + " ";
      if (frame.connection != kOne && frame.direction == Direction::ToExchange) {
        line += fmt::format("#{} ", static_cast<std::uint32_t>(frame.connection));
      }
      if (frame.kind == FrameKind::Closed) line += "closed ";
      if (frame.kind == FrameKind::Ping) line += "ping ";
      lines.push_back(line + frame.payload);
    }
    return lines;
  }
};

}  // namespace ktape::test
