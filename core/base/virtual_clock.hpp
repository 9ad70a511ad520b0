#pragma once

#include <map>
#include <optional>

#include "core/base/clock.hpp"

namespace ktape {

// The only clock there is: a passive queue of timers. Live and replay differ in who calls advance_to(), and the
// interfaces hide that from everybody else. Not thread-safe: one loop owns it.
class VirtualClock final : public TimerService {
 public:
  explicit VirtualClock(Timestamp start) : now_(start) {}
  VirtualClock(const VirtualClock&) = delete;
  VirtualClock& operator=(const VirtualClock&) = delete;

  Timestamp now() const override { return now_; }

  // Fires what is due, now() being each deadline in turn, then stands at `target`. A target in the past only fires
  // what is due now. A callback may set timers for the instant it runs in; more than kMaxRounds such generations at
  // one instant are a loop and abort the program. A callback must not call advance_to().
  void advance_to(Timestamp target);

  std::optional<Timestamp> next_deadline() const;

  static constexpr int kMaxRounds = 1000;

 private:
  Timer set(Timestamp deadline, TimerOrder order, Callback callback) override;
  void cancel(const Timer::Key& key) override { timers_.erase(key); }

  Timestamp now_;
  bool advancing_ = false;
  std::uint64_t next_sequence_ = 0;
  std::map<Timer::Key, Callback> timers_;
};

}  // namespace ktape
