#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/record/session_output.hpp"
#include "core/base/clock.hpp"
#include "core/market/event.hpp"
#include "core/wire/frame.hpp"
#include "recorder/metrics_text.hpp"

namespace ktape::cli {

// How one connection stands.
struct LinkFigures {
  ConnectionId connection{};
  std::string url;
  bool connected = false;
  std::uint64_t connects = 0;     // that stood
  std::uint64_t disconnects = 0;  // of those, not counting the one at the end
  std::uint64_t failed_attempts = 0;
  std::uint64_t stale_spans = 0;
  std::uint64_t refused = 0;
  std::uint64_t checksums_verified = 0;
  std::uint64_t checksums_failed = 0;
  std::uint64_t sequences_verified = 0;  // of books of Futures
  std::uint64_t sequences_failed = 0;
  std::uint64_t trade_gaps = 0;
  std::uint64_t unanswered = 0;  // requests
};

// Counts frames and measures how late messages are, for a scrape and for the summary.
class RecordMetrics {
 public:
  explicit RecordMetrics(const Clock& clock) : clock_(clock) {}

  void count(const Frame& frame);
  void measure(const Event& event);

  std::uint64_t frames() const { return frames_; }

  // The page for Prometheus.
  std::string text(const std::vector<LinkFigures>& links, const OutputFigures& output) const;

 private:
  struct Count {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
  };
  // Channel names come from the other side: more than so many are counted as "other".
  static constexpr std::size_t kMaxChannels = 64;

  void lag(std::string_view channel, Timestamp exchange_time);

  const Clock& clock_;
  std::map<std::pair<std::string, Direction>, Count, std::less<>> counts_;
  std::map<std::string, SpanHistogram, std::less<>> lags_;
  std::uint64_t frames_ = 0;
  Timestamp last_at_{};
};

// Counts what goes to the output.
class CountedOutput final : public FrameSink {
 public:
  // Both outlive it.
  CountedOutput(RecordMetrics& metrics, SessionOutput& output) : metrics_(metrics), output_(output) {}

  void on_frame(const Frame& frame) override {
    metrics_.count(frame);
    output_.on_frame(frame);
  }

 private:
  RecordMetrics& metrics_;
  SessionOutput& output_;
};

}  // namespace ktape::cli
