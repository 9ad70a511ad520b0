#include "core/session/chunk_encoder.hpp"

#include "core/base/assert.hpp"
#include "core/base/crc.hpp"
#include "core/session/capnp_message.hpp"

namespace ktape {
namespace {

std::size_t words_for(std::size_t bytes) { return (bytes + sizeof(capnp::word) - 1) / sizeof(capnp::word); }

template <class Builder, class T>
void fill(Builder list, const std::vector<T>& values) {
  for (unsigned i = 0; i < values.size(); ++i) list.set(i, values[i]);
}

}  // namespace

void ChunkEncoder::add(const Frame& frame, std::uint32_t stream) {
  if (empty()) base_at_ = last_at_ = min_at_ = max_at_ = frame.at;
  // Unsigned, since the distance of two times may not fit: it wraps, and the reader wraps it back.
  const auto delta =
      static_cast<std::uint64_t>(nanoseconds(frame.at)) - static_cast<std::uint64_t>(nanoseconds(last_at_));
  if (delta < format::kLongDelta) {
    deltas_.push_back(static_cast<std::uint32_t>(delta));
  } else {
    deltas_.push_back(format::kLongDelta);
    long_deltas_.push_back(static_cast<std::int64_t>(delta));
  }
  last_at_ = frame.at;
  min_at_ = std::min(min_at_, frame.at);
  max_at_ = std::max(max_at_, frame.at);

  if (stream >= local_ids_.size()) local_ids_.resize(stream + 1, kUnused);
  std::uint32_t& local = local_ids_[stream];
  if (local == kUnused) {
    local = static_cast<std::uint32_t>(counts_.ids.size());
    KTAPE_ASSERT(local <= 0xFFFF, "a chunk has at most 65,536 frames, so its stream ids fit 16 bits");
    counts_.ids.push_back(stream);
    counts_.frames.push_back(0);
    counts_.payload_bytes.push_back(0);
  }
  ++counts_.frames[local];
  counts_.payload_bytes[local] += frame.payload.size();
  stream_ids_.push_back(static_cast<std::uint16_t>(local));
  lengths_.push_back(static_cast<std::uint32_t>(frame.payload.size()));
  payloads_ += frame.payload;
  payloads_ += '\n';
}

void ChunkEncoder::clear() {
  deltas_.clear();
  long_deltas_.clear();
  stream_ids_.clear();
  lengths_.clear();
  payloads_.assign(1, '\n');
  for (const std::uint32_t id : counts_.ids) local_ids_[id] = kUnused;
  counts_ = {};
}

Result<ChunkEncoder::Encoded> ChunkEncoder::encode(std::uint64_t first_sequence, const StreamTable& streams) {
  KTAPE_ASSERT(!empty(), "an empty chunk is never written");
  const StreamList list = streams.select(counts_.ids);
  const auto n = static_cast<unsigned>(lengths_.size());
  std::size_t words = 64 + 2 * words_for(4 * lengths_.size()) + words_for(2 * lengths_.size()) + long_deltas_.size() +
                      2 * list.streams.size() + words_for(payloads_.size());
  for (const std::string& name : list.names) words += 1 + words_for(name.size() + 1);

  // The message is built and compressed in one piece: before its only segment stands one word, the segment table.
  auto* const memory = reinterpret_cast<capnp::word*>(words_.reserve((1 + words) * sizeof(capnp::word)));
  std::memset(static_cast<void*>(memory), 0, (1 + words) * sizeof(capnp::word));
  capnp::MallocMessageBuilder message(kj::arrayPtr(memory + 1, words));
  auto chunk = message.initRoot<schema::Chunk>();
  chunk.setBaseSequence(first_sequence);
  chunk.setBaseTime(nanoseconds(base_at_));
  fill(chunk.initTimeDeltas(n), deltas_);
  fill(chunk.initLongDeltas(static_cast<unsigned>(long_deltas_.size())), long_deltas_);
  fill(chunk.initStreamIds(n), stream_ids_);
  fill(chunk.initLengths(n), lengths_);
  write_streams(list, chunk);
  std::memcpy(chunk.initPayloads(static_cast<unsigned>(payloads_.size())).begin(), payloads_.data(), payloads_.size());

  const auto segments = message.getSegmentsForOutput();
  KTAPE_ASSERT(segments.size() == 1, "the first segment was made large enough for the whole chunk");
  const std::uint32_t table[2] = {0, static_cast<std::uint32_t>(segments[0].size())};  // segments - 1, words
  std::memcpy(static_cast<void*>(memory), table, sizeof table);
  const std::string_view raw(words_.data(), (1 + segments[0].size()) * sizeof(capnp::word));
  if (auto done = compressor_.compress(raw, body_); !done) return tl::unexpected(done.error());

  Encoded out;
  out.header.type = format::RecordType::Chunk;
  out.header.stored_length = static_cast<std::uint32_t>(body_.size());
  out.header.raw_length = static_cast<std::uint32_t>(raw.size());
  out.header.frames = n;
  out.header.min_at = min_at_;
  out.header.max_at = max_at_;
  out.header.first_sequence = first_sequence;
  out.header.body_crc = crc32c(body_);
  out.body = body_;
  out.counts = std::move(counts_);
  counts_.ids = out.counts.ids;
  clear();
  return out;
}

}  // namespace ktape
