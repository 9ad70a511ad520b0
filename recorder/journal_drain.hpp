#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/session/journal_ring.hpp"
#include "core/session/session_writer.hpp"
#include "recorder/mapped_journal.hpp"
#include "recorder/recording.hpp"
#include "recorder/segment_names.hpp"

namespace ktape {

// The far end of the journal: takes entries out of the ring and puts them into the segments of a session. It owns the
// files. It knows no thread: one calls all but counters() and paths(), which any may.
//
// Room in the ring is given back when the chunk that holds its frames has been synced. So whatever happens, each
// committed frame is in the ring, or in a chunk that survives a power loss, or in both; which the numbers tell.
class JournalDrain {
 public:
  // Creates the first segment and the journal; nothing is left of them if that fails.
  static Result<std::unique_ptr<JournalDrain>> create(const RecordingOptions& options, SegmentNames names,
                                                      FileSystem& files);
  JournalDrain(const JournalDrain&) = delete;
  JournalDrain& operator=(const JournalDrain&) = delete;

  std::span<char> memory() const { return journal_->memory(); }
  // Once a RingWriter has made a ring of the memory, and before anything else.
  void open_ring();

  // Takes a portion of what is in the ring; false if that was all.
  Result<bool> step();
  // Gives back the room of everything that is stored, or of everything that was taken.
  Result<void> release_stored();
  Result<void> release_all();
  std::uint64_t free_bytes() const { return capacity_ - (ring_->published() - ring_->released()); }

  // Everything that is in the ring now survives a power loss when this returns. `now` is only reported.
  Result<void> sync(Timestamp now);

  // The ring is empty: seals the segment and removes the journal.
  Result<void> finish();
  void discard();

  struct Counters {
    std::atomic<std::uint64_t> taken{0};  // the position up to which entries were taken
    std::atomic<std::uint64_t> max_queued{0};
    std::atomic<std::uint64_t> stored_bytes{0};
    std::atomic<std::uint32_t> segments{0};
    std::atomic<int> level{0};
    std::atomic<std::uint64_t> syncs{0};
    std::atomic<std::int64_t> synced_at{0};
    std::atomic<std::int64_t> last_sync{0};
    std::atomic<std::int64_t> longest_sync{0};
  };
  const Counters& counters() const { return counters_; }
  std::vector<std::string> paths() const;

 private:
  JournalDrain(const RecordingOptions& options, SegmentNames names, FileSystem& files);

  Result<void> take(const RingEntry& entry);
  Result<void> begin_segment(const SessionWriter* previous);
  Result<void> rotate(Timestamp at, std::uint64_t position);
  bool segment_ends_before(Timestamp at) const;
  void choose_level();
  void count_stored();

  FileSystem& files_;
  SegmentNames names_;
  SessionInfo info_;  // of the present segment
  SessionWriterOptions writer_options_;
  int busy_level_;
  std::optional<std::uint64_t> max_bytes_;
  std::optional<Duration> max_span_;
  std::function<Duration()> stopwatch_;

  std::unique_ptr<MappedJournal> journal_;
  std::uint64_t capacity_ = 0;
  std::optional<RingReader> ring_;
  std::unique_ptr<SessionWriter> writer_;
  std::uint64_t stored_ = 0;         // the position before which everything is in a chunk
  std::uint64_t stored_before_ = 0;  // bytes of the segments before

  Counters counters_;
  mutable std::mutex paths_mutex_;
  std::vector<std::string> paths_;
};

}  // namespace ktape
