#include "core/session/session_writer.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/base/crc.hpp"
#include "core/wire/web_requests.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxChunkBytes = 16U << 20;
constexpr std::uint32_t kFramesPerChunk = 65'536;
constexpr std::size_t kChunksPerIndex = 256;
constexpr std::uint64_t kBytesPerIndex = 64U << 20;
constexpr std::size_t kMaxChunks = 1'000'000;  // so that the seal stays within its limit: some 150 GB
constexpr std::size_t kMaxGaps = 100'000;      // likewise
constexpr std::size_t kGapsLookedAt = 256;
constexpr std::size_t kMaxAnnotations = 100'000;
constexpr std::size_t kMaxAnnotationName = 64;
constexpr std::size_t kMaxAnnotationText = 64U << 10;
constexpr std::size_t kMaxAnnotationBytes = 16U << 20;  // of all texts, so that the seal stays within its limit
constexpr std::size_t kMaxClosedConnections = 4'096;
constexpr std::size_t kMaxReasonBytes = 256;
constexpr std::size_t kMaxInfoText = 64U << 10;
constexpr int kMessageLevel = 6;  // of index and seal, which are small

Result<void> check(const SessionInfo& info, const SessionWriterOptions& options) {
  if (info.session_id.empty() || info.session_id.size() > 64) {
    return fail(Errc::InvalidArgument, fmt::format("a session id has 1 to 64 bytes, not {}: '{}'",
                                                   info.session_id.size(), info.session_id.substr(0, 64)));
  }
  if (info.writer.size() > kMaxInfoText || info.description.size() > kMaxInfoText) {
    return fail(Errc::Limit, fmt::format("writer and description of a session may have {} bytes, not {} and {}",
                                         kMaxInfoText, info.writer.size(), info.description.size()));
  }
  if (options.chunk_bytes == 0 || options.chunk_bytes > kMaxChunkBytes) {
    return fail(Errc::InvalidArgument,
                fmt::format("a chunk has 1 to {} bytes, not {}", kMaxChunkBytes, options.chunk_bytes));
  }
  if (options.max_chunk_span <= Duration::zero()) {
    return fail(Errc::InvalidArgument,
                fmt::format("the span of a chunk must be positive, not {}", format_duration(options.max_chunk_span)));
  }
  if (!Compressor::level_is_valid(options.compression_level)) {
    return fail(Errc::InvalidArgument, fmt::format("zstd has no level {}", options.compression_level));
  }
  if (options.redaction == Redaction::Secrets && options.redaction_key == RedactionKey{}) {
    return fail(Errc::InvalidArgument, "redaction needs a random key, or must be switched off");
  }
  return {};
}

// Nanoseconds, at most what fits; nothing if `to` is before `from`.
std::int64_t span_since(Timestamp from, Timestamp to) {
  std::int64_t span = 0;
  if (to <= from) return 0;
  if (__builtin_sub_overflow(nanoseconds(to), nanoseconds(from), &span))
    return std::numeric_limits<std::int64_t>::max();
  return span;
}

}  // namespace

SessionWriter::SessionWriter(std::unique_ptr<ByteSink> out, std::unique_ptr<JournalSink> journal,
                             const SessionInfo& info, const SessionWriterOptions& options)
    : out_(std::move(out)),
      options_(options),
      marker_(format::sync_marker(info.salt)),
      minor_(options.extras || info.first_sequence > 0 ? format::kMinorWithExtras : format::kMinor),
      first_sequence_(info.first_sequence),
      sequence_(info.first_sequence),
      chunk_(options.compression_level) {
  if (journal) journal_.emplace(std::move(journal), info.salt);
  if (options.redaction == Redaction::Secrets) redactor_.emplace(options.redaction_key);
}

Result<std::unique_ptr<SessionWriter>> SessionWriter::create(std::unique_ptr<ByteSink> out,
                                                             std::unique_ptr<JournalSink> journal, SessionInfo info,
                                                             SessionWriterOptions options) {
  if (auto fine = check(info, options); !fine) return tl::unexpected(fine.error());
  if (options.redaction == Redaction::Secrets) info.redaction = kRedactionPolicy;
  if (options.redaction == Redaction::None || info.redaction.empty()) info.redaction = "none";
  std::unique_ptr<SessionWriter> writer(new SessionWriter(std::move(out), std::move(journal), info, options));
  if (writer->redactor_) {
    // Both may quote the address or the command line of the recording.
    info.description = std::string(writer->redactor_->redact(info.description));
    info.writer = std::string(writer->redactor_->redact(info.writer));
  }
  info.minor = writer->minor_;
  const std::string header = format::encode_segment_header(info.salt, encode_info(info), info.minor);
  if (auto done = writer->out_->append(header); !done) return tl::unexpected(done.error());
  writer->offset_ = header.size();
  if (writer->minor_ >= format::kMinorWithExtras) {
    // In the header it would be a tenth of a small file.
    format::RecordHeader schema;
    schema.type = format::RecordType::Schema;
    if (auto done = writer->store_message(schema, encode_schema()); !done) return tl::unexpected(done.error());
  }
  return writer;
}

