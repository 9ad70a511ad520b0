#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "core/base/result.hpp"

namespace ktape::cli {

// A program that was started for the user and does not outlive us: it has a process group of its own, the terminal if
// there is one, and is told to end when this process ends, however that comes about.
class ChildProcess {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  // Looks for the program in PATH. It gets our environment with `added` on top, and no open file but stdin, stdout and
  // stderr. Errc::NotFound, with what the system says, if it cannot be run.
  static Result<std::unique_ptr<ChildProcess>> start(const std::vector<std::string>& command, const Environment& added);
  // Ends what is left of its group, the hard way after two seconds.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // To the whole group.
  void signal(int number) const;
  // Its exit code once it has ended, 128 and the signal's number if a signal has ended it. Never waits.
  std::optional<int> poll();

 private:
  explicit ChildProcess(pid_t pid, bool has_terminal) : pid_(pid), has_terminal_(has_terminal) {}

  pid_t pid_;
  bool has_terminal_;
  std::optional<int> exit_code_;
};

}  // namespace ktape::cli
