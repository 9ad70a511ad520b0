#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace ktape {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

// A number exactly as the exchange wrote it: 0.10000000 keeps its eight places, as book checksums require.
// Volumes of low-priced coins overflow 64 bits, so the coefficient has 128.
class Decimal {
 public:
  static constexpr int kMaxScale = 30;
  static constexpr int kMaxDigits = 37;  // any coefficient of that many digits, and the next power of ten, fit

  constexpr Decimal() = default;

  // coefficient / 10^scale. 0 <= scale <= kMaxScale, and the coefficient has at most kMaxDigits digits.
  static constexpr Decimal from_units(Int128 coefficient, int scale) {
    return Decimal(coefficient, static_cast<std::uint8_t>(scale));
  }

  // A JSON number, an exponent allowed: "1e-08" becomes 0.00000001. Refuses anything else and what is out of range.
  static Result<Decimal> parse(std::string_view text);

  // Plain notation. parse(x)->text() == x for every x without exponent but "-0".
  std::string text() const;
  void append_to(std::string& out) const;

  // The decimal spelling of |coefficient|, without leading zeros and without the point: the form that Kraken's book
  // checksums are made of. Writes at most kMaxDigits + 1 characters to `out` and returns their number; 0 gives none.
  std::size_t write_digits(char* out) const;

  constexpr Int128 coefficient() const { return coefficient_; }
  constexpr int scale() const { return scale_; }
  constexpr bool is_zero() const { return coefficient_ == 0; }

  // The same value with `scale` places; nothing if that would lose digits or not fit.
  std::optional<Decimal> rescaled(int scale) const;

  // By value: 1.10 is equivalent to 1.1. identical() also compares the places.
  friend std::weak_ordering operator<=>(const Decimal& a, const Decimal& b) {
    if (a.scale_ == b.scale_) return a.coefficient_ <=> b.coefficient_;
    return compare_scaled(a, b);
  }
  friend bool operator==(const Decimal& a, const Decimal& b) { return (a <=> b) == 0; }
  friend constexpr bool identical(const Decimal& a, const Decimal& b) {
    return a.scale_ == b.scale_ && a.coefficient_ == b.coefficient_;
  }

 private:
  constexpr Decimal(Int128 coefficient, std::uint8_t scale) : coefficient_(coefficient), scale_(scale) {}
  static std::weak_ordering compare_scaled(const Decimal& a, const Decimal& b);

  Int128 coefficient_ = 0;
  std::uint8_t scale_ = 0;
};

// 10^exponent for 0 <= exponent <= 38.
Int128 power_of_ten(int exponent);

}  // namespace ktape
