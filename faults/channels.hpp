#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/protocol/dialect.hpp"

// Which dialect calls a channel so, and what it has. Private to this folder.
namespace ktape::faults {

enum InDialects : unsigned { kV2 = 1, kV1 = 2, kFutures = 4 };

struct ChannelTraits {
  std::string_view name;
  unsigned dialects;  // that have it
  unsigned numbered;  // that number its messages, so that a gap can be seen
  bool token;         // it takes a token or a signed challenge
};

inline constexpr std::array kChannelTraits{
    ChannelTraits{"book", kV2 | kV1 | kFutures, kFutures, false},
    ChannelTraits{"trade", kV2 | kV1 | kFutures, kV2 | kFutures, false},
    ChannelTraits{"ticker", kV2 | kV1 | kFutures, 0, false},
    ChannelTraits{"ohlc", kV2 | kV1, 0, false},
    ChannelTraits{"instrument", kV2, 0, false},
    ChannelTraits{"level3", kV2, 0, true},
    ChannelTraits{"spread", kV1, 0, false},
    ChannelTraits{"status", kV2 | kV1, 0, false},
    ChannelTraits{"heartbeat", kV2 | kV1 | kFutures, 0, false},
    ChannelTraits{"executions", kV2, kV2, true},
    ChannelTraits{"balances", kV2 | kFutures, kV2 | kFutures, true},
    ChannelTraits{"ownTrades", kV1, kV1, true},
    ChannelTraits{"openOrders", kV1, kV1, true},
    ChannelTraits{"ticker_lite", kFutures, 0, false},
    ChannelTraits{"open_orders", kFutures, 0, true},
    ChannelTraits{"open_orders_verbose", kFutures, 0, true},
    ChannelTraits{"fills", kFutures, kFutures, true},
    ChannelTraits{"open_positions", kFutures, kFutures, true},
    ChannelTraits{"account_log", kFutures, 0, true},
    ChannelTraits{"notifications_auth", kFutures, 0, true},
    ChannelTraits{"account_balances_and_margins", kFutures, kFutures, true},
    ChannelTraits{"deposits_withdrawals", kFutures, 0, true},
};

inline unsigned mask_of(std::optional<Dialect> dialect) {
  if (!dialect) return kV2 | kV1 | kFutures;
  return *dialect == Dialect::SpotV2 ? kV2 : *dialect == Dialect::SpotV1 ? kV1 : kFutures;
}

inline const ChannelTraits* find_channel(std::string_view name) {
  const auto* const found = std::find_if(kChannelTraits.begin(), kChannelTraits.end(),
                                         [name](const ChannelTraits& channel) { return channel.name == name; });
  return found == kChannelTraits.end() ? nullptr : found;
}

inline bool is_channel(std::string_view name) { return find_channel(name) != nullptr; }

inline bool has_channel(Dialect dialect, std::string_view name) {
  const ChannelTraits* const channel = find_channel(name);
  return channel != nullptr && (channel->dialects & mask_of(dialect)) != 0;
}

inline bool is_numbered(std::optional<Dialect> dialect, std::string_view name) {
  const ChannelTraits* const channel = find_channel(name);
  return channel != nullptr && (channel->numbered & mask_of(dialect)) != 0;
}

inline bool wants_token(std::string_view name) {
  const ChannelTraits* const channel = find_channel(name);
  return channel != nullptr && channel->token;
}

inline std::string channels_in_words(std::optional<Dialect> dialect) {
  std::string words;
  for (const ChannelTraits& channel : kChannelTraits) {
    if ((channel.dialects & mask_of(dialect)) == 0) continue;
    if (!words.empty()) words += ", ";
    words += channel.name;
  }
  return words;
}

}  // namespace ktape::faults
