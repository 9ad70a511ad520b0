#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/session/byte_source.hpp"
#include "core/wire/frame.hpp"

// The journal of a live recording: a ring of entries in a piece of memory that is shared with a file. See "Journal" in
// docs/format.md. Nothing here knows where the memory comes from.
namespace ktape {

enum class RingEntryType : std::uint8_t {
  Frame = 1,
  Gap = 2,  // the payload is a Cap'n Proto message; so it is in an annotation
  Annotation = 3,
  Rotation = 4,  // what follows belongs to another segment
  Filler = 5,    // up to the end of the ring
};

struct RingEntry {
  RingEntryType type = RingEntryType::Frame;
  std::uint64_t position = 0;  // bytes ever written before it: it lies at this modulo the capacity
  std::uint64_t end = 0;       // the position of the next
  std::uint64_t sequence = 0;  // of the frame; of the next frame in other entries
  Frame frame;                 // other entries use time, connection (where one is concerned) and payload
};

// The memory of a ring: a multiple of 8 bytes from 64 KiB to 1 GiB, and a header.
inline constexpr std::size_t kMinRingCapacity = 64U << 10;
inline constexpr std::size_t kMaxRingCapacity = 1U << 30;
std::size_t ring_memory_bytes(std::size_t capacity);

// The end that one thread writes to. Memory is aligned to 64 bytes and outlives writer and reader.
class RingWriter {
 public:
  // Makes `memory` an empty ring.
  RingWriter(std::span<char> memory, std::uint64_t salt);

  // Copies the entry into the ring and publishes it, which is what makes it survive the process: no system call. False
  // if there is no room at present; there never will be if the entry is larger than the capacity.
  bool append(RingEntryType type, std::uint64_t sequence, const Frame& frame);

  static std::size_t entry_bytes(std::size_t payload);
  std::size_t capacity() const { return capacity_; }
  std::uint64_t head() const { return head_; }  // bytes ever written
  std::size_t used();                           // bytes that are not released yet

 private:
  bool has_room(std::size_t bytes);
  void write(std::size_t offset, std::size_t bytes, RingEntryType type, std::uint64_t sequence, const Frame& frame);
  void publish(std::size_t bytes);

  char* header_;
  char* ring_;
  std::size_t capacity_;
  std::uint32_t marker_;
  std::uint64_t head_ = 0;
  std::uint64_t known_tail_ = 0;
};

// The end that one other thread reads from and gives room back at.
class RingReader {
 public:
  explicit RingReader(std::span<char> memory);  // which a RingWriter has made a ring

  // The next entry, its payload borrowed until release() passes its end; nothing if all that was published is read.
  std::optional<RingEntry> next();

  std::uint64_t position() const { return position_; }  // of the next entry
  std::uint64_t released() const { return released_; }
  std::uint64_t published() const;
  void release(std::uint64_t position);  // what lies before it may be overwritten

 private:
  char* header_;
  const char* ring_;
  std::size_t capacity_;
  std::uint64_t position_ = 0;
  std::uint64_t released_ = 0;
};

// What a journal file holds, read while its writer is at work, or after that was killed or lost its power: nothing in
// it is trusted but what a checksum covers.
class RingImage {
 public:
  // Nothing if `in` is a journal of version 1.0, or too short for anything. A ring whose header is damaged still is
  // one.
  static Result<std::optional<RingImage>> load(ByteSource& in);

  // Whether it begins as a ring does. Else it may be a journal of version 1.0 as well, with damage at its beginning.
  bool has_guard() const { return has_guard_; }

  // Every entry that is whole, in the order in which they were written. Some may be left from before, and be stored in
  // the recording already: their sequence numbers tell. Borrowed from this object.
  std::vector<RingEntry> entries(std::uint64_t salt) const;

 private:
  struct Walk {
    std::vector<RingEntry> entries;
    std::uint64_t end = 0;  // where it had to stop
  };
  Walk walk(std::uint32_t marker) const;  // from entry to entry, where first_ is known

  std::string bytes_;  // the ring, or the part of it that is in use, made straight
  std::size_t capacity_ = 0;
  bool has_guard_ = false;
  std::optional<std::uint64_t> first_;  // the position of that part; nothing if it is the whole ring
};

}  // namespace ktape
