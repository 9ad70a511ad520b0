#pragma once

#include <vector>

#include "exchange/trading_engine.hpp"

namespace ktape {

// The same fills, oldest first, where those that one order took one after the other are one: under the id of the first
// and at the time of the last, with the sums of volumes, costs and fees, and the mean price in the places of the first
// (spot-v1 section 4.1 and REST's TradesHistory, consolidate_taker).
std::vector<EngineFill> consolidated(const std::vector<EngineFill>& fills);

}  // namespace ktape
