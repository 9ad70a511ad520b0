#include "recorder/segment_names.hpp"

#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace ktape {
namespace {

constexpr std::string_view kDefaultTime = "%Y%m%dT%H%M%SZ";

// `format` filled in; nothing if it holds an unknown letter.
std::optional<std::string> time_text(std::string_view format, Timestamp at) {
  const std::string stamp = format_rfc3339(at, 0);  // 2026-09-01T08:00:00Z
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    switch (++i < format.size() ? format[i] : '\0') {
      case 'Y':
        out += stamp.substr(0, 4);
        break;
      case 'm':
        out += stamp.substr(5, 2);
        break;
      case 'd':
        out += stamp.substr(8, 2);
        break;
      case 'H':
        out += stamp.substr(11, 2);
        break;
      case 'M':
        out += stamp.substr(14, 2);
        break;
      case 'S':
        out += stamp.substr(17, 2);
        break;
      case '%':
        out += '%';
        break;
      default:
        return std::nullopt;
    }
  }
  return out;
}

struct Expanded {
  std::string name;
  bool has_segment = false;
};

Result<Expanded> expand(std::string_view pattern, std::uint32_t segment, Timestamp at) {
  Expanded out;
  const auto wrong = [&](std::string_view what) {
    return fail(Errc::InvalidArgument, fmt::format("the name '{}' has {}", pattern, what));
  };
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if ((c == '{' || c == '}') && i + 1 < pattern.size() && pattern[i + 1] == c) {
      out.name += c;
      ++i;
      continue;
    }
    if (c == '}') return wrong("a '}' without its '{'");
    if (c != '{') {
      out.name += c;
      continue;
    }
    const std::size_t end = pattern.find('}', i);
    if (end == std::string_view::npos) return wrong("a '{' without its '}'");
    const std::string_view field = pattern.substr(i + 1, end - i - 1);
    i = end;
    if (field == "utc" || field.starts_with("utc:")) {
      const auto text = time_text(field == "utc" ? kDefaultTime : field.substr(4), at);
      if (!text) return wrong(fmt::format("a time '{{{}}}' with other letters than %Y %m %d %H %M %S", field));
      out.name += *text;
    } else if (field == "segment") {
      out.name += fmt::format("{}", segment + std::uint64_t{1});
      out.has_segment = true;
    } else if (field.size() == 10 && field.starts_with("segment:0") && field[9] >= '1' && field[9] <= '9') {
      out.name += fmt::format("{:0{}}", segment + std::uint64_t{1}, field[9] - '0');
      out.has_segment = true;
    } else {
      return wrong(
          fmt::format("the unknown placeholder '{{{}}}': there are {{utc:%Y%m%dT%H%M%SZ}} and {{segment:04}}", field));
    }
  }
  if (out.name.find('\0') != std::string::npos) return wrong("a zero byte");
  return out;
}

}  // namespace

Result<SegmentNames> SegmentNames::parse(const std::string& pattern, bool several) {
  auto expanded = expand(pattern, 0, Timestamp{});
  if (!expanded) return tl::unexpected(expanded.error());
  if (expanded->name.empty()) return fail(Errc::InvalidArgument, "the name of a recording is empty");
  SegmentNames names;
  names.pattern_ = pattern;
  if (several && !expanded->has_segment) {
    const std::size_t folder = pattern.rfind('/') == std::string::npos ? 0 : pattern.rfind('/') + 1;
    std::size_t dot = pattern.rfind('.');
    // Not the dot of a folder or of a hidden file, nor one within a placeholder.
    if (dot == std::string::npos || dot <= folder || pattern.find('}', dot) != std::string::npos) dot = pattern.size();
    names.pattern_.insert(dot, "-{segment:04}");
  }
  return names;
}

std::string SegmentNames::name(std::uint32_t segment, Timestamp at) const {
  return expand(pattern_, segment, at).value().name;
}

}  // namespace ktape
