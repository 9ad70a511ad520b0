#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/session/compression.hpp"
#include "core/session/format.hpp"
#include "core/session/records.hpp"
#include "core/session/stream_table.hpp"
#include "core/session/word_buffer.hpp"

namespace ktape {

// Collects frames as columns and turns them into the body of one chunk. It knows no file, so that encoding may move to
// another thread; the stream table it is given must then be a copy.
class ChunkEncoder {
 public:
  explicit ChunkEncoder(int compression_level) : compressor_(compression_level) {}

  // `stream` is the frame's id in the session's table.
  void add(const Frame& frame, std::uint32_t stream);

  void set_compression_level(int level) { compressor_.set_level(level); }

  bool empty() const { return lengths_.empty(); }
  std::uint32_t frames() const { return static_cast<std::uint32_t>(lengths_.size()); }
  std::size_t raw_bytes() const { return payloads_.size() + kColumnBytes * lengths_.size(); }
  Timestamp base_at() const { return base_at_; }
  Timestamp min_at() const { return min_at_; }
  Timestamp max_at() const { return max_at_; }

  struct Encoded {
    format::RecordHeader header;  // all but marker and previous_offset
    std::string_view body;        // borrowed until the next call of encode()
    ChunkStreamCounts counts;     // with ids of the session's table
  };
  // Ends the chunk, the first of whose frames has the number `first_sequence`, and begins an empty one.
  Result<Encoded> encode(std::uint64_t first_sequence, const StreamTable& streams);

 private:
  static constexpr std::size_t kColumnBytes = 10;  // of each frame beside its payload: delta, stream, length

  void clear();

  Compressor compressor_;
  Timestamp base_at_, last_at_, min_at_, max_at_;
  std::vector<std::uint32_t> deltas_;
  std::vector<std::int64_t> long_deltas_;
  std::vector<std::uint16_t> stream_ids_;
  std::vector<std::uint32_t> lengths_;
  std::string payloads_ = "\n";

  static constexpr std::uint32_t kUnused = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> local_ids_;  // of each stream of the session, kUnused where this chunk has none of it
  ChunkStreamCounts counts_;

  WordBuffer words_;
  std::string body_;
};

}  // namespace ktape
