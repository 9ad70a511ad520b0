#pragma once

#include <cstdint>
#include <string>

#include "core/market/event.hpp"

namespace ktape {

// Appends one event as one JSON object without a newline: the line of an event log. Numbers of the market are strings
// with their exact digits, instants are nanoseconds since 1970, absent values are left out, keys have a fixed order, so
// that two histories are equal exactly if their logs are equal byte for byte. `connection` is the number of the
// connection that it came from.
void append_event_text(std::string& out, Timestamp at, std::uint32_t connection, const Event& event);

}  // namespace ktape
