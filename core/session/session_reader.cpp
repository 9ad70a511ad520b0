#include "core/session/session_reader.hpp"

#include <algorithm>
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
  auto journal_bytes = reader->load_journal();
  if (!journal_bytes) return tl::unexpected(journal_bytes.error());
  reader->journal_bytes_ = std::move(*journal_bytes);
  auto directory = SessionDirectory::load(*reader->in_, SessionDirectory::Way::Quick);
  if (!directory) return tl::unexpected(directory.error());
  reader->directory_ = std::move(*directory);
  reader->take_tail_into_account();
  return reader;
}

Result<std::string> SessionReader::load_journal() {
  if (journal_ == nullptr) return std::string();
  auto size = journal_->size();
  if (!size) return tl::unexpected(size.error());
  if (*size > kMaxJournalBytes) {
    return fail(Errc::Limit,
                fmt::format("{} has {} bytes; a journal has at most {}", journal_->name(), *size, kMaxJournalBytes));
  }
  return read_bytes(*journal_, 0, static_cast<std::size_t>(*size));
}

// Which frames of the journal are in no chunk, and what is missing between the chunks, the journal and the torn tail.
void SessionReader::take_tail_into_account() {
  journal_frames_.clear();
  tail_gaps_.clear();
  const std::uint64_t stored = directory_.next_sequence();
  const Timestamp from = directory_.chunks().empty() ? directory_.info().created_at : directory_.chunks().back().max_at;
  const std::string cut = fmt::format("the last {} bytes are no whole record", directory_.tail_bytes());
  journal_first_ = stored;
  if (directory_.seal()) {
    if (!directory_.has_footer()) {
      tail_gaps_.push_back(
          {from, from, GapCause::Crash, 0, std::nullopt, "the footer after the seal is missing or damaged"});
    } else if (directory_.tail_bytes() > 0) {
      tail_gaps_.push_back({from, from, GapCause::Crash, 0, std::nullopt, cut});
    }
    return;
  }
  std::size_t read = 0;
  const auto done =
      read_journal(journal_bytes_, directory_.info().salt, [&](std::uint64_t sequence, const Frame& frame) {
        read = static_cast<std::size_t>(frame.payload.data() - journal_bytes_.data()) + frame.payload.size();
        if (sequence < stored) return;
        if (journal_frames_.empty()) journal_first_ = sequence;
        journal_frames_.push_back(frame);
      });
  static_cast<void>(done);  // what came before the nonsense was checked and stays
  const std::uint64_t end = journal_first_ + journal_frames_.size();
  const auto rest = rest_of_journal(std::string_view(journal_bytes_).substr(read),
                                    format::journal_marker(directory_.info().salt), end);
  if (journal_first_ > stored) {
    const Timestamp to = journal_frames_.front().at;
    tail_gaps_.push_back(
        {std::min(from, to), to, GapCause::Damaged, journal_first_ - stored, std::nullopt,
         fmt::format("frames {} to {} are neither in a chunk nor in the journal", stored, journal_first_ - 1)});
  }
  // A torn chunk whose frames all stood in the journal has lost nothing. Without its header nobody knows how many it
  // had, unless the journal goes on after them.
  const Timestamp last = journal_frames_.empty() ? from : journal_frames_.back().at;
  const bool is_cut = directory_.tail_bytes() > 0;
  const auto tail_frames = directory_.tail_frames();
  const std::uint64_t known = std::max({end, stored + tail_frames.value_or(0), rest.end});
  const bool unknown = rest.unknown || (is_cut && !tail_frames && journal_first_ == stored);
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
  if (directory_.seal()) return false;
  auto journal_bytes = load_journal();
  if (!journal_bytes) return tl::unexpected(journal_bytes.error());
  if (auto extended = directory_.extend(*in_); !extended) return tl::unexpected(extended.error());
  // Frames of the batch at hand may lie in the journal that is replaced: what is left of it is read anew.
  if (position_ < batch_.size()) {
    next_sequence_ -= batch_.size() - position_;
    if (next_chunk_ > 0) --next_chunk_;
  }
  batch_ = {};
  position_ = 0;
  journal_bytes_ = std::move(*journal_bytes);
  take_tail_into_account();
  const std::uint64_t end =
      journal_frames_.empty() ? directory_.next_sequence() : journal_first_ + journal_frames_.size();
  return end > next_sequence_;
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
  damage.push_back(std::move(gap));
  if (!frames) return std::nullopt;
  return *frames;
}

// Makes the next batch that has frames not delivered yet; false at the end.
Result<bool> SessionReader::load_batch() {
  batch_ = {};
  position_ = 0;
  const auto& chunks = directory_.chunks();
  while (next_chunk_ < chunks.size()) {
    const ChunkEntry& entry = chunks[next_chunk_];
    std::vector<Gap> damage;
    auto frames = read_chunk(decoder_, entry, damage);
    if (!frames) return tl::unexpected(frames.error());
    ++next_chunk_;
    if (!damage.empty() && damage_at_.insert(entry.offset).second) {
      damage_.insert(damage_.end(), damage.begin(), damage.end());
    }
    const std::uint64_t end = entry.first_sequence + entry.frames;
    if (!*frames || end <= next_sequence_) {
      next_sequence_ = std::max(next_sequence_, end);
      continue;
    }
    batch_ = **frames;
    if (next_sequence_ > entry.first_sequence) position_ = next_sequence_ - entry.first_sequence;
    next_sequence_ = end;
    return true;
  }
  const std::uint64_t journal_end = journal_first_ + journal_frames_.size();
  if (journal_frames_.empty() || journal_end <= next_sequence_) return false;
  batch_ = journal_frames_;
  if (next_sequence_ > journal_first_) position_ = next_sequence_ - journal_first_;
  next_sequence_ = journal_end;
  return true;
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
  while (true) {
    auto loaded = load_batch();
    if (!loaded) return tl::unexpected(loaded.error());
    if (!*loaded) return {};
    while (position_ < batch_.size() && batch_[position_].at < at) ++position_;
    if (position_ < batch_.size()) return {};
  }
}

std::vector<Gap> SessionReader::gaps() const {
  std::vector<Gap> all = directory_.gaps();
  all.insert(all.end(), damage_.begin(), damage_.end());
  all.insert(all.end(), tail_gaps_.begin(), tail_gaps_.end());
  std::stable_sort(all.begin(), all.end(), [](const Gap& a, const Gap& b) { return a.from < b.from; });
  return all;
}

SessionState SessionReader::state() const {
  const bool tail_damaged =
      std::any_of(tail_gaps_.begin(), tail_gaps_.end(), [](const Gap& gap) { return gap.cause == GapCause::Damaged; });
  if (directory_.damaged() || !damage_.empty() || tail_damaged) {
    return SessionState::Damaged;
  }
  if (directory_.tail_bytes() > 0 || !journal_frames_.empty() || !tail_gaps_.empty()) return SessionState::Recovered;
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
    for (const Frame& frame : journal_frames_) {
      ++summary.frames;
      widen(frame.at, frame.at);
      totals.add({frame.connection, frame.direction, frame.kind, "", "", 1, frame.payload.size()});
    }
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
        if (header.type == format::RecordType::Chunk || header.type == format::RecordType::Gap) return {};
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
  for (const Gap& gap : hopped->gaps()) {
    if (gap.cause == GapCause::Damaged) damage.push_back(gap);
  }
  damage.insert(damage.end(), bodies.begin(), bodies.end());
  ChunkDecoder decoder;
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
