#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/session/byte_source.hpp"
#include "core/session/format.hpp"
#include "core/session/records.hpp"
#include "core/session/session_info.hpp"

namespace ktape {

// Where everything is in a recording. Internal to core/session: SessionReader is its face.
class SessionDirectory {
 public:
  enum class Way : std::uint8_t {
    Quick,  // from the seal if there is one, else by hopping over the headers
    Hop,    // by hopping in any case: sees every header
  };
  using RecordVisitor = std::function<Result<void>(std::uint64_t offset, const format::RecordHeader& header)>;

  static Result<SessionDirectory> load(ByteSource& in, Way way, RecordVisitor visit = {});

  // Goes on where the last whole record ended; true if there was anything new. Nothing follows a seal.
  Result<bool> extend(ByteSource& in, const RecordVisitor& visit = {});

  const SessionInfo& info() const { return info_; }
  const std::vector<ChunkEntry>& chunks() const { return chunks_; }
  const std::vector<Gap>& gaps() const { return gaps_; }  // as recorded
  // As found, in file order, each with the numbers of the frames that are missing there: none, where first is end.
  struct Damage {
    Gap gap;
    std::uint64_t first = 0;
    std::uint64_t end = 0;
  };
  const std::vector<Damage>& damage() const { return damage_; }
  const std::vector<Annotation>& annotations() const { return annotations_; }
  const std::vector<std::uint64_t>& index_offsets() const { return index_offsets_; }  // seen while hopping
  const std::optional<SealRecord>& seal() const { return seal_; }
  // In file order; the first_sequence of each is that of the frame that it stands before.
  const std::vector<ChunkEntry>& keyframes() const { return keyframes_; }
  std::uint64_t next_sequence() const { return next_sequence_; }
  std::uint64_t file_size() const { return file_size_; }

  // Bytes that belong to no whole record at the end of the file, and the frames they would have held where a header
  // tells.
  std::uint64_t tail_bytes() const { return tail_bytes_; }
  std::optional<std::uint32_t> tail_frames() const { return tail_frames_; }
  bool has_footer() const { return has_footer_; }  // as every file has that was finished
  bool damaged() const { return damaged_; }

 private:
  struct Record {
    std::uint64_t offset = 0;
    format::RecordType type = format::RecordType::Chunk;
    std::uint32_t stored_length = 0;
    std::uint32_t body_crc = 0;
  };

  Result<void> read_segment_header(ByteSource& in);
  Result<void> salvage(ByteSource& in, std::string_view why);
  Result<bool> load_seal_by_footer(ByteSource& in);
  Result<void> take_record(ByteSource& in, const format::RecordHeader& header);
  Result<bool> skip_damage(ByteSource& in, const format::RecordHeader* torn);
  Result<bool> footer_points_to(ByteSource& in, std::uint64_t offset) const;
  Result<bool> body_fits(ByteSource& in, const Record& record);
  Result<void> take_gap(ByteSource& in, const format::RecordHeader& header);
  Result<void> take_annotation(ByteSource& in, const format::RecordHeader& header);
  Result<void> take_chunk(const format::RecordHeader& header);
  Result<void> take_hole(const format::RecordHeader& header);
  Result<void> take_keyframe(std::uint64_t offset, const format::RecordHeader& header);
  Result<void> find_keyframes(ByteSource& in, std::uint64_t begin, std::uint64_t end);
  Result<void> take_seal(ByteSource& in, const format::RecordHeader& header);
  bool is_sound(const SealRecord& seal, std::uint64_t end) const;
  void adopt(SealRecord seal);
  Result<void> note_damage(std::uint64_t begin, std::uint64_t end, std::string_view why);

  SessionInfo info_;
  std::optional<std::uint64_t> marker_;
  std::vector<ChunkEntry> chunks_;
  std::vector<Gap> gaps_;
  std::vector<Damage> damage_;
  std::vector<Annotation> annotations_;
  std::vector<std::uint64_t> index_offsets_;
  std::vector<ChunkEntry> keyframes_;
  std::optional<SealRecord> seal_;
  std::optional<Record> last_record_;  // the one before next_offset_
  bool seal_was_met_ = false;          // whole or not: its header tells how many frames there are, and none follow
  std::uint64_t next_offset_ = 0;
  std::uint64_t second_looks_ = 0;  // bytes of bodies that were read because of damage after them
  std::uint64_t next_sequence_ = 0;
  std::optional<Timestamp> last_at_;
  std::uint64_t file_size_ = 0;
  std::uint64_t tail_bytes_ = 0;
  std::optional<std::uint32_t> tail_frames_;
  bool has_footer_ = false;
  bool damaged_ = false;
};

// Up to `length` bytes from `offset`; fewer at the end of the file.
Result<std::string> read_bytes(ByteSource& in, std::uint64_t offset, std::size_t length);

// The message in the body of a record other than a chunk, whose header is valid.
Result<std::string> read_message_record(ByteSource& in, std::uint64_t offset, const format::RecordHeader& header);

}  // namespace ktape
