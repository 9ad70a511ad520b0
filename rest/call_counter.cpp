#include "rest/call_counter.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace ktape::rest {

CallCounter::CallCounter(CallLimit limit) : limit_(limit) {
  KTAPE_ASSERT(limit.ceiling > 0 && limit.decay > Duration::zero(), "a limit that lets nothing through");
}

Timestamp CallCounter::earliest(Timestamp now, int cost) const {
  if (!zero_at_) return now;
  const int room = limit_.ceiling - std::min(cost, limit_.ceiling);  // what the counter may stand at
  return std::max(now, *zero_at_ - room * limit_.decay);
}

void CallCounter::take(Timestamp at, int cost) {
  zero_at_ = (zero_at_ ? std::max(*zero_at_, at) : at) + cost * limit_.decay;
}

void CallCounter::refused(Timestamp at) {
  const Timestamp full = at + limit_.ceiling * limit_.decay;
  zero_at_ = zero_at_ ? std::max(*zero_at_, full) : full;
}

}  // namespace ktape::rest
