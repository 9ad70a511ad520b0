#include "faults/lane.hpp"

#include <algorithm>
#include <utility>

namespace ktape {

void Lane::send(FrameKind kind, std::string_view payload, Timestamp due, Slices slices) {
  const Timestamp first = std::max({due, last_due_, timers_.now()});
  last_due_ = first;
  for (const Slice& slice : slices) last_due_ += slice.delay;
  put(kind, payload, first, std::move(slices));
}

void Lane::send_apart(FrameKind kind, std::string_view payload, Timestamp due) {
  put(kind, payload, std::max(due, timers_.now()), {});
}

void Lane::put(FrameKind kind, std::string_view payload, Timestamp due, Slices slices) {
  if (cut_) return;
  if (is_clear() && !pumping_ && due <= timers_.now()) return arrived_(kind, payload, slices);
  letters_.emplace(std::pair(due, next_++), Letter{kind, std::string(payload), std::move(slices)});
  pump();
}

void Lane::release(FaultId by) {
  if (holders_.erase(by) != 0) pump();
}

void Lane::pump() {
  if (pumping_) return;
  const auto keep = keep_();
  pumping_ = true;
  while (!cut_ && holders_.empty() && !letters_.empty() && letters_.begin()->first.first <= timers_.now()) {
    const Letter letter = std::move(letters_.extract(letters_.begin()).mapped());
    arrived_(letter.kind, letter.payload, letter.slices);
  }
  pumping_ = false;
  timer_ = Timer();
  if (cut_ || !holders_.empty() || letters_.empty()) return;
  timer_ = timers_.at(letters_.begin()->first.first, [this](Timestamp) { pump(); });
}

void Lane::flush() {
  const auto keep = keep_();
  pumping_ = true;
  while (!cut_ && !letters_.empty()) {
    const Letter letter = std::move(letters_.extract(letters_.begin()).mapped());
    arrived_(letter.kind, letter.payload, letter.slices);
  }
  pumping_ = false;
}

void Lane::cut() {
  cut_ = true;
  letters_.clear();
  timer_ = Timer();
}

}  // namespace ktape
