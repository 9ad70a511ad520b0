#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "core/base/decimal.hpp"
#include "core/base/json_text.hpp"
#include "core/base/time.hpp"

namespace ktape::futures {

// Writes the members of one object in the order of the calls, without white space. An optional that holds nothing is
// left out. Only for the encoders of this folder.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_.push_back('{'); }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;
  ~JsonObject() { out_.push_back('}'); }

  JsonObject& add(std::string_view name, std::string_view text) {
    key(name);
    append_json_string(out_, text);
    return *this;
  }
  JsonObject& add(std::string_view name, const char* text) { return add(name, std::string_view(text)); }
  JsonObject& add(std::string_view name, const std::string& text) { return add(name, std::string_view(text)); }
  JsonObject& add(std::string_view name, bool flag) {
    key(name);
    out_ += flag ? "true" : "false";
    return *this;
  }
  JsonObject& add(std::string_view name, const Decimal& number) {
    key(name);
    number.append_to(out_);
    return *this;
  }
  template <std::integral Integer>
  JsonObject& add(std::string_view name, Integer number) {
    key(name);
    const fmt::format_int digits(number);
    out_.append(digits.data(), digits.size());
    return *this;
  }
  // Milliseconds since 1970; what is finer is cut off.
  JsonObject& add(std::string_view name, Timestamp at) {
    return add(name, std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch().count());
  }
  template <class T>
  JsonObject& add(std::string_view name, const std::optional<T>& value) {
    return value ? add(name, *value) : *this;
  }
  // Empty text says nothing, and is left out.
  JsonObject& add_text(std::string_view name, std::string_view text) { return text.empty() ? *this : add(name, text); }
  JsonObject& add_null(std::string_view name) {
    key(name);
    out_ += "null";
    return *this;
  }

  // `write` gets the object.
  template <class Write>
  JsonObject& object(std::string_view name, Write write) {
    key(name);
    JsonObject inner(out_);
    write(inner);
    return *this;
  }
  // An array of objects: `write` gets the object of each item.
  template <class Items, class Write>
  JsonObject& list(std::string_view name, const Items& items, Write write) {
    key(name);
    out_.push_back('[');
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_.push_back(',');
      first = false;
      JsonObject element(out_);
      write(element, item);
    }
    out_.push_back(']');
    return *this;
  }
  template <class Texts>
  JsonObject& texts(std::string_view name, const Texts& items) {
    key(name);
    out_.push_back('[');
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_.push_back(',');
      first = false;
      append_json_string(out_, item);
    }
    out_.push_back(']');
    return *this;
  }

 private:
  void key(std::string_view name) {
    if (!first_) out_.push_back(',');
    first_ = false;
    append_json_string(out_, name);
    out_.push_back(':');
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace ktape::futures
