#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/wire/exchange.hpp"

namespace ktape::testing {

// An exchange that says what a test has told it to say, and nothing else: for answers that no recording holds.
class ScriptedExchange final : public Exchange {
 public:
  // `timers` outlives it.
  explicit ScriptedExchange(TimerService& timers) : timers_(timers) {}

  // Said to each client that connects from now on, after what was given before.
  void greet(std::string text) { greetings_.push_back(std::move(text)); }

  // Said, `after` a message that has `part` in it, to the client that it came from. The first rule that fits counts.
  // "{req_id}" in an answer becomes the number after "req_id": (or "reqid":) of the message, and "null" without one.
  void answer(std::string part, std::vector<std::string> texts, Duration after = Duration::zero());

  // To all clients, now. From the thread that the exchange lives in: see KrakenServer::run().
  void tell(std::string_view text);

  // Closes all of them; with 1006 the connections are cut without a close frame.
  void close(const CloseInfo& why);

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void on_frame(const Frame& frame) override;

 private:
  struct Rule {
    std::string part;
    std::vector<std::string> texts;
    Duration after{};
  };

  void later(ConnectionId to, std::vector<std::string> texts, Duration after);
  void say(ConnectionId to, FrameKind kind, std::string_view payload);

  TimerService& timers_;
  std::vector<std::string> greetings_;
  std::vector<Rule> rules_;
  std::map<ConnectionId, FrameSink*> clients_;
  std::map<std::uint64_t, Timer> pending_;
  std::uint64_t next_pending_ = 0;
};

}  // namespace ktape::testing
