#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/json_tape.hpp"
#include "core/protocol/trading.hpp"

namespace ktape::spot_v2 {

// "Limit_price field must be a number_float": what Kraken says of a member of the wrong type.
std::string wrong_type_problem(std::string_view field, std::string_view expected);
// "Unsupported field: 'x' for the given msg type: ping".
std::string unsupported_field_problem(std::string_view field, std::string_view method);

// Whether a number is written as an integer that fits.
bool read_integer(const JsonNode& value, std::int64_t& out);

// Reads the `params` of one of kTradingMethods, an Object, but for its token. What cannot be read and what is unknown
// goes to `problems` in Kraken's words (spot-v2 sections 3.3 and 8); then there is no request. Deprecated members are
// accepted and ignored, as Kraken does.
std::optional<TradingRequest> read_trading_params(std::string_view method, const JsonNode& params,
                                                  std::vector<std::string>& problems);

}  // namespace ktape::spot_v2
