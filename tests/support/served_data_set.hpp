#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "core/session/session_reader.hpp"
#include "replay/file_source.hpp"
#include "replay/playback_exchange.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/places.hpp"

namespace ktape::test {

// A recording of the folder datasets, served to clients without any transport between.
class ServedDataSet {
 public:
  static inline const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();

  explicit ServedDataSet(const std::string& name, PlaybackOptions options = {})
      : exchange(PlaybackExchange::create(
                     clock, [name] { return open(name); }, std::move(options))
                     .value()),
        driver(clock, *exchange) {}

  VirtualClock clock{kStart};
  std::unique_ptr<PlaybackExchange> exchange;
  ExchangeDriver driver;

 private:
  static Result<std::unique_ptr<FrameSource>> open(const std::string& name) {
    auto file = FileSource::open(in_source_tree("datasets/" + name + ".ktape"));
    if (!file) return tl::unexpected<Error>(file.error());
    auto reader = SessionReader::open(std::move(*file));
    if (!reader) return tl::unexpected<Error>(reader.error());
    return std::unique_ptr<FrameSource>(std::move(*reader));
  }
};

// Every value of `key` in a message, as it is written: for numbers, and text with its quotes.
inline std::vector<std::string> values_of(std::string_view text, std::string_view key) {
  const std::string name = '"' + std::string(key) + "\":";
  std::vector<std::string> all;
  for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const auto begin = at + name.size();
    all.emplace_back(text.substr(begin, text.find_first_of(",}]", begin) - begin));
  }
  return all;
}

inline std::string value_of(std::string_view text, std::string_view key) {
  const auto all = values_of(text, key);
  return all.empty() ? std::string() : all.front();
}

// The decimals of a number as it is written; -1 for anything else, an exponent as well.
inline int places_of(std::string_view number) {
  if (number.starts_with('-')) number.remove_prefix(1);
  if (number.empty() || number.find_first_not_of("0123456789.") != std::string_view::npos) return -1;
  const auto point = number.find('.');
  return point == std::string_view::npos ? 0 : static_cast<int>(number.size() - point - 1);
}

}  // namespace ktape::test
