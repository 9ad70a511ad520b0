#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "core/protocol/trading.hpp"
#include "exchange/instrument_table.hpp"

// What Kraken objects to in an order, given its pair, the state of the market and the time; in its words (spot-v2
// section 8). What can be told by the form of the request alone is spot_v2::find_violation()'s.
namespace ktape::order_rules {

using Objection = std::optional<std::string>;

// Coefficients beyond this are refused, so that a product of price and quantity stays exact.
inline constexpr int kMaxDigits = 16;

// Places, tick and lot of a price or quantity, and the pair's minimums.
Objection check_price(const Decimal& price, const PairTerms& pair);
Objection check_quantity(const Decimal& quantity, const PairTerms& pair);
Objection check_cost(const Decimal& price, const Decimal& quantity, const PairTerms& pair);
// What an iceberg shows is at least 1/15 of what is left of it.
Objection check_display(const std::optional<Decimal>& display, const Decimal& open_quantity);

// Whether an order of this kind may be placed now. `system` is the engine's state, as status tells it.
Objection check_market(std::string_view system, const PairTerms& pair, const NewOrder& order);
// Whether cancels and amends are taken.
Objection check_system_for_cancel(std::string_view system);

// An absolute time 500 ms to 60 s ahead; empty: none was given.
Objection check_deadline(std::string_view deadline, Timestamp now);
// gtd: not in the past and at most a month ahead.
Objection check_expiry(std::string_view expire_time, Timestamp now);

}  // namespace ktape::order_rules
