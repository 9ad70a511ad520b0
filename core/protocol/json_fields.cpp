#include "core/protocol/json_fields.hpp"

#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace ktape {
namespace {

// Whole numbers may be written as such or, where a schema says float, as 33.0.
template <class Integer>
const char* convert_integer(const JsonNode& node, Integer& out, const char* expected) {
  if (node.kind != JsonKind::Number) return expected;
  const char* const end = node.begin + node.length;
  if (const auto [stop, error] = std::from_chars(node.begin, end, out); error == std::errc{} && stop == end) {
    return nullptr;
  }
  const auto decimal = Decimal::parse(node.text());
  if (!decimal) return expected;
  const auto whole = decimal->rescaled(0);
  if (!whole || whole->coefficient() < std::numeric_limits<Integer>::min() ||
      whole->coefficient() > std::numeric_limits<Integer>::max()) {
    return expected;
  }
  out = static_cast<Integer>(whole->coefficient());
  return nullptr;
}

}  // namespace

const char* convert(const JsonNode& node, std::string_view& out) {
  if (node.kind != JsonKind::String) return "text";
  out = node.text();
  return nullptr;
}

const char* convert(const JsonNode& node, Decimal& out) {
  if (node.kind != JsonKind::Number) return "a number";
  const auto decimal = Decimal::parse(node.text());
  if (!decimal) return "a number of at most 37 digits and 30 places";
  out = *decimal;
  return nullptr;
}

const char* convert(const JsonNode& node, bool& out) {
  if (node.kind != JsonKind::True && node.kind != JsonKind::False) return "true or false";
  out = node.kind == JsonKind::True;
  return nullptr;
}

const char* convert(const JsonNode& node, int& out) { return convert_integer(node, out, "a 32-bit integer"); }

const char* convert(const JsonNode& node, std::int64_t& out) {
  return convert_integer(node, out, "a signed 64-bit integer");
}

const char* convert(const JsonNode& node, std::uint32_t& out) {
  return convert_integer(node, out, "an unsigned 32-bit integer");
}

const char* convert(const JsonNode& node, std::uint64_t& out) {
  return convert_integer(node, out, "an unsigned 64-bit integer");
}

const char* convert(const JsonNode& node, Timestamp& out) {
  constexpr const char* kExpected = "a UTC time such as 2026-09-01T08:00:00.000100Z";
  if (node.kind != JsonKind::String) return kExpected;
  const auto time = parse_rfc3339(node.text());
  if (!time) return kExpected;
  out = *time;
  return nullptr;
}

const char* convert(const JsonNode& node, const JsonNode*& out) {
  out = &node;
  return nullptr;
}

tl::unexpected<Error> missing_field(std::string_view where, std::string_view name) {
  return fail(Errc::Protocol, fmt::format("{}: no {}", where, name));
}

tl::unexpected<Error> wrong_field(std::string_view where, std::string_view name, const JsonNode& value,
                                  std::string_view expected) {
  return fail(Errc::Protocol, fmt::format("{}: {} is {}, {} expected", where, name, describe(value), expected));
}

}  // namespace ktape
