#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace ktape {

// How a listing writes its times. All are exact to the nanosecond.
enum class TimeFormat : std::uint8_t {
  Rfc3339,  // 2026-09-01T08:00:00.000000100Z
  UnixNs,   // 1788249600000000100
  UnixS,    // 1788249600.000000100
  Offset,   // +12.000000100, seconds since the first frame of the recording
};

std::string_view to_string(TimeFormat format);  // "rfc3339", "unix-ns", "unix-s", "offset"
std::optional<TimeFormat> parse_time_format(std::string_view name);

// `zero` is what offsets count from.
void append_time(std::string& out, TimeFormat format, Timestamp at, Timestamp zero);

// A place in a recording as people name it: a time of day, or a span since the first frame.
struct Moment {
  std::optional<Timestamp> at;
  Duration offset{};  // where there is no `at`

  // Saturates at the ends of the range of time.
  Timestamp from(Timestamp first_frame) const;
};
// "2026-09-01T08:00:00Z" or "+1m30s".
Result<Moment> parse_moment(std::string_view text);

}  // namespace ktape
