#include "core/market/sequence_watch.hpp"

namespace ktape {

SequenceWatch::Verdict SequenceWatch::observe(std::int64_t sequence, bool snapshot) {
  if (snapshot && sequence == 1) {
    last_ = 1;
    return {};
  }
  if (sequence <= last_) {
    ++repetitions_;
    return {.gap_from = {}, .repeated = true};
  }
  // The sum cannot overflow: a greater number exists.
  const std::int64_t expected = last_ + 1;
  last_ = sequence;
  if (sequence == expected) return {};
  ++gaps_;
  return {.gap_from = expected, .repeated = false};
}

}  // namespace ktape
