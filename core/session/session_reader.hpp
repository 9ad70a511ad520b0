#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/session/byte_source.hpp"
#include "core/session/chunk_decoder.hpp"
#include "core/session/journal_ring.hpp"
#include "core/session/session_directory.hpp"
#include "core/session/session_info.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// Reads a recording: sealed, still being written, or what a crash has left. Damaged chunks are skipped and told as
// gaps; a torn tail ends the session. Memory is bounded by the limits of docs/format.md, whatever the file says.
class SessionReader final : public FrameSource {
 public:
  // With the journal that stands beside a recording, the frames that are in no chunk yet follow the others. Beside a
  // sealed segment it holds those of the next one, if that did not come to be. It may be null, empty or stale.
  static Result<std::unique_ptr<SessionReader>> open(std::unique_ptr<ByteSource> in,
                                                     std::unique_ptr<ByteSource> journal = nullptr);

  const SessionInfo& info() const { return directory_.info(); }

  // The next frame; nothing at the end of what is there, after which refresh() may find more. Errors are those of the
  // source alone; damage is not one.
  Result<std::optional<Frame>> next() override {
    if (position_ < batch_.size()) [[likely]]
      return std::optional<Frame>(batch_[position_++]);
    return next_of_next_batch();
  }

  // Whether the last frame of next(), or the frames of the last next_chunk(), were not recorded but made: a keyframe,
  // which brings a client into the state that the frames after it go on from. It is delivered where it stands, but not
  // after a seek() beyond it.
  bool in_keyframe() const { return in_keyframe_; }

  // The frames that next() would give, as many as lie ready: a whole chunk at a time. Empty at the end. Borrowed until
  // the next call of any function here.
  Result<std::span<const Frame>> next_chunk();

  // The number of the frame that next() would give, or of the one after the keyframe that it would give: frames are
  // numbered through all segments of a session.
  std::uint64_t next_sequence() const { return next_sequence_ - (in_keyframe_ ? 0 : batch_.size() - position_); }
  // The next frame is the one of this number, or the first after it.
  void seek_to_sequence(std::uint64_t sequence);

  // The next frame is the first in the file that is stamped `at` or later.
  Result<void> seek(Timestamp at);

  // The next frame is the first of the last keyframe that is stamped `at` or earlier and has recorded frames before it;
  // the stamp of that. Without one it stays where it is.
  std::optional<Timestamp> seek_to_keyframe(Timestamp at);

  // Looks for what was written since; true if there is more to read. For followers of a live recording.
  Result<bool> refresh();

  // Holes that the writer noted, and damage as far as it is known: that of a chunk's body is found when it is read.
  std::vector<Gap> gaps() const;
  std::vector<Annotation> annotations() const;  // in the order in which they were made
  SessionState state() const;

  // Finished by its writer: refresh() will find nothing more.
  bool sealed() const { return directory_.seal().has_value(); }

  // Sealed, and nothing that was written has turned out to be unreadable.
  bool complete() const;

  // From the seal, else from index blocks; only chunks that neither covers are decompressed.
  Result<SessionSummary> summary();

  // Reads every byte and returns all damage there is. Slow, and independent of next().
  Result<std::vector<Gap>> verify();

 private:
  SessionReader(std::unique_ptr<ByteSource> in, std::unique_ptr<ByteSource> journal);

  Result<std::optional<Frame>> next_of_next_batch();
  Result<bool> load_batch();
  Result<bool> load_keyframe(std::size_t chunk);
  Result<std::optional<std::span<const Frame>>> read_keyframe(ChunkDecoder& decoder, const ChunkEntry& entry,
                                                              std::vector<Gap>& damage);
  void note_damage(std::uint64_t offset, const std::vector<Gap>& damage);
  Result<std::optional<std::span<const Frame>>> read_chunk(ChunkDecoder& decoder, const ChunkEntry& entry,
                                                           std::vector<Gap>& damage);
  // A journal of version 1.0, of a later one, or, where nobody can tell any more, maybe either.
  struct Journal {
    std::string bytes;
    std::optional<RingImage> ring;
  };
  Result<Journal> load_journal();
  std::uint64_t take_journal(const std::function<void(std::uint64_t, const Frame&)>& frame);
  void take_tail_into_account();
  std::optional<Gap> still_missing(Gap gap, std::uint64_t first, std::uint64_t end) const;
  std::vector<Gap> told_damage() const;
  std::size_t journal_place(std::uint64_t sequence) const;
  bool take_batch_of_journal(std::uint64_t end);

  std::unique_ptr<ByteSource> in_;
  std::unique_ptr<ByteSource> journal_;
  SessionDirectory directory_;

  ChunkDecoder decoder_;
  WordBuffer stored_;
  std::span<const Frame> batch_;
  std::size_t position_ = 0;
  bool in_keyframe_ = false;
  std::size_t next_chunk_ = 0;         // index into the directory
  std::size_t next_keyframe_ = 0;      // likewise
  std::uint64_t next_sequence_ = 0;    // frames before it were delivered, or sought over
  std::set<std::uint64_t> damage_at_;  // offsets of chunks whose damage was told
  std::vector<Gap> damage_;

  Journal journal_content_;
  std::vector<Frame> journal_frames_;             // also those that stand in chunks
  std::vector<std::uint64_t> journal_sequences_;  // of each, ascending
  bool journal_supplies_ = false;                 // some that are in no chunk
  std::vector<Gap> journal_gaps_;
  std::vector<Annotation> journal_annotations_;
  std::vector<Gap> tail_gaps_;  // at the end of the file and in the journal
};

}  // namespace ktape