SessionWriter::~SessionWriter() {
  if (!finished_) static_cast<void>(flush());
}

Result<void> SessionWriter::stick(Result<void> done) {
  if (!done && status_) {
    status_ = done;
    // The chunk did not reach the file, but its last frames may still reach the journal.
    if (journal_) static_cast<void>(journal_->commit());
  }
  return status_;
}

void SessionWriter::on_frame(const Frame& original) {
  KTAPE_ASSERT(!finished_, "no frame may follow finish()");
  if (!status_) return;
  Frame frame = original;
  if (redactor_) frame.payload = redactor_->redact(frame.payload);
  static_assert(kMaxPayloadBytes == format::kMaxPayloadBytes);
  if (frame.payload.size() > kMaxPayloadBytes) {
    store_gap({frame.at, frame.at, GapCause::Dropped, 1, frame.connection,
               fmt::format("a payload of {} bytes is beyond the limit of {}", frame.payload.size(), kMaxPayloadBytes)});
    return;
  }
  if (frame.kind == FrameKind::Opened || frame.kind == FrameKind::Closed) note_reconnect(frame);
  if (!chunk_.empty() && (chunk_.raw_bytes() >= options_.chunk_bytes || chunk_.frames() >= kFramesPerChunk ||
                          span_since(chunk_.base_at(), frame.at) >= options_.max_chunk_span.count())) {
    if (!stick(store_chunk())) return;
  }

  FrameClass what;
  if (options_.classifier != nullptr && (frame.kind == FrameKind::Text || frame.kind == FrameKind::Binary)) {
    what = options_.classifier->classify(frame);
  }
  const std::uint32_t stream = streams_.intern(frame, what);
  if (stream >= stream_frames_.size()) {
    stream_frames_.resize(stream + 1);
    stream_payload_bytes_.resize(stream + 1);
  }
  ++stream_frames_[stream];
  stream_payload_bytes_[stream] += frame.payload.size();
  payload_bytes_ += frame.payload.size();
  chunk_.add(frame, stream);
  if (journal_) journal_->add(frame, sequence_);
  ++sequence_;
}

void SessionWriter::note_reconnect(const Frame& frame) {
  if (frame.kind == FrameKind::Closed) {
    // Attempts that fail in between belong to the same outage: the first close counts.
    closed_.try_emplace(frame.connection,
                        Disconnection{frame.at, std::string(frame.payload.substr(0, kMaxReasonBytes))});
    if (closed_.size() > kMaxClosedConnections) closed_.erase(closed_.begin());
    return;
  }
  const auto before = closed_.extract(frame.connection);
  // Between two requests nothing is missed.
  if (before.empty() || opens_web_request(frame)) return;
  const Disconnection& gone = before.mapped();
  store_gap({gone.at, frame.at, GapCause::Disconnected, std::nullopt, frame.connection, gone.reason});
}

void SessionWriter::note_gap(const Gap& gap) {
  if (!redactor_) return store_gap(gap);
  Gap redacted = gap;
  redacted.detail = std::string(redactor_->redact(gap.detail));
  store_gap(redacted);
}

// The detail holds no secret any more. The redactor is not used here: a frame at hand may lie in it.
void SessionWriter::store_gap(const Gap& gap) {
  KTAPE_ASSERT(!finished_, "no gap may follow finish()");
  const auto recent = gaps_.end() - static_cast<std::ptrdiff_t>(std::min(gaps_.size(), kGapsLookedAt));
  if (!status_ || std::find(recent, gaps_.end(), gap) != gaps_.end()) return;
  if (!stick(store_chunk())) return;
  if (gaps_.size() >= kMaxGaps) {
    static_cast<void>(stick(fail(Errc::Limit, fmt::format("a segment holds at most {} gaps", kMaxGaps))));
    return;
  }
  format::RecordHeader header;
  header.type = format::RecordType::Gap;
  header.min_at = gap.from;
  header.max_at = gap.to;
  if (stick(store_message(header, encode_gap(gap)))) gaps_.push_back(gap);
}

