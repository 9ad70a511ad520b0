#pragma once

#include <functional>
#include <memory>

#include "live/live_loop.hpp"

namespace ktape {

// Tells in the turns of a LiveLoop that a file descriptor, such as a terminal, can be read.
class InputWatch {
 public:
  // `on_readable` reads what there is, without waiting; false: no more of it is wanted. `descriptor` stays the
  // caller's, and open for as long as this lives; `loop` outlives it.
  InputWatch(LiveLoop& loop, int descriptor, std::function<bool()> on_readable);
  ~InputWatch();
  InputWatch(const InputWatch&) = delete;
  InputWatch& operator=(const InputWatch&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ktape
