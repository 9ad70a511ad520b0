#include "core/base/decimal.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

constexpr auto kPowersOfTen = [] {
  std::array<Int128, 39> powers{};
  Int128 power = 1;
  for (std::size_t i = 0; i < powers.size(); ++i) {
    powers[i] = power;
    if (i + 1 < powers.size()) power *= 10;
  }
  return powers;
}();

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

tl::unexpected<Error> bad_number(std::string_view text, std::string_view why) {
  return fail(Errc::Parse, fmt::format("not a decimal number ({}): '{}'", why, text.substr(0, 64)));
}

UInt128 magnitude(Int128 value) { return value < 0 ? ~static_cast<UInt128>(value) + 1 : static_cast<UInt128>(value); }

// Writes the digits of `value` so that they end at `end`; returns their first character. Zero writes nothing.
char* write_backwards(UInt128 value, char* end) {
  // 128-bit division is slow; nearly every number of a feed fits in 64 bits.
  while (value > UINT64_MAX) {
    *--end = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  }
  for (auto small = static_cast<std::uint64_t>(value); small != 0; small /= 10) {
    *--end = static_cast<char>('0' + static_cast<int>(small % 10));
  }
  return end;
}

}  // namespace

Int128 power_of_ten(int exponent) {
  KTAPE_ASSERT(exponent >= 0 && exponent <= 38, "power of ten out of range");
  return kPowersOfTen[static_cast<std::size_t>(exponent)];
}

Result<Decimal> Decimal::parse(std::string_view text) {
  std::size_t at = 0;
  const auto peek = [&] { return at < text.size() ? text[at] : '\0'; };

  const bool negative = peek() == '-';
  if (negative) ++at;
  if (!is_digit(peek())) return bad_number(text, "a digit expected");
  if (peek() == '0' && at + 1 < text.size() && is_digit(text[at + 1])) return bad_number(text, "leading zero");

  UInt128 coefficient = 0;
  int digits = 0;  // significant ones
  int scale = 0;
  const auto take_digits = [&] {
    for (; is_digit(peek()); ++at) {
      if (digits > 0 || text[at] != '0') ++digits;
      if (digits > kMaxDigits) return false;
      coefficient = coefficient * 10 + static_cast<unsigned>(text[at] - '0');
    }
    return true;
  };

  if (!take_digits()) return bad_number(text, "too many digits");
  if (peek() == '.') {
    const std::size_t point = at++;
    if (!is_digit(peek())) return bad_number(text, "a digit expected after the point");
    if (!take_digits()) return bad_number(text, "too many digits");
    if (at - point - 1 > static_cast<std::size_t>(kMaxScale)) return bad_number(text, "too many decimal places");
    scale = static_cast<int>(at - point - 1);
  }
  if (peek() == 'e' || peek() == 'E') {
    ++at;
    const bool down = peek() == '-';
    if (down || peek() == '+') ++at;
    if (!is_digit(peek())) return bad_number(text, "a digit expected in the exponent");
    int exponent = 0;
    for (; is_digit(peek()); ++at) {
      exponent = exponent * 10 + (text[at] - '0');
      if (exponent > 100) return bad_number(text, "exponent out of range");
    }
    scale += down ? exponent : -exponent;
    if (scale < 0) {
      if (coefficient != 0 && digits - scale > kMaxDigits) return bad_number(text, "exponent out of range");
      for (; scale < 0 && coefficient != 0; ++scale) coefficient *= 10;
      scale = 0;
    }
    if (scale > kMaxScale) return bad_number(text, "too many decimal places");
  }
  if (at != text.size()) return bad_number(text, "unexpected character");

  const auto value = static_cast<Int128>(coefficient);
  return Decimal(negative ? -value : value, static_cast<std::uint8_t>(scale));
}

void Decimal::append_to(std::string& out) const {
  std::array<char, kMaxDigits + 4> buffer{};
  char* const end = buffer.data() + buffer.size();
  char* first = write_backwards(magnitude(coefficient_), end);
  // At least one digit stands before the point.
  while (end - first <= scale_) *--first = '0';
  if (coefficient_ < 0) out.push_back('-');
  out.append(first, end - scale_);
  if (scale_ > 0) {
    out.push_back('.');
    out.append(end - scale_, end);
  }
}

std::string Decimal::text() const {
  std::string out;
  append_to(out);
  return out;
}

std::size_t Decimal::write_digits(char* out) const {
  const UInt128 value = magnitude(coefficient_);
  if (value == 0) return 0;
  if (value <= UINT64_MAX) {
    const fmt::format_int digits(static_cast<std::uint64_t>(value));
    std::memcpy(out, digits.data(), digits.size());
    return digits.size();
  }
  std::array<char, kMaxDigits + 4> buffer{};
  char* const end = buffer.data() + buffer.size();
  const char* const first = write_backwards(value, end);
  std::copy(first, static_cast<const char*>(end), out);
  return static_cast<std::size_t>(end - first);
}

std::optional<Decimal> Decimal::rescaled(int scale) const {
  if (scale == scale_) return *this;
  if (scale < 0 || scale > kMaxScale) return std::nullopt;
  if (scale < scale_) {
    const Int128 divisor = power_of_ten(scale_ - scale);
    if (coefficient_ % divisor != 0) return std::nullopt;
    return from_units(coefficient_ / divisor, scale);
  }
  const int more = scale - scale_;
  if (magnitude(coefficient_) >= magnitude(power_of_ten(kMaxDigits)) / magnitude(power_of_ten(more)))
    return std::nullopt;
  return from_units(coefficient_ * power_of_ten(more), scale);
}

std::weak_ordering Decimal::compare_scaled(const Decimal& a, const Decimal& b) {
  // Whole parts first, then fractions brought to one scale: neither can overflow, since a fraction is below 10^30.
  const Int128 unit_a = power_of_ten(a.scale_);
  const Int128 unit_b = power_of_ten(b.scale_);
  if (const auto whole = a.coefficient_ / unit_a <=> b.coefficient_ / unit_b; whole != 0) return whole;
  const int places = std::max(a.scale_, b.scale_);
  const Int128 fraction_a = a.coefficient_ % unit_a * power_of_ten(places - a.scale_);
  const Int128 fraction_b = b.coefficient_ % unit_b * power_of_ten(places - b.scale_);
  return fraction_a <=> fraction_b;
}

}  // namespace ktape
