#pragma once

#include <string>
#include <vector>

#include "core/market/event.hpp"

namespace ktape::spot_v1 {

// The events of one message and the memory that they borrow from, kept from message to message.
struct EventBatch {
  std::vector<Event> events;
  std::vector<Level> levels;
  std::vector<Timestamp> level_times;  // one for each of them
  std::vector<OrderAnswer> answers;
  std::vector<OrderReport> reports;
  std::vector<Fill> fills;
  std::vector<Fee> fees;
  std::string where;  // what an error would call the message

  void clear() {
    events.clear();
    levels.clear();
    level_times.clear();
    answers.clear();
    reports.clear();
    fills.clear();
    fees.clear();
  }
};

}  // namespace ktape::spot_v1
