#pragma once

#include "core/protocol/spot_v2/reading.hpp"

namespace ktape::spot_v2 {

// Whether this value of `method` is one of those that trade (spot-v2 section 7).
bool is_trading_method(const JsonNode& method);

// The answer to one of them, of any form that was documented or seen (sections 7 and 14): a failed order of batch_add
// as
// {"error":...} in its place or inside a list `orders`, batch_cancel with `count` or `orders_cancelled`.
Result<void> read_trading_reply(const JsonNode& root, Reading& reading);

}  // namespace ktape::spot_v2
