#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/wire/exchange.hpp"

namespace ktape::test {

// Whether all of these words, which blanks part, stand in the line.
bool has_all_words(std::string_view line, std::string_view words);

// The far end of a dialogue that a client under test leads:
//   + connects            the next thing must be that a client connects
//   - why                 a connection attempt is refused: "- 1006 connect: refused"
//   > text                the next thing the client says; `...` stands for any characters
//   < text                the exchange says this
//   < closed 1001 why     the exchange ends the connection
//   > closed 1000 why     the client ends it
//   @ +5s                 so much time passes, in which the client says nothing
//   ~ +5s                 so much time passes, in which the client may say what it likes (pings)
//   ! text                what the client has told by now: the next of its events that has all these words
//   / text                from the last of these on, the client has told nothing that has all these words
//   # text                a remark; empty lines are skipped
// Texts that are compared are texts: a script can be read aloud.
class ScriptedExchange final : public Exchange {
 public:
  // `timers` outlives it.
  ScriptedExchange(TimerService& timers, std::string_view script);

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void on_frame(const Frame& frame) override;

  bool finished() const { return at_ == steps_.size() || !problem_.empty(); }

  // The first thing that went otherwise than the script says, with its line; compares the "!" lines with the lines of
  // the client's event log. Empty: all went as it says.
  std::string problem(std::string_view events) const;

  // How long the script takes, with the time that its "@" and "~" lines let pass.
  Duration length() const;

 private:
  struct Step {
    int line = 0;
    char mark = ' ';
    std::string text;
    Duration span{};
  };
  void go_on();
  void say(FrameKind kind, std::string_view payload);
  void differs(std::string_view what);

  TimerService& timers_;
  std::vector<Step> steps_;
  std::size_t at_ = 0;
  std::string problem_;
  ConnectionId connection_{};
  FrameSink* client_ = nullptr;
  bool waiting_ = false;   // for an answer or a connection
  bool passing_ = false;   // time
  bool ignoring_ = false;  // what the client says meanwhile
  void tick();

  std::deque<std::string> heard_;
  Timer timer_;
  Timer tick_;
};

}  // namespace ktape::test
