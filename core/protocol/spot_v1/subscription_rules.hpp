#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "core/base/result.hpp"
#include "core/protocol/codec.hpp"

namespace ktape::spot_v1 {

inline constexpr std::array kBookDepths{10, 25, 100, 500, 1000};
inline constexpr std::array kOhlcIntervals{1, 5, 15, 30, 60, 240, 1440, 10080, 21600};  // minutes

bool is_book_depth(std::int64_t depth);
bool is_ohlc_interval(std::int64_t minutes);

// "book", "ownTrades", ...; nothing for what v1 does not have, such as openTrades.
std::optional<Channel> channel_named(std::string_view name);

// Refuses what Kraken would refuse, before it is sent, and names the value and what is allowed instead.
Result<void> validate(const Subscription& subscription);

}  // namespace ktape::spot_v1
