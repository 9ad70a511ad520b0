#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/protocol/codec.hpp"

namespace ktape::spot_v2 {

inline constexpr std::array kBookDepths{10, 25, 100, 500, 1000};
inline constexpr std::array kLevel3Depths{10, 100, 1000};                               // price levels
inline constexpr std::array kOhlcIntervals{1, 5, 15, 30, 60, 240, 1440, 10080, 21600};  // minutes
inline constexpr std::array<std::string_view, 2> kEventTriggers{"trades", "bbo"};

bool is_book_depth(std::int64_t depth);
bool is_level3_depth(std::int64_t depth);
bool is_ohlc_interval(std::int64_t minutes);
bool is_event_trigger(std::string_view trigger);

// The v2 spelling of a symbol of v1: XBT/USD is BTC/USD, XDG is DOGE, on both sides of the slash. Others stay.
std::string modern_symbol(std::string_view symbol);

// Whether it has the form BASE/QUOTE: two names of letters and digits (a dot inside is allowed), and for the pairs of
// other venues a suffix such as ":BTNL".
bool has_symbol_form(std::string_view symbol);

// Whether the exchange wants a token with it: level3, executions, balances.
bool needs_token(Channel channel);

// The error says what is wrong with the name, and what v2 calls it if it is one of v1.
Result<void> validate_symbol(std::string_view symbol);

// Refuses what Kraken would refuse, before it is sent, and names the value and what is allowed instead. Whether there
// is a token is not looked at.
Result<void> validate(const Subscription& subscription);

}  // namespace ktape::spot_v2
