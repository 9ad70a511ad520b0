#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/protocol/trading.hpp"

// What Kraken accepts of requests that trade (spot-v2 section 7), as far as it can be told without knowing the account,
// the pair or the time. One set of rules for both ends: a client refuses to send what a server would refuse.
namespace ktape::spot_v2 {

inline constexpr std::array<std::string_view, 8> kTradingMethods{
    "add_order", "amend_order", "edit_order", "cancel_order", "cancel_all", "cancel_all_orders_after",
    "batch_add", "batch_cancel"};
inline constexpr std::array<std::string_view, 10> kOrderTypes{"limit",
                                                              "market",
                                                              "iceberg",
                                                              "stop-loss",
                                                              "stop-loss-limit",
                                                              "take-profit",
                                                              "take-profit-limit",
                                                              "trailing-stop",
                                                              "trailing-stop-limit",
                                                              "settle-position"};

bool is_trading_method(std::string_view method);

struct RuleViolation {
  std::string parameter{};  // as Kraken calls it: "limit_price"; of a batch: "orders"
  std::string detail{};     // a sentence with the value and what is allowed
};

// The first rule that is broken.
std::optional<RuleViolation> find_violation(const TradingRequest& request);

// The same as an error: "add_order: time_in_force 'gct' is not one of gtc, gtd, ioc, fok".
Result<void> validate(const TradingRequest& request);

}  // namespace ktape::spot_v2
