#include "core/market/trade_sequence.hpp"

#include <algorithm>

namespace ktape {

TradeSequence::Verdict TradeSequence::observe(std::int64_t id) {
  if (id == 0) return {};
  if (!seen_) {
    seen_ = {id, id};
    return {};
  }
  auto& [first, last] = *seen_;
  // Differences of ids may leave the range of their type, comparisons do not.
  if (id > last) {
    const std::int64_t expected = last + 1;
    last = id;
    if (id == expected) return {};
    holes_.emplace_back(expected, id);
    if (holes_.size() > kMaxHoles) holes_.erase(holes_.begin());
    ++gaps_;
    return {.duplicate = false, .gap_from = expected};
  }
  if (id < first) {
    // Older history than any so far: a snapshot that arrives after live trades.
    if (id != first - 1) holes_.insert(holes_.begin(), {id + 1, first});
    if (holes_.size() > kMaxHoles) holes_.erase(holes_.begin());
    first = id;
    return {};
  }
  if (take_from_hole(id)) return {};
  ++duplicates_;
  return {.duplicate = true, .gap_from = {}};
}

bool TradeSequence::take_from_hole(std::int64_t id) {
  const auto hole = std::find_if(holes_.begin(), holes_.end(),
                                 [id](const auto& range) { return id >= range.first && id < range.second; });
  if (hole == holes_.end()) return false;
  const auto [from, to] = *hole;
  if (id == from && id + 1 == to) {
    holes_.erase(hole);
  } else if (id == from) {
    hole->first = id + 1;
  } else if (id + 1 == to) {
    hole->second = id;
  } else {
    hole->second = id;
    holes_.insert(hole + 1, {id + 1, to});
  }
  return true;
}

}  // namespace ktape
