#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "core/base/decimal.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/protocol/json_tape.hpp"

namespace ktape {

// What a JSON value means to a field of an event. Each returns nullptr, or what was expected instead: "a number".
const char* convert(const JsonNode& node, std::string_view& out);
const char* convert(const JsonNode& node, Decimal& out);
const char* convert(const JsonNode& node, bool& out);
const char* convert(const JsonNode& node, int& out);
const char* convert(const JsonNode& node, std::int64_t& out);
const char* convert(const JsonNode& node, std::uint32_t& out);
const char* convert(const JsonNode& node, std::uint64_t& out);
const char* convert(const JsonNode& node, Timestamp& out);
const char* convert(const JsonNode& node, const JsonNode*& out);  // as it is, whatever it is

template <class T>
const char* convert(const JsonNode& node, std::optional<T>& out) {
  if (node.kind == JsonKind::Null) {
    out.reset();
    return nullptr;
  }
  T value{};
  const char* const expected = convert(node, value);
  if (expected == nullptr) out = value;
  return expected;
}

template <class T>
struct JsonField {
  std::string_view name;
  T* out;
  bool required;
  const JsonNode* value = nullptr;
};

template <class T>
JsonField<T> required(std::string_view name, T& out) {
  return {.name = name, .out = &out, .required = true};
}

// A missing member leaves `out` as it is.
template <class T>
JsonField<T> optional(std::string_view name, T& out) {
  return {.name = name, .out = &out, .required = false};
}

// Known, and of no use to us.
inline JsonField<std::nullptr_t> ignored(std::string_view name) {
  return {.name = name, .out = nullptr, .required = false};
}

tl::unexpected<Error> missing_field(std::string_view where, std::string_view name);
tl::unexpected<Error> wrong_field(std::string_view where, std::string_view name, const JsonNode& value,
                                  std::string_view expected);

namespace detail {

template <class T>
Result<void> store(std::string_view where, const JsonField<T>& field) {
  if constexpr (std::is_same_v<T, std::nullptr_t>) {
    return {};
  } else {
    if (field.value == nullptr) {
      if (field.required) return missing_field(where, field.name);
      return {};
    }
    const char* const expected = convert(*field.value, *field.out);
    if (expected != nullptr) return wrong_field(where, field.name, *field.value, expected);
    return {};
  }
}

}  // namespace detail

// Reads the listed members of an object, in any order, the last of equal names; counts the others as unknown. `where`
// is for the error: "channel 'book'".
template <class... T>
Result<void> read_fields(const JsonNode& object, std::string_view where, std::uint64_t& unknown_fields,
                         JsonField<T>... fields) {
  if (object.kind != JsonKind::Object) return wrong_field(where, "an element", object, "an object");
  for_each_member(object, [&](std::string_view name, const JsonNode& value) {
    const bool known = ((name == fields.name && (fields.value = &value) != nullptr) || ...);
    if (!known) ++unknown_fields;
  });
  Result<void> result;
  static_cast<void>(((result = detail::store(where, fields)).has_value() && ...));
  return result;
}

}  // namespace ktape
