#pragma once

#include <cstddef>
#include <memory>

#include "core/market/event.hpp"

namespace ktape {

// An event that outlives its handler: text, levels and all else that an Event borrows are copied into one piece of
// memory of its own. Can be moved, also to another thread.
class OwnedEvent {
 public:
  explicit OwnedEvent(const Event& event);

  // Good as long as this object, and not after it was moved from.
  const Event& event() const { return event_; }

  // What it takes up, all in all.
  std::size_t bytes() const { return sizeof(*this) + size_; }

 private:
  Event event_;
  std::unique_ptr<std::byte[]> memory_;
  std::size_t size_ = 0;
};

}  // namespace ktape
