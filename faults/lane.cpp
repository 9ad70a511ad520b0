#include "faults/lane.hpp"

#include <algorithm>

namespace ktape {

void Lane::send(FrameKind kind, std::string_view payload, Timestamp due) {
  last_due_ = std::max({due, last_due_, timers_.now()});
  put(kind, payload, last_due_);
}

void Lane::send_apart(FrameKind kind, std::string_view payload, Timestamp due) {
  put(kind, payload, std::max(due, timers_.now()));
}

void Lane::put(FrameKind kind, std::string_view payload, Timestamp due) {
  if (cut_) return;
  if (is_clear() && !pumping_ && due <= timers_.now()) return arrived_(kind, payload);
  letters_.emplace(std::pair(due, next_++), Letter{kind, std::string(payload)});
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
    arrived_(letter.kind, letter.payload);
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
    arrived_(letter.kind, letter.payload);
  }
  pumping_ = false;
}

void Lane::cut() {
  cut_ = true;
  letters_.clear();
  timer_ = Timer();
}

}  // namespace ktape
