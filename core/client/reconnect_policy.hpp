#pragma once

#include <cstdint>
#include <deque>

#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace ktape {

// How often all the clients of one program may connect, whichever of them it is: Kraken counts attempts per address and
// bans one after about 150 in ten minutes (spot-v2 section 1.4).
class AttemptBudget {
 public:
  AttemptBudget(int attempts, Duration window) : attempts_(attempts), window_(window) {}

  // The earliest time, `wish` or later, at which another attempt is within the budget; counts it as made then.
  Timestamp reserve(Timestamp now, Timestamp wish);

 private:
  int attempts_;
  Duration window_;
  std::deque<Timestamp> made_;  // in order
};

struct ReconnectOptions {
  int instant_tries = 3;                              // after a connection that stood: at once, so many times in a row
  Duration delay = std::chrono::seconds(5);           // after that; Kraken asks for no less (spot-v2 section 1.5)
  Duration jitter = std::chrono::seconds(1);          // at most so much is added, so that clients do not come in step
  Duration longest_delay = std::chrono::seconds(60);  // the delay doubles up to here
  Duration stable_after = std::chrono::seconds(30);   // a connection that stood so long ends the row of failures
  int attempts_per_window = 120;
  Duration window = std::chrono::minutes(10);
  AttemptBudget* budget = nullptr;  // shared with other clients, in place of the two above; outlives the client
};

// Decides when a lost connection is tried again. Deterministic for a seed.
class ReconnectPolicy {
 public:
  ReconnectPolicy(ReconnectOptions options, std::uint64_t seed);

  // How long to wait before the next attempt; counts it as made then.
  Duration next_delay(Timestamp now);

  // A connection was lost that had stood for so long. One that is lost again and again as soon as it stands is as bad
  // as one that never does.
  void stood_for(Duration span) {
    if (span >= options_.stable_after) failures_ = 0;
  }

 private:
  ReconnectOptions options_;
  Random random_;
  int failures_ = 0;
  AttemptBudget own_;
};

}  // namespace ktape
