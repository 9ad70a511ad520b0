#include "recorder/frame_ring.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10U;
constexpr std::size_t kPerFrameBytes = 48;  // of an entry, so that many empty frames are bounded too

}  // namespace

FrameRing::FrameRing(FrameRingLimits limits, Evicted evicted) : limits_(limits), evicted_(std::move(evicted)) {}

void FrameRing::on_frame(const Frame& frame) {
  KTAPE_ASSERT(frame.payload.size() <= UINT32_MAX, "a frame of gigabytes");
  if (blocks_.empty() || blocks_.back()->bytes.size() + frame.payload.size() > blocks_.back()->bytes.capacity()) {
    auto block = std::make_unique<Block>();
    block->bytes.reserve(std::max(kBlockBytes, frame.payload.size()));  // and never moves what is in it
    blocks_.push_back(std::move(block));
  }
  Block& block = *blocks_.back();
  const char* const place = block.bytes.data() + block.bytes.size();
  block.bytes.append(frame.payload);
  ++block.frames;
  entries_.push_back({frame.at, frame.connection, frame.direction, frame.kind,
                      static_cast<std::uint32_t>(frame.payload.size()), place});
  bytes_ += frame.payload.size() + kPerFrameBytes;
  youngest_ = std::max(youngest_, frame.at);
  make_room();
}

void FrameRing::make_room() {
  while (entries_.size() > 1 && (!held_ || begin_ < *held_)) {
    // Both are times of one program's clock: their difference is no overflow.
    const bool old = youngest_ - entries_.front().at > limits_.span;
    if (!old && bytes_ <= limits_.bytes) break;
    if (!old) ++cut_by_bytes_;
    evict_oldest();
  }
}

void FrameRing::evict_oldest() {
  const Entry entry = entries_.front();
  if (evicted_) evicted_(frame_of(entry));
  entries_.pop_front();
  ++begin_;
  bytes_ -= entry.length + kPerFrameBytes;
  while (blocks_.front()->frames == 0) blocks_.pop_front();
  if (--blocks_.front()->frames == 0 && blocks_.size() > 1) blocks_.pop_front();
}

std::uint64_t FrameRing::read(std::uint64_t sequence, std::size_t budget_bytes, FrameSink& out) const {
  std::size_t handed = 0;
  for (sequence = std::max(sequence, begin_); sequence < end() && handed < budget_bytes; ++sequence) {
    const Entry& entry = entries_[static_cast<std::size_t>(sequence - begin_)];
    handed += entry.length + kPerFrameBytes;
    out.on_frame(frame_of(entry));
  }
  return sequence;
}

void FrameRing::hold(std::uint64_t sequence) {
  held_ = sequence;
  make_room();
}

void FrameRing::release() {
  held_.reset();
  make_room();
}

}  // namespace ktape
