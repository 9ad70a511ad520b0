#pragma once

#include <optional>

#include "core/base/decimal.hpp"

// Exact sums of money. Nothing is ever rounded but where a function says so; nothing (std::nullopt) where the result
// leaves the range of Decimal.
namespace ktape::money {

// With the places of the one that has more.
std::optional<Decimal> sum(const Decimal& a, const Decimal& b);
std::optional<Decimal> difference(const Decimal& a, const Decimal& b);

// With the places of both together.
std::optional<Decimal> product(const Decimal& a, const Decimal& b);

// a / b with `places` places, rounded half away from zero. b is not zero.
std::optional<Decimal> quotient(const Decimal& a, const Decimal& b, int places);

// With exactly `places` places, rounded half away from zero: what Kraken's fees agree with (spot-v2 section 11).
std::optional<Decimal> rounded(const Decimal& value, int places);

// percent of amount, in `places` places.
std::optional<Decimal> percentage(const Decimal& amount, const Decimal& percent, int places);

// Whether `value` is a whole multiple of `step`; true for a step of zero, which says that there is none.
bool is_multiple(const Decimal& value, const Decimal& step);

Decimal negative(const Decimal& value);
Decimal magnitude(const Decimal& value);

// The same value without zeros behind its last place.
Decimal trimmed(const Decimal& value);

}  // namespace ktape::money
