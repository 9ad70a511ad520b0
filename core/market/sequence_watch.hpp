#pragma once

#include <cstdint>
#include <optional>

namespace ktape {

// Watches the `sequence` of one private subscription: 1 with its first message, one more with each that follows, each
// channel for itself (spot-v2 section 6). A hole means that messages are lost for good: the remedy is to subscribe
// anew.
class SequenceWatch {
 public:
  struct Verdict {
    // Messages from this number up to the observed one are missing.
    std::optional<std::int64_t> gap_from{};
    // Not newer than what was observed before: told twice, or the exchange has begun anew without an acknowledgement.
    bool repeated = false;
  };

  // A snapshot with the number 1 begins anew: that is what a new subscription brings.
  Verdict observe(std::int64_t sequence, bool snapshot);

  // Subscribed again, or on another connection: the next message has the number 1.
  void reset() { last_ = 0; }

  std::int64_t last() const { return last_; }  // 0 before the first
  std::uint64_t gaps() const { return gaps_; }
  std::uint64_t repetitions() const { return repetitions_; }

 private:
  std::int64_t last_ = 0;
  std::uint64_t gaps_ = 0;
  std::uint64_t repetitions_ = 0;
};

}  // namespace ktape
