#include "rest/envelope.hpp"

#include <fmt/format.h>

#include "core/protocol/spot_v1/unix_time.hpp"

namespace ktape::rest {
namespace {

constexpr std::size_t kMaxErrors = 16;
constexpr std::size_t kMaxErrorBytes = 256;
constexpr std::string_view kThrottled = "EService:Throttled:";

bool is_crowded(std::string_view text) {
  return text == "EAPI:Rate limit exceeded" || text == "EGeneral:Too many requests" ||
         text == "EGeneral:Temporary lockout" || text.starts_with("EService:Throttled");
}

}  // namespace

std::string without_spaces_behind_colons(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ' && !out.empty() && out.back() == ':') continue;
    out += c;
  }
  return out;
}

Result<Envelope> read_envelope(JsonTape& tape, std::string_view body) {
  if (auto parsed = tape.parse(body); !parsed) return tl::unexpected<Error>(parsed.error());
  const JsonNode& root = tape.root();
  if (root.kind != JsonKind::Object) {
    return fail(Errc::Protocol, "the answer is " + describe(root) + ", an object expected");
  }
  Envelope envelope;
  const JsonNode* const errors = find_member(root, "error");
  if (errors == nullptr || errors->kind != JsonKind::Array) {
    return fail(Errc::Protocol, "the answer has no list 'error'");
  }
  const bool all_text = for_each_element(*errors, [&](const JsonNode& error) {
    if (error.kind != JsonKind::String) return false;
    if (envelope.errors.size() + envelope.warnings.size() == kMaxErrors) return true;
    std::string text = without_spaces_behind_colons(error.text().substr(0, kMaxErrorBytes));
    (text.starts_with('W') ? envelope.warnings : envelope.errors).push_back(std::move(text));
    return true;
  });
  if (!all_text) return fail(Errc::Protocol, "an element of the list 'error' is not text");

  if (const JsonNode* const result = find_member(root, "result"); result != nullptr && result->kind != JsonKind::Null) {
    if (result->kind != JsonKind::Object) return fail(Errc::Protocol, "the answer's 'result' is not an object");
    envelope.result = result;
  }
  if (envelope.result == nullptr && envelope.errors.empty()) {
    return fail(Errc::Protocol, "the answer has neither a result nor an error");
  }
  return envelope;
}

Retry retry_of(std::string_view text) {
  if (text == "EAPI:Invalid nonce") return Retry::FreshNonce;
  // A lockout grows with every attempt, and a deadline has gone by.
  if (text == "EGeneral:Temporary lockout" || text == "EService:Deadline elapsed") return Retry::Never;
  if (is_crowded(text) || text.starts_with("EService:") || text.starts_with("EGeneral:Internal error")) {
    return Retry::Later;
  }
  return Retry::Never;
}

Errc errc_of(std::string_view text) {
  if (is_crowded(text)) return Errc::Limit;
  if (text.starts_with("EQuery:Unknown asset") || text == "EOrder:Unknown order") return Errc::NotFound;
  if (text.starts_with("EGeneral:Invalid arguments") || text == "EAPI:Invalid key" ||
      text == "EAPI:Invalid signature" || text == "EGeneral:Permission denied") {
    return Errc::InvalidArgument;
  }
  if (text.starts_with("EGeneral:Unknown ") || text == "EAPI:Feature disabled") return Errc::Unsupported;
  return Errc::Protocol;
}

std::optional<Timestamp> throttled_until(std::string_view text) {
  if (!text.starts_with(kThrottled)) return std::nullopt;
  const auto at = spot_v1::parse_unix_seconds(text.substr(kThrottled.size()));
  if (!at) return std::nullopt;
  return *at;
}

}  // namespace ktape::rest
