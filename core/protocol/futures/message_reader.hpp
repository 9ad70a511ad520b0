#pragma once

#include <cstdint>

#include "core/base/result.hpp"
#include "core/protocol/futures/account_reader.hpp"
#include "core/protocol/futures/event_batch.hpp"
#include "core/protocol/futures/pending_requests.hpp"
#include "core/protocol/json_tape.hpp"

namespace ktape::futures {

// What reading one message adds to and takes from.
struct ReadingMemory {
  EventBatch& batch;
  PendingRequests& pending;
  std::uint64_t& unknown_fields;  // members that no document mentions
};

// Turns a parsed message into events, whatever the order of its members, and answers into what they answer. The error
// says what is unknown about the message, or which field of it is wrong: the batch is then of no use, and nothing was
// taken from `pending`.
Result<void> read_message(const JsonNode& root, OrderQuantity order_quantity, ReadingMemory memory);

}  // namespace ktape::futures
