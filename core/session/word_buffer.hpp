#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace ktape {

// Memory aligned as Cap'n Proto wants it, which grows without being filled and keeps nothing when it grows.
class WordBuffer {
 public:
  // At least `bytes` of memory; what stood there before may be gone.
  char* reserve(std::size_t bytes) {
    const std::size_t words = bytes / sizeof(std::uint64_t) + 1;
    if (words > capacity_) {
      words_ = std::make_unique_for_overwrite<std::uint64_t[]>(words);
      capacity_ = words;
    }
    return data();
  }
  char* data() { return reinterpret_cast<char*>(words_.get()); }
  std::uint64_t* words() { return words_.get(); }

 private:
  std::unique_ptr<std::uint64_t[]> words_;
  std::size_t capacity_ = 0;
};

}  // namespace ktape
