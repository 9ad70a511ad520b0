#pragma once

#include "core/base/result.hpp"
#include "core/protocol/json_tape.hpp"
#include "core/protocol/spot_v1/reader_context.hpp"

namespace ktape::spot_v1 {

// Turns a parsed message into events, whatever the order of its members. The error says what is unknown about the
// message, or which field of it is wrong; the batch is then of no use. Counts members and elements that no document
// mentions. The three parts are split by what they are about.
Result<void> read_message(const JsonNode& root, ReaderContext& context);

// [channelID, data, ..., channelName, pair]
Result<void> read_market_data(const JsonNode& root, ReaderContext& context);

// [[{id: object}, ...], channelName, {"sequence": n}]
bool is_account_data(const JsonNode& root);
Result<void> read_account_data(const JsonNode& root, ReaderContext& context);

// {"event": "addOrderStatus", ...}; false for an event of another kind.
bool is_trading_event(std::string_view event);
Result<void> read_trading_event(std::string_view event, const JsonNode& root, ReaderContext& context);

}  // namespace ktape::spot_v1
