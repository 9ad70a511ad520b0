#include "recorder/recording.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/session/compression.hpp"
#include "core/session/journal_ring.hpp"
#include "core/session/records.hpp"
#include "core/session/redactor.hpp"
#include "recorder/journal_drain.hpp"
#include "recorder/segment_names.hpp"
#include "recorder/writer_thread.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxPendingNotes = 4'096;
constexpr std::uint64_t kWakeBytes = 256U << 10;

bool several_segments(const RecordingOptions& options) {
  return options.rotates || options.max_segment_bytes.has_value() || options.max_segment_span.has_value();
}

Result<void> check(const RecordingOptions& options) {
  if (options.journal_bytes < kMinRingCapacity || options.journal_bytes > kMaxRingCapacity ||
      options.journal_bytes % 4096 != 0) {
    return fail(Errc::InvalidArgument, fmt::format("a journal has {} to {} bytes, in whole pages of 4096, not {}",
                                                   kMinRingCapacity, kMaxRingCapacity, options.journal_bytes));
  }
  if (options.sync_interval <= Duration::zero()) {
    return fail(Errc::InvalidArgument,
                fmt::format("the sync interval must be positive, not {}", options.sync_interval.count()));
  }
  if (options.max_segment_bytes == std::uint64_t{0}) return fail(Errc::InvalidArgument, "a segment of 0 bytes");
  if (options.max_segment_span && *options.max_segment_span <= Duration::zero()) {
    return fail(Errc::InvalidArgument,
                fmt::format("the span of a segment must be positive, not {}", options.max_segment_span->count()));
  }
  if (!Compressor::level_is_valid(options.busy_compression_level)) {
    return fail(Errc::InvalidArgument, fmt::format("zstd has no level {}", options.busy_compression_level));
  }
  if (options.writer.redaction == Redaction::Secrets && options.writer.redaction_key == RedactionKey{}) {
    return fail(Errc::InvalidArgument, "redaction needs a random key, or must be switched off");
  }
  return {};
}

Timestamp later(Timestamp at, Duration by) { return at > Timestamp::max() - by ? Timestamp::max() : at + by; }

}  // namespace

// What belongs to the thread of the loop.
class Recording::Core {
 public:
  Core(const RecordingOptions& options, TimerService& clock, std::unique_ptr<JournalDrain> drain)
      : options_(options),
        clock_(clock),
        drain_(std::move(drain)),
        ring_(drain_->memory(), options.info.salt),
        max_payload_(std::min(kMaxPayloadBytes, options.journal_bytes / 3)),
        wake_bytes_(std::min<std::uint64_t>(kWakeBytes, options.journal_bytes / 8)),
        sequence_(options.info.first_sequence) {
    if (options.writer.redaction == Redaction::Secrets) redactor_.emplace(options.writer.redaction_key);
    drain_->open_ring();
    thread_.emplace(*drain_);
  }

  void on_frame(const Frame& original) {
    KTAPE_ASSERT(!finished_, "no frame may follow finish()");
    if (thread_->failed()) return;
    Frame frame = original;
    if (redactor_) frame.payload = redactor_->redact(frame.payload);
    if (frame.payload.size() > max_payload_) {
      ++stats_.dropped_frames;
      stats_.dropped_bytes += frame.payload.size();
      note(RingEntryType::Gap, {frame.at, encode_gap({frame.at, frame.at, GapCause::Dropped, 1, frame.connection,
                                                      fmt::format("a payload of {} bytes is beyond the limit of {}",
                                                                  frame.payload.size(), max_payload_)})});
      return;
    }
    if ((dropping_ && !resume()) || !append(RingEntryType::Frame, frame)) {
      if (!thread_->failed()) drop(frame);
      return;
    }
    ++sequence_;
    ++stats_.frames;
    stats_.payload_bytes += frame.payload.size();
  }

  void note_gap(const Gap& original) {
    Gap gap = original;
    if (redactor_) gap.detail = std::string(redactor_->redact(gap.detail));
    note(RingEntryType::Gap, {gap.from, encode_gap(gap)});
  }
  void annotate(const Annotation& original) {
    Annotation annotation = original;
    if (redactor_) annotation.text = std::string(redactor_->redact(annotation.text));
    note(RingEntryType::Annotation, {annotation.at, encode_annotation(annotation)});
  }

