#pragma once

#include "core/protocol/spot_v2/reading.hpp"

namespace ktape::spot_v2 {

// A push of the channel level3 (spot-v2 section 5.4).
Result<void> read_level3(const JsonNode& root, Reading& reading);

}  // namespace ktape::spot_v2