void SessionWriter::annotate(const Annotation& annotation) {
  KTAPE_ASSERT(!finished_, "no annotation may follow finish()");
  KTAPE_ASSERT(minor_ >= format::kMinorWithExtras, "only a file of format 1.1 holds annotations");
  if (!status_ || annotations_.size() >= kMaxAnnotations || annotation_bytes_ >= kMaxAnnotationBytes) return;
  Annotation kept = annotation;
  if (redactor_) kept.text = std::string(redactor_->redact(kept.text));
  kept.name.resize(std::min(kept.name.size(), kMaxAnnotationName));
  kept.text.resize(std::min(kept.text.size(), kMaxAnnotationText));
  annotation_bytes_ += kept.name.size() + kept.text.size();
  if (annotations_.size() + 1 == kMaxAnnotations || annotation_bytes_ >= kMaxAnnotationBytes) {
    kept = {annotation.at, std::nullopt, "annotations_end",
            fmt::format("a segment holds {} annotations or {} bytes of them: from here on they are left out",
                        kMaxAnnotations, kMaxAnnotationBytes)};
  }
  format::RecordHeader header;
  header.type = format::RecordType::Annotation;
  header.min_at = header.max_at = kept.at;
  // The open chunk need not end for it: the record says by its sequence where it belongs.
  if (stick(store_message(header, encode_annotation(kept)))) annotations_.push_back(std::move(kept));
}

void SessionWriter::set_compression_level(int level) {
  KTAPE_ASSERT(Compressor::level_is_valid(level), "the caller checks the level");
  chunk_.set_compression_level(level);
}

// In records of about the size of a chunk: the books of many pairs may be larger than one record can be.
void SessionWriter::write_keyframe(std::span<const Frame> frames) {
  KTAPE_ASSERT(minor_ >= format::kMinorWithExtras, "only a file of format 1.1 holds keyframes");
  KTAPE_ASSERT(!finished_, "no record may follow finish()");
  if (!status_ || frames.empty() || !stick(store_chunk())) return;
  std::size_t next = 0;
  while (next < frames.size()) {
    StreamTable streams;
    ChunkEncoder encoder(kMessageLevel);
    while (next < frames.size() && encoder.frames() < kFramesPerChunk &&
           (encoder.empty() || encoder.raw_bytes() < options_.chunk_bytes)) {
      Frame frame = frames[next++];
      if (redactor_) frame.payload = redactor_->redact(frame.payload);
      if (frame.payload.size() > format::kMaxPayloadBytes) {
        static_cast<void>(stick(fail(Errc::Limit, fmt::format("a payload of {} bytes is beyond the limit of {}",
                                                              frame.payload.size(), format::kMaxPayloadBytes))));
        return;
      }
      encoder.add(frame, streams.intern(frame, {}));
    }
    auto encoded = encoder.encode(sequence_, streams);
    if (!encoded) {
      static_cast<void>(stick(tl::unexpected(encoded.error())));
      return;
    }
    const std::string body = format::skippable(format::kBodyMagic, encoded->body);
    format::RecordHeader header = encoded->header;
    header.type = format::RecordType::Keyframe;
    header.stored_length = static_cast<std::uint32_t>(body.size());
    header.body_crc = crc32c(body);
    if (!stick(store_record(header, body))) return;
  }
}

Result<void> SessionWriter::commit() {
  if (!status_ || !journal_) return status_;
  return stick(journal_->commit());
}

Result<void> SessionWriter::flush() {
  if (!status_) return status_;
  return stick(store_chunk());
}

Result<void> SessionWriter::sync() {
  if (!commit()) return status_;
  if (journal_ && !stick(journal_->sync())) return status_;
  return stick(out_->sync());
}

Result<void> SessionWriter::finish() {
  KTAPE_ASSERT(!finished_, "a recording is finished once");
  if (!flush() || !stick(store_index())) return status_;
  const std::uint64_t seal_offset = offset_;
  format::RecordHeader header;
  header.type = format::RecordType::Seal;
  if (!stick(store_message(header, encode_seal(seal(), minor_)))) return status_;
  const auto footer = format::encode_footer(seal_offset);
  if (!stick(out_->append({footer.data(), footer.size()}))) return status_;
  offset_ += footer.size();
  finished_ = true;
  if (!stick(out_->sync())) return status_;
  if (journal_) return stick(journal_->remove());
  return status_;
}

