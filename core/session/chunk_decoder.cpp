#include "core/session/chunk_decoder.hpp"

#include <cstring>

#include "core/base/crc.hpp"
#include "core/session/capnp_message.hpp"
#include "core/session/format.hpp"

namespace ktape {
namespace {

struct Columns {
  capnp::List<std::uint32_t>::Reader deltas;
  capnp::List<std::int64_t>::Reader long_deltas;
  capnp::List<std::uint16_t>::Reader stream_ids;
  capnp::List<std::uint32_t>::Reader lengths;
};

Result<void> check_columns(const Columns& columns, const ChunkEntry& entry) {
  if (columns.deltas.size() != entry.frames || columns.stream_ids.size() != entry.frames ||
      columns.lengths.size() != entry.frames) {
    return fail(Errc::Corrupt,
                fmt::format("the columns hold {} times, {} streams and {} lengths for {} frames", columns.deltas.size(),
                            columns.stream_ids.size(), columns.lengths.size(), entry.frames));
  }
  return {};
}

}  // namespace

Result<std::span<const Frame>> ChunkDecoder::decode(const ChunkEntry& entry, std::string_view body) {
  if (body.size() != entry.stored_length) {
    return fail(Errc::Corrupt, fmt::format("{} of {} bytes are there", body.size(), entry.stored_length));
  }
  if (const std::uint32_t crc = crc32c(body); crc != entry.body_crc) {
    return fail(Errc::Checksum, fmt::format("CRC32C {:08x} instead of {:08x}", crc, entry.body_crc));
  }
  char* const raw = raw_.reserve(entry.raw_length);
  if (auto done = decompressor_.decompress(body, raw, entry.raw_length); !done) return tl::unexpected(done.error());
  return read(entry, raw);
}

Result<std::span<const Frame>> ChunkDecoder::decode_message(const ChunkEntry& entry, std::string_view message) {
  char* const raw = raw_.reserve(message.size());
  std::memcpy(raw, message.data(), message.size());
  return read(entry, raw);
}

Result<std::span<const Frame>> ChunkDecoder::read(const ChunkEntry& entry, const char* raw) {
  using Frames = Result<std::span<const Frame>>;
  return read_message<schema::Chunk>(raw, entry.raw_length, [&](schema::Chunk::Reader chunk) -> Frames {
    auto list = read_streams(chunk.getStreams(), chunk.getNames());
    if (!list) return tl::unexpected(list.error());
    list_ = std::move(*list);
    const Columns columns{chunk.getTimeDeltas(), chunk.getLongDeltas(), chunk.getStreamIds(), chunk.getLengths()};
    if (auto fine = check_columns(columns, entry); !fine) return tl::unexpected(fine.error());
    if (chunk.getBaseSequence() != entry.first_sequence) {
      return fail(Errc::Corrupt,
                  fmt::format("it begins with frame {} instead of {}", chunk.getBaseSequence(), entry.first_sequence));
    }
    const auto payloads = chunk.getPayloads();
    const std::string_view blob(reinterpret_cast<const char*>(payloads.begin()), payloads.size());

    const std::size_t stream_count = list_.streams.size();
    frames_.resize(entry.frames);
    stream_ids_.resize(entry.frames);
    auto at = static_cast<std::uint64_t>(chunk.getBaseTime());
    std::size_t offset = 1;
    unsigned next_long = 0;
    for (unsigned i = 0; i < entry.frames; ++i) {
      const std::uint32_t delta = columns.deltas[i];
      if (delta != format::kLongDelta) [[likely]] {
        at += delta;
      } else {
        if (next_long == columns.long_deltas.size()) return fail(Errc::Corrupt, "a long time difference is missing");
        at += static_cast<std::uint64_t>(columns.long_deltas[next_long++]);
      }
      const std::uint16_t id = columns.stream_ids[i];
      const std::uint32_t length = columns.lengths[i];
      if (id >= stream_count) {
        return fail(Errc::Corrupt, fmt::format("frame {} is of stream {} of {}", i, id, stream_count));
      }
      if (offset > blob.size() || length >= blob.size() - offset) {  // the newline after it counts
        return fail(Errc::Corrupt, fmt::format("frame {} of {} bytes ends beyond the payloads", i, length));
      }
      const StreamKey& key = list_.streams[id];
      stream_ids_[i] = id;
      frames_[i] = {from_nanoseconds(static_cast<std::int64_t>(at)), ConnectionId{key.connection},
                    static_cast<Direction>(key.direction), static_cast<FrameKind>(key.kind),
                    std::string_view(blob.data() + offset, length)};
      offset += std::size_t{length} + 1;
    }
    if (offset != blob.size()) {
      return fail(Errc::Corrupt, fmt::format("the lengths add up to {} of {} payload bytes", offset, blob.size()));
    }
    return std::span<const Frame>(frames_);
  });
}

ChunkStreamCounts ChunkDecoder::counts() const {
  ChunkStreamCounts counts;
  counts.frames.resize(list_.streams.size());
  counts.payload_bytes.resize(list_.streams.size());
  for (std::uint32_t id = 0; id < list_.streams.size(); ++id) counts.ids.push_back(id);
  for (std::size_t i = 0; i < stream_ids_.size(); ++i) {
    ++counts.frames[stream_ids_[i]];
    counts.payload_bytes[stream_ids_[i]] += frames_[i].payload.size();
  }
  return counts;
}

}  // namespace ktape
