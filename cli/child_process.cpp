#include "cli/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/real_time.hpp"

namespace ktape::cli {
namespace {

constexpr int kNotFound = 127;  // what shells say of a program that cannot be run

std::vector<std::string> environment_with(const ChildProcess::Environment& added) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) all[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : added) all[name] = value;
  std::vector<std::string> texts;
  for (const auto& [name, value] : all) texts.push_back(fmt::format("{}={}", name, value));
  return texts;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Gives the terminal to a group; who is in the background would be stopped for that.
void give_terminal_to(pid_t group) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTTOU);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  static_cast<void>(::tcsetpgrp(STDIN_FILENO, group));
  sigprocmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const std::vector<std::string>& command,
                                                          const Environment& added) {
  // All that takes memory is made before the fork.
  std::vector<std::string> arguments = command;
  std::vector<std::string> variables = environment_with(added);
  const std::vector<char*> argv = pointers_to(arguments);
  const std::vector<char*> envp = pointers_to(variables);
  const pid_t parent = ::getpid();
  const bool has_terminal = ::isatty(STDIN_FILENO) == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
  std::array<int, 2> failure{};
  if (::pipe2(failure.data(), O_CLOEXEC) != 0) {
    return fail(Errc::Io, fmt::format("cannot start {}: {}", command.front(), std::strerror(errno)));
  }
  const pid_t pid = ::fork();
  if (pid < 0) {
    const int cause = errno;
    ::close(failure[0]);
    ::close(failure[1]);
    return fail(Errc::Io, fmt::format("cannot start {}: {}", command.front(), std::strerror(cause)));
  }
  if (pid == 0) {
    ::setpgid(0, 0);
    if (has_terminal) give_terminal_to(::getpid());
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(kNotFound);  // it has ended already
    ::signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // Our sockets are none of its business; the pipe closes itself, too.
    ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    ::execvpe(argv.front(), argv.data(), envp.data());
    const int cause = errno;
    static_cast<void>(!::write(failure[1], &cause, sizeof cause));
    ::_exit(kNotFound);
  }
  ::setpgid(pid, pid);  // whoever of the two is first
  ::close(failure[1]);
  int cause = 0;
  ssize_t got = 0;
  do {
    got = ::read(failure[0], &cause, sizeof cause);
  } while (got < 0 && errno == EINTR);
  ::close(failure[0]);
  auto child = std::unique_ptr<ChildProcess>(new ChildProcess(pid, has_terminal));
  if (got == static_cast<ssize_t>(sizeof cause)) {
    return fail(Errc::NotFound, fmt::format("cannot run {}: {}", command.front(), std::strerror(cause)));
  }
  return child;
}

ChildProcess::~ChildProcess() {
  constexpr Duration kStep = std::chrono::milliseconds(10);
  constexpr int kSteps = 200;
  signal(SIGTERM);
  for (int i = 0; i < kSteps && ::kill(-pid_, 0) == 0; ++i) {
    static_cast<void>(poll());
    if (::kill(-pid_, 0) != 0) break;
    pause_real_time(kStep);
  }
  signal(SIGKILL);
  if (!exit_code_) {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (has_terminal_) give_terminal_to(::getpgrp());
}

void ChildProcess::signal(int number) const { static_cast<void>(::kill(-pid_, number)); }

std::optional<int> ChildProcess::poll() {
  int status = 0;
  if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    constexpr int kBySignal = 128;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : kBySignal + WTERMSIG(status);
  }
  return exit_code_;
}

}  // namespace ktape::cli
