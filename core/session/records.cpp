#include "core/session/records.hpp"

#include <openssl/evp.h>

#include "core/base/assert.hpp"
#include "core/session/capnp_message.hpp"
#include "core/session/format.hpp"
#include "core/session/schema_text.hpp"
#include "core/session/word_buffer.hpp"

namespace ktape {
namespace {

template <class Struct, class Read>
auto read_unaligned(std::string_view message, Read&& read) -> decltype(read(std::declval<typename Struct::Reader>())) {
  WordBuffer buffer;
  std::memcpy(buffer.reserve(message.size()), message.data(), message.size());
  return read_message<Struct>(buffer.data(), message.size(), std::forward<Read>(read));
}

unsigned count(std::size_t size) { return static_cast<unsigned>(size); }

void write_chunks(const std::vector<ChunkEntry>& chunks, schema::ChunkTable::Builder table) {
  const unsigned n = count(chunks.size());
  auto offsets = table.initOffsets(n);
  auto stored_lengths = table.initStoredLengths(n);
  auto raw_lengths = table.initRawLengths(n);
  auto frames = table.initFrames(n);
  auto first_sequences = table.initFirstSequences(n);
  auto min_times = table.initMinTimes(n);
  auto max_times = table.initMaxTimes(n);
  auto body_crcs = table.initBodyCrcs(n);
  for (unsigned i = 0; i < n; ++i) {
    const ChunkEntry& chunk = chunks[i];
    offsets.set(i, chunk.offset);
    stored_lengths.set(i, chunk.stored_length);
    raw_lengths.set(i, chunk.raw_length);
    frames.set(i, chunk.frames);
    first_sequences.set(i, chunk.first_sequence);
    min_times.set(i, nanoseconds(chunk.min_at));
    max_times.set(i, nanoseconds(chunk.max_at));
    body_crcs.set(i, chunk.body_crc);
  }
}

Result<std::vector<ChunkEntry>> read_chunks(schema::ChunkTable::Reader table) {
  const auto offsets = table.getOffsets();
  const auto stored_lengths = table.getStoredLengths();
  const auto raw_lengths = table.getRawLengths();
  const auto frames = table.getFrames();
  const auto first_sequences = table.getFirstSequences();
  const auto min_times = table.getMinTimes();
  const auto max_times = table.getMaxTimes();
  const auto body_crcs = table.getBodyCrcs();
  const unsigned n = offsets.size();
  if (stored_lengths.size() != n || raw_lengths.size() != n || frames.size() != n || first_sequences.size() != n ||
      min_times.size() != n || max_times.size() != n || body_crcs.size() != n) {
    return fail(Errc::Corrupt, fmt::format("the columns of a chunk table differ in length from its {} offsets", n));
  }
  std::vector<ChunkEntry> chunks;
  chunks.reserve(n);
  for (unsigned i = 0; i < n; ++i) {
    chunks.push_back({offsets[i], stored_lengths[i], raw_lengths[i], frames[i], first_sequences[i],
                      from_nanoseconds(min_times[i]), from_nanoseconds(max_times[i]), body_crcs[i]});
    const ChunkEntry& chunk = chunks.back();
    if (chunk.stored_length > format::kMaxStoredBytes || chunk.raw_length > format::kMaxRawBytes ||
        chunk.frames > format::kMaxChunkFrames) {
      return fail(Errc::Limit, fmt::format("chunk {} of a table is larger than the format allows", i));
    }
  }
  return chunks;
}

void write_gap(const Gap& gap, schema::Gap::Builder out) {
  out.setFrom(nanoseconds(gap.from));
  out.setTo(nanoseconds(gap.to));
  out.setCause(static_cast<std::uint8_t>(gap.cause));
  out.setFramesKnown(gap.frames.has_value());
  out.setFrames(gap.frames.value_or(0));
  out.setConnectionKnown(gap.connection.has_value());
  out.setConnection(static_cast<std::uint32_t>(gap.connection.value_or(ConnectionId{})));
  out.setDetail(text(gap.detail));
}

Gap read_gap(schema::Gap::Reader in) {
  Gap gap;
  gap.from = from_nanoseconds(in.getFrom());
  gap.to = from_nanoseconds(in.getTo());
  // A cause that a later minor version added is still a gap.
  gap.cause = in.getCause() <= static_cast<std::uint8_t>(GapCause::Damaged) ? static_cast<GapCause>(in.getCause())
                                                                            : GapCause::Other;
  if (in.getFramesKnown()) gap.frames = in.getFrames();
  if (in.getConnectionKnown()) gap.connection = ConnectionId{in.getConnection()};
  gap.detail = std::string(view(in.getDetail()));
  return gap;
}

void write_annotation(const Annotation& annotation, schema::Annotation::Builder out) {
  out.setAt(nanoseconds(annotation.at));
  out.setConnectionKnown(annotation.connection.has_value());
  out.setConnection(static_cast<std::uint32_t>(annotation.connection.value_or(ConnectionId{})));
  out.setName(text(annotation.name));
  out.setText(text(annotation.text));
}

Annotation read_annotation(schema::Annotation::Reader in) {
  Annotation annotation;
  annotation.at = from_nanoseconds(in.getAt());
  if (in.getConnectionKnown()) annotation.connection = ConnectionId{in.getConnection()};
  annotation.name = std::string(view(in.getName()));
  annotation.text = std::string(view(in.getText()));
  return annotation;
}

// Data words and pointers of a struct as version 1.0 had it: what a file of that version holds stays what it was.
struct StructSize {
  std::uint16_t words;
  std::uint16_t pointers;
};
constexpr StructSize kInfoSize10{3, 6};
constexpr StructSize kSealSize10{2, 7};

template <class Struct>
typename Struct::Builder init_root(capnp::MessageBuilder& message, StructSize size) {
  return message.getRoot<capnp::AnyPointer>().initAsAnyStruct(size.words, size.pointers).template as<Struct>();
}

}  // namespace

std::string chunk_crc_sha256(std::span<const ChunkEntry> chunks) {
  std::string crcs;
  crcs.reserve(chunks.size() * sizeof(std::uint32_t));
  for (const ChunkEntry& chunk : chunks) format::append(crcs, chunk.body_crc);
  std::string digest(32, '\0');
  unsigned length = 0;
  const int done = EVP_Digest(crcs.data(), crcs.size(), reinterpret_cast<unsigned char*>(digest.data()), &length,
                              EVP_sha256(), nullptr);
  KTAPE_ASSERT(done == 1 && length == 32, "OpenSSL always has SHA-256");
  return digest;
}

std::string encode_schema() {
  capnp::MallocMessageBuilder message;
  message.initRoot<schema::SegmentInfo>().setSchema(text(std::string(kSessionSchemaText)));
  return to_bytes(message);
}

std::string encode_info(const SessionInfo& info) {
  capnp::MallocMessageBuilder message;
  const bool is_old = info.minor < format::kMinorWithExtras;
  auto out = is_old ? init_root<schema::SegmentInfo>(message, kInfoSize10) : message.initRoot<schema::SegmentInfo>();
  out.setSessionId(text(info.session_id));
  out.setSegment(info.segment);
  out.setCreatedAt(nanoseconds(info.created_at));
  out.setMonotonicAt(info.monotonic_at.count());
  out.setWriter(text(info.writer));
  out.setRedaction(text(info.redaction));
  out.setDescription(text(info.description));
  out.setDialect(text(info.dialect));
  if (is_old) {
    out.setSchema(text(std::string(kSessionSchemaText10)));
  } else {
    out.setFirstSequence(info.first_sequence);
  }
  return to_bytes(message);
}

Result<SessionInfo> decode_info(std::string_view message) {
  return read_unaligned<schema::SegmentInfo>(message, [](schema::SegmentInfo::Reader in) -> Result<SessionInfo> {
    SessionInfo info;
    info.session_id = std::string(view(in.getSessionId()));
    info.segment = in.getSegment();
    info.created_at = from_nanoseconds(in.getCreatedAt());
    info.monotonic_at = Duration{in.getMonotonicAt()};
    info.writer = std::string(view(in.getWriter()));
    info.redaction = std::string(view(in.getRedaction()));
    info.description = std::string(view(in.getDescription()));
    info.dialect = std::string(view(in.getDialect()));
    info.first_sequence = in.getFirstSequence();
    return info;
  });
}

std::string encode_gap(const Gap& gap) {
  capnp::MallocMessageBuilder message;
  write_gap(gap, message.initRoot<schema::Gap>());
  return to_bytes(message);
}

Result<Gap> decode_gap(std::string_view message) {
  return read_unaligned<schema::Gap>(message, [](schema::Gap::Reader in) -> Result<Gap> { return read_gap(in); });
}

std::string encode_annotation(const Annotation& annotation) {
  capnp::MallocMessageBuilder message;
  write_annotation(annotation, message.initRoot<schema::Annotation>());
  return to_bytes(message);
}

Result<Annotation> decode_annotation(std::string_view message) {
  return read_unaligned<schema::Annotation>(
      message, [](schema::Annotation::Reader in) -> Result<Annotation> { return read_annotation(in); });
}

std::string encode_index(const IndexBlock& index) {
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<schema::Index>();
  write_chunks(index.chunks, out.initChunks());
  auto counts = out.initChunkStreams(count(index.counts.size()));
  for (unsigned i = 0; i < index.counts.size(); ++i) {
    const ChunkStreamCounts& from = index.counts[i];
    const unsigned n = count(from.ids.size());
    auto ids = counts[i].initStreamIds(n);
    auto frames = counts[i].initFrames(n);
    auto bytes = counts[i].initPayloadBytes(n);
    for (unsigned j = 0; j < n; ++j) {
      ids.set(j, from.ids[j]);
      frames.set(j, from.frames[j]);
      bytes.set(j, from.payload_bytes[j]);
    }
  }
  write_streams(index.list, out);
  return to_bytes(message);
}

Result<IndexBlock> decode_index(std::string_view message) {
  return read_unaligned<schema::Index>(message, [](schema::Index::Reader in) -> Result<IndexBlock> {
    IndexBlock index;
    auto chunks = read_chunks(in.getChunks());
    if (!chunks) return tl::unexpected(chunks.error());
    auto list = read_streams(in.getStreams(), in.getNames());
    if (!list) return tl::unexpected(list.error());
    index.chunks = std::move(*chunks);
    index.list = std::move(*list);
    for (const auto from : in.getChunkStreams()) {
      const auto ids = from.getStreamIds();
      const auto frames = from.getFrames();
      const auto bytes = from.getPayloadBytes();
      if (frames.size() != ids.size() || bytes.size() != ids.size()) {
        return fail(Errc::Corrupt, "the columns of an index block differ in length");
      }
      ChunkStreamCounts& counts = index.counts.emplace_back();
      for (unsigned i = 0; i < ids.size(); ++i) {
        if (ids[i] >= index.list.streams.size()) {
          return fail(Errc::Corrupt,
                      fmt::format("an index block names stream {} of {}", ids[i], index.list.streams.size()));
        }
        counts.ids.push_back(ids[i]);
        counts.frames.push_back(frames[i]);
        counts.payload_bytes.push_back(bytes[i]);
      }
    }
    if (index.counts.size() != index.chunks.size()) {
      return fail(Errc::Corrupt, fmt::format("an index block counts the streams of {} chunks but lists {}",
                                             index.counts.size(), index.chunks.size()));
    }
    return index;
  });
}

std::string encode_seal(const SealRecord& seal, std::uint16_t minor) {
  capnp::MallocMessageBuilder message;
  const bool is_old = minor < format::kMinorWithExtras;
  auto out = is_old ? init_root<schema::Seal>(message, kSealSize10) : message.initRoot<schema::Seal>();
  write_chunks(seal.chunks, out.initChunks());
  out.setFrames(seal.frames);
  out.setPayloadBytes(seal.payload_bytes);
  const unsigned n = count(seal.list.streams.size());
  write_streams(seal.list, out);
  auto frames = out.initStreamFrames(n);
  auto bytes = out.initStreamPayloadBytes(n);
  for (unsigned i = 0; i < n; ++i) {
    frames.set(i, seal.stream_frames[i]);
    bytes.set(i, seal.stream_payload_bytes[i]);
  }
  auto gaps = out.initGaps(count(seal.gaps.size()));
  for (unsigned i = 0; i < seal.gaps.size(); ++i) write_gap(seal.gaps[i], gaps[i]);
  if (!is_old) {
    auto annotations = out.initAnnotations(count(seal.annotations.size()));
    for (unsigned i = 0; i < seal.annotations.size(); ++i) write_annotation(seal.annotations[i], annotations[i]);
  }
  out.setChunkCrcSha256(
      {reinterpret_cast<const kj::byte*>(seal.chunk_crc_sha256.data()), seal.chunk_crc_sha256.size()});
  return to_bytes(message);
}

Result<SealRecord> decode_seal(std::string_view message) {
  return read_unaligned<schema::Seal>(message, [](schema::Seal::Reader in) -> Result<SealRecord> {
    SealRecord seal;
    auto chunks = read_chunks(in.getChunks());
    if (!chunks) return tl::unexpected(chunks.error());
    auto list = read_streams(in.getStreams(), in.getNames());
    if (!list) return tl::unexpected(list.error());
    seal.chunks = std::move(*chunks);
    seal.list = std::move(*list);
    seal.frames = in.getFrames();
    seal.payload_bytes = in.getPayloadBytes();
    for (const auto frames : in.getStreamFrames()) seal.stream_frames.push_back(frames);
    for (const auto bytes : in.getStreamPayloadBytes()) seal.stream_payload_bytes.push_back(bytes);
    if (seal.stream_frames.size() != seal.list.streams.size() ||
        seal.stream_payload_bytes.size() != seal.list.streams.size()) {
      return fail(Errc::Corrupt, "the columns of the seal differ in length");
    }
    for (const auto gap : in.getGaps()) seal.gaps.push_back(read_gap(gap));
    for (const auto annotation : in.getAnnotations()) seal.annotations.push_back(read_annotation(annotation));
    const auto digest = in.getChunkCrcSha256();
    seal.chunk_crc_sha256.assign(reinterpret_cast<const char*>(digest.begin()), digest.size());
    if (seal.chunk_crc_sha256 != chunk_crc_sha256(seal.chunks)) {
      return fail(Errc::Checksum, "the SHA-256 in the seal does not fit the CRCs of its chunks");
    }
    return seal;
  });
}

}  // namespace ktape
