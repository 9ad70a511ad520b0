#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/session/frame_classifier.hpp"
#include "core/session/session_info.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// A combination of connection, direction, kind, channel and symbol; the last two as indexes of names, 0 for none.
struct StreamKey {
  std::uint32_t connection = 0;
  std::uint32_t channel = 0;
  std::uint32_t symbol = 0;
  std::uint8_t direction = 0;
  std::uint8_t kind = 0;

  friend bool operator==(const StreamKey&, const StreamKey&) = default;
};

// Streams and the names in them as records carry them: a table of its own in each record.
struct StreamList {
  std::vector<StreamKey> streams;
  std::vector<std::string> names;  // the first is empty
};

StreamCount stream_count(const StreamList& list, const StreamKey& key, std::uint64_t frames, std::uint64_t bytes);

// Numbers the streams of a session in the order of their first frame, so that equal input gives equal ids.
class StreamTable {
 public:
  StreamTable();

  // Names beyond the limits (64 bytes, 65,536 of them) count as none.
  std::uint32_t intern(const Frame& frame, const FrameClass& what);

  std::uint32_t size() const { return static_cast<std::uint32_t>(list_.streams.size()); }
  const StreamList& list() const { return list_; }

  // The streams `ids` with the names that they need; the position in `ids` becomes the id.
  StreamList select(const std::vector<std::uint32_t>& ids) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct KeyHash {
    std::size_t operator()(const StreamKey& key) const;
  };
  std::uint32_t intern_name(std::string_view name);

  StreamList list_;
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> name_ids_;
  std::unordered_map<StreamKey, std::uint32_t, KeyHash> stream_ids_;
  std::optional<std::uint32_t> last_;  // runs of one stream are common
};

}  // namespace ktape
