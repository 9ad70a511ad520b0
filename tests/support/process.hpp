#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "core/base/time.hpp"

namespace ktape::test {

struct ProcessOptions {
  std::string input = {};                       // its stdin, whole; at most 64 kB, what a pipe takes at once
  std::string output_to = {};                   // a file in place of the pipe that output() collects, such as /dev/full
  std::optional<std::uint64_t> file_size = {};  // what a file of its may grow to, as on a disk that is full then
  std::string folder = {};                      // to run in; a core file may then be left there, of any size
  // Of real time, and only a guard: a program that is still running then is killed, and the test fails by that.
  Duration patience = std::chrono::seconds(60);
};

// A program that runs beside the test. Its output is collected whenever one of the functions here waits; it is never
// waited for but on its own pipes and its own end. Killed and reaped with this object.
class Process {
 public:
  // `command` is the path of the program, then its arguments.
  explicit Process(std::vector<std::string> command, ProcessOptions options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Collects what there is, waiting up to `limit` for more; false once the program has closed both pipes.
  bool collect(Duration limit);
  // Until stdout or stderr holds `text`; false if the program ends or patience does first.
  bool says(std::string_view text);
  // Until the program has ended: its exit code, or 128 and the number of the signal that ended it. A program that had
  // to be killed because patience ran out gives -1.
  int exit_code();

  // After exit_code(): whether the system wrote down the memory of a program that crashed.
  bool dumped_core() const { return dumped_core_; }

  void signal(int number) const;
  void stop_reading_output();  // as `| head` does

  const std::string& output() const { return output_; }
  const std::string& errors() const { return errors_; }

 private:
  std::string output_;
  std::string errors_;
  pid_t child_ = 0;
  int output_pipe_ = -1;
  int errors_pipe_ = -1;
  Duration deadline_;  // of the steady clock
  std::optional<int> exit_code_;
  bool dumped_core_ = false;
};

}  // namespace ktape::test
