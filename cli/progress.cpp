#include "cli/progress.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/time.hpp"

namespace ktape::cli {

std::string progress_text(const std::string& verb, std::uint64_t done, std::uint64_t total,
                          std::chrono::milliseconds spent) {
  const auto milliseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(spent.count(), 1));
  // In an order that overflows for no file that exists: 2^64 thousandths of a byte are 18 PB.
  const std::uint64_t rate = done * 1000 / milliseconds;
  std::string text = total == 0 ? fmt::format("{}: {}", verb, bytes_text(done))
                                : fmt::format("{}: {}% of {}", verb, std::min<std::uint64_t>(done * 100 / total, 100),
                                              bytes_text(total));
  text += fmt::format(", {}/s", bytes_text(rate));
  if (total > done && rate > 0) {
    const std::chrono::seconds left(static_cast<std::int64_t>((total - done + rate - 1) / rate));
    text += fmt::format(", {} left", format_duration(left));
  }
  return text;
}

WorkProgress::WorkProgress(std::string verb, std::uint64_t total)
    : verb_(std::move(verb)), total_(total), start_(Clock::now()), shown_at_(start_) {}

void WorkProgress::operator()(std::uint64_t done) {
  const auto now = Clock::now();
  if (now - shown_at_ < std::chrono::milliseconds(100)) return;
  shown_at_ = now;
  line_.show(progress_text(verb_, done, total_, std::chrono::duration_cast<std::chrono::milliseconds>(now - start_)));
}

}  // namespace ktape::cli
