#pragma once

#include <cstdint>

namespace ktape {

// A small generator (SplitMix64) with the same numbers on every machine, which the standard's distributions do not
// promise. Always handed in with its seed; never a source of secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

  // 0 <= result < bound; bound > 0. The bias of the remainder is below 2^-32 for bounds up to 2^32.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace ktape
