#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/session/session_info.hpp"
#include "core/session/session_writer.hpp"
#include "core/wire/frame.hpp"
#include "recorder/file_system.hpp"

namespace ktape {

// What becomes of a frame that finds the journal full, because the disk has been slower than the exchange for long.
enum class WhenFull : std::uint8_t {
  Block,  // on_frame() waits for room: nothing is lost, and the exchange feels it
  Drop,   // the frame is dropped and counted, and a gap tells of it when a quarter of the journal is free again
};

struct RecordingOptions {
  std::string path;             // or a pattern: see segment_names.hpp
  SessionInfo info;             // of the first segment
  SessionWriterOptions writer;  // its compression level is the one used while the disk keeps up

  std::size_t journal_bytes = 64U << 20;  // 64 KiB to 1 GiB; reserved on the disk and mapped
  WhenFull when_full = WhenFull::Block;
  Duration sync_interval = std::chrono::seconds{1};  // what a power loss may cost
  int busy_compression_level = 1;                    // while half of the journal or more waits for the disk

  std::optional<std::uint64_t> max_segment_bytes;  // another segment begins when this one has so many, in whole chunks
  std::optional<Duration> max_segment_span;        // and at the first frame that is so much younger than the segment

  bool rotates = false;  // rotate() will be called

  // Reading of a monotonic clock, for the times in RecordingStats, which are zero without it. Never in a file.
  // Called from both threads.
  std::function<Duration()> stopwatch;
};

struct RecordingStats {
  std::uint64_t frames = 0;  // committed
  std::uint64_t payload_bytes = 0;
  std::uint64_t dropped_frames = 0;
  std::uint64_t dropped_bytes = 0;
  std::uint64_t dropped_notes = 0;  // gaps and annotations, for which there was no room even in memory

  std::uint64_t queued_bytes = 0;  // committed, and not yet taken up by the writer's thread
  std::uint64_t max_queued_bytes = 0;
  std::uint64_t journal_used_bytes = 0;  // committed, and not yet in a chunk that is on the disk
  std::uint64_t journal_bytes = 0;
  std::uint64_t times_blocked = 0;
  Duration blocked{};

  std::uint64_t stored_bytes = 0;  // in all segments, without the open chunk
  std::uint32_t segments = 0;
  int compression_level = 0;  // at present

  std::uint64_t syncs = 0;
  std::optional<Timestamp> synced_at;  // everything committed by then survives a power loss
  Duration last_sync{};                // how long it took
  Duration longest_sync{};
};

// A live recording that loses nothing and does not make its caller wait for the disk. A frame is committed when
// on_frame() returns: it lies in the journal, a ring in a mapped file, where kill -9 does not reach it. That takes a
// copy and no system call. A thread of its own compresses, stores and syncs; room in the journal is free again when the
// chunk that holds its frames is on the disk. See "Journal" in docs/format.md.
//
// One thread makes all calls: the loop that runs `clock`. The first failure sticks to status(): from then on frames are
// ignored, and everything that was committed stays readable, from the file and the journal beside it. So does all
// when a Recording is destroyed that was not finished.
class Recording final : public FrameSink {
 public:
  // Creates file and journal, neither of which may exist; nothing is left of them if it fails. `clock` and `files`
  // outlive the recording.
  static Result<std::unique_ptr<Recording>> create(RecordingOptions options, TimerService& clock,
                                                   FileSystem& files = system_files());
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  // Secrets are replaced before a byte reaches the journal. A payload beyond the limits (32 MiB, a third of the
  // journal) becomes a gap.
  void on_frame(const Frame& frame) override;
  // Where frames would be dropped, these wait in memory for room.
  void note_gap(const Gap& gap);
  void annotate(const Annotation& annotation);

  // The frames from here on go to another segment, unless there was none since it began. An error if the options did
  // not announce it.
  Result<void> rotate();

  // Waits until the writer's thread has nothing left to do: for tests, which want the same history in each run.
  void settle();
  // Waits until all that was committed survives a power loss. Not needed for the sync interval to hold.
  Result<void> sync();
  // Waits for the writer, seals the last segment and removes the journal. No other call but status(), stats() and
  // paths() may follow.
  Result<void> finish();
  // Takes away all that was recorded, for a start that came to nothing. In place of finish().
  void discard();

  Result<void> status() const;
  RecordingStats stats() const;
  std::vector<std::string> paths() const;  // of the segments so far; the last one is being written

 private:
  class Core;
  explicit Recording(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace ktape
