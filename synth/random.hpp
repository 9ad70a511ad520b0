#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace ktape::synth {

// xoshiro256** over a splitmix64 seed: integers only, so that one seed gives one sequence on every machine. Draws are
// never made inside an argument list, whose order of evaluation compilers choose.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  // One of many independent sequences of a seed: what one of them draws never shifts another.
  Random(std::uint64_t seed, std::string_view stream);

  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);                      // 0 <= result < bound; bound > 0
  std::int64_t between(std::int64_t lowest, std::int64_t most);  // both included
  bool chance(std::uint32_t per_mille) { return below(1000) < per_mille; }

 private:
  std::array<std::uint64_t, 4> state_{};
};

// A point of a measured distribution: `per_mille` of all values are at most `value`.
struct Quantile {
  std::int64_t per_mille;
  std::int64_t value;
};

// A value of the distribution that runs in straight lines through `quantiles`, the first at 0 and the last at 1000.
std::int64_t draw(Random& random, std::span<const Quantile> quantiles);

// Spreads every bit of `value` over the whole result.
std::uint64_t mix(std::uint64_t value);

}  // namespace ktape::synth
