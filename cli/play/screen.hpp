#pragma once

#include <memory>
#include <optional>
#include <span>

#include "cli/play/keys.hpp"
#include "cli/play/view.hpp"
#include "core/base/result.hpp"

namespace ktape::cli {

// The terminal, as long as this lives: the only place that knows ncurses.
class Screen {
 public:
  // Whether stdin and stdout are a terminal that can be drawn on: not one that calls itself dumb.
  static bool possible();
  static Result<std::unique_ptr<Screen>> open();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  std::size_t width() const;
  std::size_t height() const;
  // To be called when the terminal's size has changed (SIGWINCH).
  void resize();

  void draw(std::span<const ScreenLine> lines);
  // A key that was pressed; nothing if none was, without waiting. Of several at once each is told.
  std::optional<Key> key();
  // Nobody is there any more.
  bool gone() const;
  // What keys come from.
  int input() const;

 private:
  struct Impl;
  explicit Screen(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktape::cli
