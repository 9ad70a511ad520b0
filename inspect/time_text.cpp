#include "inspect/time_text.hpp"

#include <iterator>

#include <fmt/format.h>

#include "core/base/decimal.hpp"

namespace ktape {
namespace {

constexpr TimeFormat kFormats[] = {TimeFormat::Rfc3339, TimeFormat::UnixNs, TimeFormat::UnixS, TimeFormat::Offset};

}  // namespace

std::string_view to_string(TimeFormat format) {
  switch (format) {
    case TimeFormat::Rfc3339:
      return "rfc3339";
    case TimeFormat::UnixNs:
      return "unix-ns";
    case TimeFormat::UnixS:
      return "unix-s";
    case TimeFormat::Offset:
      return "offset";
  }
  return "unknown";
}

std::optional<TimeFormat> parse_time_format(std::string_view name) {
  for (const TimeFormat format : kFormats) {
    if (name == to_string(format)) return format;
  }
  return std::nullopt;
}

void append_time(std::string& out, TimeFormat format, Timestamp at, Timestamp zero) {
  switch (format) {
    case TimeFormat::Rfc3339:
      append_rfc3339(out, at);
      return;
    case TimeFormat::UnixNs:
      fmt::format_to(std::back_inserter(out), "{}", nanoseconds(at));
      return;
    case TimeFormat::UnixS:
      Decimal::from_units(nanoseconds(at), 9).append_to(out);
      return;
    case TimeFormat::Offset: {
      // The span between two times may leave 64 bits.
      const Int128 span = Int128{nanoseconds(at)} - nanoseconds(zero);
      if (span >= 0) out.push_back('+');
      Decimal::from_units(span, 9).append_to(out);
      return;
    }
  }
}

Timestamp Moment::from(Timestamp first_frame) const {
  if (at) return *at;
  // Before 1970 the room above is wider than any span.
  const bool fits = first_frame < Timestamp{} || offset <= Timestamp::max() - first_frame;
  return fits ? first_frame + offset : Timestamp::max();
}

Result<Moment> parse_moment(std::string_view text) {
  if (text.starts_with('+')) {
    const auto offset = parse_duration(text.substr(1));
    if (!offset) return tl::unexpected<Error>(offset.error());
    return Moment{.at = {}, .offset = *offset};
  }
  const auto at = parse_rfc3339(text);
  if (!at) {
    return fail(Errc::InvalidArgument,
                fmt::format("'{}' is no time: RFC 3339 (2026-09-01T08:00:00Z) or a span since the first frame (+1m30s) "
                            "expected",
                            text));
  }
  return Moment{.at = *at};
}

}  // namespace ktape
