#pragma once

#include <cstdint>
#include <optional>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"
#include "core/market/event.hpp"
#include "core/protocol/json_tape.hpp"

namespace ktape::spot_v1 {

// In v1 every decimal and every time is text in quotes (spot-v1 section 1). These say so to read_fields().
struct DecimalText {
  Decimal value{};
};
struct TimeText {
  Timestamp value{};
};
struct ChecksumText {
  std::uint32_t value = 0;
};
// Counts that one document quotes and another does not.
struct IntegerOrText {
  std::int64_t value = 0;
};
// The far end echoes what it was sent: any integer. One beyond ours cannot be an answer to us, and is left out.
struct RequestId {
  std::optional<std::int64_t> value{};
};

// Each returns nullptr, or what was expected instead.
const char* convert(const JsonNode& node, DecimalText& out);
const char* convert(const JsonNode& node, TimeText& out);
const char* convert(const JsonNode& node, ChecksumText& out);
const char* convert(const JsonNode& node, IntegerOrText& out);
const char* convert(const JsonNode& node, RequestId& out);

// "b" and "s", "l" and "m" in public trades; nothing for another text.
std::optional<Side> side_of_letter(std::string_view letter);
std::optional<OrderType> order_type_of_letter(std::string_view letter);
// "buy" and "sell" in private ones.
std::optional<Side> side_of_word(std::string_view word);

template <class Text>
auto value_of(const std::optional<Text>& text) -> std::optional<decltype(text->value)> {
  if (!text) return std::nullopt;
  return text->value;
}

}  // namespace ktape::spot_v1
