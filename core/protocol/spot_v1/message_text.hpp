#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "core/base/decimal.hpp"
#include "core/base/json_text.hpp"
#include "core/protocol/spot_v1/unix_time.hpp"

// Internal to this folder: the pieces that v1's messages are written from. What is absent is left out.
namespace ktape::spot_v1 {

// The members of one object, in the order of the calls; closed by close().
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_.push_back('{'); }

  ObjectText& text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
    return *this;
  }
  ObjectText& some_text(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
  }
  template <class Number>
  ObjectText& number(std::string_view name, Number value) {
    key(name);
    out_ += fmt::to_string(value);
    return *this;
  }
  template <class Number>
  ObjectText& number(std::string_view name, const std::optional<Number>& value) {
    return value ? number(name, *value) : *this;
  }
  ObjectText& decimal(std::string_view name, const std::optional<Decimal>& value) {
    if (!value) return *this;
    key(name);
    append_decimal(out_, *value);
    return *this;
  }
  ObjectText& time(std::string_view name, const std::optional<Timestamp>& value) {
    if (!value) return *this;
    key(name);
    append_time(out_, *value);
    return *this;
  }
  ObjectText& time_or_null(std::string_view name, const std::optional<Timestamp>& value) {
    return value ? time(name, value) : raw(name, "null");
  }
  ObjectText& raw(std::string_view name, std::string_view json) {
    key(name);
    out_ += json;
    return *this;
  }
  // The place of a value that the caller appends to `out`.
  void key(std::string_view name) {
    if (!first_) out_.push_back(',');
    first_ = false;
    append_json_string(out_, name);
    out_.push_back(':');
  }
  void close() { out_.push_back('}'); }

  static void append_decimal(std::string& out, const Decimal& value) {
    out.push_back('"');
    value.append_to(out);
    out.push_back('"');
  }
  static void append_time(std::string& out, Timestamp at) {
    out.push_back('"');
    append_unix_seconds(out, at);
    out.push_back('"');
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace ktape::spot_v1
