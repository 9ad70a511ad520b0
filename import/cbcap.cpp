#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "import/readers.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxMessageBytes = std::size_t{16} << 20U;

// "CBCAP1 <venue> <symbol> <unix ns at start>", then for each frame "<receive ns> <byte count>", so many bytes, and a
// newline.
class Cbcap final : public Archive {
 public:
  Cbcap(std::string text, Dialect dialect) : text_(std::move(text)), dialect_(dialect) {}

  ArchiveFormat format() const override { return ArchiveFormat::Cbcap; }
  Dialect dialect() const override { return dialect_; }
  std::string_view notes() const override { return header_; }
  bool has_receive_times() const override { return true; }

  Result<void> read_header() {
    header_ = line();
    const std::size_t last = header_.rfind(' ');
    std::int64_t started = 0;
    if (!header_.starts_with("CBCAP1 ") || last == std::string_view::npos ||
        !number(header_.substr(last + 1), started)) {
      return fail(Errc::Parse,
                  fmt::format("cbcap: the first line must be 'CBCAP1 <venue> <symbol> <unix ns>', it is '{}'",
                              header_.substr(0, 100)));
    }
    if (!is_plausible(started)) return fail(Errc::Parse, fmt::format("cbcap: no time of day: {} ns", started));
    started_at_ = from_nanoseconds(started);
    return {};
  }

  Result<std::optional<Frame>> next() override {
    if (at_ == text_.size()) return std::optional<Frame>{};
    const std::size_t place = at_;
    const std::string_view head = line();
    const std::size_t space = head.find(' ');
    std::int64_t received = 0;
    std::size_t bytes = 0;
    if (space == std::string_view::npos || !number(head.substr(0, space), received) ||
        !number(head.substr(space + 1), bytes)) {
      return bad(place, fmt::format("'<receive ns> <byte count>' expected, found '{}'", head.substr(0, 64)));
    }
    if (!is_plausible(received)) return bad(place, fmt::format("no receive time: {} ns", received));
    if (bytes > kMaxMessageBytes) return bad(place, fmt::format("a message of {} bytes is beyond 16 MiB", bytes));
    if (text_.size() - at_ < bytes) {
      return bad(place, fmt::format("a message of {} bytes is cut after {}", bytes, text_.size() - at_));
    }
    const std::string_view payload = std::string_view(text_).substr(at_, bytes);
    at_ += bytes;
    if (at_ < text_.size() && text_[at_++] != '\n') return bad(place, "no newline after the message");
    return std::optional(Frame{.at = wall_time(received),
                               .connection = ConnectionId{1},
                               .direction = Direction::FromExchange,
                               .kind = FrameKind::Text,
                               .payload = payload});
  }

 private:
  // 1970 to 2096: sums and differences of such times cannot overflow.
  static bool is_plausible(std::int64_t time) { return time >= 0 && time <= 4'000'000'000'000'000'000; }

  template <class Integer>
  static bool number(std::string_view text, Integer& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
  }

  std::string_view line() {
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    const std::string_view found = std::string_view(text_).substr(at_, end - at_);
    at_ = std::min(end + 1, text_.size());
    return found;
  }

  static tl::unexpected<Error> bad(std::size_t place, std::string_view what) {
    return fail(Errc::Parse, fmt::format("cbcap: at byte {}: {}", place, what));
  }

  // Some were recorded with a steady clock of arbitrary zero: then only the first line tells the time of day.
  Timestamp wall_time(std::int64_t received) {
    if (!offset_) {
      const Duration apart = from_nanoseconds(received) - started_at_;
      offset_ = apart > std::chrono::hours(24) || apart < -std::chrono::hours(24) ? -apart : Duration::zero();
    }
    return from_nanoseconds(received) + *offset_;
  }

  std::string text_;
  Dialect dialect_;
  std::string_view header_;
  std::size_t at_ = 0;
  Timestamp started_at_;
  std::optional<Duration> offset_;
};

}  // namespace

Result<std::unique_ptr<Archive>> open_cbcap(std::string text, Dialect dialect) {
  auto archive = std::make_unique<Cbcap>(std::move(text), dialect);
  if (auto read = archive->read_header(); !read) return tl::unexpected<Error>(read.error());
  return archive;
}

}  // namespace ktape
