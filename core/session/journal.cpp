#include "core/session/journal.hpp"

#include <optional>

#include "core/base/crc.hpp"
#include "core/session/format.hpp"

namespace ktape {

JournalWriter::JournalWriter(std::unique_ptr<JournalSink> sink, std::uint64_t salt)
    : sink_(std::move(sink)), marker_(format::journal_marker(salt)) {
  restart();
  offset_ = 0;
}

void JournalWriter::restart() {
  entry_.assign(format::kJournalEntryBytes, '\0');
  frames_ = 0;
  offset_ = 0;
}

void JournalWriter::add(const Frame& frame, std::uint64_t sequence) {
  if (frames_ == 0) first_sequence_ = sequence;
  ++frames_;
  char head[format::kJournalFrameBytes] = {};
  format::store(head, nanoseconds(frame.at));
  format::store(head + 8, frame.connection);
  format::store(head + 12, static_cast<std::uint32_t>(frame.payload.size()));
  format::store(head + 16, frame.direction);
  format::store(head + 17, frame.kind);
  entry_.append(head, sizeof head);
  entry_ += frame.payload;
}

Result<void> JournalWriter::commit() {
  if (frames_ == 0) return {};
  const std::string_view body = std::string_view(entry_).substr(format::kJournalEntryBytes);
  char* const at = entry_.data();
  format::store(at, marker_);
  format::store(at + 8, first_sequence_);
  format::store(at + 16, frames_);
  format::store(at + 20, static_cast<std::uint32_t>(body.size()));
  format::store(at + 24, crc32c(body));
  format::store(at + 28, crc32c({at, 28}));
  if (auto done = sink_->write_at(offset_, entry_); !done) return done;
  offset_ += entry_.size();
  entry_.resize(format::kJournalEntryBytes);
  frames_ = 0;
  return {};
}

Result<void> read_journal(std::string_view bytes, std::uint64_t salt, const JournalVisitor& visit) {
  const std::uint64_t marker = format::journal_marker(salt);
  std::optional<std::uint64_t> expected;
  while (bytes.size() >= format::kJournalEntryBytes) {
    const char* const at = bytes.data();
    const auto first = format::load<std::uint64_t>(at + 8);
    const auto frames = format::load<std::uint32_t>(at + 16);
    const auto length = format::load<std::uint32_t>(at + 20);
    if (format::load<std::uint64_t>(at) != marker || format::load<std::uint32_t>(at + 28) != crc32c({at, 28}) ||
        length > bytes.size() - format::kJournalEntryBytes || (expected && first != *expected)) {
      return {};
    }
    std::string_view body = bytes.substr(format::kJournalEntryBytes, length);
    if (format::load<std::uint32_t>(at + 24) != crc32c(body)) return {};
    bytes.remove_prefix(format::kJournalEntryBytes + length);

    for (std::uint32_t i = 0; i < frames; ++i) {
      Frame frame;
      std::uint32_t size = 0;
      if (body.size() >= format::kJournalFrameBytes) {
        frame.at = from_nanoseconds(format::load<std::int64_t>(body.data()));
        frame.connection = format::load<ConnectionId>(body.data() + 8);
        size = format::load<std::uint32_t>(body.data() + 12);
        frame.direction = format::load<Direction>(body.data() + 16);
        frame.kind = format::load<FrameKind>(body.data() + 17);
      }
      if (body.size() < format::kJournalFrameBytes || size > body.size() - format::kJournalFrameBytes ||
          frame.direction > Direction::ToExchange || frame.kind > FrameKind::Closed) {
        return fail(Errc::Corrupt, "a journal entry whose checksum fits does not hold the frames that it announces");
      }
      frame.payload = body.substr(format::kJournalFrameBytes, size);
      visit(first + i, frame);
      body.remove_prefix(format::kJournalFrameBytes + size);
    }
    expected = first + frames;
  }
  return {};
}

}  // namespace ktape
