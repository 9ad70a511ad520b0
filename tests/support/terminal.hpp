#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "core/base/time.hpp"

namespace ktape::test {

// What a VT100 shows of the bytes that a program writes to it: as much of one as ncurses uses.
class Vt100 {
 public:
  Vt100(std::size_t rows, std::size_t columns) : lines_(rows, std::string(columns, ' ')), bottom_(rows - 1) {}

  void feed(std::string_view bytes);
  // The lines without the blanks at their ends, each with a newline.
  std::string text() const;

 private:
  void take(char c);
  void take_sequence(char final);
  void print(char c);
  void line_feed();
  void reverse_line_feed();

  std::vector<std::string> lines_;
  std::size_t row_ = 0, column_ = 0;
  std::size_t top_ = 0, bottom_;  // of the lines that scroll
  std::size_t saved_row_ = 0, saved_column_ = 0;
  enum class State { Text, Escape, Sequence, Skip } state_ = State::Text;
  std::string parameters_;
};

// A program on a terminal of its own. What is waited for is what the terminal shows; a guard of real time ends the
// wait.
class Terminal {
 public:
  explicit Terminal(std::vector<std::string> command, std::size_t rows = 24, std::size_t columns = 110);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Until the screen holds `text`; false if the program ends or patience does first.
  bool shows(std::string_view text);
  void type(std::string_view keys) const;
  // Until the program has ended: its exit code, 128 and the number of a signal, or -1 if it had to be killed.
  int exit_code();

  std::string screen() const { return vt_.text(); }

  static constexpr std::string_view kUp = "\x1bOA", kDown = "\x1bOB", kRight = "\x1bOC", kLeft = "\x1bOD";

 private:
  bool collect();

  Vt100 vt_;
  pid_t child_ = 0;
  int master_ = -1;
  Duration deadline_;
};

}  // namespace ktape::test
