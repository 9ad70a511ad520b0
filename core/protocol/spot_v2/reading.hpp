#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/protocol/json_fields.hpp"
#include "core/protocol/spot_v2/event_batch.hpp"

// Inside this folder's sources only: returns the error of `expression`, if it has one.
#define KTAPE_TRY(expression)                                                               \
  do {                                                                                      \
    if (auto tried = (expression); !tried) return tl::unexpected(std::move(tried.error())); \
  } while (false)

namespace ktape::spot_v2 {

enum class PushType : std::uint8_t { Snapshot, Update };

inline const char* convert(const JsonNode& node, PushType& out) {
  if (node.kind == JsonKind::String && (node.text() == "snapshot" || node.text() == "update")) {
    out = node.text() == "snapshot" ? PushType::Snapshot : PushType::Update;
    return nullptr;
  }
  return "snapshot or update";
}

// What the readers of one message share: where its events go, and what errors name.
struct Reading {
  EventBatch& batch;
  std::uint64_t& unknown_fields;
  const char* where = "";

  Reading(EventBatch& events, std::uint64_t& unknown) : batch(events), unknown_fields(unknown) {}

  template <class T>
  T& add() {
    return std::get<T>(batch.events.emplace_back(std::in_place_type<T>));
  }

  template <class... T>
  Result<void> fields(const JsonNode& object, T... wanted) {
    return read_fields(object, where, unknown_fields, wanted...);
  }

  // read_one(element) for each element of `array`, until one is wrong.
  template <class ReadOne>
  Result<void> each(const JsonNode& array, std::string_view name, ReadOne read_one) {
    if (array.kind != JsonKind::Array) return wrong_field(where, name, array, "an array");
    Result<void> result;
    for_each_element(array, [&](const JsonNode& element) {
      result = read_one(element);
      return result.has_value();
    });
    return result;
  }

  // A list of texts, into batch.texts.
  Result<void> read_texts(const JsonNode& array, std::string_view name) {
    return each(array, name, [&](const JsonNode& element) -> Result<void> {
      const char* const expected = ktape::convert(element, batch.texts.emplace_back());
      if (expected != nullptr) return wrong_field(where, name, element, expected);
      return {};
    });
  }
};

}  // namespace ktape::spot_v2
