#pragma once

#include <string>
#include <string_view>

#include "core/wire/frame.hpp"
#include "inspect/time_text.hpp"

namespace ktape {

// How times are written, and what offsets count from.
struct TimeStyle {
  TimeFormat format = TimeFormat::Rfc3339;
  Timestamp zero{};
};

// Each appends one line with its newline, or as many as the payload has.

// {"at":...,"connection":1,"direction":"from_exchange","kind":"text","payload":"..."}. `at` is a number for unix-ns and
// a string otherwise. A payload that is not UTF-8 cannot be JSON: it stands in "payload_hex". So nothing is lost.
void append_frame_json(std::string& out, const Frame& frame, const TimeStyle& style, bool made);
inline void append_frame_json(std::string& out, const Frame& frame, const TimeStyle& style) {
  append_frame_json(out, frame, style, false);
}
// "<time> <connection> < <payload>", with > for what was sent, and "[opened] " before the payload of other kinds.
void append_frame_text(std::string& out, const Frame& frame, const TimeStyle& style, bool made);
inline void append_frame_text(std::string& out, const Frame& frame, const TimeStyle& style) {
  append_frame_text(out, frame, style, false);
}
// RFC 4180, in the order of kFrameCsvHeader; the payload is as it was, with its quotes doubled.
void append_frame_csv(std::string& out, const Frame& frame, const TimeStyle& style);
inline constexpr std::string_view kFrameCsvHeader = "at,connection,direction,kind,payload\n";

// One cell of CSV, in quotes where it needs them.
void append_csv_cell(std::string& out, std::string_view text);

// A line of an event log (append_event_text), taken apart.
struct EventLine {
  Timestamp at;
  std::uint32_t connection = 0;
  std::string_view rest;  // from the name of the event to the end: "event":"trade",...}
};
// Nothing for a line of another form. A newline at the end is left out of `rest`.
std::optional<EventLine> parse_event_line(std::string_view line);

}  // namespace ktape
