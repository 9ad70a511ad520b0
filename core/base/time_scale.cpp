#include "core/base/time_scale.hpp"

#include <algorithm>
#include <limits>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

__extension__ using Wide = __int128;

Duration saturated(Wide nanos) {
  constexpr Wide kMax = std::numeric_limits<Duration::rep>::max();
  return Duration{static_cast<Duration::rep>(std::min(nanos, kMax))};
}

}  // namespace

TimeScale::TimeScale(Rate rate, Timestamp start) : rate_(rate), start_(start) {
  KTAPE_ASSERT(rate.numerator != 0 && rate.denominator != 0, "a rate with a zero in it");
}

Timestamp TimeScale::virtual_at(Duration elapsed) const {
  const Wide passed = Wide{std::max(elapsed, Duration::zero()).count()} * rate_.numerator / rate_.denominator;
  return Timestamp{saturated(Wide{nanoseconds(start_)} + passed)};
}

Duration TimeScale::elapsed_at(Timestamp at) const {
  if (at <= start_) return Duration::zero();
  const Wide ahead = (Wide{nanoseconds(at)} - nanoseconds(start_)) * rate_.denominator;
  return saturated((ahead + rate_.numerator - 1) / rate_.numerator);
}

}  // namespace ktape