Result<void> SessionWriter::store_chunk() {
  if (chunk_.empty()) return {};
  if (chunks_.size() >= kMaxChunks) {
    return fail(Errc::Limit, fmt::format("a segment holds at most {} chunks: begin another", kMaxChunks));
  }
  const std::uint64_t first_sequence = sequence_ - chunk_.frames();
  auto encoded = chunk_.encode(first_sequence, streams_);
  if (!encoded) return tl::unexpected(encoded.error());
  const format::RecordHeader& header = encoded->header;
  const ChunkEntry entry{offset_,        header.stored_length, header.raw_length, header.frames,
                         first_sequence, header.min_at,        header.max_at,     header.body_crc};
  if (auto done = store_record(header, encoded->body); !done) return done;
  chunks_.push_back(entry);
  index_counts_.push_back(std::move(encoded->counts));
  index_bytes_ += entry.stored_length;
  if (journal_) {
    // The journal is about to be overwritten: after a power loss the chunk must be there in its place.
    if (auto done = out_->sync(); !done) return done;
    journal_->restart();
  }
  if (index_counts_.size() >= kChunksPerIndex || index_bytes_ >= kBytesPerIndex) return store_index();
  return {};
}

Result<void> SessionWriter::store_index() {
  if (index_counts_.empty()) return {};
  IndexBlock index;
  index.chunks.assign(chunks_.end() - static_cast<std::ptrdiff_t>(index_counts_.size()), chunks_.end());
  index.counts = std::move(index_counts_);
  index_counts_.clear();
  index_bytes_ = 0;
  // Stream ids of the session become ids of this block.
  std::vector<std::uint32_t> ids;
  std::map<std::uint32_t, std::uint32_t> local;
  for (ChunkStreamCounts& counts : index.counts) {
    for (std::uint32_t& id : counts.ids) {
      const auto [place, is_new] = local.try_emplace(id, static_cast<std::uint32_t>(ids.size()));
      if (is_new) ids.push_back(id);
      id = place->second;
    }
  }
  index.list = streams_.select(ids);
  format::RecordHeader header;
  header.type = format::RecordType::Index;
  header.min_at = std::min_element(index.chunks.begin(), index.chunks.end(), [](const auto& a, const auto& b) {
                    return a.min_at < b.min_at;
                  })->min_at;
  header.max_at = std::max_element(index.chunks.begin(), index.chunks.end(), [](const auto& a, const auto& b) {
                    return a.max_at < b.max_at;
                  })->max_at;
  return store_message(header, encode_index(index));
}

SealRecord SessionWriter::seal() const {
  SealRecord seal;
  seal.chunks = chunks_;
  seal.frames = frames();
  seal.payload_bytes = payload_bytes_;
  seal.list = streams_.list();
  seal.stream_frames = stream_frames_;
  seal.stream_payload_bytes = stream_payload_bytes_;
  seal.gaps = gaps_;
  seal.annotations = annotations_;
  seal.chunk_crc_sha256 = chunk_crc_sha256(chunks_);
  return seal;
}

Result<void> SessionWriter::store_message(format::RecordHeader header, const std::string& message) {
  if (message.size() > format::kMaxRawBytes) {
    return fail(Errc::Limit, fmt::format("a record of {} bytes is beyond the limit of {}: begin another segment sooner",
                                         message.size(), format::kMaxRawBytes));
  }
  std::string packed;
  if (auto done = Compressor(kMessageLevel).compress(message, packed); !done) return done;
  const std::string body = format::skippable(format::kBodyMagic, packed);
  header.stored_length = static_cast<std::uint32_t>(body.size());
  header.raw_length = static_cast<std::uint32_t>(message.size());
  header.first_sequence = sequence_;
  header.body_crc = crc32c(body);
  return store_record(header, body);
}

Result<void> SessionWriter::store_record(format::RecordHeader header, std::string_view body) {
  header.marker = marker_;
  header.previous_offset = previous_offset_;
  const auto bytes = format::encode(header);
  record_.assign(bytes.data(), bytes.size());
  record_ += body;
  if (auto done = out_->append(record_); !done) return done;
  previous_offset_ = offset_;
  offset_ += record_.size();
  return {};
}

}  // namespace ktape
