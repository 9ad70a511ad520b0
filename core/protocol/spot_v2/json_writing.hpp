#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"

// How this folder's encoders of the exchange's side put JSON together, for their sources only.
namespace ktape::spot_v2::json_writing {

inline constexpr int kMicroseconds = 6;
inline constexpr int kNanoseconds = 9;

// Fields are written by name after a comma, but for the first of an object, whose opening the caller wrote.
inline void value(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr std::string_view kHex = "0123456789abcdef";
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 0x0f];
    } else {
      out += c;
    }
  }
  out += '"';
}

inline void value(std::string& out, const Decimal& number) { number.append_to(out); }

template <std::same_as<bool> Bool>
void value(std::string& out, Bool flag) {
  out += flag ? "true" : "false";
}

template <std::integral Integer>
requires(!std::same_as<Integer, bool>) void value(std::string& out, Integer number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

inline void time_value(std::string& out, Timestamp at, int fraction_digits) {
  out += '"';
  append_rfc3339(out, at, fraction_digits);
  out += '"';
}

// `key` is a literal with its quotes, its colon and what goes before: R"(,"price":)".
template <class T>
void field(std::string& out, std::string_view key, const T& content) {
  out += key;
  value(out, content);
}

template <class T>
void field(std::string& out, std::string_view key, const std::optional<T>& content) {
  if (content) field(out, key, *content);
}

inline void time_field(std::string& out, std::string_view key, Timestamp at, int fraction_digits) {
  out += key;
  time_value(out, at, fraction_digits);
}

inline void time_field(std::string& out, std::string_view key, const std::optional<Timestamp>& at,
                       int fraction_digits) {
  if (at) time_field(out, key, *at, fraction_digits);
}

// Writes the elements of `items` with commas between them, each by `write`.
template <class Items, class Write>
void list(std::string& out, const Items& items, Write write) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    write(item);
  }
  out += ']';
}

// The beginning of a push, up to its data.
inline void open_data(std::string& out, std::string_view channel, bool snapshot) {
  out += R"({"channel":")";
  out += channel;
  out += snapshot ? R"(","type":"snapshot")" : R"(","type":"update")";
}

// Members of one object with commas between them; text that is empty and values that are absent are left out.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  std::string& key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += "\":";
    return out_;
  }
  void text(std::string_view name, std::string_view content) {
    if (!content.empty()) value(key(name), content);
  }
  template <class T>
  void add(std::string_view name, const T& content) {
    value(key(name), content);
  }
  template <class T>
  void add(std::string_view name, const std::optional<T>& content) {
    if (content) value(key(name), *content);
  }
  void time(std::string_view name, const std::optional<Timestamp>& at, int fraction_digits) {
    if (at) time_value(key(name), *at, fraction_digits);
  }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace ktape::spot_v2::json_writing
