#pragma once

#include <optional>
#include <string_view>

#include "core/market/event.hpp"
#include "core/protocol/json_fields.hpp"

// What JSON values mean in Futures where it differs from Spot. Used by the readers of this folder.
namespace ktape::futures {

// Milliseconds since 1970.
struct Milliseconds {
  Timestamp at{};
};
const char* convert(const JsonNode& node, Milliseconds& out);

// "buy" and "sell" of trades and books; 0 and 1 of orders.
struct SideName {
  Side side = Side::Buy;
};
const char* convert(const JsonNode& node, SideName& out);
struct SideNumber {
  Side side = Side::Buy;
};
const char* convert(const JsonNode& node, SideNumber& out);

// A number that the exchange computes in floating point: margins, rates, profits. Decimal has 30 places; what such a
// number has beyond them (4.440892098500626e-16) is a rounding error of its own, and cut off.
struct Figure {
  Decimal value{};
};
const char* convert(const JsonNode& node, Figure& out);

inline std::optional<Timestamp> at(const std::optional<Milliseconds>& time) {
  return time ? std::optional(time->at) : std::nullopt;
}
inline std::optional<Decimal> value(const std::optional<Figure>& figure) {
  return figure ? std::optional(figure->value) : std::nullopt;
}

// Nothing for the 0.0 that stands where a price does not apply.
inline std::optional<Decimal> unless_zero(const std::optional<Decimal>& price) {
  return price && !price->is_zero() ? price : std::nullopt;
}

// Nothing if the sum has more digits than a Decimal.
std::optional<Decimal> sum(const Decimal& a, const Decimal& b);

}  // namespace ktape::futures
