#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace ktape::net {

// A mock server carries its virtual time to clients as websocket Ping payloads: "ktape-time=<nanoseconds since 1970>".
// A client that does not know of this answers with a Pong, as it must to any Ping, and that is all a server needs.
std::string time_ping(Timestamp at);

// Nothing if the payload is not exactly of that form.
std::optional<Timestamp> parse_time_ping(std::string_view payload);

}  // namespace ktape::net
