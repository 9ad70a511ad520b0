#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/text_output.hpp"

namespace ktape::cli {

// How far a long work is: percent, bytes a second, time left. On a terminal only, some ten times a second.
class WorkProgress {
 public:
  // `total`: bytes of payload to come, 0 where that is not known.
  WorkProgress(std::string verb, std::uint64_t total);

  void operator()(std::uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  Progress line_;
  std::string verb_;
  std::uint64_t total_;
  Clock::time_point start_, shown_at_;
};

// The line: "cutting: 42% of 1.2 GB, 310 MB/s, 2s left".
std::string progress_text(const std::string& verb, std::uint64_t done, std::uint64_t total,
                          std::chrono::milliseconds spent);

}  // namespace ktape::cli
