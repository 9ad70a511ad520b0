#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.hpp"
#include "core/protocol/json_tape.hpp"
#include "core/protocol/spot_v2/event_batch.hpp"

namespace ktape::spot_v2 {

// The decoder of record: turns a parsed message into events, whatever the order of its members. The error says what is
// unknown about the message, or which field of it is wrong; the batch is then of no use. Adds members that no document
// mentions to `unknown_fields`.
Result<void> read_message(const JsonNode& root, EventBatch& batch, std::uint64_t& unknown_fields);

}  // namespace ktape::spot_v2
