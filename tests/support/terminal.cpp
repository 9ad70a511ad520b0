#include "tests/support/terminal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/assert.hpp"

namespace ktape::test {
namespace {

Duration steady_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

std::size_t number_at(const std::string& parameters, std::size_t place, std::size_t otherwise) {
  std::size_t begin = 0;
  for (; place > 0; --place) {
    begin = parameters.find(';', begin);
    if (begin == parameters.npos) return otherwise;
    ++begin;
  }
  const std::size_t value = std::strtoull(parameters.c_str() + begin, nullptr, 10);
  return value == 0 ? otherwise : value;
}

}  // namespace

void Vt100::feed(std::string_view bytes) {
  for (const char c : bytes) take(c);
}

std::string Vt100::text() const {
  std::string all;
  for (const std::string& line : lines_) all += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  return all;
}

void Vt100::take(char c) {
  switch (state_) {
    case State::Skip:
      state_ = State::Text;
      return;
    case State::Sequence:
      if ((c >= '0' && c <= '9') || c == ';' || c == '?') {
        parameters_.push_back(c);
      } else {
        state_ = State::Text;
        take_sequence(c);
      }
      return;
    case State::Escape:
      state_ = State::Text;
      if (c == '[') {
        parameters_.clear();
        state_ = State::Sequence;
      } else if (c == '(' || c == ')') {
        state_ = State::Skip;  // the name of a character set
      } else if (c == 'M') {
        reverse_line_feed();
      } else if (c == '7') {
        saved_row_ = row_;
        saved_column_ = column_;
      } else if (c == '8') {
        row_ = saved_row_;
        column_ = saved_column_;
      }
      return;
    case State::Text:
      break;
  }
  switch (c) {
    case '\x1b':
      state_ = State::Escape;
      return;
    case '\r':
      column_ = 0;
      return;
    case '\n':
      return line_feed();
    case '\b':
      column_ -= column_ > 0 ? 1 : 0;
      return;
    case '\t':
      column_ = std::min((column_ / 8 + 1) * 8, lines_[0].size() - 1);
      return;
    default:
      if (c >= ' ') print(c);
  }
}

void Vt100::take_sequence(char final) {
  const std::size_t count = number_at(parameters_, 0, 1);
  const std::size_t last_row = lines_.size() - 1;
  const std::size_t last_column = lines_[0].size() - 1;
  const std::size_t column = std::min(column_, last_column);
  const bool whole = number_at(parameters_, 0, 0) == 2;
  const bool backwards = number_at(parameters_, 0, 0) == 1;
  switch (final) {
    case 'H':
    case 'f':
      row_ = std::min(count - 1, last_row);
      column_ = std::min(number_at(parameters_, 1, 1) - 1, last_column);
      return;
    case 'r':
      top_ = std::min(count - 1, last_row);
      bottom_ = std::min(number_at(parameters_, 1, last_row + 1) - 1, last_row);
      row_ = column_ = 0;
      return;
    case 'A':
      row_ -= std::min(count, row_);
      return;
    case 'B':
      row_ = std::min(row_ + count, last_row);
      return;
    case 'C':
      column_ = std::min(column_ + count, last_column);
      return;
    case 'D':
      column_ = column - std::min(count, column);
      return;
    case 'J':
      for (std::size_t row = whole ? 0 : row_ + 1; row <= last_row; ++row) lines_[row].assign(last_column + 1, ' ');
      [[fallthrough]];
    case 'K': {
      const std::size_t from = whole || backwards ? 0 : column;
      const std::size_t to = backwards ? column : last_column;
      std::fill(lines_[row_].begin() + static_cast<std::ptrdiff_t>(from),
                lines_[row_].begin() + static_cast<std::ptrdiff_t>(to) + 1, ' ');
      return;
    }
    default:
      return;  // colours and modes show nothing here
  }
}

void Vt100::print(char c) {
  if (column_ == lines_[0].size()) {
    column_ = 0;
    line_feed();
  }
  lines_[row_][column_++] = c;
}

void Vt100::line_feed() {
  if (row_ != bottom_) {
    row_ = std::min(row_ + 1, lines_.size() - 1);
    return;
  }
  const auto first = lines_.begin() + static_cast<std::ptrdiff_t>(top_);
  std::rotate(first, first + 1, lines_.begin() + static_cast<std::ptrdiff_t>(bottom_) + 1);
  lines_[bottom_].assign(lines_[bottom_].size(), ' ');
}

void Vt100::reverse_line_feed() {
  if (row_ != top_) {
    row_ -= row_ > 0 ? 1 : 0;
    return;
  }
  const auto last = lines_.begin() + static_cast<std::ptrdiff_t>(bottom_);
  std::rotate(lines_.begin() + static_cast<std::ptrdiff_t>(top_), last, last + 1);
  lines_[top_].assign(lines_[top_].size(), ' ');
}

Terminal::Terminal(std::vector<std::string> command, std::size_t rows, std::size_t columns)
    : vt_(rows, columns), deadline_(steady_now() + std::chrono::seconds(60)) {
  std::vector<char*> arguments;
  for (std::string& each : command) arguments.push_back(each.data());
  arguments.push_back(nullptr);
  std::string terminal = "TERM=vt100";
  std::vector<char*> variables{terminal.data()};
  for (char** each = environ; *each != nullptr; ++each) {
    if (std::strncmp(*each, "TERM=", 5) != 0 && std::strncmp(*each, "LINES=", 6) != 0 &&
        std::strncmp(*each, "COLUMNS=", 8) != 0) {
      variables.push_back(*each);
    }
  }
  variables.push_back(nullptr);
  winsize size{};
  size.ws_row = static_cast<unsigned short>(rows);
  size.ws_col = static_cast<unsigned short>(columns);
  child_ = ::forkpty(&master_, nullptr, nullptr, &size);
  KTAPE_ASSERT(child_ >= 0, "a test needs a terminal");
  if (child_ == 0) {
    ::execve(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
}

Terminal::~Terminal() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    int status = 0;
    ::waitpid(child_, &status, 0);
  }
  ::close(master_);
}

bool Terminal::collect() {
  const Duration left = deadline_ - steady_now();
  if (left <= Duration::zero()) return false;
  pollfd output{master_, POLLIN, 0};
  const int ready = ::poll(&output, 1, static_cast<int>(left / std::chrono::milliseconds(1)) + 1);
  if (ready < 0) return errno == EINTR;
  if (ready == 0) return false;
  std::array<char, 4096> chunk;
  const ssize_t got = ::read(master_, chunk.data(), chunk.size());
  if (got <= 0) return got < 0 && errno == EINTR;  // EIO: the program has closed the terminal
  vt_.feed({chunk.data(), static_cast<std::size_t>(got)});
  return true;
}

bool Terminal::shows(std::string_view text) {
  while (vt_.text().find(text) == std::string::npos) {
    if (!collect()) return vt_.text().find(text) != std::string::npos;
  }
  return true;
}

void Terminal::type(std::string_view keys) const {
  KTAPE_ASSERT(::write(master_, keys.data(), keys.size()) == std::ssize(keys), "a terminal takes a few keys");
}

int Terminal::exit_code() {
  while (collect()) {
  }
  if (steady_now() >= deadline_) ::kill(child_, SIGKILL);
  int status = 0;
  ::waitpid(std::exchange(child_, 0), &status, 0);
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGKILL ? -1 : 128 + WTERMSIG(status);
  return WEXITSTATUS(status);
}

}  // namespace ktape::test
