#pragma once

#include <span>
#include <string>

#include "synth/options.hpp"

namespace ktape::synth {

// The text of an instrument snapshot: the pairs of `symbols`, then some dozens of others, as a client finds them on
// Kraken, and every asset that these name. The others are listed but have no market here.
std::string instrument_snapshot(std::span<const SymbolSpec> symbols);

}  // namespace ktape::synth
