#include "core/session/session_directory.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/crc.hpp"
#include "core/session/compression.hpp"

namespace ktape {
namespace {

using format::RecordHeader;
using format::RecordType;

constexpr std::size_t kMaxChunks = 2'000'000;
constexpr std::size_t kMaxGaps = 200'000;
constexpr std::size_t kFirstScanBytes = 4U << 10;  // most damage is small, and a file may have much of it
constexpr std::size_t kMaxAnnotations = 200'000;
constexpr std::size_t kMaxKeyframes = 200'000;
constexpr std::size_t kScanBytes = 256U << 10;
constexpr std::uint64_t kMaxSecondLooks = 256U << 20;
constexpr std::uint64_t kAnywhere = std::uint64_t{1} << 62;  // the end of a file whose records may have been moved

struct Found {
  std::uint64_t offset;
  RecordHeader header;
};

// The first valid record header at or after `begin`; with the given marker, if it is known.
Result<std::optional<Found>> find_record(ByteSource& in, std::uint64_t begin, std::optional<std::uint64_t> marker) {
  std::string magic;
  format::append(magic, format::kRecordMagic);
  format::append(magic, static_cast<std::uint32_t>(format::kRecordHeaderBytes - 8));
  std::uint64_t offset = begin;
  for (std::size_t length = kFirstScanBytes;; length = std::min(2 * length, kScanBytes)) {
    auto bytes = read_bytes(in, offset, length);
    if (!bytes) return tl::unexpected(bytes.error());
    if (bytes->size() < format::kRecordHeaderBytes) return std::nullopt;
    for (std::size_t i = bytes->find(magic); i != std::string::npos; i = bytes->find(magic, i + 1)) {
      const auto header = format::decode_record_header(std::string_view(*bytes).substr(i));
      if (header && (!marker || header->marker == *marker)) return Found{offset + i, *header};
    }
    if (bytes->size() < length) return std::nullopt;
    offset += bytes->size() - (format::kRecordHeaderBytes - 1);
  }
}

}  // namespace

Result<std::string> read_bytes(ByteSource& in, std::uint64_t offset, std::size_t length) {
  std::string bytes(length, '\0');
  auto got = in.read_at(offset, bytes);
  if (!got) return tl::unexpected(got.error());
  bytes.resize(*got);
  return bytes;
}

Result<std::string> read_message_record(ByteSource& in, std::uint64_t offset, const RecordHeader& header) {
  auto body = read_bytes(in, offset + format::kRecordHeaderBytes, header.stored_length);
  if (!body) return body;
  if (body->size() != header.stored_length) {
    return fail(Errc::Corrupt, fmt::format("{} of {} bytes are there", body->size(), header.stored_length));
  }
  if (const std::uint32_t crc = crc32c(*body); crc != header.body_crc) {
    return fail(Errc::Checksum, fmt::format("CRC32C {:08x} instead of {:08x}", crc, header.body_crc));
  }
  if (body->size() < 8 || format::load<std::uint32_t>(body->data()) != format::kBodyMagic ||
      format::load<std::uint32_t>(body->data() + 4) != body->size() - 8) {
    return fail(Errc::Corrupt, "its body is not the skippable frame that it should be");
  }
  const std::string_view frame = std::string_view(*body).substr(8);
  // Looked at before so much memory is taken as the header says.
  if (auto fits = Decompressor::check(frame, header.raw_length); !fits) return tl::unexpected(fits.error());
  std::string message(header.raw_length, '\0');
  auto done = Decompressor().decompress(frame, message.data(), message.size());
  if (!done) return tl::unexpected(done.error());
  return message;
}

Result<SessionDirectory> SessionDirectory::load(ByteSource& in, Way way, RecordVisitor visit) {
  SessionDirectory directory;
  if (auto done = directory.read_segment_header(in); !done) return tl::unexpected(done.error());
  if (way == Way::Quick) {
    auto sealed = directory.load_seal_by_footer(in);
    if (!sealed) return tl::unexpected(sealed.error());
    if (*sealed) return directory;
  }
  if (auto done = directory.extend(in, visit); !done) return tl::unexpected(done.error());
  return directory;
}

Result<void> SessionDirectory::read_segment_header(ByteSource& in) {
  auto size = in.size();
  if (!size) return tl::unexpected(size.error());
  file_size_ = *size;
  if (file_size_ == 0) return fail(Errc::Parse, fmt::format("{} is empty: not a recording", in.name()));
  auto fixed = read_bytes(in, 0, format::kHeaderFixedBytes);
  if (!fixed) return tl::unexpected(fixed.error());
  std::string known;  // how every recording begins
  format::append(known, format::kHeaderMagic);
  const std::string_view start = *fixed;
  if (start.substr(0, 4) != std::string_view(known).substr(0, start.size()) ||
      (start.size() > 8 &&
       start.substr(8, 8) != format::kGuard.substr(0, std::min<std::size_t>(8, start.size() - 8)))) {
    return salvage(in, "it does not begin like a recording");
  }
  const auto truncated = [&] {
    return fail(Errc::Corrupt,
                fmt::format("{} is truncated: its {} bytes end inside the segment header", in.name(), file_size_));
  };
  if (start.size() < format::kHeaderFixedBytes) return truncated();
  const std::uint64_t total = 8 + std::uint64_t{format::load<std::uint32_t>(start.data() + 4)};
  const auto info_length = format::load<std::uint32_t>(start.data() + 28);
  if (total < format::kHeaderFixedBytes + 4 || total > format::kHeaderFixedBytes + 4 + format::kMaxInfoBytes) {
    return salvage(in, fmt::format("its header claims {} bytes", total));
  }
  if (total > file_size_) {
    auto saved = salvage(in, "its header is cut");
    return saved ? saved : truncated();
  }
  auto header = read_bytes(in, 0, static_cast<std::size_t>(total));
  if (!header) return tl::unexpected(header.error());
  if (header->size() != total) return truncated();
  const std::string_view covered = std::string_view(*header).substr(0, header->size() - 4);
  if (crc32c(covered) != format::load<std::uint32_t>(header->data() + covered.size())) {
    return salvage(in, "the checksum of its header does not fit");
  }
  const auto major = format::load<std::uint16_t>(start.data() + 16);
  const auto minor = format::load<std::uint16_t>(start.data() + 18);
  if (major > format::kMajor) {
    return fail(Errc::Unsupported, fmt::format("{} has format {}.{}; this program reads up to {}.x", in.name(), major,
                                               minor, format::kMajor));
  }
  if (const auto flags = format::load<std::uint32_t>(start.data() + 20); flags != 0) {
    return fail(Errc::Unsupported,
                fmt::format("{} needs features that this program does not know (flags {:08x})", in.name(), flags));
  }
  if (info_length > covered.size() - format::kHeaderFixedBytes) {
    return salvage(in, fmt::format("its header claims an info message of {} bytes", info_length));
  }
  auto info = decode_info(covered.substr(format::kHeaderFixedBytes, info_length));
  if (!info) return salvage(in, info.error().detail);
  info_ = std::move(*info);
  info_.salt = format::load<std::uint64_t>(start.data() + 32);
  info_.major = major;
  info_.minor = minor;
  marker_ = format::sync_marker(info_.salt);
  next_offset_ = total;
  next_sequence_ = info_.first_sequence;
  return {};
}

// The header is not to be trusted. If the file is a recording, its records still speak for themselves.
Result<void> SessionDirectory::salvage(ByteSource& in, std::string_view why) {
  auto found = find_record(in, 0, std::nullopt);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(Errc::Parse, fmt::format("{} is not a recording: {}", in.name(), why));
  marker_ = (*found)->header.marker;
  info_.salt = format::salt_of(*marker_);
  next_offset_ = (*found)->offset;
  // The first record of a segment still tells where its numbers begin, if it is no annotation: frames that came before
  // one may stand after it.
  if ((*found)->header.previous_offset == 0) {
    auto first = *found;
    while (first && first->header.type == RecordType::Annotation) {
      auto next = find_record(in, first->offset + format::kRecordHeaderBytes, marker_);
      if (!next) return tl::unexpected(next.error());
      first = *next;
    }
    if (first) info_.first_sequence = first->header.first_sequence;
  }
  next_sequence_ = info_.first_sequence;
  const Timestamp at = (*found)->header.min_at;
  damaged_ = true;
  damage_.push_back(
      {{at, at, GapCause::Damaged, 0, std::nullopt, fmt::format("the segment header is damaged: {}", why)}, 0, 0});
  return {};
}

Result<bool> SessionDirectory::load_seal_by_footer(ByteSource& in) {
  if (file_size_ < next_offset_ + format::kFooterBytes) return false;
  auto bytes = read_bytes(in, file_size_ - format::kFooterBytes, format::kFooterBytes);
  if (!bytes) return tl::unexpected(bytes.error());
  const auto offset = format::decode_footer(*bytes);
  if (!offset || *offset < next_offset_ || *offset > file_size_ - format::kFooterBytes) return false;
  auto head = read_bytes(in, *offset, format::kRecordHeaderBytes);
  if (!head) return tl::unexpected(head.error());
  const auto header = format::decode_record_header(*head);
  if (!header || header->marker != marker_ || header->type != RecordType::Seal ||
      *offset + format::kRecordHeaderBytes + header->stored_length + format::kFooterBytes != file_size_) {
    return false;
  }
  auto message = read_message_record(in, *offset, *header);
  if (!message) return message.error().code == Errc::Io ? Result<bool>(tl::unexpected(message.error())) : false;
  auto seal = decode_seal(*message);
  if (!seal || !is_sound(*seal, *offset)) return false;
  const std::uint64_t begin = next_offset_;
  adopt(std::move(*seal));
  has_footer_ = true;
  next_offset_ = file_size_;
  if (info_.minor < format::kMinorWithExtras) return true;
  // What stands between the chunks is in no table: few headers have to be read to see it.
  std::uint64_t from = begin;
  for (const ChunkEntry& chunk : chunks_) {
    if (auto done = find_keyframes(in, from, chunk.offset); !done) return tl::unexpected(done.error());
    from = chunk.offset + format::kRecordHeaderBytes + chunk.stored_length;
  }
  if (auto done = find_keyframes(in, from, *offset); !done) return tl::unexpected(done.error());
  return true;
}

Result<void> SessionDirectory::find_keyframes(ByteSource& in, std::uint64_t begin, std::uint64_t end) {
  while (begin < end) {
    auto bytes = read_bytes(in, begin, format::kRecordHeaderBytes);
    if (!bytes) return tl::unexpected(bytes.error());
    const auto header = format::decode_record_header(*bytes);
    if (!header || header->marker != marker_ || begin + format::kRecordHeaderBytes + header->stored_length > end) {
      return note_damage(begin, end, "no valid record header where a keyframe may have been");
    }
    if (header->type == RecordType::Keyframe) {
      if (auto done = take_keyframe(begin, *header); !done) return done;
    }
    begin += format::kRecordHeaderBytes + header->stored_length;
  }
  return {};
}

Result<void> SessionDirectory::take_keyframe(std::uint64_t offset, const RecordHeader& header) {
  if (keyframes_.size() >= kMaxKeyframes)
    return fail(Errc::Limit, fmt::format("more than {} keyframes", kMaxKeyframes));
  keyframes_.push_back({offset, header.stored_length, header.raw_length, header.frames, header.first_sequence,
                        header.min_at, header.max_at, header.body_crc});
  return {};
}

// Whether the table can be this file's: in order, without overlap, inside the file.
bool SessionDirectory::is_sound(const SealRecord& seal, std::uint64_t end) const {
  std::uint64_t offset = 0;
  std::uint64_t sequence = info_.first_sequence;
  for (const ChunkEntry& chunk : seal.chunks) {
    if (chunk.offset < offset || chunk.offset > end || chunk.first_sequence != sequence || chunk.frames == 0 ||
        chunk.offset + format::kRecordHeaderBytes + chunk.stored_length > end) {
      return false;
    }
    offset = chunk.offset + format::kRecordHeaderBytes + chunk.stored_length;
    sequence = chunk.first_sequence + chunk.frames;
  }
  return sequence - info_.first_sequence == seal.frames && seal.chunks.size() <= kMaxChunks &&
         seal.gaps.size() <= kMaxGaps && seal.annotations.size() <= kMaxAnnotations;
}

// The seal knows all chunks, also those that hopping did not find. Those that it found may have been moved.
void SessionDirectory::adopt(SealRecord seal) {
  auto found = chunks_.begin();
  for (ChunkEntry& chunk : seal.chunks) {
    while (found != chunks_.end() && found->first_sequence < chunk.first_sequence) ++found;
    if (found == chunks_.end()) break;
    if (found->first_sequence == chunk.first_sequence && found->frames == chunk.frames &&
        found->stored_length == chunk.stored_length && found->body_crc == chunk.body_crc) {
      chunk.offset = found->offset;
    }
  }
  chunks_ = seal.chunks;
  next_sequence_ = info_.first_sequence + seal.frames;
  annotations_ = seal.annotations;
  gaps_ = seal.gaps;
  // Which chunks cannot be read will be found when they are read; here remains that something is damaged.
  for (Damage& damage : damage_) damage.gap.frames = 0;
  seal_ = std::move(seal);
}

Result<void> SessionDirectory::note_damage(std::uint64_t begin, std::uint64_t end, std::string_view why) {
  damaged_ = true;
  if (damage_.size() >= kMaxGaps) return fail(Errc::Limit, fmt::format("more than {} damaged places", kMaxGaps));
  const Timestamp at = last_at_.value_or(info_.created_at);
  damage_.push_back({{at, at, GapCause::Damaged, 0, std::nullopt,
                      fmt::format("the {} bytes from offset {} are damaged: {}", end - begin, begin, why)},
                     next_sequence_,
                     next_sequence_});
  return {};
}

Result<bool> SessionDirectory::extend(ByteSource& in, const RecordVisitor& visit) {
  if (seal_) return false;
  auto size = in.size();
  if (!size) return tl::unexpected(size.error());
  file_size_ = *size;
  const std::uint64_t start = next_offset_;
  tail_bytes_ = 0;
  tail_frames_.reset();
  while (next_offset_ < file_size_ && !seal_) {
    auto bytes = read_bytes(in, next_offset_, format::kRecordHeaderBytes);
    if (!bytes) return tl::unexpected(bytes.error());
    const auto header = format::decode_record_header(*bytes);
    const bool is_ours = header && header->marker == marker_;
    if (!is_ours || header->stored_length > file_size_ - next_offset_ - format::kRecordHeaderBytes) {
      auto found = skip_damage(in, is_ours ? &*header : nullptr);
      if (!found) return tl::unexpected(found.error());
      if (!*found) break;
      continue;
    }
    if (visit) {
      if (auto done = visit(next_offset_, *header); !done) return tl::unexpected(done.error());
    }
    if (auto done = take_record(in, *header); !done) return tl::unexpected(done.error());
    last_record_ = {next_offset_, header->type, header->stored_length, header->body_crc};
    next_offset_ += format::kRecordHeaderBytes + header->stored_length;
  }
  if (seal_) {
    auto footer = read_bytes(in, next_offset_, format::kFooterBytes);
    if (!footer) return tl::unexpected(footer.error());
    has_footer_ = format::decode_footer(*footer).has_value();
    if (has_footer_) next_offset_ += format::kFooterBytes;
  }
  tail_bytes_ = file_size_ - next_offset_;
  return next_offset_ != start;
}

// No whole record begins at next_offset_: goes to the next that does, false if none follows. `torn` is the valid header
// of a record that is longer than the file.
Result<bool> SessionDirectory::skip_damage(ByteSource& in, const RecordHeader* torn) {
  std::uint64_t begin = next_offset_ + 1;
  if (torn != nullptr) {
    begin = next_offset_ + format::kRecordHeaderBytes;
  } else if (last_record_) {
    // Where bytes were taken out of a body, the next record begins before the place that its header points to.
    auto fits = body_fits(in, *last_record_);
    if (!fits) return fits;
    if (!*fits) begin = last_record_->offset + format::kRecordHeaderBytes;
  }
  auto found = find_record(in, begin, marker_);
  if (!found) return tl::unexpected(found.error());
  if (!*found) {
    if (torn == nullptr) {
      auto is_seal = footer_points_to(in, next_offset_);
      if (!is_seal) return is_seal;
      if (*is_seal || seal_was_met_) tail_frames_ = 0;
      return false;
    }
    const bool is_new = torn->type == RecordType::Chunk && torn->first_sequence >= next_sequence_;
    tail_frames_ = is_new ? torn->frames : 0;
    return take_hole(*torn).map([] { return false; });
  }
  if (torn != nullptr && torn->type == RecordType::Chunk) {
    if (auto done = take_chunk(*torn); !done) return tl::unexpected(done.error());
  }
  const std::uint64_t end = (*found)->offset;
  if (auto noted = note_damage(std::min(next_offset_, begin), end, "no valid record header"); !noted) {
    return tl::unexpected(noted.error());
  }
  next_offset_ = end;
  return true;
}

// Whether the file ends with a footer that says that the seal is at `offset`: then no chunk comes after it.
Result<bool> SessionDirectory::footer_points_to(ByteSource& in, std::uint64_t offset) const {
  if (file_size_ < format::kFooterBytes) return false;
  auto bytes = read_bytes(in, file_size_ - format::kFooterBytes, format::kFooterBytes);
  if (!bytes) return tl::unexpected(bytes.error());
  return format::decode_footer(*bytes) == offset;
}

// Whether the record's body is what its header says. True without a look where bodies were looked at so often that
// the file must be made to keep its reader busy.
Result<bool> SessionDirectory::body_fits(ByteSource& in, const Record& record) {
  if (second_looks_ + record.stored_length > kMaxSecondLooks + 4 * file_size_) return true;
  second_looks_ += record.stored_length;
  auto body = read_bytes(in, record.offset + format::kRecordHeaderBytes, record.stored_length);
  if (!body) return tl::unexpected(body.error());
  return body->size() == record.stored_length && crc32c(*body) == record.body_crc;
}

Result<void> SessionDirectory::take_record(ByteSource& in, const RecordHeader& header) {
  // An annotation may stand before frames of the chunk that was open when it was made.
  if (header.type != RecordType::Chunk && header.type != RecordType::Annotation) {
    if (auto done = take_hole(header); !done) return done;
  }
  switch (header.type) {
    case RecordType::Chunk:
      return take_chunk(header);
    case RecordType::Seal:
      return take_seal(in, header);
    case RecordType::Index:
      index_offsets_.push_back(next_offset_);
      return {};
    case RecordType::Gap:
      return take_gap(in, header);
    case RecordType::Annotation:
      return take_annotation(in, header);
    case RecordType::Keyframe:
      return take_keyframe(next_offset_, header);
    case RecordType::Schema:
      return {};
  }
  if ((header.flags & format::kMustUnderstand) != 0) {
    return fail(Errc::Unsupported, fmt::format("{} has a record of type {} at offset {} that must be understood",
                                               in.name(), static_cast<int>(header.type), next_offset_));
  }
  return {};
}

Result<void> SessionDirectory::take_gap(ByteSource& in, const RecordHeader& header) {
  if (header.first_sequence < next_sequence_) {
    return note_damage(
        next_offset_, next_offset_ + format::kRecordHeaderBytes + header.stored_length,
        fmt::format("a gap record from before frame {}, where {} was next", header.first_sequence, next_sequence_));
  }
  auto message = read_message_record(in, next_offset_, header);
  if (!message && message.error().code == Errc::Io) return tl::unexpected(message.error());
  auto gap = message ? decode_gap(*message) : tl::unexpected(message.error());
  if (!gap) {
    // The header still tells the span.
    damaged_ = true;
    if (damage_.size() >= kMaxGaps) return fail(Errc::Limit, fmt::format("more than {} damaged places", kMaxGaps));
    damage_.push_back({{header.min_at, header.max_at, GapCause::Damaged, 0, std::nullopt,
                        fmt::format("the gap record at offset {} is damaged: {}", next_offset_, gap.error().detail)},
                       next_sequence_,
                       next_sequence_});
    return {};
  }
  if (gaps_.size() >= kMaxGaps) return fail(Errc::Limit, fmt::format("more than {} gaps", kMaxGaps));
  gaps_.push_back(std::move(*gap));
  return {};
}

Result<void> SessionDirectory::take_annotation(ByteSource& in, const RecordHeader& header) {
  auto message = read_message_record(in, next_offset_, header);
  if (!message && message.error().code == Errc::Io) return tl::unexpected(message.error());
  auto annotation = message ? decode_annotation(*message) : tl::unexpected(message.error());
  if (!annotation) {
    return note_damage(next_offset_, next_offset_ + format::kRecordHeaderBytes + header.stored_length,
                       "the annotation: " + annotation.error().detail);
  }
  if (annotations_.size() >= kMaxAnnotations) {
    return fail(Errc::Limit, fmt::format("more than {} annotations", kMaxAnnotations));
  }
  annotations_.push_back(std::move(*annotation));
  return {};
}

Result<void> SessionDirectory::take_chunk(const RecordHeader& header) {
  if (header.first_sequence < next_sequence_ || header.frames == 0) {
    return note_damage(next_offset_, next_offset_ + format::kRecordHeaderBytes + header.stored_length,
                       fmt::format("{} frames from number {}, where {} was next", header.frames, header.first_sequence,
                                   next_sequence_));
  }
  if (chunks_.size() >= kMaxChunks) return fail(Errc::Limit, fmt::format("more than {} chunks", kMaxChunks));
  if (auto done = take_hole(header); !done) return done;
  chunks_.push_back({next_offset_, header.stored_length, header.raw_length, header.frames, header.first_sequence,
                     header.min_at, header.max_at, header.body_crc});
  next_sequence_ = header.first_sequence + header.frames;
  last_at_ = header.max_at;
  return {};
}

// Frames that should stand before this record and do not: the places that were found damaged have swallowed them.
Result<void> SessionDirectory::take_hole(const RecordHeader& header) {
  if (header.first_sequence <= next_sequence_) return {};
  const std::uint64_t missing = header.first_sequence - next_sequence_;
  const Timestamp last = last_at_.value_or(info_.created_at);
  const bool is_chunk = header.type == RecordType::Chunk;
  const Timestamp from = is_chunk ? std::min(last, header.min_at) : last;
  const Timestamp to = is_chunk ? header.min_at : std::max(last, header.max_at);
  std::string detail = fmt::format("frames {} to {} are missing", next_sequence_, header.first_sequence - 1);
  if (!damage_.empty() && damage_.back().gap.frames == 0) {
    detail = damage_.back().gap.detail + ": " + detail;
    damage_.pop_back();
  }
  if (damage_.size() >= kMaxGaps) return fail(Errc::Limit, fmt::format("more than {} damaged places", kMaxGaps));
  damage_.push_back(
      {{from, to, GapCause::Damaged, missing, std::nullopt, std::move(detail)}, next_sequence_, header.first_sequence});
  damaged_ = true;
  next_sequence_ = header.first_sequence;
  return {};
}

Result<void> SessionDirectory::take_seal(ByteSource& in, const RecordHeader& header) {
  seal_was_met_ = true;
  auto message = read_message_record(in, next_offset_, header);
  if (!message && message.error().code == Errc::Io) return tl::unexpected(message.error());
  auto seal = message ? decode_seal(*message) : tl::unexpected(message.error());
  const std::uint64_t end = next_offset_ + format::kRecordHeaderBytes + header.stored_length;
  if (!seal) return note_damage(next_offset_, end, "the seal: " + seal.error().detail);
  if (!is_sound(*seal, damaged_ ? kAnywhere : next_offset_))
    return note_damage(next_offset_, end, "the seal does not describe this file");
  adopt(std::move(*seal));
  return {};
}

}  // namespace ktape