  Result<void> rotate() {
    KTAPE_ASSERT(!finished_, "no rotation may follow finish()");
    if (!several_segments(options_)) {
      return fail(Errc::InvalidArgument, fmt::format("{} was not opened for several segments", options_.path));
    }
    note(RingEntryType::Rotation, {clock_.now(), {}});
    thread_->wake();
    return thread_->status();
  }

  void settle() { thread_->settle(); }

  Result<void> sync() { return thread_->sync(clock_.now()); }

  Result<void> finish() {
    KTAPE_ASSERT(!finished_, "a recording is finished once");
    sync_timer_.cancel();
    while (dropping_ && !thread_->failed()) {
      static_cast<void>(thread_->wait_for_room(ring_.capacity()));
      static_cast<void>(resume());
    }
    finished_ = true;
    if (auto fine = thread_->status(); !fine) return fine;
    return thread_->finish();
  }

  void discard() {
    finished_ = true;
    sync_timer_.cancel();
    end_of_thread();
    drain_->discard();
  }

  Result<void> status() const { return thread_ ? thread_->status() : last_status_; }

  RecordingStats stats() const {
    RecordingStats stats = stats_;
    const JournalDrain::Counters& far = drain_->counters();
    stats.queued_bytes = ring_.head() - far.taken.load();
    stats.max_queued_bytes = std::max(stats.max_queued_bytes, far.max_queued.load());
    stats.journal_bytes = ring_.capacity();
    stats.journal_used_bytes = ring_.used();
    stats.stored_bytes = far.stored_bytes;
    stats.segments = far.segments;
    stats.compression_level = far.level;
    stats.syncs = far.syncs;
    if (stats.syncs > 0) stats.synced_at = from_nanoseconds(far.synced_at);
    stats.last_sync = Duration{far.last_sync};
    stats.longest_sync = Duration{far.longest_sync};
    return stats;
  }

  std::vector<std::string> paths() const { return drain_->paths(); }

 private:
  struct Note {
    Timestamp at;
    std::string message;
  };
  struct Dropped {
    Timestamp from;
    Timestamp to;
    ConnectionId connection{};
    std::uint64_t frames = 0;
  };

  void end_of_thread() {
    last_status_ = thread_->status();
    thread_.reset();
  }

  // False if there is no room, and none is to be waited for, or the writer has failed.
  bool append(RingEntryType type, const Frame& frame) {
    while (!ring_.append(type, sequence_, frame)) {
      if (options_.when_full == WhenFull::Drop) return false;
      ++stats_.times_blocked;
      const Duration begin = options_.stopwatch ? options_.stopwatch() : Duration::zero();
      const std::uint64_t room =
          std::max<std::uint64_t>(ring_.capacity() / 8, RingWriter::entry_bytes(frame.payload.size()));
      const bool fine = thread_->wait_for_room(room).has_value();
      if (options_.stopwatch) stats_.blocked += options_.stopwatch() - begin;
      if (!fine) return false;
    }
    if (ring_.head() - woken_at_ >= wake_bytes_) {
      woken_at_ = ring_.head();
      thread_->wake();
    }
    if (!sync_is_due_) {
      sync_is_due_ = true;
      sync_timer_ = clock_.at(later(clock_.now(), options_.sync_interval), [this](Timestamp at) {
        sync_is_due_ = false;
        thread_->request_sync(at);
      });
    }
    return true;
  }

  // Notes never get lost for want of room: they wait for it in memory.
  void note(RingEntryType type, Note what) {
    KTAPE_ASSERT(!finished_, "nothing may follow finish()");
    if (thread_->failed()) return;
    Frame entry;
    entry.at = what.at;
    entry.payload = what.message;
    if ((!dropping_ || resume()) && append(type, entry)) return;
    if (thread_->failed()) return;
    begin_dropping();
    if (pending_.size() < kMaxPendingNotes) {
      pending_.emplace_back(type, std::move(what));
    } else {
      ++stats_.dropped_notes;
    }
  }

