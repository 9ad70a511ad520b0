#include "core/session/journal_ring.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/base/crc.hpp"
#include "core/session/format.hpp"

namespace ktape {
namespace {

// Both in cache lines of their own, since another thread writes each.
constexpr std::size_t kHeadOffset = 64;
constexpr std::size_t kTailOffset = 128;
constexpr std::size_t kFixedBytes = 24;  // of the header that never changes, with its CRC behind

std::atomic_ref<std::uint64_t> counter(char* header, std::size_t offset) {
  return std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(header + offset));
}

std::size_t padded(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }

std::uint32_t entry_crc(const char* at, std::size_t payload) {
  return crc32c({at + 8, format::kRingEntryBytes - 8 + payload});
}

// The entry at `offset`, without a look at its checksum.
RingEntry load_entry(const char* ring, std::size_t offset) {
  const char* const at = ring + offset;
  RingEntry entry;
  entry.position = format::load<std::uint64_t>(at + 8);
  entry.sequence = format::load<std::uint64_t>(at + 16);
  entry.frame.at = from_nanoseconds(format::load<std::int64_t>(at + 24));
  entry.frame.connection = format::load<ConnectionId>(at + 32);
  entry.type = format::load<RingEntryType>(at + 40);
  entry.frame.direction = format::load<Direction>(at + 41);
  entry.frame.kind = format::load<FrameKind>(at + 42);
  const auto length = format::load<std::uint32_t>(at + 36);
  if (entry.type == RingEntryType::Filler) {
    entry.end = entry.position + length;
  } else {
    entry.frame.payload = {at + format::kRingEntryBytes, length};
    entry.end = entry.position + RingWriter::entry_bytes(length);
  }
  return entry;
}

// The entry at `offset` of `room` bytes, if its checksum and all that it says of itself hold.
std::optional<RingEntry> checked_entry(std::string_view bytes, std::size_t offset, std::uint32_t marker) {
  if (bytes.size() - offset < format::kRingEntryBytes) return std::nullopt;
  const char* const at = bytes.data() + offset;
  if (format::load<std::uint32_t>(at) != marker) return std::nullopt;
  const auto length = format::load<std::uint32_t>(at + 36);
  const auto type = format::load<RingEntryType>(at + 40);
  const bool filler = type == RingEntryType::Filler;
  const std::size_t payload = filler ? 0 : length;
  if (type < RingEntryType::Frame || type > RingEntryType::Filler ||
      payload > bytes.size() - offset - format::kRingEntryBytes ||
      format::load<std::uint32_t>(at + 4) != entry_crc(at, payload) ||
      format::load<Direction>(at + 41) > Direction::ToExchange ||
      format::load<FrameKind>(at + 42) > FrameKind::Closed) {
    return std::nullopt;
  }
  return load_entry(bytes.data(), offset);
}

}  // namespace

std::size_t ring_memory_bytes(std::size_t capacity) { return format::kRingHeaderBytes + capacity; }

RingWriter::RingWriter(std::span<char> memory, std::uint64_t salt)
    : header_(memory.data()),
      ring_(memory.data() + format::kRingHeaderBytes),
      capacity_(memory.size() - format::kRingHeaderBytes),
      marker_(format::ring_marker(salt)) {
  KTAPE_ASSERT(memory.size() > format::kRingHeaderBytes && capacity_ % 8 == 0, "a ring has whole words and a header");
  std::memcpy(header_, format::kRingGuard.data(), 8);
  format::store(header_ + 8, std::uint64_t{capacity_});
  format::store(header_ + 16, marker_);
  format::store(header_ + 20, std::uint32_t{0});
  format::store(header_ + kFixedBytes, crc32c({header_, kFixedBytes}));
  counter(header_, kHeadOffset).store(0, std::memory_order_release);
  counter(header_, kTailOffset).store(0, std::memory_order_release);
}

std::size_t RingWriter::entry_bytes(std::size_t payload) { return padded(format::kRingEntryBytes + payload); }

