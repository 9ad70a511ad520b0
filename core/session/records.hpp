#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/session/session_info.hpp"
#include "core/session/stream_table.hpp"

// The Cap'n Proto messages in records other than chunks, as plain structs. Internal to core/session, and to the
// journal in recorder/.
namespace ktape {

// Where a chunk is and what its header says.
struct ChunkEntry {
  std::uint64_t offset = 0;  // of the record header
  std::uint32_t stored_length = 0;
  std::uint32_t raw_length = 0;
  std::uint32_t frames = 0;
  std::uint64_t first_sequence = 0;
  Timestamp min_at;
  Timestamp max_at;
  std::uint32_t body_crc = 0;
};

// Frames and bytes of each stream of one chunk.
struct ChunkStreamCounts {
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> frames;
  std::vector<std::uint64_t> payload_bytes;
};

struct IndexBlock {
  std::vector<ChunkEntry> chunks;
  std::vector<ChunkStreamCounts> counts;  // ids index `list`
  StreamList list;
};

struct SealRecord {
  std::vector<ChunkEntry> chunks;
  std::uint64_t frames = 0;
  std::uint64_t payload_bytes = 0;
  StreamList list;
  std::vector<std::uint64_t> stream_frames;
  std::vector<std::uint64_t> stream_payload_bytes;
  std::vector<Gap> gaps;
  std::vector<Annotation> annotations;
  std::string chunk_crc_sha256;
};

// SHA-256 over the body CRCs of `chunks`, 4 bytes each, little-endian: 32 bytes.
std::string chunk_crc_sha256(std::span<const ChunkEntry> chunks);

// By info.minor. Of version 1.0 the schema stands in it; of a later one in a record of its own, which is compressed.
std::string encode_info(const SessionInfo& info);
std::string encode_schema();
std::string encode_gap(const Gap& gap);
std::string encode_annotation(const Annotation& annotation);
std::string encode_index(const IndexBlock& index);
std::string encode_seal(const SealRecord& seal, std::uint16_t minor);

// `message` may be hostile and need not be aligned. Salt and version are not in the message and stay as they are.
Result<SessionInfo> decode_info(std::string_view message);
Result<Gap> decode_gap(std::string_view message);
Result<Annotation> decode_annotation(std::string_view message);
Result<IndexBlock> decode_index(std::string_view message);
Result<SealRecord> decode_seal(std::string_view message);

}  // namespace ktape
