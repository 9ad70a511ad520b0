#include "core/protocol/spot_v1/text_values.hpp"

#include <charconv>

#include "core/protocol/json_fields.hpp"
#include "core/protocol/spot_v1/unix_time.hpp"

namespace ktape::spot_v1 {
namespace {

template <class Integer>
bool parse_whole(std::string_view text, Integer& out) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  return error == std::errc{} && stop == end;
}

}  // namespace

const char* convert(const JsonNode& node, DecimalText& out) {
  constexpr const char* kExpected = "a number in quotes, of at most 37 digits and 30 places,";
  if (node.kind != JsonKind::String) return kExpected;
  const auto decimal = Decimal::parse(node.text());
  if (!decimal) return kExpected;
  out.value = *decimal;
  return nullptr;
}

const char* convert(const JsonNode& node, TimeText& out) {
  constexpr const char* kExpected = "unix seconds in quotes, such as \"1693415330.621700\",";
  if (node.kind != JsonKind::String) return kExpected;
  const auto time = parse_unix_seconds(node.text());
  if (!time) return kExpected;
  out.value = *time;
  return nullptr;
}

const char* convert(const JsonNode& node, ChecksumText& out) {
  if (node.kind == JsonKind::String && parse_whole(node.text(), out.value)) return nullptr;
  return "an unsigned 32-bit integer in quotes";
}

const char* convert(const JsonNode& node, IntegerOrText& out) {
  if (node.kind == JsonKind::String && parse_whole(node.text(), out.value)) return nullptr;
  return node.kind == JsonKind::Number ? ktape::convert(node, out.value) : "a signed 64-bit integer";
}

const char* convert(const JsonNode& node, RequestId& out) {
  std::int64_t id = 0;
  if (ktape::convert(node, id) == nullptr) {
    out.value = id;
    return nullptr;
  }
  std::uint64_t large = 0;
  return ktape::convert(node, large) == nullptr ? nullptr : "an integer";
}

std::optional<Side> side_of_letter(std::string_view letter) {
  if (letter == "b") return Side::Buy;
  if (letter == "s") return Side::Sell;
  return std::nullopt;
}

std::optional<OrderType> order_type_of_letter(std::string_view letter) {
  if (letter == "l") return OrderType::Limit;
  if (letter == "m") return OrderType::Market;
  return std::nullopt;
}

std::optional<Side> side_of_word(std::string_view word) {
  if (word == "buy") return Side::Buy;
  if (word == "sell") return Side::Sell;
  return std::nullopt;
}

}  // namespace ktape::spot_v1
