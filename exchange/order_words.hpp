#pragma once

#include <string>

#include "core/protocol/trading.hpp"
#include "exchange/instrument_table.hpp"

namespace ktape {

// A limit or market order as Spot v1 and REST describe it that was only checked: "buy 0.50000000 ETHEUR @ limit
// 3000.00", in the places of the pair.
std::string in_words(const NewOrder& order, const InstrumentTable& instruments);

}  // namespace ktape
