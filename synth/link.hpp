#pragma once

#include <cstdint>

#include "core/base/time.hpp"
#include "synth/random.hpp"

namespace ktape::synth {

// The way from the exchange to its clients: now and then it stands still for about a second, and what was sent
// meanwhile arrives in one flood.
class Link {
 public:
  Link(std::uint64_t seed, Timestamp start);

  // When news of `now` that is `delay` under way arrives. `now` never decreases.
  Timestamp arrival(Timestamp now, Duration delay);

 private:
  void draw_stall(Timestamp after);

  Random random_;
  Timestamp stall_begin_, stall_end_;
};

}  // namespace ktape::synth
