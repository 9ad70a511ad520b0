#include "tests/support/process.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/assert.hpp"

namespace ktape::test {
namespace {

using Pipe = std::array<int, 2>;

Pipe make_pipe() {
  Pipe ends{};
  KTAPE_ASSERT(::pipe2(ends.data(), O_CLOEXEC) == 0, "a test needs a pipe");
  return ends;
}

void close_end(int& end) {
  if (end >= 0) ::close(std::exchange(end, -1));
}

Duration steady_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

int milliseconds(Duration span) {
  return static_cast<int>(std::max(std::chrono::ceil<std::chrono::milliseconds>(span).count(), std::int64_t{0}));
}

// Between fork and exec: system calls only.
[[noreturn]] void become(char* const* arguments, const ProcessOptions& options, int in, int out, int err) {
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (options.file_size) {
    const rlimit limit{*options.file_size, *options.file_size};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);  // so that write() fails as it does on a full disk
  }
  if (!options.folder.empty()) {
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_CORE, &limit);
    if (::chdir(options.folder.c_str()) != 0) ::_exit(126);
  }
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

void read_some(int& pipe, std::string& into) {
  std::array<char, 65536> chunk;
  const ssize_t got = ::read(pipe, chunk.data(), chunk.size());
  if (got > 0) into.append(chunk.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR)) close_end(pipe);
}

}  // namespace

Process::Process(std::vector<std::string> command, ProcessOptions options)
    : deadline_(steady_now() + options.patience) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& each : command) arguments.push_back(each.data());
  arguments.push_back(nullptr);

  Pipe in = make_pipe();
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  if (!options.output_to.empty()) {
    close_end(out[0]);
    close_end(out[1]);
    out[1] = ::open(options.output_to.c_str(), O_WRONLY | O_CLOEXEC);
    KTAPE_ASSERT(out[1] >= 0, "the file for the output must be there");
  }
  KTAPE_ASSERT(options.input.size() <= 65536, "more input than a pipe takes");
  KTAPE_ASSERT(::write(in[1], options.input.data(), options.input.size()) == std::ssize(options.input),
               "a pipe takes 64 kB");
  close_end(in[1]);
  child_ = ::fork();
  KTAPE_ASSERT(child_ >= 0, "a test needs another process");
  if (child_ == 0) become(arguments.data(), options, in[0], out[1], err[1]);
  close_end(in[0]);
  close_end(out[1]);
  close_end(err[1]);
  output_pipe_ = out[0];
  errors_pipe_ = err[0];
}

Process::~Process() {
  if (!exit_code_) {
    ::kill(child_, SIGKILL);
    int status = 0;
    ::waitpid(child_, &status, 0);
  }
  close_end(output_pipe_);
  close_end(errors_pipe_);
}

bool Process::collect(Duration limit) {
  std::array<pollfd, 2> pipes{{{output_pipe_, POLLIN, 0}, {errors_pipe_, POLLIN, 0}}};
  if (output_pipe_ < 0 && errors_pipe_ < 0) return false;
  if (::poll(pipes.data(), pipes.size(), milliseconds(limit)) > 0) {
    if (pipes[0].revents != 0) read_some(output_pipe_, output_);
    if (pipes[1].revents != 0) read_some(errors_pipe_, errors_);
  }
  return output_pipe_ >= 0 || errors_pipe_ >= 0;
}

bool Process::says(std::string_view text) {
  const auto said = [&] { return output_.find(text) != output_.npos || errors_.find(text) != errors_.npos; };
  while (!said()) {
    const Duration left = deadline_ - steady_now();
    if (left <= Duration::zero() || !collect(left)) return said();
  }
  return true;
}

int Process::exit_code() {
  if (exit_code_) return *exit_code_;
  for (Duration left = deadline_ - steady_now(); left > Duration::zero() && collect(left);) {
    left = deadline_ - steady_now();
  }
  // The pipes may be closed, or be another's who inherited them; the end of the program itself is what counts.
  // By number, since glibc 2.36 declares pidfd_open() without extern "C".
  int handle = static_cast<int>(::syscall(SYS_pidfd_open, child_, 0));
  KTAPE_ASSERT(handle >= 0, "a handle of the process is needed to wait for it");
  pollfd end{handle, POLLIN, 0};
  int ended = 0;
  do {
    ended = ::poll(&end, 1, milliseconds(deadline_ - steady_now()));
  } while (ended < 0 && errno == EINTR);
  close_end(handle);
  if (ended <= 0) ::kill(child_, SIGKILL);
  int status = 0;
  ::waitpid(child_, &status, 0);
  dumped_core_ = WIFSIGNALED(status) && WCOREDUMP(status);
  exit_code_ = ended <= 0 ? -1 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return *exit_code_;
}

void Process::signal(int number) const {
  if (!exit_code_) ::kill(child_, number);
}

void Process::stop_reading_output() { close_end(output_pipe_); }

}  // namespace ktape::test
