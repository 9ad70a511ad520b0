#pragma once

#include <memory>

#include "core/base/time.hpp"
#include "core/base/time_scale.hpp"

namespace ktape {

// Lets real time pass; less of it if a signal comes meanwhile. For programs that wait for something nobody announces;
// never needed where a Clock is.
void pause_real_time(Duration span);

// A reading of the machine's monotonic clock, from an arbitrary beginning: for how long things took.
Duration monotonic_time();

// Holds a replay back to a rate of real time: wait_until(t) returns when t is due, at once if it was due before.
class RealTimePace {
 public:
  // `start` is due now.
  RealTimePace(Rate rate, Timestamp start);
  ~RealTimePace();
  RealTimePace(const RealTimePace&) = delete;
  RealTimePace& operator=(const RealTimePace&) = delete;

  void wait_until(Timestamp at);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktape
