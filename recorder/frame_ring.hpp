#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/wire/frame.hpp"

namespace ktape {

struct FrameRingLimits {
  Duration span = std::chrono::minutes(10);  // older frames than the youngest less this go
  std::size_t bytes = std::size_t{256} << 20U;
};

// The last frames, in memory, bounded in time and in bytes: what happened before something happens. Frames are numbered
// from 0; their order is that of on_frame(). Memory is taken in blocks and given back with the last frame in them.
class FrameRing final : public FrameSink {
 public:
  // Gets each frame that goes, oldest first, before it is gone. May be empty.
  using Evicted = std::function<void(const Frame& frame)>;

  explicit FrameRing(FrameRingLimits limits, Evicted evicted = {});

  void on_frame(const Frame& frame) override;

  // Hands frames from `sequence` on to `out`, in order, until about `budget_bytes` of payload have passed or all have;
  // the sequence to go on with. What has gone meanwhile is skipped.
  std::uint64_t read(std::uint64_t sequence, std::size_t budget_bytes, FrameSink& out) const;

  // Frames from `sequence` on stay, whatever the limits, until release(): for a reader that follows in steps.
  void hold(std::uint64_t sequence);
  void release();

  std::uint64_t begin() const { return begin_; }                  // the oldest there is
  std::uint64_t end() const { return begin_ + entries_.size(); }  // one past the youngest
  std::size_t bytes() const { return bytes_; }                    // payloads and what is kept about each
  // How many frames had to go though they were young enough.
  std::uint64_t cut_by_bytes() const { return cut_by_bytes_; }

 private:
  struct Block {
    std::string bytes;
    std::size_t frames = 0;  // with their payload in it
  };
  struct Entry {
    Timestamp at;
    ConnectionId connection;
    Direction direction;
    FrameKind kind;
    std::uint32_t length;
    const char* payload;
  };
  Frame frame_of(const Entry& entry) const {
    return {entry.at, entry.connection, entry.direction, entry.kind, {entry.payload, entry.length}};
  }
  void evict_oldest();
  void make_room();

  FrameRingLimits limits_;
  Evicted evicted_;
  std::deque<Entry> entries_;
  std::deque<std::unique_ptr<Block>> blocks_;  // in the order of their frames
  std::uint64_t begin_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t cut_by_bytes_ = 0;
  std::optional<std::uint64_t> held_;
  Timestamp youngest_ = Timestamp::min();
};

}  // namespace ktape