  void begin_dropping() {
    if (std::exchange(dropping_, true)) return;
    stats_.max_queued_bytes = std::max<std::uint64_t>(stats_.max_queued_bytes, ring_.used());
    thread_->request_room(ring_.capacity() / 4);
  }

  void drop(const Frame& frame) {
    begin_dropping();
    ++stats_.dropped_frames;
    stats_.dropped_bytes += frame.payload.size();
    const auto place = std::find_if(dropped_.begin(), dropped_.end(),
                                    [&](const Dropped& one) { return one.connection == frame.connection; });
    if (place == dropped_.end()) {
      dropped_.push_back({frame.at, frame.at, frame.connection, 1});
    } else {
      place->from = std::min(place->from, frame.at);
      place->to = std::max(place->to, frame.at);
      ++place->frames;
    }
  }

  // Goes on recording if a quarter of the journal is free, so that there is one hole and not a thousand. First it tells
  // what was dropped.
  bool resume() {
    if (ring_.used() > ring_.capacity() - ring_.capacity() / 4) return false;
    while (!dropped_.empty()) {
      const Dropped& one = dropped_.back();
      const std::string message =
          encode_gap({one.from, one.to, GapCause::Dropped, one.frames, one.connection,
                      fmt::format("the disk was too slow: the journal of {} bytes was full", ring_.capacity())});
      if (!append_note(RingEntryType::Gap, one.from, message)) return false;
      dropped_.pop_back();
    }
    while (!pending_.empty()) {
      if (!append_note(pending_.front().first, pending_.front().second.at, pending_.front().second.message))
        return false;
      pending_.erase(pending_.begin());
    }
    dropping_ = false;
    return true;
  }
  bool append_note(RingEntryType type, Timestamp at, std::string_view message) {
    Frame entry;
    entry.at = at;
    entry.payload = message;
    return append(type, entry);
  }

  RecordingOptions options_;
  TimerService& clock_;
  std::unique_ptr<JournalDrain> drain_;
  mutable RingWriter ring_;
  std::size_t max_payload_;
  std::uint64_t wake_bytes_;
  std::uint64_t woken_at_ = 0;
  std::uint64_t sequence_;
  std::optional<Redactor> redactor_;
  RecordingStats stats_;  // what this thread counts

  bool dropping_ = false;
  std::vector<Dropped> dropped_;
  std::vector<std::pair<RingEntryType, Note>> pending_;

  bool sync_is_due_ = false;
  Timer sync_timer_;
  bool finished_ = false;
  Result<void> last_status_;
  std::optional<WriterThread> thread_;  // ends first
};

Recording::Recording(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Recording::~Recording() = default;

Result<std::unique_ptr<Recording>> Recording::create(RecordingOptions options, TimerService& clock, FileSystem& files) {
  if (auto fine = check(options); !fine) return tl::unexpected(fine.error());
  auto names = SegmentNames::parse(options.path, several_segments(options));
  if (!names) return tl::unexpected(names.error());
  auto drain = JournalDrain::create(options, std::move(*names), files);
  if (!drain) return tl::unexpected(drain.error());
  return std::unique_ptr<Recording>(new Recording(std::make_unique<Core>(options, clock, std::move(*drain))));
}

void Recording::on_frame(const Frame& frame) { core_->on_frame(frame); }
void Recording::note_gap(const Gap& gap) { core_->note_gap(gap); }
void Recording::annotate(const Annotation& annotation) { core_->annotate(annotation); }
Result<void> Recording::rotate() { return core_->rotate(); }
void Recording::settle() { core_->settle(); }
Result<void> Recording::sync() { return core_->sync(); }
Result<void> Recording::finish() { return core_->finish(); }
void Recording::discard() { core_->discard(); }
Result<void> Recording::status() const { return core_->status(); }
RecordingStats Recording::stats() const { return core_->stats(); }
std::vector<std::string> Recording::paths() const { return core_->paths(); }

}  // namespace ktape
