#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace ktape {

// Watches the trade ids of one symbol, which Kraken counts without a hole (spot-v2 section 5.5). Snapshots and
// reconnections tell trades again; what is told twice counts once.
class TradeSequence {
 public:
  struct Verdict {
    bool duplicate = false;
    // Ids from here up to the observed one are missing. They may still come: a backfill fills the hole.
    std::optional<std::int64_t> gap_from;
  };

  // 0 is no id (Spot v1 tells none): nothing is known of such a trade.
  Verdict observe(std::int64_t id);

  std::uint64_t duplicates() const { return duplicates_; }
  std::uint64_t gaps() const { return gaps_; }

  // Holes beyond this number are forgotten, the oldest first: their trades then count as duplicates.
  static constexpr std::size_t kMaxHoles = 1000;

 private:
  bool take_from_hole(std::int64_t id);

  std::optional<std::pair<std::int64_t, std::int64_t>> seen_;  // first and last id
  std::vector<std::pair<std::int64_t, std::int64_t>> holes_;   // [from, to), ascending
  std::uint64_t duplicates_ = 0;
  std::uint64_t gaps_ = 0;
};

}  // namespace ktape
