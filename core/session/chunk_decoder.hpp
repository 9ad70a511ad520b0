#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/session/compression.hpp"
#include "core/session/records.hpp"
#include "core/session/word_buffer.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// Turns the body of a chunk back into frames. Memory is kept from chunk to chunk, so there is no allocation per frame.
// It knows no file: two decoders may work on two threads.
class ChunkDecoder {
 public:
  // `body` is checked against the CRC, lengths and counts of `entry` before it is believed. The payloads of the frames
  // lie in the decoder, until the next call.
  Result<std::span<const Frame>> decode(const ChunkEntry& entry, std::string_view body);

  // The same of a record whose message was taken out of its body already: a keyframe.
  Result<std::span<const Frame>> decode_message(const ChunkEntry& entry, std::string_view message);

  // Of the chunk decoded last.
  const StreamList& streams() const { return list_; }
  ChunkStreamCounts counts() const;

 private:
  Result<std::span<const Frame>> read(const ChunkEntry& entry, const char* raw);

  Decompressor decompressor_;
  WordBuffer raw_;
  std::vector<Frame> frames_;
  std::vector<std::uint16_t> stream_ids_;
  StreamList list_;
};

}  // namespace ktape
