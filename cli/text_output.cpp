#include "cli/text_output.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <unistd.h>

namespace ktape::cli {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10U;

struct Output {
  std::string buffer;
  int error = 0;
};

// The program has one stdout.
Output& output() {
  static Output out = [] {
    std::signal(SIGPIPE, SIG_IGN);
    return Output{};
  }();
  return out;
}

}  // namespace

bool flush_output() {
  Output& out = output();
  std::string_view left = out.buffer;
  while (!left.empty() && out.error == 0) {
    const ssize_t written = ::write(STDOUT_FILENO, left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      out.error = errno;
    }
  }
  out.buffer.clear();
  return out.error == 0;
}

bool put(std::string_view text) {
  Output& out = output();
  out.buffer += text;
  return out.buffer.size() < kBufferBytes ? out.error == 0 : flush_output();
}

bool finish_output() {
  flush_output();
  const int error = output().error;
  if (error == 0 || error == EPIPE) return true;
  fmt::print(stderr, "ktape: cannot write to stdout: {}\n", std::strerror(error));
  return false;
}

std::string grouped(std::uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* const next : {"kB", "MB", "GB", "TB", "PB"}) {
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  return value < 9.95 ? fmt::format("{:.1f} {}", value, unit) : fmt::format("{:.0f} {}", value, unit);
}

Progress::Progress() : shown_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::show(std::string_view line) {
  if (!shown_) return;
  drawn_ = true;
  fmt::print(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
}

}  // namespace ktape::cli
