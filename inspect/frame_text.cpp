#include "inspect/frame_text.hpp"

#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "core/base/json_text.hpp"

namespace ktape {
namespace {

void append_hex(std::string& out, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(kDigits[byte >> 4U]);
    out.push_back(kDigits[byte & 15U]);
  }
}

// Takes `prefix` and the integer after it off `text`.
template <class Integer>
bool take_number(std::string_view& text, std::string_view prefix, Integer& out) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

void append_frame_json(std::string& out, const Frame& frame, const TimeStyle& style, bool made) {
  const std::string_view quote = style.format == TimeFormat::UnixNs ? "" : "\"";
  out += R"({"at":)";
  out += quote;
  append_time(out, style.format, frame.at, style.zero);
  out += quote;
  fmt::format_to(std::back_inserter(out), R"(,"connection":{},"direction":"{}","kind":"{}",)",
                 static_cast<std::uint32_t>(frame.connection), to_string(frame.direction), to_string(frame.kind));
  if (is_utf8(frame.payload)) {
    out += R"("payload":)";
    append_json_string(out, frame.payload);
  } else {
    out += R"("payload_hex":")";
    append_hex(out, frame.payload);
    out.push_back('"');
  }
  out += made ? ",\"keyframe\":true}\n" : "}\n";
}

void append_frame_text(std::string& out, const Frame& frame, const TimeStyle& style, bool made) {
  append_time(out, style.format, frame.at, style.zero);
  fmt::format_to(std::back_inserter(out), " {} {} ", static_cast<std::uint32_t>(frame.connection),
                 frame.direction == Direction::FromExchange ? '<' : '>');
  if (made) out += "(keyframe) ";
  if (frame.kind != FrameKind::Text) fmt::format_to(std::back_inserter(out), "[{}] ", to_string(frame.kind));
  out += frame.payload;
  out.push_back('\n');
}

void append_frame_csv(std::string& out, const Frame& frame, const TimeStyle& style) {
  append_time(out, style.format, frame.at, style.zero);
  fmt::format_to(std::back_inserter(out), ",{},{},{},", static_cast<std::uint32_t>(frame.connection),
                 to_string(frame.direction), to_string(frame.kind));
  append_csv_cell(out, frame.payload);
  out.push_back('\n');
}

void append_csv_cell(std::string& out, std::string_view text) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
}

std::optional<EventLine> parse_event_line(std::string_view line) {
  EventLine parsed;
  std::int64_t at = 0;
  if (!take_number(line, R"({"at":)", at) || !take_number(line, R"(,"connection":)", parsed.connection) ||
      !line.starts_with(R"(,"event":)")) {
    return std::nullopt;
  }
  line.remove_prefix(1);
  if (line.ends_with('\n')) line.remove_suffix(1);
  parsed.at = from_nanoseconds(at);
  parsed.rest = line;
  return parsed;
}

}  // namespace ktape
