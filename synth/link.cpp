#include "synth/link.hpp"

namespace ktape::synth {

Link::Link(std::uint64_t seed, Timestamp start) : random_(seed, "link") { draw_stall(start); }

Timestamp Link::arrival(Timestamp now, Duration delay) {
  while (now >= stall_end_) draw_stall(stall_end_);
  const Timestamp at = now + delay;
  return at >= stall_begin_ && at < stall_end_ ? stall_end_ : at;
}

void Link::draw_stall(Timestamp after) {
  stall_begin_ = after + std::chrono::milliseconds{random_.between(30'000, 240'000)};
  stall_end_ = stall_begin_ + std::chrono::milliseconds{random_.between(400, 1'250)};
}

}  // namespace ktape::synth
