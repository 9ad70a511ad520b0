#include "recorder/metrics_text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ktape {
namespace {

// Exactly, in seconds, without a double.
std::string seconds_text(Duration span) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  const std::int64_t count = span.count();
  const auto size = count < 0 ? 0U - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  std::string out = fmt::format("{}{}.{:09}", count < 0 ? "-" : "", size / kPerSecond, size % kPerSecond);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out;
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

}  // namespace

void SpanHistogram::add(Duration span) {
  span = std::max(span, Duration::zero());
  const auto* const bound = std::lower_bound(kBounds.begin(), kBounds.end(), span);
  ++counts_[static_cast<std::size_t>(bound - kBounds.begin())];
  ++count_;
  // An absurd stamp of the other side must not overflow the sum.
  sum_ += std::min(span, Duration(std::chrono::hours(24)));
}

void MetricsText::begin(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} ", name);
  append_escaped(text_, help, false);
  text_ += fmt::format("\n# TYPE {} {}\n", name, type);
}

void MetricsText::line(std::string_view suffix, const Labels& labels, std::string_view bound, std::string_view value) {
  text_ += name_;
  text_ += suffix;
  char separator = '{';
  const auto put = [&](std::string_view name, std::string_view content) {
    text_ += std::exchange(separator, ',');
    text_ += name;
    text_ += "=\"";
    append_escaped(text_, content, true);
    text_ += '"';
  };
  for (const auto& [name, content] : labels) put(name, content);
  if (!bound.empty()) put("le", bound);
  if (separator == ',') text_ += '}';
  text_ += ' ';
  text_ += value;
  text_ += '\n';
}

void MetricsText::sample(const Labels& labels, std::uint64_t value) { line("", labels, "", fmt::format("{}", value)); }

void MetricsText::seconds(const Labels& labels, Duration span) { line("", labels, "", seconds_text(span)); }

void MetricsText::sample(const Labels& labels, const SpanHistogram& spans) {
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < SpanHistogram::kBounds.size(); ++i) {
    so_far += spans.counts()[i];
    line("_bucket", labels, seconds_text(SpanHistogram::kBounds[i]), fmt::format("{}", so_far));
  }
  line("_bucket", labels, "+Inf", fmt::format("{}", spans.count()));
  line("_sum", labels, "", seconds_text(spans.sum()));
  line("_count", labels, "", fmt::format("{}", spans.count()));
}

}  // namespace ktape
