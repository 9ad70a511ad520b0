#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/protocol/json_tape.hpp"
#include "core/protocol/trading.hpp"

// Trading in v1's words (spot-v1 section 8). v1 has fewer fields than the requests that all dialects share: prices
// carry their kind in their text ("+5%"), flags are a list, and times are unix seconds.
namespace ktape::spot_v1 {

// "addOrder"; nothing for what v1 does not have.
std::optional<std::string_view> event_of(const TradingRequest& request);
bool is_trading_method(std::string_view event);

// Refuses what v1 cannot say or Kraken would refuse by its form, and names the field and the value.
Result<void> check_trading(const TradingRequest& request);

// The members of the message after its event, token and reqid: each with a comma before it. Only what check_trading()
// has let pass.
void append_trading(std::string& out, const TradingRequest& request);

// The request in a client's message. The error is Protocol, in Kraken's words ("EGeneral:Invalid arguments:volume"), or
// Unsupported for what Kraken takes and the shared terms do not have, such as a price relative in either direction.
Result<TradingRequest> read_trading(std::string_view event, const JsonNode& message);

}  // namespace ktape::spot_v1