bool RingWriter::has_room(std::size_t bytes) {
  if (head_ + bytes - known_tail_ <= capacity_) return true;
  known_tail_ = counter(header_, kTailOffset).load(std::memory_order_acquire);
  return head_ + bytes - known_tail_ <= capacity_;
}

std::size_t RingWriter::used() {
  known_tail_ = counter(header_, kTailOffset).load(std::memory_order_acquire);
  return static_cast<std::size_t>(head_ - known_tail_);
}

void RingWriter::publish(std::size_t bytes) {
  head_ += bytes;
  counter(header_, kHeadOffset).store(head_, std::memory_order_release);
}

void RingWriter::write(std::size_t offset, std::size_t bytes, RingEntryType type, std::uint64_t sequence,
                       const Frame& frame) {
  char* const at = ring_ + offset;
  const bool filler = type == RingEntryType::Filler;
  format::store(at + 8, head_);
  format::store(at + 16, sequence);
  format::store(at + 24, nanoseconds(frame.at));
  format::store(at + 32, frame.connection);
  format::store(at + 36, static_cast<std::uint32_t>(filler ? bytes : frame.payload.size()));
  format::store(at + 40, type);
  format::store(at + 41, frame.direction);
  format::store(at + 42, frame.kind);
  std::memset(at + 43, 0, 5);
  if (!frame.payload.empty()) std::memcpy(at + format::kRingEntryBytes, frame.payload.data(), frame.payload.size());
  format::store(at + 4, entry_crc(at, frame.payload.size()));
  format::store(at, marker_);
}

bool RingWriter::append(RingEntryType type, std::uint64_t sequence, const Frame& frame) {
  const std::size_t bytes = entry_bytes(frame.payload.size());
  if (bytes > capacity_) return false;
  std::size_t offset = static_cast<std::size_t>(head_ % capacity_);
  if (const std::size_t rest = capacity_ - offset; rest < bytes) {
    // An entry lies in one piece: the rest of the ring is filled, if only to be read over.
    if (!has_room(rest)) return false;
    if (rest >= format::kRingEntryBytes) write(offset, rest, RingEntryType::Filler, sequence, {});
    publish(rest);
    offset = 0;
  }
  if (!has_room(bytes)) return false;
  write(offset, bytes, type, sequence, frame);
  publish(bytes);
  return true;
}

RingReader::RingReader(std::span<char> memory)
    : header_(memory.data()),
      ring_(memory.data() + format::kRingHeaderBytes),
      capacity_(memory.size() - format::kRingHeaderBytes) {}

std::uint64_t RingReader::published() const { return counter(header_, kHeadOffset).load(std::memory_order_acquire); }

std::optional<RingEntry> RingReader::next() {
  const std::uint64_t head = published();
  while (position_ != head) {
    const std::size_t offset = static_cast<std::size_t>(position_ % capacity_);
    if (capacity_ - offset < format::kRingEntryBytes) {
      position_ += capacity_ - offset;
      continue;
    }
    RingEntry entry = load_entry(ring_, offset);
    KTAPE_ASSERT(entry.position == position_ && entry.end > position_ && entry.end <= head,
                 "the journal is written by this process alone");
    position_ = entry.end;
    if (entry.type != RingEntryType::Filler) return entry;
  }
  return std::nullopt;
}

void RingReader::release(std::uint64_t position) {
  KTAPE_ASSERT(position >= released_ && position <= position_, "what was not read is not released");
  released_ = position;
  counter(header_, kTailOffset).store(position, std::memory_order_release);
}

