#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "synth/options.hpp"

namespace ktape::test {

// Presets, on a market that starts half a minute before a full hour.
inline synth::SyntheticOptions synthetic_options(std::uint64_t seed, Duration duration,
                                                 std::span<const std::string_view> symbols) {
  synth::SyntheticOptions options;
  options.seed = seed;
  options.start = parse_rfc3339("2026-09-01T07:59:30Z").value();
  options.duration = duration;
  for (const auto symbol : symbols) options.symbols.push_back(synth::preset(symbol).value());
  return options;
}

}  // namespace ktape::test
