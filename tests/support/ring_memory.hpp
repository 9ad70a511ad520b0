#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>

#include "core/session/journal_ring.hpp"

namespace ktape::test {

// Memory for a ring, aligned as a mapped file would be.
class RingMemory {
 public:
  explicit RingMemory(std::size_t capacity)
      : size_(ring_memory_bytes(capacity)), bytes_(new (std::align_val_t{64}) char[size_]()) {}

  std::span<char> span() const { return {bytes_.get(), size_}; }
  std::string copy() const { return {bytes_.get(), size_}; }

 private:
  struct Free {
    void operator()(char* bytes) const { ::operator delete[](bytes, std::align_val_t{64}); }
  };
  std::size_t size_;
  std::unique_ptr<char[], Free> bytes_;
};

}  // namespace ktape::test