Result<std::optional<RingImage>> RingImage::load(ByteSource& in) {
  auto size = in.size();
  if (!size) return tl::unexpected(size.error());
  if (*size < format::kRingHeaderBytes + format::kRingEntryBytes) return std::nullopt;
  if (*size > format::kRingHeaderBytes + kMaxRingCapacity) {
    return fail(Errc::Limit, fmt::format("{} has {} bytes; a journal has at most {}", in.name(), *size,
                                         format::kRingHeaderBytes + kMaxRingCapacity));
  }
  std::string header(format::kRingHeaderBytes, '\0');
  auto got = in.read_at(0, header);
  if (!got) return tl::unexpected(got.error());
  if (std::string_view(header).substr(0, 8) != format::kRingGuard &&
      format::load<std::uint32_t>(header.data() + 28) == crc32c({header.data(), 28})) {
    return std::nullopt;
  }
  RingImage image;
  image.capacity_ = static_cast<std::size_t>(*size) - format::kRingHeaderBytes;
  const char* const at = header.data();
  image.has_guard_ = std::string_view(at, 8) == format::kRingGuard;
  const bool header_is_fine = image.has_guard_ && format::load<std::uint64_t>(at + 8) == image.capacity_ &&
                              format::load<std::uint32_t>(at + kFixedBytes) == crc32c({at, kFixedBytes});
  const auto head = format::load<std::uint64_t>(at + kHeadOffset);
  const auto tail = format::load<std::uint64_t>(at + kTailOffset);

  const auto read = [&](std::size_t offset, std::size_t length) -> Result<void> {
    const std::size_t before = image.bytes_.size();
    image.bytes_.resize(before + length);
    auto done = in.read_at(format::kRingHeaderBytes + offset, {image.bytes_.data() + before, length});
    if (!done) return tl::unexpected(done.error());
    image.bytes_.resize(before + *done);
    return {};
  };
  if (header_is_fine && tail <= head && head - tail <= image.capacity_) {
    // What is in use, if all of it is as it should be: the usual case, and cheap enough for a follower.
    const std::size_t begin = static_cast<std::size_t>(tail % image.capacity_);
    const std::size_t length = static_cast<std::size_t>(head - tail);
    const std::size_t straight = std::min(length, image.capacity_ - begin);
    if (auto done = read(begin, straight); !done) return tl::unexpected(done.error());
    if (auto done = read(0, length - straight); !done) return tl::unexpected(done.error());
    image.first_ = tail;
    if (image.walk(format::load<std::uint32_t>(at + 16)).end == head) return image;
    image.bytes_.clear();
    image.first_.reset();
  }
  if (auto done = read(0, image.capacity_); !done) return tl::unexpected(done.error());
  return image;
}

RingImage::Walk RingImage::walk(std::uint32_t marker) const {
  Walk walk;
  walk.end = *first_;
  while (walk.end - *first_ < bytes_.size()) {
    const std::size_t rest = capacity_ - static_cast<std::size_t>(walk.end % capacity_);
    if (rest < format::kRingEntryBytes) {
      walk.end += rest;
      continue;
    }
    auto entry = checked_entry(bytes_, static_cast<std::size_t>(walk.end - *first_), marker);
    if (!entry || entry->position != walk.end || entry->end <= walk.end) break;
    walk.end = entry->end;
    if (entry->type != RingEntryType::Filler) walk.entries.push_back(*entry);
  }
  return walk;
}

std::vector<RingEntry> RingImage::entries(std::uint64_t salt) const {
  const std::uint32_t marker = format::ring_marker(salt);
  if (first_) return walk(marker).entries;
  std::vector<RingEntry> entries;
  std::size_t offset = 0;
  while (offset + format::kRingEntryBytes <= bytes_.size()) {
    const auto entry = checked_entry(bytes_, offset, marker);
    if (!entry || entry->position % capacity_ != offset) {
      offset += 8;
      continue;
    }
    offset += entry->type == RingEntryType::Filler ? format::kRingEntryBytes
                                                   : static_cast<std::size_t>(entry->end - entry->position);
    if (entry->type != RingEntryType::Filler) entries.push_back(*entry);
  }
  std::sort(entries.begin(), entries.end(),
            [](const RingEntry& a, const RingEntry& b) { return a.position < b.position; });
  return entries;
}

}  // namespace ktape
