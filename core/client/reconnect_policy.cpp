#include "core/client/reconnect_policy.hpp"

#include <algorithm>

namespace ktape {

Timestamp AttemptBudget::reserve(Timestamp now, Timestamp wish) {
  while (!made_.empty() && made_.front() + window_ <= now) made_.pop_front();
  const auto room = static_cast<std::size_t>(attempts_);
  if (made_.size() >= room) wish = std::max(wish, made_[made_.size() - room] + window_);
  made_.insert(std::upper_bound(made_.begin(), made_.end(), wish), wish);
  return wish;
}

ReconnectPolicy::ReconnectPolicy(ReconnectOptions options, std::uint64_t seed)
    : options_(options), random_(seed), own_(options.attempts_per_window, options.window) {}

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

  AttemptBudget& budget = options_.budget != nullptr ? *options_.budget : own_;
  return budget.reserve(now, now + delay) - now;
}

}  // namespace ktape
