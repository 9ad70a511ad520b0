#pragma once

#include <algorithm>
#include <ctime>
#include <vector>

#include <benchmark/benchmark.h>

namespace ktape {

// Processor time of single operations, of which a mean says too little. On an idle machine it is what an operation in
// memory takes; on a busy one it leaves out the turns of others.
class Percentiles {
 public:
  // Measures until it goes out of scope.
  class Timed {
   public:
    explicit Timed(std::vector<double>& out) : out_(out), start_(now()) {}
    ~Timed() { out_.push_back(now() - start_); }
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;

   private:
    static double now() {
      timespec time{};
      ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
      return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
    }

    std::vector<double>& out_;
    double start_;
  };
  Timed measure() { return Timed(microseconds_); }

  void report(benchmark::State& state) {
    if (microseconds_.empty()) return;
    std::sort(microseconds_.begin(), microseconds_.end());
    const auto at = [&](std::size_t percent) { return microseconds_[(microseconds_.size() - 1) * percent / 100]; };
    state.counters["p50_us"] = at(50);
    state.counters["p99_us"] = at(99);
  }

 private:
  std::vector<double> microseconds_;
};

}  // namespace ktape
