#include "core/base/time_scale.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/base/decimal.hpp"

namespace ktape {
namespace {

__extension__ using Wide = __int128;

Duration saturated(Wide nanos) {
  constexpr Wide kMax = std::numeric_limits<Duration::rep>::max();
  return Duration{static_cast<Duration::rep>(std::min(nanos, kMax))};
}

std::optional<std::uint32_t> whole_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<std::optional<Rate>> parse_rate(std::string_view text) {
  if (text == "max") return std::optional<Rate>{};
  const auto bad = [text] {
    return fail(Errc::InvalidArgument,
                fmt::format("'{}' is no rate: max, or a ratio greater than zero such as 1, 60, 1/2 or 0.5", text));
  };
  Rate rate;
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const auto numerator = whole_number(text.substr(0, slash));
    const auto denominator = whole_number(text.substr(slash + 1));
    if (!numerator || !denominator) return bad();
    rate = {*numerator, *denominator};
  } else {
    const auto number = Decimal::parse(text);
    if (!number || number->scale() > 6 || number->coefficient() < 0 || number->coefficient() > UINT32_MAX) return bad();
    rate = {static_cast<std::uint32_t>(number->coefficient()),
            static_cast<std::uint32_t>(power_of_ten(number->scale()))};
  }
  if (rate.numerator == 0 || rate.denominator == 0) return bad();
  const std::uint32_t common = std::gcd(rate.numerator, rate.denominator);
  rate = {rate.numerator / common, rate.denominator / common};
  return std::optional(rate);
}

std::string rate_text(const std::optional<Rate>& rate) {
  if (!rate) return "max";
  if (rate->denominator == 1) return fmt::format("{}", rate->numerator);
  return fmt::format("{}/{}", rate->numerator, rate->denominator);
}

TimeScale::TimeScale(Rate rate, Timestamp start) : rate_(rate), start_(start) {
  KTAPE_ASSERT(rate.numerator != 0 && rate.denominator != 0, "a rate with a zero in it");
}

Timestamp TimeScale::virtual_at(Duration elapsed) const {
  const Wide passed = Wide{std::max(elapsed, Duration::zero()).count()} * rate_.numerator / rate_.denominator;
  return Timestamp{saturated(Wide{nanoseconds(start_)} + passed)};
}

Duration TimeScale::elapsed_at(Timestamp at) const {
  if (at <= start_) return Duration::zero();
  const Wide ahead = (Wide{nanoseconds(at)} - nanoseconds(start_)) * rate_.denominator;
  return saturated((ahead + rate_.numerator - 1) / rate_.numerator);
}

}  // namespace ktape
