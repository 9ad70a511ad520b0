#include "live/lateness.hpp"

#include <algorithm>
#include <chrono>

namespace ktape {

void Lateness::measure(Timestamp due) {
  add(std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) - due);
}

Duration Lateness::percentile(int percent) const {
  if (all_.empty()) return Duration::zero();
  std::vector<Duration> ordered = all_;
  const std::size_t rank = (ordered.size() * static_cast<std::size_t>(percent) + 99) / 100;
  const auto place = ordered.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(ordered.begin(), place, ordered.end());
  return *place;
}

}  // namespace ktape
