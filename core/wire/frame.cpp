#include "core/wire/frame.hpp"

#include <charconv>

#include <fmt/format.h>

namespace ktape {

std::string_view to_string(Direction direction) {
  return direction == Direction::FromExchange ? "from_exchange" : "to_exchange";
}

std::string_view to_string(FrameKind kind) {
  switch (kind) {
    case FrameKind::Opened:
      return "opened";
    case FrameKind::Text:
      return "text";
    case FrameKind::Binary:
      return "binary";
    case FrameKind::Ping:
      return "ping";
    case FrameKind::Pong:
      return "pong";
    case FrameKind::Closed:
      return "closed";
  }
  return "unknown";
}

std::string CloseInfo::text() const {
  return reason.empty() ? fmt::format("{}", code) : fmt::format("{} {}", code, reason);
}

Result<CloseInfo> CloseInfo::parse(std::string_view text) {
  CloseInfo info;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), info.code);
  const auto rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error != std::errc{} || (!rest.empty() && rest.front() != ' ')) {
    return fail(Errc::Parse, fmt::format("a close code and a reason expected: '{}'", text.substr(0, 64)));
  }
  if (!rest.empty()) info.reason = std::string(rest.substr(1));
  return info;
}

}  // namespace ktape
