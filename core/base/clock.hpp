#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "core/base/time.hpp"

namespace ktape {

class Clock {
 public:
  // Constant while a handler runs; never decreases.
  virtual Timestamp now() const = 0;

 protected:
  ~Clock() = default;
};

// Which timers of one instant run first: candles that end at T are closed before any other timer of T sees them, and
// what callbacks put off to the end of the instant comes last.
enum class TimerOrder : std::uint8_t { CandleBoundary, Ordinary, Deferred };

class TimerService;

// A pending callback. Destroying or cancelling it before its time prevents the call. Must not outlive its service.
class Timer {
 public:
  Timer() = default;
  Timer(Timer&& other) noexcept
      : service_(std::exchange(other.service_, nullptr)), key_(std::exchange(other.key_, Key{})) {}
  Timer& operator=(Timer&& other) noexcept {
    if (this != &other) {
      cancel();
      service_ = std::exchange(other.service_, nullptr);
      key_ = std::exchange(other.key_, Key{});
    }
    return *this;
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  void cancel();

 private:
  friend class TimerService;
  friend class VirtualClock;
  struct Key {
    Timestamp deadline{};
    TimerOrder order = TimerOrder::Ordinary;
    std::uint64_t sequence = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  Timer(TimerService& service, Key key) : service_(&service), key_(key) {}

  TimerService* service_ = nullptr;
  Key key_;
};

class TimerService : public Clock {
 public:
  using Callback = std::function<void(Timestamp deadline)>;

  // Runs `callback` once, when time reaches `deadline`; a deadline in the past runs at the next advance of time.
  // Timers of one instant run by TimerOrder, then in the order they were set.
  [[nodiscard]] Timer at(Timestamp deadline, TimerOrder order, Callback callback) {
    return set(deadline, order, std::move(callback));
  }
  [[nodiscard]] Timer at(Timestamp deadline, Callback callback) {
    return set(deadline, TimerOrder::Ordinary, std::move(callback));
  }

 protected:
  ~TimerService() = default;
  friend class Timer;
  virtual Timer set(Timestamp deadline, TimerOrder order, Callback callback) = 0;
  virtual void cancel(const Timer::Key& key) = 0;
};

inline void Timer::cancel() {
  if (service_ != nullptr) std::exchange(service_, nullptr)->cancel(key_);
}

}  // namespace ktape
