#include "tools/frame_digest.hpp"

namespace ktape {
namespace {

constexpr std::size_t kPendingBytes = 64U << 10;

void append(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
}

}  // namespace

void FrameDigest::add(const Frame& frame) {
  append(pending_, static_cast<std::uint64_t>(nanoseconds(frame.at)), 8);
  append(pending_, static_cast<std::uint32_t>(frame.connection), 4);
  append(pending_, static_cast<std::uint8_t>(frame.direction), 1);
  append(pending_, static_cast<std::uint8_t>(frame.kind), 1);
  append(pending_, frame.payload.size(), 8);
  pending_ += frame.payload;
  ++frames_;
  if (pending_.size() < kPendingBytes) return;
  sha256_.add(pending_);
  pending_.clear();
}

std::string FrameDigest::hex() {
  sha256_.add(pending_);
  return sha256_.hex();
}

}  // namespace ktape
