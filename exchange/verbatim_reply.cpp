#include "exchange/verbatim_reply.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ktape {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::size_t skip_blank(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kBlank, at), text.size());
}

// Where the value of `key` (with its quotes) starts, behind the colon; nothing if the key is not there. The key cannot
// be found inside of a string, since quotes are escaped there.
std::optional<std::size_t> value_of(std::string_view text, std::string_view key) {
  for (auto at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    const auto colon = skip_blank(text, at + key.size());
    if (colon < text.size() && text[colon] == ':') return skip_blank(text, colon + 1);
  }
  return std::nullopt;
}

}  // namespace

std::string with_request_id(std::string_view reply, std::optional<std::int64_t> request_id,
                            const RequestIdPlace& place) {
  if (const auto begin = value_of(reply, place.key)) {
    auto end = std::min(reply.find_first_of(",}", *begin), reply.size());
    if (request_id) return fmt::format("{}{}{}", reply.substr(0, *begin), *request_id, reply.substr(end));
    auto first = reply.rfind(place.key, *begin);
    // One of the two commas goes with it: the one behind, or for the last member the one before.
    if (end < reply.size() && reply[end] == ',') {
      end = skip_blank(reply, end + 1);
    } else if (const auto comma = reply.find_last_not_of(kBlank, first - 1);
               comma != std::string_view::npos && reply[comma] == ',') {
      first = comma;
    }
    return fmt::format("{}{}", reply.substr(0, first), reply.substr(end));
  }
  auto before = value_of(reply, place.after);
  if (!before && !place.or_after.empty()) before = value_of(reply, place.or_after);
  if (!request_id || !before || *before >= reply.size()) return std::string(reply);
  // Plain text: its string ends at the next quote.
  const auto end = reply.find('"', *before + 1);
  if (end == std::string_view::npos) return std::string(reply);
  return fmt::format("{},{}:{}{}", reply.substr(0, end + 1), place.key, *request_id, reply.substr(end + 1));
}

}  // namespace ktape
