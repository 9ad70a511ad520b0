#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/market/event.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// The history of a run as text: one line per event (append_event_text), in the order in which they happened, whatever
// the connection. Two runs had the same history exactly if these lines are equal byte for byte.
class EventLog {
 public:
  // Gets each line with its newline; the view is good until it returns.
  using Output = std::function<void(std::string_view line)>;

  // `clock` outlives the log.
  EventLog(const Clock& clock, Output output);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Where the events of this connection go. Lives as long as the log.
  EventSink& of(ConnectionId connection);

  std::uint64_t events() const { return events_; }

 private:
  class Line;
  void write(ConnectionId connection, const Event& event);

  const Clock& clock_;
  Output output_;
  std::string line_;
  std::uint64_t events_ = 0;
  std::map<ConnectionId, std::unique_ptr<Line>> lines_;
};

}  // namespace ktape
