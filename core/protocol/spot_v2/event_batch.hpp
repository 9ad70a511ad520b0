#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/market/event.hpp"

namespace ktape::spot_v2 {

// The events of one message and the memory that they borrow from. Kept from message to message, so that in the steady
// state nothing is allocated.
struct EventBatch {
  std::vector<Event> events;
  std::vector<Level> levels;
  std::vector<std::string_view> texts;
  std::vector<AssetInfo> assets;
  std::vector<PairInfo> pairs;
  std::vector<RestingOrder> orders;
  std::vector<OrderReport> reports;
  std::vector<Fill> fills;
  std::vector<Fee> fees;
  std::vector<Balance> balances;
  std::vector<OrderAnswer> answers;
  std::string characters;  // of names that are put together here

  void clear() {
    events.clear();
    levels.clear();
    texts.clear();
    assets.clear();
    pairs.clear();
    orders.clear();
    reports.clear();
    fills.clear();
    fees.clear();
    balances.clear();
    answers.clear();
    characters.clear();
  }
};

}  // namespace ktape::spot_v2
