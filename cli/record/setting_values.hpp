#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/record/config.hpp"
#include "cli/record/settings.hpp"

namespace ktape::cli {

inline tl::unexpected<Error> wrong(const Setting& setting, std::string_view what) {
  return fail(Errc::InvalidArgument, fmt::format("{}: {}", setting.origin, what));
}

// The settings one by one, turned into what they mean. The first that makes no sense is kept.
class Values {
 public:
  explicit Values(const Settings& settings) : settings_(settings) {}

  const Setting* find(std::string_view name) const {
    const auto found = settings_.find(name);
    return found == settings_.end() || found->second.values.empty() ? nullptr : &found->second;
  }
  std::string word(std::string_view name) const {
    const Setting* const setting = find(name);
    return setting == nullptr ? std::string() : setting->text();
  }
  std::vector<std::string> list(std::string_view name) const {
    const Setting* const setting = find(name);
    return setting == nullptr ? std::vector<std::string>() : setting->values;
  }
  bool flag(std::string_view name) const { return word(name) == "true"; }

  std::int64_t number(std::string_view name, std::int64_t from, std::int64_t to) {
    return read<std::int64_t>(name, [&](const std::string& text) { return whole(text, from, to); }).value_or(0);
  }
  std::optional<Duration> span(std::string_view name, Duration least = Duration{1}) {
    return read<Duration>(name, [least](const std::string& text) -> Result<Duration> {
      const auto parsed = parse_duration(text);
      if (!parsed || *parsed < least) {
        return fail(Errc::InvalidArgument, fmt::format("'{}' is no time span such as 1s, 5m or 1h30m", text));
      }
      return *parsed;
    });
  }
  std::optional<std::uint64_t> bytes(std::string_view name, std::uint64_t from, std::uint64_t to) {
    return read<std::uint64_t>(name, [from, to](const std::string& text) -> Result<std::uint64_t> {
      const auto parsed = parse_bytes(text);
      if (parsed && (*parsed < from || *parsed > to)) {
        return fail(Errc::InvalidArgument, fmt::format("'{}' is not between {} and {} bytes", text, from, to));
      }
      return parsed;
    });
  }
  // The index of the value among the words allowed.
  std::size_t choice(std::string_view name, const std::vector<std::string_view>& words) {
    return read<std::size_t>(name, [&](const std::string& text) { return one_of(text, words); }).value_or(0);
  }
  std::vector<std::size_t> choices(std::string_view name, const std::vector<std::string_view>& words) {
    std::vector<std::size_t> out;
    const Setting* const setting = find(name);
    if (setting == nullptr) return out;
    for (const std::string& text : setting->values) {
      const auto chosen = one_of(text, words);
      if (!chosen) {
        note(wrong(*setting, chosen.error().detail));
      } else if (std::find(out.begin(), out.end(), *chosen) != out.end()) {
        note(wrong(*setting, fmt::format("'{}' is there twice", text)));
      } else {
        out.push_back(*chosen);
      }
    }
    return out;
  }
  template <class T, class Parse>
  std::optional<T> read(std::string_view name, const Parse& parse) {
    const Setting* const setting = find(name);
    if (setting == nullptr) return std::nullopt;
    Result<T> parsed = parse(setting->text());
    if (parsed) return std::move(*parsed);
    note(wrong(*setting, parsed.error().detail));
    return std::nullopt;
  }
  void refuse(std::string_view name, std::string_view what) {
    const Setting* const setting = find(name);
    note(setting != nullptr ? wrong(*setting, what) : fail(Errc::InvalidArgument, fmt::format("--{}: {}", name, what)));
  }
  const Result<void>& status() const { return status_; }

  static Result<std::int64_t> whole(const std::string& text, std::int64_t from, std::int64_t to) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < from || value > to) {
      return fail(Errc::InvalidArgument, fmt::format("'{}' is no whole number from {} to {}", text, from, to));
    }
    return value;
  }

 private:
  void note(tl::unexpected<Error> error) {
    if (status_) status_ = std::move(error);
  }
  static Result<std::size_t> one_of(const std::string& text, const std::vector<std::string_view>& words) {
    const auto found = std::find(words.begin(), words.end(), text);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    std::string expected;
    for (std::size_t i = 0; i < words.size(); ++i) {
      expected += fmt::format("{}{}", i == 0 ? "" : i + 1 == words.size() ? " or " : ", ", words[i]);
    }
    return fail(Errc::InvalidArgument, fmt::format("'{}': {} expected", text, expected));
  }

  const Settings& settings_;
  Result<void> status_;
};

}  // namespace ktape::cli
