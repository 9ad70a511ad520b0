#include "cli/play/screen.hpp"

#include <clocale>
#include <cstdlib>
#include <string_view>

// As functions, since its macros are named like everybody's functions.
#define NCURSES_NOMACROS
#include <curses.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ktape::cli {
namespace {

constexpr int kEscapeMilliseconds = 25;  // an Escape that nothing follows by then was the key itself
constexpr int kBackspace = 127;
constexpr int kCtrlH = 8;

attr_t attribute(LineStyle style) {
  switch (style) {
    case LineStyle::Strong:
      return A_BOLD;
    case LineStyle::Faint:
      return A_DIM;
    case LineStyle::Plain:
      break;
  }
  return A_NORMAL;
}

Key key_of(int code) {
  switch (code) {
    case KEY_LEFT:
      return {Key::Kind::Left};
    case KEY_RIGHT:
      return {Key::Kind::Right};
    case KEY_UP:
      return {Key::Kind::Up};
    case KEY_DOWN:
      return {Key::Kind::Down};
    case KEY_PPAGE:
      return {Key::Kind::PageUp};
    case KEY_NPAGE:
      return {Key::Kind::PageDown};
    case KEY_ENTER:
    case '\n':
    case '\r':
      return {Key::Kind::Enter};
    case KEY_BACKSPACE:
    case kBackspace:
    case kCtrlH:
      return {Key::Kind::Erase};
    case '\x1b':
      return {Key::Kind::Escape};
    default:
      return code >= ' ' && code <= '~' ? Key::of(static_cast<char>(code)) : Key{};
  }
}

}  // namespace

struct Screen::Impl {
  SCREEN* screen = nullptr;
};

bool Screen::possible() {
  const char* const terminal = std::getenv("TERM");
  return terminal != nullptr && *terminal != 0 && std::string_view(terminal) != "dumb" && ::isatty(STDIN_FILENO) == 1 &&
         ::isatty(STDOUT_FILENO) == 1;
}

Result<std::unique_ptr<Screen>> Screen::open() {
  auto impl = std::make_unique<Impl>();
  // Unlike initscr() it does not end the program where the terminal is not known.
  impl->screen = ::newterm(nullptr, stdout, stdin);
  if (impl->screen == nullptr) {
    return fail(Errc::Unsupported, fmt::format("the terminal '{}' is not known here", std::getenv("TERM")));
  }
  ::cbreak();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, TRUE);
  ::nodelay(stdscr, TRUE);
  ::set_escdelay(kEscapeMilliseconds);
  ::curs_set(0);
  return std::unique_ptr<Screen>(new Screen(std::move(impl)));
}

Screen::Screen(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Screen::~Screen() {
  ::endwin();
  ::delscreen(impl_->screen);
}

std::size_t Screen::width() const { return static_cast<std::size_t>(getmaxx(stdscr)); }
std::size_t Screen::height() const { return static_cast<std::size_t>(getmaxy(stdscr)); }

void Screen::resize() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
    ::resizeterm(size.ws_row, size.ws_col);
  }
}

void Screen::draw(std::span<const ScreenLine> lines) {
  ::werase(stdscr);
  int row = 0;
  for (const ScreenLine& line : lines) {
    const attr_t style = attribute(line.style);
    wattr_on(stdscr, style, nullptr);
    mvwaddnstr(stdscr, row++, 0, line.text.c_str(), static_cast<int>(line.text.size()));
    wattr_off(stdscr, style, nullptr);
  }
  ::wrefresh(stdscr);
}

std::optional<Key> Screen::key() {
  const int code = ::wgetch(stdscr);
  if (code == ERR) return std::nullopt;
  return key_of(code);
}

bool Screen::gone() const {
  pollfd terminal{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&terminal, 1, 0) == 1 && (terminal.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

int Screen::input() const { return STDIN_FILENO; }

}  // namespace ktape::cli
