#include "core/protocol/futures/fields.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace ktape::futures {
namespace {

// 1970 to 2262, the range of Timestamp.
constexpr std::int64_t kMaxMilliseconds = 9'223'372'036'854;
constexpr int kMaxExponent = 400;  // a double has at most 324

// In plain notation, cut to the places of Decimal; empty if it is no number or too large.
std::string plain_notation(std::string_view text) {
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  int exponent = 0;
  if (e < text.size()) {
    std::string_view digits = text.substr(e + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (error != std::errc{} || end != digits.data() + digits.size()) return {};
    if (exponent > kMaxExponent) return {};
    exponent = std::max(exponent, -kMaxExponent);
  }
  std::string_view mantissa = text.substr(0, e);
  const bool negative = mantissa.starts_with('-');
  if (negative) mantissa.remove_prefix(1);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  std::string digits(mantissa.substr(0, point));
  if (point < mantissa.size()) digits += mantissa.substr(point + 1);

  const auto whole = static_cast<std::ptrdiff_t>(point) + exponent;  // digits before the point
  if (whole <= 0) {
    digits.insert(0, static_cast<std::size_t>(1 - whole), '0');
  } else if (static_cast<std::size_t>(whole) > digits.size()) {
    digits.append(static_cast<std::size_t>(whole) - digits.size(), '0');
  }
  const auto before = static_cast<std::size_t>(std::max<std::ptrdiff_t>(whole, 1));
  std::string integer = digits.substr(0, before);
  integer.erase(0, std::min(integer.find_first_not_of('0'), integer.size() - 1));
  // Significant digits have a limit too; those of a leading zero are none.
  const auto room = static_cast<std::size_t>(Decimal::kMaxDigits) - (integer == "0" ? 0 : integer.size());
  if (integer.size() > static_cast<std::size_t>(Decimal::kMaxDigits)) return {};
  const std::string fraction = digits.substr(before, std::min(room, static_cast<std::size_t>(Decimal::kMaxScale)));
  return (negative ? "-" : "") + integer + (fraction.empty() ? "" : "." + fraction);
}

}  // namespace

const char* convert(const JsonNode& node, Milliseconds& out) {
  constexpr const char* kExpected = "a time in milliseconds since 1970";
  std::int64_t milliseconds = 0;
  if (ktape::convert(node, milliseconds) != nullptr) return kExpected;
  if (milliseconds < 0 || milliseconds > kMaxMilliseconds) return kExpected;
  out.at = Timestamp{std::chrono::milliseconds{milliseconds}};
  return nullptr;
}

const char* convert(const JsonNode& node, SideName& out) {
  if (node.kind != JsonKind::String || (node.text() != "buy" && node.text() != "sell")) return "buy or sell";
  out.side = node.text() == "buy" ? Side::Buy : Side::Sell;
  return nullptr;
}

const char* convert(const JsonNode& node, SideNumber& out) {
  int number = 0;
  if (ktape::convert(node, number) != nullptr || number < 0 || number > 1) return "0 (buy) or 1 (sell)";
  out.side = number == 0 ? Side::Buy : Side::Sell;
  return nullptr;
}

const char* convert(const JsonNode& node, Figure& out) {
  if (node.kind != JsonKind::Number) return "a number";
  if (const auto exact = Decimal::parse(node.text())) {
    out.value = *exact;
    return nullptr;
  }
  const auto cut = Decimal::parse(plain_notation(node.text()));
  if (!cut) return "a number below 10^37";
  out.value = *cut;
  return nullptr;
}

std::optional<Decimal> sum(const Decimal& a, const Decimal& b) {
  const int places = std::max(a.scale(), b.scale());
  const auto x = a.rescaled(places);
  const auto y = b.rescaled(places);
  if (!x || !y) return std::nullopt;
  const Int128 total = x->coefficient() + y->coefficient();
  const Int128 limit = power_of_ten(Decimal::kMaxDigits);
  if (total >= limit || total <= -limit) return std::nullopt;
  return Decimal::from_units(total, places);
}

}  // namespace ktape::futures
