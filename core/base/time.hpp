#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace ktape {

// Units live in types: no integer in this program means a time, and no double does.
using Duration = std::chrono::nanoseconds;
using Timestamp = std::chrono::sys_time<Duration>;  // UTC, nanoseconds since 1970, years 1678 to 2262

// RFC 3339 in UTC ("2026-09-01T08:00:00.000100Z") with 0 to 9 fraction digits, as Kraken writes them.
Result<Timestamp> parse_rfc3339(std::string_view text);

// With exactly `fraction_digits` (0 to 9) digits after the second; what does not fit is cut off, not rounded.
std::string format_rfc3339(Timestamp at, int fraction_digits = 9);
void append_rfc3339(std::string& out, Timestamp at, int fraction_digits = 9);

// "250ms", "1.5s", "5m", "2h", "1d", "100us", "7ns"; several parts may follow each other ("1m30s"). Never negative.
Result<Duration> parse_duration(std::string_view text);

// The shortest of those forms that says the same: "1m30s", "250ms".
std::string format_duration(Duration span);

constexpr std::int64_t nanoseconds(Timestamp at) { return at.time_since_epoch().count(); }
constexpr Timestamp from_nanoseconds(std::int64_t since_epoch) { return Timestamp{Duration{since_epoch}}; }

// The start of the half-open interval [begin, begin + interval) that holds `at`, on the grid of unix time.
// interval > 0.
constexpr Timestamp floor_to(Timestamp at, Duration interval) {
  auto offset = at.time_since_epoch() % interval;
  if (offset < Duration::zero()) offset += interval;
  return at - offset;
}

}  // namespace ktape
