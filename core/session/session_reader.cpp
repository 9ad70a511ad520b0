#include "core/session/session_reader.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "core/base/crc.hpp"
#include "core/session/journal.hpp"

namespace ktape {
namespace {

constexpr std::uint64_t kMaxJournalBytes = 128U << 20;

// Adds up counts of streams whose numbers differ from record to record.
class StreamTotals {
 public:
  void add(const StreamCount& count) {
    Key key{count.connection, count.direction, count.kind, count.channel, count.symbol};
    const auto [place, is_new] = places_.try_emplace(std::move(key), totals_.size());
    if (is_new) {
      totals_.push_back(count);
    } else {
      totals_[place->second].frames += count.frames;
      totals_[place->second].payload_bytes += count.payload_bytes;
    }
  }
  void add(const StreamList& list, const ChunkStreamCounts& counts) {
    for (std::size_t i = 0; i < counts.ids.size(); ++i) {
      add(stream_count(list, list.streams[counts.ids[i]], counts.frames[i], counts.payload_bytes[i]));
    }
  }
  std::vector<StreamCount> take() { return std::move(totals_); }

 private:
  using Key = std::tuple<ConnectionId, Direction, FrameKind, std::string, std::string>;
  std::map<Key, std::size_t> places_;
  std::vector<StreamCount> totals_;
};

// What a journal tells about the frames that it cannot give: those of an entry that is damaged, or that a kill has
// torn, and of all entries after it.
struct JournalRest {
  std::uint64_t end = 0;  // one more than the last of them, as far as it is known
  bool unknown = false;   // there may be more
  bool damaged = false;   // a kill would not have left entries after it
};

// `rest` begins where the entry with frame `next` should.
JournalRest rest_of_journal(std::string_view rest, std::uint64_t marker, std::uint64_t next) {
  JournalRest out{next};
  // The head of an entry with frames from `next` on, whose marker and first frame may be put right.
  const auto take = [&](std::string_view bytes, bool repair) {
    char head[format::kJournalEntryBytes];
    bytes.copy(head, sizeof head);
    if (repair) format::store(head, marker);
    if (repair) format::store(head + 8, next);
    const auto first = format::load<std::uint64_t>(head + 8);
    const std::uint64_t end = first + format::load<std::uint32_t>(head + 16);
    if (format::load<std::uint32_t>(head + 28) != crc32c({head, 28}) || first < next || end < first) return false;
    out.end = std::max(out.end, end);
    return true;
  };
  std::string sign;
  format::append(sign, marker);
  if (rest.size() >= format::kJournalEntryBytes) {
    const bool is_next = rest.starts_with(sign) || format::load<std::uint64_t>(rest.data() + 8) == next;
    out.unknown = !take(rest, true) && is_next;
    // What is whole there, but of frames before, is of the time before the last chunk.
    if (out.unknown && format::load<std::uint32_t>(rest.data() + 28) == crc32c(rest.substr(0, 28))) out.unknown = false;
  } else {
    out.unknown = rest.size() >= 4 && rest.substr(0, sign.size()) == std::string_view(sign).substr(0, rest.size());
  }
  for (auto at = rest.find(sign, 1); at != std::string_view::npos; at = rest.find(sign, at + 1)) {
    if (rest.size() - at < format::kJournalEntryBytes || !take(rest.substr(at), false)) continue;
    out.damaged = true;
    out.unknown = false;
  }
  return out;
}

}  // namespace

SessionReader::SessionReader(std::unique_ptr<ByteSource> in, std::unique_ptr<ByteSource> journal)
    : in_(std::move(in)), journal_(std::move(journal)) {}

Result<std::unique_ptr<SessionReader>> SessionReader::open(std::unique_ptr<ByteSource> in,
                                                           std::unique_ptr<ByteSource> journal) {
  std::unique_ptr<SessionReader> reader(new SessionReader(std::move(in), std::move(journal)));
  // The journal is read before the file: what the writer moves from one to the other in between is then seen twice,
  // which the numbers tell, and never missed.
  auto journal_content = reader->load_journal();
  if (!journal_content) return tl::unexpected(journal_content.error());
  reader->journal_content_ = std::move(*journal_content);
  auto directory = SessionDirectory::load(*reader->in_, SessionDirectory::Way::Quick);
  if (!directory) return tl::unexpected(directory.error());
  reader->directory_ = std::move(*directory);
  reader->next_sequence_ = reader->info().first_sequence;
  reader->take_tail_into_account();
  return reader;
}

Result<SessionReader::Journal> SessionReader::load_journal() {
  Journal journal;
  if (journal_ == nullptr) return journal;
  auto ring = RingImage::load(*journal_);
  if (!ring) return tl::unexpected(ring.error());
  journal.ring = std::move(*ring);
  if (journal.ring && journal.ring->has_guard()) return journal;
  auto size = journal_->size();
  if (!size) return tl::unexpected(size.error());
  if (*size > kMaxJournalBytes) {
    return fail(Errc::Limit,
                fmt::format("{} has {} bytes; a journal has at most {}", journal_->name(), *size, kMaxJournalBytes));
  }
  auto bytes = read_bytes(*journal_, 0, static_cast<std::size_t>(*size));
  if (!bytes) return tl::unexpected(bytes.error());
  journal.bytes = std::move(*bytes);
  return journal;
}

// What the journal holds beyond the chunks; returns how many bytes of one of version 1.0 were of use. Other entries
// than frames carry the number of the frame that follows: what stands before a stored frame is stored, and what stands
// before the first that is not may be.
std::uint64_t SessionReader::take_journal(const std::function<void(std::uint64_t, const Frame&)>& frame) {
  const std::uint64_t salt = info().salt;
  const std::string& bytes = journal_content_.bytes;
  auto& ring = journal_content_.ring;
  const auto entries = ring ? ring->entries(salt) : std::vector<RingEntry>();
  if (ring && !ring->has_guard() && entries.empty()) ring.reset();
  if (!ring) {
    std::uint64_t read = 0;
    const auto done = read_journal(bytes, salt, [&](std::uint64_t sequence, const Frame& one) {
      read = static_cast<std::uint64_t>(one.payload.data() - bytes.data()) + one.payload.size();
      frame(sequence, one);
    });
    static_cast<void>(done);  // what came before the nonsense was checked and stays
    return read;
  }
  for (const RingEntry& entry : entries) {
    if (entry.type == RingEntryType::Frame) {
      frame(entry.sequence, entry.frame);
    } else if (entry.sequence >= directory_.next_sequence() && entry.type == RingEntryType::Gap) {
      const auto gap = decode_gap(entry.frame.payload);
      const auto& told = directory_.gaps();
      if (gap && std::find(told.begin(), told.end(), *gap) == told.end()) journal_gaps_.push_back(*gap);
    } else if (entry.sequence >= directory_.next_sequence() && entry.type == RingEntryType::Annotation) {
      const auto note = decode_annotation(entry.frame.payload);
      const auto& told = directory_.annotations();
      if (note && std::find(told.begin(), told.end(), *note) == told.end()) journal_annotations_.push_back(*note);
    }
  }
  return 0;
}

// Which frames of the journal are in no chunk, and what is missing between the chunks, the journal and the torn tail.
void SessionReader::take_tail_into_account() {
  journal_frames_.clear();
  journal_gaps_.clear();
  journal_annotations_.clear();
  journal_sequences_.clear();
  tail_gaps_.clear();
  const std::uint64_t read = take_journal([&](std::uint64_t sequence, const Frame& frame) {
    if (!journal_sequences_.empty() && sequence <= journal_sequences_.back()) return;
    journal_frames_.push_back(frame);
    journal_sequences_.push_back(sequence);
  });
  const std::uint64_t stored = directory_.next_sequence();
  const std::size_t first = journal_place(stored);
  const std::size_t supplied = journal_frames_.size() - first;
  journal_supplies_ = supplied > 0;
  for (const SessionDirectory::Damage& hole : directory_.damage()) {
    journal_supplies_ |= journal_place(hole.first) != journal_place(hole.end);
  }
  const std::uint64_t end = supplied == 0 ? stored : journal_sequences_.back() + 1;
  const Timestamp from = directory_.chunks().empty() ? directory_.info().created_at : directory_.chunks().back().max_at;
  if (const std::uint64_t missing = end - stored - supplied; missing > 0) {
    const Timestamp to = journal_frames_[first].at;
    Gap gap{std::min(from, to), to, GapCause::Damaged, missing, std::nullopt, ""};
    if (journal_content_.ring && !directory_.damaged()) gap.cause = GapCause::Crash;
    gap.detail =
        journal_sequences_[first] == stored + missing
            ? fmt::format("frames {} to {} are neither in a chunk nor in the journal", stored, stored + missing - 1)
            : fmt::format("of the frames {} to {} so many are neither in a chunk nor in the journal", stored, end - 1);
    tail_gaps_.push_back(std::move(gap));
  }
  const std::string cut = fmt::format("the last {} bytes are no whole record", directory_.tail_bytes());
  if (directory_.seal()) {
    if (!directory_.has_footer()) {
      tail_gaps_.push_back(
          {from, from, GapCause::Crash, 0, std::nullopt, "the footer after the seal is missing or damaged"});
    } else if (directory_.tail_bytes() > 0) {
      tail_gaps_.push_back({from, from, GapCause::Crash, 0, std::nullopt, cut});
    }
    return;
  }
  JournalRest rest{end};
  if (!journal_content_.ring) {
    rest = rest_of_journal(std::string_view(journal_content_.bytes).substr(static_cast<std::size_t>(read)),
                           format::journal_marker(info().salt), end);
  }
  // A torn chunk whose frames all stood in the journal has lost nothing. Without its header nobody knows how many it
  // had, unless the journal goes on after them.
  const Timestamp last = supplied == 0 ? from : journal_frames_.back().at;
  const bool is_cut = directory_.tail_bytes() > 0;
  const auto tail_frames = directory_.tail_frames();
  const bool goes_on = supplied > 0 && journal_sequences_[first] > stored;
  const std::uint64_t known = std::max({end, stored + tail_frames.value_or(0), rest.end});
  const bool unknown = rest.unknown || (is_cut && !tail_frames && !goes_on);
  if (!unknown && known == end && !(is_cut && tail_frames == 0U)) return;
  Gap gap{last, last, rest.damaged ? GapCause::Damaged : GapCause::Crash, std::nullopt, std::nullopt, ""};
  if (!unknown) gap.frames = known - end;
  if (is_cut) gap.detail = cut;
  if (rest.unknown || rest.end > end) {
    gap.detail += fmt::format("{}the journal is damaged or torn at byte {}", is_cut ? ", and " : "", read);
  }
  tail_gaps_.push_back(std::move(gap));
}

Result<bool> SessionReader::refresh() {
  if (directory_.seal() && !journal_supplies_) return false;
  auto journal_content = load_journal();
  if (!journal_content) return tl::unexpected(journal_content.error());
  if (auto extended = directory_.extend(*in_); !extended) return tl::unexpected(extended.error());
  // Frames of the batch at hand may lie in the journal that is replaced: what is left of it is read anew.
  // Those of a keyframe stay.
  if (!in_keyframe_) {
    const std::size_t told_keyframes = next_keyframe_;
    if (position_ < batch_.size()) seek_to_sequence(next_sequence());
    next_keyframe_ = std::max(next_keyframe_, told_keyframes);
    batch_ = {};
    position_ = 0;
  }
  journal_content_ = std::move(*journal_content);
  take_tail_into_account();
  const std::uint64_t end = journal_sequences_.empty() ? 0 : journal_sequences_.back() + 1;
  return std::max(end, directory_.next_sequence()) > next_sequence_;
}

// The index of the first frame of the journal with this number or a later one.
std::size_t SessionReader::journal_place(std::uint64_t sequence) const {
  const auto place = std::lower_bound(journal_sequences_.begin(), journal_sequences_.end(), sequence);
  return static_cast<std::size_t>(place - journal_sequences_.begin());
}

// A place is damaged where the numbers from `first` to `end` should be. What the journal still has is not missing; and
// from its first frame on nothing had been synced, so that what is torn there is the work of a crash, not of decay.
std::optional<Gap> SessionReader::still_missing(Gap gap, std::uint64_t first, std::uint64_t end) const {
  const std::uint64_t missing = end - first - (journal_place(end) - journal_place(first));
  if (first != end && gap.frames != 0U) gap.frames = missing;
  if (!journal_content_.ring || (!journal_sequences_.empty() && first < journal_sequences_.front())) return gap;
  if (missing == 0) return std::nullopt;
  gap.cause = GapCause::Crash;
  gap.frames = missing;
  return gap;
}

std::vector<Gap> SessionReader::told_damage() const {
  std::vector<Gap> told;
  for (const SessionDirectory::Damage& damage : directory_.damage()) {
    if (auto gap = still_missing(damage.gap, damage.first, damage.end)) told.push_back(std::move(*gap));
  }
  return told;
}

Result<std::optional<std::span<const Frame>>> SessionReader::read_chunk(ChunkDecoder& decoder, const ChunkEntry& entry,
                                                                        std::vector<Gap>& damage) {
  const std::size_t length = format::kRecordHeaderBytes + entry.stored_length;
  char* const bytes = stored_.reserve(length);
  auto got = in_->read_at(entry.offset, {bytes, length});
  if (!got) return tl::unexpected(got.error());
  const bool header_is_fine =
      *got >= format::kRecordHeaderBytes && format::decode_record_header({bytes, *got}).has_value();
  const std::size_t body = *got - std::min(*got, format::kRecordHeaderBytes);
  auto frames = decoder.decode(entry, {bytes + format::kRecordHeaderBytes, body});
  if (frames && header_is_fine) return *frames;
  Gap gap{entry.min_at, entry.max_at, GapCause::Damaged, frames ? 0 : entry.frames, std::nullopt, ""};
  gap.detail = frames ? fmt::format("the header of the chunk at offset {} is damaged, its frames are not", entry.offset)
                      : fmt::format("the chunk at offset {} is damaged: {}", entry.offset, frames.error().detail);
  const std::uint64_t end = entry.first_sequence + entry.frames;
  if (auto missing = still_missing(std::move(gap), entry.first_sequence, frames ? entry.first_sequence : end)) {
    damage.push_back(std::move(*missing));
  }
  if (!frames) return std::nullopt;
  return *frames;
}

Result<std::optional<std::span<const Frame>>> SessionReader::read_keyframe(ChunkDecoder& decoder,
                                                                           const ChunkEntry& entry,
                                                                           std::vector<Gap>& damage) {
  format::RecordHeader header;
  header.stored_length = entry.stored_length;
  header.raw_length = entry.raw_length;
  header.body_crc = entry.body_crc;
  auto message = read_message_record(*in_, entry.offset, header);
  if (!message && message.error().code == Errc::Io) return tl::unexpected(message.error());
  auto frames = message ? decoder.decode_message(entry, *message)
                        : Result<std::span<const Frame>>(tl::unexpected(message.error()));
  if (frames) return *frames;
  damage.push_back({entry.min_at, entry.max_at, GapCause::Damaged, 0, std::nullopt,
                    fmt::format("the keyframe at offset {} is damaged: {}", entry.offset, frames.error().detail)});
  return std::nullopt;
}

void SessionReader::note_damage(std::uint64_t offset, const std::vector<Gap>& damage) {
  if (!damage.empty() && damage_at_.insert(offset).second) {
    damage_.insert(damage_.end(), damage.begin(), damage.end());
  }
}

// The next keyframe that stands before this chunk, or before the frames that are in none yet.
Result<bool> SessionReader::load_keyframe(std::size_t chunk) {
  const auto& keyframes = directory_.keyframes();
  const auto& chunks = directory_.chunks();
  while (next_keyframe_ < keyframes.size()) {
    const ChunkEntry& entry = keyframes[next_keyframe_];
    if (chunk < chunks.size() && entry.offset > chunks[chunk].offset) return false;
    ++next_keyframe_;
    std::vector<Gap> damage;
    auto frames = read_keyframe(decoder_, entry, damage);
    if (!frames) return tl::unexpected(frames.error());
    note_damage(entry.offset, damage);
    if (!*frames || (*frames)->empty()) continue;
    batch_ = **frames;
    in_keyframe_ = true;
    return true;
  }
  return false;
}

// Frames of the journal whose numbers come next, without a hole, and lie before `end`.
bool SessionReader::take_batch_of_journal(std::uint64_t end) {
  const std::size_t begin = journal_place(next_sequence_);
  std::size_t stop = begin;
  while (stop < journal_sequences_.size() && journal_sequences_[stop] < end &&
         journal_sequences_[stop] == journal_sequences_[begin] + (stop - begin)) {
    ++stop;
  }
  if (begin == stop) return false;
  batch_ = std::span<const Frame>(journal_frames_).subspan(begin, stop - begin);
  next_sequence_ = journal_sequences_[stop - 1] + 1;
  return true;
}

// Makes the next batch that has frames not delivered yet; false at the end. The journal fills what the chunks leave
// open.
Result<bool> SessionReader::load_batch() {
  batch_ = {};
  position_ = 0;
  in_keyframe_ = false;
  const auto& chunks = directory_.chunks();
  while (next_chunk_ < chunks.size()) {
    auto made = load_keyframe(next_chunk_);
    if (!made || *made) return made;
    const ChunkEntry& entry = chunks[next_chunk_];
    if (next_sequence_ < entry.first_sequence && take_batch_of_journal(entry.first_sequence)) return true;
    std::vector<Gap> damage;
    auto frames = read_chunk(decoder_, entry, damage);
    if (!frames) return tl::unexpected(frames.error());
    ++next_chunk_;
    note_damage(entry.offset, damage);
    const std::uint64_t end = entry.first_sequence + entry.frames;
    if (!*frames && take_batch_of_journal(end)) return true;
    if (!*frames || end <= next_sequence_) {
      next_sequence_ = std::max(next_sequence_, end);
      continue;
    }
    batch_ = **frames;
    if (next_sequence_ > entry.first_sequence) position_ = next_sequence_ - entry.first_sequence;
    next_sequence_ = end;
    return true;
  }
  auto made = load_keyframe(next_chunk_);
  if (!made || *made) return made;
  return take_batch_of_journal(std::numeric_limits<std::uint64_t>::max());
}

Result<std::optional<Frame>> SessionReader::next_of_next_batch() {
  auto loaded = load_batch();
  if (!loaded) return tl::unexpected(loaded.error());
  if (!*loaded) return std::optional<Frame>();
  return std::optional<Frame>(batch_[position_++]);
}

Result<std::span<const Frame>> SessionReader::next_chunk() {
  if (position_ == batch_.size()) {
    auto loaded = load_batch();
    if (!loaded) return tl::unexpected(loaded.error());
  }
  const auto rest = batch_.subspan(position_);
  position_ = batch_.size();
  return rest;
}

Result<void> SessionReader::seek(Timestamp at) {
  const auto& chunks = directory_.chunks();
  const auto place =
      std::find_if(chunks.begin(), chunks.end(), [&](const ChunkEntry& chunk) { return chunk.max_at >= at; });
  next_chunk_ = static_cast<std::size_t>(place - chunks.begin());
  next_sequence_ = place == chunks.end() ? directory_.next_sequence() : place->first_sequence;
  batch_ = {};
  position_ = 0;
  // Keyframes that tell an older state are of no use to who begins here: those before the chunk that ends before `at`,
  // and by their stamps those after it.
  const std::uint64_t from = place == chunks.begin() ? 0 : std::prev(place)->offset;
  const auto& keyframes = directory_.keyframes();
  next_keyframe_ = 0;
  while (next_keyframe_ < keyframes.size() && keyframes[next_keyframe_].offset < from) ++next_keyframe_;
  while (true) {
    auto loaded = load_batch();
    if (!loaded) return tl::unexpected(loaded.error());
    if (!*loaded) return {};
    while (position_ < batch_.size() && batch_[position_].at < at) ++position_;
    if (position_ < batch_.size()) return {};
  }
}

void SessionReader::seek_to_sequence(std::uint64_t sequence) {
  const auto& chunks = directory_.chunks();
  const auto place = std::find_if(chunks.begin(), chunks.end(), [&](const ChunkEntry& chunk) {
    return chunk.first_sequence + chunk.frames > sequence;
  });
  next_chunk_ = static_cast<std::size_t>(place - chunks.begin());
  next_sequence_ = sequence;
  batch_ = {};
  position_ = 0;
  in_keyframe_ = false;
  const auto& keyframes = directory_.keyframes();
  const auto keyframe = std::find_if(keyframes.begin(), keyframes.end(),
                                     [&](const ChunkEntry& entry) { return entry.first_sequence >= sequence; });
  next_keyframe_ = static_cast<std::size_t>(keyframe - keyframes.begin());
}

std::optional<Timestamp> SessionReader::seek_to_keyframe(Timestamp at) {
  const auto& keyframes = directory_.keyframes();
  for (std::size_t i = keyframes.size(); i-- > 0;) {
    if (keyframes[i].max_at > at || keyframes[i].first_sequence <= info().first_sequence) continue;
    seek_to_sequence(keyframes[i].first_sequence);
    return keyframes[i].max_at;
  }
  return std::nullopt;
}

std::vector<Annotation> SessionReader::annotations() const {
  std::vector<Annotation> all = directory_.annotations();
  all.insert(all.end(), journal_annotations_.begin(), journal_annotations_.end());
  return all;
}

std::vector<Gap> SessionReader::gaps() const {
  std::vector<Gap> all = directory_.gaps();
  const std::vector<Gap> damage = told_damage();
  all.insert(all.end(), damage.begin(), damage.end());
  all.insert(all.end(), journal_gaps_.begin(), journal_gaps_.end());
  all.insert(all.end(), damage_.begin(), damage_.end());
  all.insert(all.end(), tail_gaps_.begin(), tail_gaps_.end());
  std::stable_sort(all.begin(), all.end(), [](const Gap& a, const Gap& b) { return a.from < b.from; });
  return all;
}

SessionState SessionReader::state() const {
  std::vector<Gap> all = told_damage();
  all.insert(all.end(), damage_.begin(), damage_.end());
  all.insert(all.end(), tail_gaps_.begin(), tail_gaps_.end());
  const auto decayed = [](const Gap& gap) { return gap.cause == GapCause::Damaged; };
  if (std::any_of(all.begin(), all.end(), decayed)) return SessionState::Damaged;
  if (directory_.tail_bytes() > 0 || journal_supplies_ || !all.empty()) return SessionState::Recovered;
  return directory_.seal() ? SessionState::Sealed : SessionState::Open;
}

bool SessionReader::complete() const { return directory_.seal() && damage_.empty(); }

Result<SessionSummary> SessionReader::summary() {
  SessionSummary summary;
  summary.stored_bytes = directory_.file_size();
  summary.chunks = directory_.chunks().size();
  const auto widen = [&](Timestamp first, Timestamp last) {
    summary.first_at = std::min(summary.first_at.value_or(first), first);
    summary.last_at = std::max(summary.last_at.value_or(last), last);
  };
  for (const ChunkEntry& entry : directory_.keyframes()) summary.keyframe_frames += entry.frames;
  for (const ChunkEntry& chunk : directory_.chunks()) {
    summary.frames += chunk.frames;
    widen(chunk.min_at, chunk.max_at);
  }
  StreamTotals totals;
  if (const auto& seal = directory_.seal()) {
    for (std::size_t i = 0; i < seal->list.streams.size(); ++i) {
      totals.add(
          stream_count(seal->list, seal->list.streams[i], seal->stream_frames[i], seal->stream_payload_bytes[i]));
    }
  } else {
    std::set<std::uint64_t> covered;
    for (const std::uint64_t offset : directory_.index_offsets()) {
      auto bytes = read_bytes(*in_, offset, format::kRecordHeaderBytes);
      if (!bytes) return tl::unexpected(bytes.error());
      const auto header = format::decode_record_header(*bytes);
      auto message = header ? read_message_record(*in_, offset, *header) : fail(Errc::Corrupt, "no header");
      auto index = message ? decode_index(*message) : tl::unexpected(message.error());
      if (!index) {
        if (index.error().code == Errc::Io) return tl::unexpected(index.error());
        continue;  // its chunks are counted one by one
      }
      for (std::size_t i = 0; i < index->chunks.size(); ++i) {
        if (covered.insert(index->chunks[i].offset).second) totals.add(index->list, index->counts[i]);
      }
    }
    ChunkDecoder decoder;
    std::vector<Gap> ignored;
    for (const ChunkEntry& entry : directory_.chunks()) {
      if (covered.contains(entry.offset)) continue;
      auto frames = read_chunk(decoder, entry, ignored);
      if (!frames) return tl::unexpected(frames.error());
      if (*frames) totals.add(decoder.streams(), decoder.counts());
    }
  }
  for (std::size_t i = 0; i < journal_frames_.size(); ++i) {
    const Frame& frame = journal_frames_[i];
    const std::uint64_t sequence = journal_sequences_[i];
    const auto& holes = directory_.damage();
    const bool in_hole = std::any_of(holes.begin(), holes.end(), [&](const SessionDirectory::Damage& hole) {
      return sequence >= hole.first && sequence < hole.end;
    });
    if (sequence < directory_.next_sequence() && !in_hole) continue;
    ++summary.frames;
    widen(frame.at, frame.at);
    totals.add({frame.connection, frame.direction, frame.kind, "", "", 1, frame.payload.size()});
  }
  summary.streams = totals.take();
  for (const StreamCount& stream : summary.streams) summary.payload_bytes += stream.payload_bytes;
  return summary;
}

Result<std::vector<Gap>> SessionReader::verify() {
  std::vector<Gap> damage;
  std::vector<Gap> bodies;
  auto hopped = SessionDirectory::load(
      *in_, SessionDirectory::Way::Hop, [&](std::uint64_t offset, const format::RecordHeader& header) -> Result<void> {
        using enum format::RecordType;
        if (header.type == Chunk || header.type == Gap || header.type == Annotation || header.type == Keyframe) {
          return {};  // told below, or by the directory
        }
        auto message = read_message_record(*in_, offset, header);
        auto fine = message && header.type == format::RecordType::Index ? decode_index(*message).map([](auto&&) {})
                    : message                                           ? Result<void>()
                                                                        : tl::unexpected(message.error());
        if (fine) return {};
        if (fine.error().code == Errc::Io) return fine;
        if (header.type == format::RecordType::Seal) return {};  // the directory says so itself
        bodies.push_back({header.min_at, header.max_at, GapCause::Damaged, 0, std::nullopt,
                          fmt::format("the record of type {} at offset {} is damaged: {}",
                                      static_cast<int>(header.type), offset, fine.error().detail)});
        return {};
      });
  if (!hopped) return tl::unexpected(hopped.error());
  for (const SessionDirectory::Damage& place : hopped->damage()) {
    if (auto gap = still_missing(place.gap, place.first, place.end)) damage.push_back(std::move(*gap));
  }
  damage.insert(damage.end(), bodies.begin(), bodies.end());
  ChunkDecoder decoder;
  for (const ChunkEntry& entry : hopped->keyframes()) {
    auto frames = read_keyframe(decoder, entry, damage);
    if (!frames) return tl::unexpected(frames.error());
  }
  for (const ChunkEntry& entry : hopped->chunks()) {
    auto frames = read_chunk(decoder, entry, damage);
    if (!frames) return tl::unexpected(frames.error());
  }
  damage.insert(damage.end(), tail_gaps_.begin(), tail_gaps_.end());
  if (tail_gaps_.empty() && hopped->tail_bytes() > 0) {
    damage.push_back({hopped->info().created_at, hopped->info().created_at, GapCause::Crash, hopped->tail_frames(),
                      std::nullopt, fmt::format("the last {} bytes are no whole record", hopped->tail_bytes())});
  }
  return damage;
}

}  // namespace ktape
