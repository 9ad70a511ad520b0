#include "core/base/virtual_clock.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace ktape {

void VirtualClock::advance_to(Timestamp target) {
  KTAPE_ASSERT(!advancing_, "advance_to() called from inside a timer's callback");
  advancing_ = true;
  target = std::max(target, now_);

  // Timers set while an instant runs carry a sequence number from `generation` on: they form the next round.
  int rounds = 0;
  std::uint64_t generation = next_sequence_;
  Timestamp instant = now_;
  while (!timers_.empty()) {
    const auto due = timers_.begin();
    if (due->first.deadline > target) break;
    const Timestamp deadline = std::max(due->first.deadline, now_);
    if (deadline != instant) {
      instant = deadline;
      rounds = 0;
      generation = next_sequence_;
    } else if (due->first.sequence >= generation) {
      generation = next_sequence_;
      ++rounds;
      KTAPE_ASSERT(rounds <= kMaxRounds, "timers of one instant keep setting timers for that same instant");
    }
    now_ = deadline;
    const Callback callback = std::move(due->second);
    timers_.erase(due);
    callback(deadline);
  }
  now_ = target;
  advancing_ = false;
}

std::optional<Timestamp> VirtualClock::next_deadline() const {
  if (timers_.empty()) return std::nullopt;
  return std::max(timers_.begin()->first.deadline, now_);
}

Timer VirtualClock::set(Timestamp deadline, TimerOrder order, Callback callback) {
  // A deadline in the past means now: ordering by the original deadline would let a late timer overtake its elders.
  const Timer::Key key{std::max(deadline, now_), order, next_sequence_++};
  timers_.emplace(key, std::move(callback));
  return Timer(*this, key);
}

}  // namespace ktape
