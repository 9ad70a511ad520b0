#include "core/client/event_log.hpp"

#include <utility>

#include "core/market/event_text.hpp"

namespace ktape {

class EventLog::Line final : public EventSink {
 public:
  Line(EventLog& log, ConnectionId connection) : log_(log), connection_(connection) {}
  void on_event(const Event& event) override { log_.write(connection_, event); }

 private:
  EventLog& log_;
  ConnectionId connection_;
};

EventLog::EventLog(const Clock& clock, Output output) : clock_(clock), output_(std::move(output)) {}
EventLog::~EventLog() = default;

EventSink& EventLog::of(ConnectionId connection) {
  auto& line = lines_[connection];
  if (!line) line = std::make_unique<Line>(*this, connection);
  return *line;
}

void EventLog::write(ConnectionId connection, const Event& event) {
  line_.clear();
  append_event_text(line_, clock_.now(), static_cast<std::uint32_t>(connection), event);
  line_.push_back('\n');
  ++events_;
  output_(line_);
}

}  // namespace ktape
