#pragma once

#include <cstdint>
#include <string>

#include "core/market/event_text.hpp"

namespace ktape::test {

// Every event as its line of text, since events themselves only borrow what they say.
class EventLog final : public EventSink {
 public:
  void on_event(const Event& event) override {
    append_event_text(text_, at_, 0, event);
    text_.push_back('\n');
  }

  // The stamp of the lines to come: nanoseconds since 1970.
  void set_time(std::int64_t at) { at_ = from_nanoseconds(at); }

  const std::string& text() const { return text_; }
  void clear() { text_.clear(); }

 private:
  std::string text_;
  Timestamp at_{};
};

}  // namespace ktape::test
