#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/market/event.hpp"

namespace ktape::futures {

// The events of one message and the memory that they borrow from. Kept from message to message, so that in the steady
// state of the public feeds nothing is allocated.
struct EventBatch {
  std::vector<Event> events;
  std::vector<Level> levels;
  std::vector<OrderReport> orders;
  std::vector<Fill> fills;
  std::vector<Fee> fees;
  std::vector<Balance> balances;
  std::vector<Position> positions;
  std::deque<std::string> texts;  // whose elements do not move

  template <class T>
  T& add() {
    return std::get<T>(events.emplace_back(std::in_place_type<T>));
  }
  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }

  void clear() {
    events.clear();
    levels.clear();
    orders.clear();
    fills.clear();
    fees.clear();
    balances.clear();
    positions.clear();
    texts.clear();
  }
};

}  // namespace ktape::futures
