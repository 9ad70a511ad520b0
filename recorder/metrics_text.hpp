#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/time.hpp"

namespace ktape {

// Counts spans of time by size, for a Prometheus histogram of seconds.
class SpanHistogram {
 public:
  static constexpr std::array<Duration, 12> kBounds{
      std::chrono::milliseconds(1),   std::chrono::milliseconds(2),   std::chrono::milliseconds(5),
      std::chrono::milliseconds(10),  std::chrono::milliseconds(20),  std::chrono::milliseconds(50),
      std::chrono::milliseconds(100), std::chrono::milliseconds(200), std::chrono::milliseconds(500),
      std::chrono::seconds(1),        std::chrono::seconds(5),        std::chrono::seconds(30)};

  // A negative span, of a clock that is behind, counts as zero.
  void add(Duration span);

  const std::array<std::uint64_t, kBounds.size() + 1>& counts() const { return counts_; }  // not cumulative
  std::uint64_t count() const { return count_; }
  Duration sum() const { return sum_; }

 private:
  std::array<std::uint64_t, kBounds.size() + 1> counts_{};
  std::uint64_t count_ = 0;
  Duration sum_{};
};

// Writes the text format of Prometheus, version 0.0.4: families in the order given, each with HELP and TYPE.
class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  // Begins a family; the samples that follow are of it. Names are of this program and not checked: [a-z_].
  void counter(std::string_view name, std::string_view help) { begin(name, "counter", help); }
  void gauge(std::string_view name, std::string_view help) { begin(name, "gauge", help); }
  void histogram(std::string_view name, std::string_view help) { begin(name, "histogram", help); }

  void sample(const Labels& labels, std::uint64_t value);
  void sample(std::uint64_t value) { sample({}, value); }
  void seconds(const Labels& labels, Duration span);
  void seconds(Duration span) { seconds({}, span); }
  void sample(const Labels& labels, const SpanHistogram& spans);

  const std::string& text() const { return text_; }

 private:
  void begin(std::string_view name, std::string_view type, std::string_view help);
  void line(std::string_view suffix, const Labels& labels, std::string_view bound, std::string_view value);

  std::string name_;
  std::string text_;
};

}  // namespace ktape
