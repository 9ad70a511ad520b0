#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/assert.hpp"
#include "core/session/session_reader.hpp"

// What the fuzz targets of recordings share.
namespace ktape::fuzz {

// Bytes that somebody else owns, of which the first `visible` are there.
class ViewSource final : public ByteSource {
 public:
  ViewSource(std::string_view bytes, const std::size_t& visible) : bytes_(bytes), visible_(visible) {}

  std::string name() const override { return "fuzz"; }
  Result<std::uint64_t> size() override { return visible().size(); }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
    if (offset >= visible().size()) return 0;
    return visible().substr(static_cast<std::size_t>(offset)).copy(out.data(), out.size());
  }

 private:
  std::string_view visible() const { return bytes_.substr(0, visible_); }

  std::string_view bytes_;
  const std::size_t& visible_;
};

// Reads to the end, touches every byte that is handed out, and counts the frames that were recorded.
inline std::uint64_t drain(SessionReader& reader, Timestamp& last_at) {
  std::uint64_t frames = 0;
  std::uint64_t sum = 0;
  while (true) {
    const auto chunk = reader.next_chunk();
    KTAPE_ASSERT(chunk.has_value(), "memory never fails");
    if (chunk->empty()) break;
    for (const Frame& frame : *chunk) {
      for (const char c : frame.payload) sum += static_cast<unsigned char>(c);
      last_at = frame.at;
    }
    if (!reader.in_keyframe()) frames += chunk->size();
  }
  volatile std::uint64_t keep = sum;
  static_cast<void>(keep);
  return frames;
}

// All that a reader can be asked, over a file of which `first` bytes are there at the beginning and all later.
inline void exercise(std::string_view file, std::string_view journal, std::size_t first) {
  std::size_t visible = std::min(first, file.size());
  std::size_t journal_visible = journal.size();
  auto opened = SessionReader::open(std::make_unique<ViewSource>(file, visible),
                                    std::make_unique<ViewSource>(journal, journal_visible));
  if (!opened) return;
  SessionReader& reader = **opened;
  Timestamp at;
  drain(reader, at);
  if (visible < file.size()) {
    visible = file.size();
    static_cast<void>(reader.refresh());  // may refuse what it finds
    drain(reader, at);
  }
  KTAPE_ASSERT(reader.seek(at).has_value(), "memory never fails");
  KTAPE_ASSERT(reader.next().has_value(), "memory never fails");
  // Reading again gives the same, and never more than the summary knows.
  KTAPE_ASSERT(reader.seek(Timestamp::min()).has_value(), "memory never fails");
  const std::uint64_t once = drain(reader, at);
  KTAPE_ASSERT(reader.seek(Timestamp::min()).has_value(), "memory never fails");
  KTAPE_ASSERT(drain(reader, at) == once, "two readings of the same bytes differ");
  const auto summary = reader.summary();
  KTAPE_ASSERT(summary.has_value(), "memory never fails");
  KTAPE_ASSERT(summary->frames >= once, "more frames are delivered than there are");
  static_cast<void>(reader.verify());
  static_cast<void>(reader.gaps());
  static_cast<void>(reader.annotations());
  static_cast<void>(reader.state());
  static_cast<void>(reader.complete());
}

}  // namespace ktape::fuzz
