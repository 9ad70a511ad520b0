#include <deque>

#include <fmt/format.h>

#include "core/client/event_log.hpp"
#include "inspect/difference.hpp"
#include "inspect/frame_text.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"

namespace ktape {
namespace {

class FrameHistory final : public History {
 public:
  explicit FrameHistory(SessionReader& reader) : reader_(reader) {}

  Result<bool> next(HistoryItem& item) override {
    const auto frame = reader_.next();
    if (!frame) return tl::unexpected<Error>(frame.error());
    if (!*frame) return false;
    item.at = (*frame)->at;
    item.connection = static_cast<std::uint32_t>((*frame)->connection);
    item.head = (*frame)->direction == Direction::FromExchange ? "< " : "> ";
    item.head += to_string((*frame)->kind);
    item.body = (*frame)->payload;
    return true;
  }

 private:
  SessionReader& reader_;
};

void take_line(std::string_view line, HistoryItem& item) {
  item.head.clear();
  if (const auto event = parse_event_line(line)) {
    item.at = event->at;
    item.connection = event->connection;
    // The brace makes it JSON again.
    item.body = "{";
    item.body += event->rest;
  } else {
    item.at.reset();
    item.connection.reset();
    item.body = line;
  }
}

class EventHistory final : public History {
 public:
  EventHistory(SessionReader& reader, Dialect dialect)
      : log_(clock_, [this](std::string_view line) { lines_.emplace_back(line); }),
        clients_(dialect, clock_, [this](ConnectionId connection) -> EventSink& { return log_.of(connection); }, {}),
        player_(reader, clock_, clients_) {}

  Result<bool> next(HistoryItem& item) override {
    while (lines_.empty()) {
      const auto stepped = player_.step();
      if (!stepped) return tl::unexpected<Error>(stepped.error());
      if (!*stepped && lines_.empty()) return false;
    }
    take_line(lines_.front(), item);
    lines_.pop_front();
    return true;
  }

 private:
  std::deque<std::string> lines_;  // those of one frame
  VirtualClock clock_{Timestamp::min()};
  EventLog log_;
  RecordedClients clients_;
  Player player_;
};

class LineHistory final : public History {
 public:
  explicit LineHistory(ByteSource& text) : text_(text), buffer_(kPieceBytes, '\0') {}

  Result<bool> next(HistoryItem& item) override {
    line_.clear();
    ++number_;
    for (;;) {
      const std::string_view rest = std::string_view(buffer_).substr(at_, end_ - at_);
      const std::size_t newline = rest.find('\n');
      line_ += rest.substr(0, newline);
      if (line_.size() > kMaxLineBytes) {
        return fail(Errc::Limit,
                    fmt::format("{}: line {} has more than {} bytes", text_.name(), number_, kMaxLineBytes));
      }
      if (newline != std::string_view::npos) {
        at_ += newline + 1;
        break;
      }
      at_ = end_ = 0;
      const auto got = text_.read_at(offset_, buffer_);
      if (!got) return tl::unexpected<Error>(got.error());
      if (*got == 0) {
        if (line_.empty()) return false;
        break;
      }
      end_ = *got;
      offset_ += *got;
    }
    take_line(line_, item);
    return true;
  }

 private:
  static constexpr std::size_t kPieceBytes = std::size_t{256} << 10U;

  ByteSource& text_;
  std::string buffer_;
  std::size_t at_ = 0;   // what of the buffer has been read
  std::size_t end_ = 0;  // what of it is filled
  std::uint64_t offset_ = 0;
  std::uint64_t number_ = 0;
  std::string line_;
};

}  // namespace

std::unique_ptr<History> frames_of(SessionReader& reader) { return std::make_unique<FrameHistory>(reader); }

std::unique_ptr<History> events_of(SessionReader& reader, Dialect dialect) {
  return std::make_unique<EventHistory>(reader, dialect);
}

std::unique_ptr<History> lines_of(ByteSource& text) { return std::make_unique<LineHistory>(text); }

}  // namespace ktape
