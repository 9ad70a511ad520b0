#pragma once

#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace ktape::spot_v1 {

// How v1 writes a time: unix seconds with decimals, as text ("1693415330.621700"). Read exactly, to the nanosecond;
// refuses what is finer, negative or later than 2261.
Result<Timestamp> parse_unix_seconds(std::string_view text);

// With six decimals, as Kraken does; with nine where six would lose something. Not before 1970.
void append_unix_seconds(std::string& out, Timestamp at);

// The shortest text that says the same: "1788249600", as orders want it.
std::string shortest_unix_seconds(Timestamp at);

}  // namespace ktape::spot_v1
