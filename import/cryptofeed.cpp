#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/base/decimal.hpp"
#include "import/readers.hpp"

namespace ktape {
namespace {

// cryptofeed's raw files, a line each:
//   <url> <-> <time>           a connection was opened
//   <url> <- <time>: <text>    sent
//   <url> -> <time>: <text>    the answer to a REST request
//   <time>: <text>             received on the connection opened last
//   configuration: <json>      the settings of the run
// Times are unix seconds with a fraction. A REST answer is a message of a connection of its own, named by the URL.
class Cryptofeed final : public Archive {
 public:
  Cryptofeed(std::string text, Dialect dialect) : text_(std::move(text)), dialect_(dialect) {}

  ArchiveFormat format() const override { return ArchiveFormat::Cryptofeed; }
  Dialect dialect() const override { return dialect_; }
  std::string_view notes() const override { return notes_; }
  bool has_receive_times() const override { return true; }

  // Settings may stand anywhere; whoever asks for notes asks before the frames.
  void read_notes() {
    for (std::size_t from = 0; from < text_.size();) {
      const std::string_view line = line_at(from);
      if (line.starts_with(kConfiguration)) notes_ = line;
      from += line.size() + 1;
    }
  }

  Result<std::optional<Frame>> next() override {
    while (at_ < text_.size()) {
      ++line_number_;
      const std::string_view line = line_at(at_);
      at_ = std::min(at_ + line.size() + 1, text_.size());
      if (line.empty() || line.starts_with(kConfiguration)) continue;
      return read(line);
    }
    return std::optional<Frame>{};
  }

 private:
  static constexpr std::string_view kConfiguration = "configuration: ";

  std::string_view line_at(std::size_t from) const {
    const std::size_t end = std::min(text_.find('\n', from), text_.size());
    return std::string_view(text_).substr(from, end - from);
  }

  Result<std::optional<Frame>> read(std::string_view line) {
    Frame frame{
        .at = {}, .connection = current_, .direction = Direction::FromExchange, .kind = FrameKind::Text, .payload = {}};
    std::string_view rest = line;
    if (line.find("://") < line.find(' ')) {
      const std::size_t url_end = line.find(' ');
      const std::string_view url = line.substr(0, url_end);
      rest = line.substr(std::min(url_end + 1, line.size()));
      frame.connection = connection_of(url);
      const std::string_view arrow = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(arrow.size() + 1, rest.size()));
      if (arrow == "<->") {
        current_ = frame.connection;
        frame.kind = FrameKind::Opened;
        frame.payload = url;
        const auto opened_at = time(rest);
        if (!opened_at) return tl::unexpected<Error>(opened_at.error());
        frame.at = *opened_at;
        return std::optional(frame);
      }
      if (arrow == "<-") {
        frame.direction = Direction::ToExchange;
      } else if (arrow != "->") {
        return bad(fmt::format("'<->', '<-' or '->' expected after the URL, found '{}'", arrow.substr(0, 32)));
      }
    }
    const std::size_t colon = rest.find(": ");
    if (colon == std::string_view::npos)
      return bad(fmt::format("'<time>: <text>' expected, found '{}'", rest.substr(0, 64)));
    const auto at = time(rest.substr(0, colon));
    if (!at) return tl::unexpected<Error>(at.error());
    frame.at = *at;
    frame.payload = rest.substr(colon + 2);
    return std::optional(frame);
  }

  Result<Timestamp> time(std::string_view text) const {
    const auto seconds = Decimal::parse(text);
    const auto exact = seconds ? seconds->rescaled(9) : std::nullopt;
    if (!exact || exact->coefficient() < 0 || exact->coefficient() > INT64_MAX) {
      return bad(fmt::format("a time in unix seconds expected, found '{}'", text.substr(0, 32)));
    }
    return from_nanoseconds(static_cast<std::int64_t>(exact->coefficient()));
  }

  tl::unexpected<Error> bad(std::string_view what) const {
    return fail(Errc::Parse, fmt::format("cryptofeed: line {}: {}", line_number_, what));
  }

  ConnectionId connection_of(std::string_view url) {
    const auto next = static_cast<std::uint32_t>(connections_.size() + 1);
    return connections_.emplace(url, ConnectionId{next}).first->second;
  }

  std::string text_;
  Dialect dialect_;
  std::string_view notes_;
  std::size_t at_ = 0;
  std::size_t line_number_ = 0;
  ConnectionId current_{1};
  std::map<std::string, ConnectionId, std::less<>> connections_;
};

}  // namespace

Result<std::unique_ptr<Archive>> open_cryptofeed(std::string text, Dialect dialect) {
  auto archive = std::make_unique<Cryptofeed>(std::move(text), dialect);
  archive->read_notes();
  return archive;
}

}  // namespace ktape
