#pragma once

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

  void clear() {
    events.clear();
    levels.clear();
    texts.clear();
    assets.clear();
    pairs.clear();
  }
};

}  // namespace ktape::spot_v2
