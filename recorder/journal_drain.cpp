#include "recorder/journal_drain.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/session/journal.hpp"
#include "core/session/records.hpp"
#include "recorder/file_sink.hpp"

namespace ktape {
namespace {

constexpr std::uint64_t kMaxPortion = 1U << 20;

// At most what a Duration holds.
Duration span_between(Timestamp from, Timestamp to) {
  std::int64_t span = 0;
  if (to <= from) return Duration::zero();
  if (__builtin_sub_overflow(nanoseconds(to), nanoseconds(from), &span)) return Duration::max();
  return Duration{span};
}

}  // namespace

JournalDrain::JournalDrain(const RecordingOptions& options, SegmentNames names, FileSystem& files)
    : files_(files),
      names_(std::move(names)),
      info_(options.info),
      writer_options_(options.writer),
      busy_level_(options.busy_compression_level),
      max_bytes_(options.max_segment_bytes),
      max_span_(options.max_segment_span),
      stopwatch_(options.stopwatch) {
  counters_.level = writer_options_.compression_level;
  writer_options_.extras = true;  // who records may annotate at any time
  if (writer_options_.redaction == Redaction::Secrets) {
    // It was done before anything came here.
    writer_options_.redaction = Redaction::Kept;
    info_.redaction = kRedactionPolicy;
  }
}

Result<std::unique_ptr<JournalDrain>> JournalDrain::create(const RecordingOptions& options, SegmentNames names,
                                                           FileSystem& files) {
  std::unique_ptr<JournalDrain> drain(new JournalDrain(options, std::move(names), files));
  if (auto done = drain->begin_segment(nullptr); !done) return tl::unexpected(done.error());
  auto journal =
      MappedJournal::create(journal_path(drain->paths_.back()), ring_memory_bytes(options.journal_bytes), files);
  if (!journal) {
    drain->discard();
    return tl::unexpected(journal.error());
  }
  drain->journal_ = std::move(*journal);
  drain->capacity_ = options.journal_bytes;
  return drain;
}

void JournalDrain::open_ring() { ring_.emplace(journal_->memory()); }

Result<void> JournalDrain::begin_segment(const SessionWriter* previous) {
  const std::string path = names_.name(info_.segment, info_.created_at);
  auto sink = FileSink::create(path, files_);
  if (!sink) return tl::unexpected(sink.error());
  {
    const std::lock_guard lock(paths_mutex_);
    paths_.push_back(path);
  }
  auto writer = SessionWriter::create(std::move(*sink), nullptr, info_, writer_options_);
  if (!writer) {
    if (previous == nullptr) discard();
    return tl::unexpected(writer.error());
  }
  // What the journal holds could not be told apart without the header.
  if (auto done = (*writer)->sync(); !done) {
    if (previous == nullptr) {
      writer->reset();
      discard();
    }
    return done;
  }
  if (previous != nullptr) (*writer)->continue_after(*previous);
  writer_ = std::move(*writer);
  writer_->set_compression_level(counters_.level);
  ++counters_.segments;
  count_stored();
  return {};
}

void JournalDrain::count_stored() { counters_.stored_bytes = stored_before_ + writer_->stored_bytes(); }

bool JournalDrain::segment_ends_before(Timestamp at) const {
  if (writer_->frames() == 0) return false;
  return (max_bytes_ && writer_->stored_bytes() >= *max_bytes_) ||
         (max_span_ && span_between(info_.created_at, at) >= *max_span_);
}

// The order makes every instant safe. Sealed, the old segment has all frames before `position`; those from there on are
// in the ring, which stands beside the old segment until the new one has its header and so can have it at its side.
Result<void> JournalDrain::rotate(Timestamp at, std::uint64_t position) {
  if (auto done = writer_->finish(); !done) return done;
  stored_ = position;
  ring_->release(stored_);
  stored_before_ += writer_->stored_bytes();
  ++info_.segment;
  info_.first_sequence = writer_->next_sequence();
  if (info_.monotonic_at != Duration::zero()) {
    const Duration elapsed = span_between(info_.created_at, at);
    info_.monotonic_at += std::min(elapsed, Duration::max() - info_.monotonic_at);
  }
  info_.created_at = at;
  const std::unique_ptr<SessionWriter> before = std::move(writer_);
  if (auto done = begin_segment(before.get()); !done) return done;
  return journal_->rename(journal_path(paths_.back()));
}

Result<void> JournalDrain::take(const RingEntry& entry) {
  switch (entry.type) {
    case RingEntryType::Frame:
      if (segment_ends_before(entry.frame.at)) {
        if (auto done = rotate(entry.frame.at, entry.position); !done) return done;
      }
      KTAPE_ASSERT(entry.sequence == writer_->next_sequence(), "ring and segments number frames alike");
      writer_->on_frame(entry.frame);
      if (!writer_->status()) return writer_->status();
      if (writer_->stored_sequence() == entry.sequence) stored_ = entry.position;
      break;
    case RingEntryType::Gap: {
      const auto gap = decode_gap(entry.frame.payload);
      if (!gap) return tl::unexpected(gap.error());
      writer_->note_gap(*gap);
      break;
    }
    case RingEntryType::Annotation: {
      const auto note = decode_annotation(entry.frame.payload);
      if (!note) return tl::unexpected(note.error());
      writer_->annotate(*note);
      break;
    }
    case RingEntryType::Rotation:
      if (writer_->frames() > 0) return rotate(entry.frame.at, entry.end);
      break;
    case RingEntryType::Filler:
      break;
  }
  if (!writer_->status()) return writer_->status();
  if (writer_->stored_sequence() == writer_->next_sequence()) stored_ = entry.end;
  return {};
}

// Packing well is for a disk and a core that keep up. The two marks lie apart, so that the level does not flutter.
void JournalDrain::choose_level() {
  const std::uint64_t queued = ring_->published() - ring_->position();
  counters_.max_queued = std::max(counters_.max_queued.load(), queued);
  int level = counters_.level;
  if (queued >= capacity_ / 2) level = busy_level_;
  if (queued < capacity_ / 8) level = writer_options_.compression_level;
  if (level == counters_.level) return;
  writer_->set_compression_level(level);
  counters_.level = level;
}

Result<bool> JournalDrain::step() {
  choose_level();
  const std::uint64_t end = ring_->position() + std::min(kMaxPortion, capacity_ / 8);
  while (ring_->position() < end) {
    const auto entry = ring_->next();
    if (!entry) break;
    if (auto done = take(*entry); !done) return tl::unexpected(done.error());
    counters_.taken.store(ring_->position(), std::memory_order_relaxed);
  }
  count_stored();
  // An open chunk may not fill the journal.
  if (ring_->position() - stored_ >= capacity_ / 2) {
    if (auto done = release_all(); !done) return tl::unexpected(done.error());
  } else if (stored_ - ring_->released() >= capacity_ / 8) {
    if (auto done = release_stored(); !done) return tl::unexpected(done.error());
  }
  return ring_->position() != ring_->published();
}

Result<void> JournalDrain::release_stored() {
  if (stored_ == ring_->released()) return {};
  if (auto done = writer_->sync(); !done) return done;
  ring_->release(stored_);
  return {};
}

Result<void> JournalDrain::release_all() {
  if (auto done = writer_->flush(); !done) return done;
  stored_ = ring_->position();
  count_stored();
  return release_stored();
}

Result<void> JournalDrain::sync(Timestamp now) {
  const Duration begin = stopwatch_ ? stopwatch_() : Duration::zero();
  // What is stored need not be written a second time, with the ring.
  if (auto done = release_stored(); !done) return done;
  const std::uint64_t head = ring_->published();
  const std::size_t used = static_cast<std::size_t>(head - ring_->released());
  const std::size_t offset = static_cast<std::size_t>(ring_->released() % capacity_);
  const std::size_t straight = std::min<std::size_t>(used, capacity_ - offset);
  const std::size_t header = ring_memory_bytes(0);
  if (auto done = journal_->sync(0, header); !done) return done;
  if (straight > 0) {
    if (auto done = journal_->sync(header + offset, straight); !done) return done;
  }
  if (used > straight) {
    if (auto done = journal_->sync(header, used - straight); !done) return done;
  }
  if (stopwatch_) {
    const std::int64_t took = (stopwatch_() - begin).count();
    counters_.last_sync = took;
    counters_.longest_sync = std::max(counters_.longest_sync.load(), took);
  }
  counters_.synced_at = nanoseconds(now);
  ++counters_.syncs;  // after the time: who sees a count finds the time
  return {};
}

Result<void> JournalDrain::finish() {
  KTAPE_ASSERT(ring_->position() == ring_->published(), "everything was taken before the end");
  auto done = writer_->finish();
  count_stored();
  if (!done) return done;
  return journal_->remove();
}

void JournalDrain::discard() {
  writer_.reset();
  if (journal_) static_cast<void>(journal_->remove());
  for (const std::string& path : paths()) static_cast<void>(files_.remove(path));
}

std::vector<std::string> JournalDrain::paths() const {
  const std::lock_guard lock(paths_mutex_);
  return paths_;
}

}  // namespace ktape
