#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/market/event.hpp"

namespace ktape::synth {

// Subscriptions see the best 10, 25, 100, 500 or 1000 levels (spot-v2 section 3.1).
inline constexpr std::array<std::size_t, 5> kBookDepths{10, 25, 100, 500, 1000};
constexpr std::size_t depth_index(int depth) {
  std::size_t i = 0;
  while (i < kBookDepths.size() && kBookDepths[i] != static_cast<std::size_t>(depth)) ++i;
  return i;
}

struct Lots {
  std::int64_t ticks;     // price
  std::int64_t quantity;  // in the last place of the pair's quantities; zero removes the level
  friend bool operator==(const Lots&, const Lots&) = default;
};

// One change of one level, with what it lets every depth see: the level itself where its rank is inside the window, and
// after a removal the level that comes into the window at its far end. That is the comparison of the views before and
// after of spot-v2 section 5.3, made without comparing. A level that is pushed out of a window makes no entry.
struct BookStep {
  Side side;
  Lots level;
  std::size_t rank;                                 // 0 is the best
  std::array<Lots, kBookDepths.size()> entering{};  // quantity zero: nothing comes in

  // Appends this step's entries for kBookDepths[depth].
  void append_to(std::size_t depth, std::vector<Lots>& out) const;
};

// All resting quantity on one side, deeper than any window.
class FullSide {
 public:
  explicit FullSide(Side side) : side_(side) {}

  std::size_t size() const { return worst_first_.size(); }
  const Lots& at(std::size_t rank) const { return worst_first_[worst_first_.size() - 1 - rank]; }
  bool better(std::int64_t a, std::int64_t b) const { return side_ == Side::Buy ? a > b : a < b; }
  // The price `ticks` further from the other side.
  std::int64_t away(std::int64_t price, std::int64_t ticks) const {
    return side_ == Side::Buy ? price - ticks : price + ticks;
  }

  // Sets, adds or (quantity zero) removes the level at that price; a price that is absent is not removed.
  BookStep set(Lots level);

 private:
  Side side_;
  std::vector<Lots> worst_first_;  // so that the busy end is the cheap one
};

}  // namespace ktape::synth
