#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace ktape::cli {

// Writes to stdout in large pieces. False once nobody reads any more (a closed pipe): stop then.
bool put(std::string_view text);
bool flush_output();
// Flushes; false, with a message, if stdout could not take everything and it was no closed pipe.
bool finish_output();

// Thousands apart: 1,234,567.
std::string grouped(std::uint64_t number);
// 1.2 kB, 3.4 MB.
std::string bytes_text(std::uint64_t bytes);

// One line on stderr, redrawn in place, if stderr is a terminal; silent otherwise. It shows itself at most every so
// many calls, so that calling it per frame costs nothing.
class Progress {
 public:
  Progress();
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // True when it is time to call show().
  bool due() { return shown_ && ++calls_ % kEvery == 0; }
  void show(std::string_view line);

 private:
  static constexpr std::uint64_t kEvery = 4096;
  bool shown_;
  bool drawn_ = false;
  std::uint64_t calls_ = 0;
};

}  // namespace ktape::cli
