#include "synth/random.hpp"

#include <bit>

#include "core/base/assert.hpp"
#include "core/base/decimal.hpp"

namespace ktape::synth {
namespace {

constexpr std::uint64_t kGoldenGamma = 0x9E3779B97F4A7C15U;

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash;
}

}  // namespace

std::uint64_t mix(std::uint64_t value) {
  value += kGoldenGamma;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31U);
}

Random::Random(std::uint64_t seed) {
  for (auto& word : state_) {
    word = mix(seed);
    seed += kGoldenGamma;
  }
}

Random::Random(std::uint64_t seed, std::string_view stream) : Random(mix(seed) ^ fnv1a(stream)) {}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
  KTAPE_ASSERT(bound > 0, "nothing is below zero");
  return static_cast<std::uint64_t>((static_cast<UInt128>(next()) * bound) >> 64U);
}

std::int64_t Random::between(std::int64_t lowest, std::int64_t most) {
  KTAPE_ASSERT(lowest <= most, "an empty range holds no number");
  const std::uint64_t span = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(lowest) + 1;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(lowest) + below(span));
}

std::int64_t draw(Random& random, std::span<const Quantile> quantiles) {
  constexpr std::int64_t kFine = 1'000'000;  // steps within one per mille, so that tails are not a few fixed values
  const auto at = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(1000 * kFine)));
  std::size_t upper = 1;
  while (at >= quantiles[upper].per_mille * kFine) ++upper;
  const Quantile low = quantiles[upper - 1];
  const Quantile high = quantiles[upper];
  const Int128 rise = static_cast<Int128>(high.value - low.value) * (at - low.per_mille * kFine);
  return low.value + static_cast<std::int64_t>(rise / ((high.per_mille - low.per_mille) * kFine));
}

}  // namespace ktape::synth
