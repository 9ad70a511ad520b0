#pragma once

#include <cstdint>

#include "core/base/result.hpp"
#include "core/protocol/futures/event_batch.hpp"
#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/json_tape.hpp"

namespace ktape::futures {

// What `qty` of an open order means. A capture of 2026 has what remains; the documentation has the quantity of the
// order, and other clients follow it (futures-v1 section 5.1).
enum class OrderQuantity : std::uint8_t { Remaining, Total };

struct AccountReading {
  OrderQuantity order_quantity = OrderQuantity::Remaining;
  bool snapshot = false;
};

// A message of a private feed (futures-v1 section 5). Adds members that no document mentions to `unknown_fields`. The
// error says which field is wrong; the batch is then of no use.
Result<void> read_account_message(const JsonNode& root, const Feed& feed, AccountReading how, EventBatch& batch,
                                  std::uint64_t& unknown_fields);

}  // namespace ktape::futures
