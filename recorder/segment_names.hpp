#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace ktape {

// The names of a session's segments, made from a pattern with placeholders:
//   {utc:%Y%m%dT%H%M%SZ}  the time at which the segment begins; %Y %m %d %H %M %S and %% only. {utc} is this very form
//   {segment:04}          its number, from 1 on, with at least so many digits (1 to 9). {segment} has no zeros
//   {{ and }}             braces
// A pattern without {segment} gets "-{segment:04}" before its last extension if the session may have several segments.
class SegmentNames {
 public:
  static Result<SegmentNames> parse(const std::string& pattern, bool several);

  // `segment` counts from 0, as SessionInfo::segment does.
  std::string name(std::uint32_t segment, Timestamp at) const;

 private:
  std::string pattern_;  // checked
};

}  // namespace ktape
