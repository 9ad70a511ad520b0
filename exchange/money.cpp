#include "exchange/money.hpp"

#include <algorithm>

namespace ktape::money {
namespace {

std::optional<Decimal> checked(Int128 coefficient, int scale) {
  const Int128 limit = power_of_ten(Decimal::kMaxDigits);
  if (scale < 0 || scale > Decimal::kMaxScale || coefficient >= limit || coefficient <= -limit) return std::nullopt;
  return Decimal::from_units(coefficient, scale);
}

std::optional<Int128> times(Int128 a, Int128 b) {
  Int128 out = 0;
  if (__builtin_mul_overflow(a, b, &out)) return std::nullopt;
  return out;
}

// dividend / divisor, half away from zero. divisor > 0.
Int128 divide_rounded(Int128 dividend, Int128 divisor) {
  const Int128 whole = dividend / divisor;
  const Int128 rest = dividend % divisor;
  const Int128 magnitude = rest < 0 ? -rest : rest;
  if (magnitude < divisor - magnitude) return whole;
  return dividend < 0 ? whole - 1 : whole + 1;
}

template <class Combine>
std::optional<Decimal> combined(const Decimal& a, const Decimal& b, Combine combine) {
  const int scale = std::max(a.scale(), b.scale());
  const auto left = a.rescaled(scale);
  const auto right = b.rescaled(scale);
  if (!left || !right) return std::nullopt;
  return checked(combine(left->coefficient(), right->coefficient()), scale);  // two of 37 digits fit
}

}  // namespace

std::optional<Decimal> sum(const Decimal& a, const Decimal& b) {
  return combined(a, b, [](Int128 x, Int128 y) { return x + y; });
}

std::optional<Decimal> difference(const Decimal& a, const Decimal& b) {
  return combined(a, b, [](Int128 x, Int128 y) { return x - y; });
}

std::optional<Decimal> product(const Decimal& a, const Decimal& b) {
  const auto coefficient = times(a.coefficient(), b.coefficient());
  if (!coefficient) return std::nullopt;
  return checked(*coefficient, a.scale() + b.scale());
}

std::optional<Decimal> quotient(const Decimal& a, const Decimal& b, int places) {
  // a / b * 10^places, in the units that both are counted in.
  const int shift = places + b.scale() - a.scale();
  auto dividend = std::optional<Int128>(a.coefficient());
  auto divisor = std::optional<Int128>(b.coefficient());
  if (shift > Decimal::kMaxDigits || shift < -Decimal::kMaxDigits) return std::nullopt;
  if (shift >= 0) dividend = times(*dividend, power_of_ten(shift));
  if (shift < 0) divisor = times(*divisor, power_of_ten(-shift));
  if (!dividend || !divisor) return std::nullopt;
  if (*divisor < 0) return checked(divide_rounded(-*dividend, -*divisor), places);
  return checked(divide_rounded(*dividend, *divisor), places);
}

std::optional<Decimal> rounded(const Decimal& value, int places) {
  if (value.scale() <= places) return value.rescaled(places);
  return checked(divide_rounded(value.coefficient(), power_of_ten(value.scale() - places)), places);
}

std::optional<Decimal> percentage(const Decimal& amount, const Decimal& percent, int places) {
  const auto hundredfold = product(amount, percent);
  if (!hundredfold) return std::nullopt;
  return quotient(*hundredfold, Decimal::from_units(100, 0), places);
}

bool is_multiple(const Decimal& value, const Decimal& step) {
  if (step.is_zero()) return true;
  const int scale = std::max(value.scale(), step.scale());
  const auto whole = value.rescaled(scale);
  const auto part = step.rescaled(scale);
  return whole && part && whole->coefficient() % part->coefficient() == 0;
}

Decimal negative(const Decimal& value) { return Decimal::from_units(-value.coefficient(), value.scale()); }

Decimal magnitude(const Decimal& value) { return value.coefficient() < 0 ? negative(value) : value; }

Decimal trimmed(const Decimal& value) {
  Int128 coefficient = value.coefficient();
  int scale = value.scale();
  while (scale > 0 && coefficient % 10 == 0) {
    coefficient /= 10;
    --scale;
  }
  return Decimal::from_units(coefficient, scale);
}

}  // namespace ktape::money
