#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/protocol/trading.hpp"

// Internal to this folder: how v1 writes the prices and times of an order. What v2 has in several fields is one text.
namespace ktape::spot_v1 {

// A price and what it is relative to: "" or "static" for a price as such, "quote" for an offset in the quote currency,
// "pct" for one in percent.
struct OrderPrice {
  Decimal value{};
  std::string type{};

  friend bool operator==(const OrderPrice&, const OrderPrice&) = default;
};

// `name` is for the error. Of trailing types the price is a distance, which v1 writes with a plus.
Result<void> check_price(const OrderPrice& price, std::string_view name);
std::string price_text(const OrderPrice& price, bool distance);
// Unsupported for "#5", an offset whose direction depends on the order's side; Protocol for what is no price.
Result<OrderPrice> parse_price(std::string_view text, bool distance);

// RFC 3339 to unix seconds and back. "0" says that there is none; "+5" counts from the arrival and is Unsupported.
Result<std::string> unix_text(std::string_view rfc3339, std::string_view name);
Result<std::string> rfc3339_text(std::string_view unix_seconds);

bool is_order_type(std::string_view type);
bool is_trailing(std::string_view type);

// The texts of v1's `price` and `price2`: of a limit order its limit, of others what triggers them and then their
// limit.
struct PriceTexts {
  std::optional<std::string> price, price2;
};
struct OrderPrices {
  std::optional<OrderPrice> limit, trigger;
};
bool has_trigger(std::string_view order_type);
bool has_limit(std::string_view order_type);
Result<void> check_prices(const OrderPrices& prices, std::string_view order_type);
PriceTexts price_texts(const OrderPrices& prices, std::string_view order_type);
Result<OrderPrices> parse_prices(const PriceTexts& texts, std::string_view order_type);

}  // namespace ktape::spot_v1
