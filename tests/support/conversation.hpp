#pragma once

#include <string>
#include <string_view>

#include "core/base/virtual_clock.hpp"
#include "core/wire/exchange.hpp"

namespace ktape::test {

// Plays a dialogue with an exchange and checks it, line by line:
//   > text      the client says it              2> text, 2< text   the same for a second connection, and so on
//   < text      the next thing it hears, byte for byte; `...` stands for any characters
//   @ +1s       time passes                     < closed 1001 why   the exchange ended the connection
//   # text      a remark; empty lines are skipped
// A connection is made when it is first mentioned, and ends with the script. Nothing may be heard that the script does
// not tell: returns the first difference with its line, or an empty text.
std::string play(VirtualClock& clock, Exchange& exchange, std::string_view script);

}  // namespace ktape::test
