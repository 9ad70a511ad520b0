#pragma once

#include <optional>

#include "core/base/time.hpp"

namespace ktape::rest {

// A counter that each call raises by its cost and that sinks by one in every `decay`; it may not pass `ceiling`.
struct CallLimit {
  int ceiling = 1;
  Duration decay = std::chrono::seconds(1);
};

// Kraken's limits of private calls (rest section 12). Starter is the oldest and narrowest of them.
inline constexpr CallLimit kStarterLimit{.ceiling = 15, .decay = std::chrono::milliseconds(3031)};
inline constexpr CallLimit kIntermediateLimit{.ceiling = 20, .decay = std::chrono::seconds(2)};
inline constexpr CallLimit kProLimit{.ceiling = 20, .decay = std::chrono::seconds(1)};
// Of public calls Kraken tells none; clients in use keep to one per second.
inline constexpr CallLimit kPublicLimit{.ceiling = 1, .decay = std::chrono::seconds(1)};

// The far end's counter, kept here too, so that a call waits for its turn in place of being refused.
class CallCounter {
 public:
  // ceiling and decay are positive.
  explicit CallCounter(CallLimit limit);

  // When a call of that cost may leave: `now` or later. A cost beyond the ceiling leaves when the counter is at zero.
  Timestamp earliest(Timestamp now, int cost) const;
  void take(Timestamp at, int cost);

  // The far end counts more than this one knows of: from here on as if the ceiling was reached.
  void refused(Timestamp at);

 private:
  CallLimit limit_;
  std::optional<Timestamp> zero_at_;  // when the counter will have sunk to zero
};

}  // namespace ktape::rest
