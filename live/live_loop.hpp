#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/virtual_clock.hpp"

namespace boost::asio {
class io_context;
}

namespace ktape {

// Where a live program gets its time from.
enum class TimeSource : std::uint8_t {
  System,  // the computer's clock, never going back
  Server,  // a mock server, which announces its virtual time in websocket Pings; begins at 1970-01-01
};

// The one place where system time enters. It owns a VirtualClock and one thread's events: a turn is one wake-up, at
// which time is sampled once; first every timer due by then fires, at its deadline, then what has arrived is delivered,
// stamped with the sample. So a frame stamped t comes after all timers due by t, live as in replay.
//
// A mock server may share context() and so run in the same thread: each side only ever sees the other's bytes.
class LiveLoop {
 public:
  explicit LiveLoop(TimeSource source = TimeSource::System);
  ~LiveLoop();
  LiveLoop(const LiveLoop&) = delete;
  LiveLoop& operator=(const LiveLoop&) = delete;

  VirtualClock& clock();
  TimeSource time_source() const;

  // Turns until stop(). One thread, never from inside a handler.
  void run();
  // One turn: sleeps until something happens, at most for `limit` of real time. False if nothing did.
  bool turn(Duration limit);
  // Turns until `done()` holds or `limit` of real time has passed; returns done().
  bool run_until(const std::function<bool()>& done, Duration limit);

  // From any thread: run() returns after the turn that sees it. A loop that was stopped may run again.
  void stop();
  // From any thread: `task` is run by the loop, within a turn.
  void post(std::function<void()> task);
  // Runs `handler` in a turn each time the process gets `signal` (SIGINT, SIGTERM), in place of the default action.
  void on_signal(int signal, std::function<void()> handler);

  // Called at the end of every turn, before the loop can sleep: a recorder writes here what the turn has brought.
  // Empty: nothing.
  void after_turn(std::function<void()> hook);

  // For transports.
  boost::asio::io_context& context();
  // To be called before anything is delivered: the first call of a turn takes the time and fires what is due.
  void take_time();
  // To be called after anything was delivered, never from a timer: what handlers put off to the end of the instant is
  // done, as a replay does it before the next frame.
  void settle();
  // What a server has announced (TimeSource::Server). An earlier time than the present one changes nothing.
  void take_server_time(Timestamp at);
  // Held by a connection for as long as a server may announce time on it. When the last is gone, nothing but the next
  // timer can happen, so time goes there: else nobody would ever connect again after a pause.
  std::shared_ptr<void> await_server_time();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktape
