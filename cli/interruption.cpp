#include "cli/interruption.hpp"

#include <csignal>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

namespace ktape::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;  // all that a signal handler may touch

void note_signal(int) { interrupted = 1; }

}  // namespace

Interruption::Interruption() {
  struct sigaction action {};
  action.sa_handler = note_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool Interruption::requested() const { return interrupted != 0; }

bool output_is_closed() {
  pollfd output{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

}  // namespace ktape::cli
