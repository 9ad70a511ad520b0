#include "core/client/reconnect_policy.hpp"

#include <algorithm>

namespace ktape {

ReconnectPolicy::ReconnectPolicy(ReconnectOptions options, std::uint64_t seed) : options_(options), random_(seed) {}

Duration ReconnectPolicy::next_delay(Timestamp now) {
  Duration delay{0};
  if (failures_ >= options_.instant_tries) {
    const int doublings = std::min(failures_ - options_.instant_tries, 20);
    delay = std::min(options_.delay * (std::int64_t{1} << doublings), options_.longest_delay);
    if (options_.jitter > Duration::zero()) {
      delay += Duration{static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(options_.jitter.count())))};
    }
  }
  ++failures_;

  while (!attempts_.empty() && attempts_.front() + options_.window <= now) attempts_.pop_front();
  if (attempts_.size() >= static_cast<std::size_t>(options_.attempts_per_window)) {
    const Timestamp free_at = attempts_[attempts_.size() - static_cast<std::size_t>(options_.attempts_per_window)];
    delay = std::max(delay, free_at + options_.window - now);
  }
  attempts_.push_back(now + delay);
  return delay;
}

}  // namespace ktape
