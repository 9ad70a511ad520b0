#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/market/event.hpp"

namespace ktape {

// Since when the trades of one symbol are complete, and where some may be missing: between two ids that do not follow
// each other, and during an outage until the ids prove that nothing happened in it.
class TradeCoverage {
 public:
  // From this exchange time on every trade is told, or was, apart from the holes.
  void covered_from(Timestamp since, CandleCompletion by = CandleCompletion::None);

  // Trades may be missing, those of `at` and later, and those after the last that was seen.
  void interrupted(Timestamp at);

  // A trade that was not told before.
  void observe(const Trade& trade);

  bool known() const { return since_.has_value(); }
  bool reaches(Timestamp begin) const { return since_ && *since_ <= begin; }
  // What brought the coverage back to `begin`; None where the stream itself did.
  CandleCompletion reached_by(Timestamp begin) const;
  // Whether trades of [begin, end) may be missing for another reason than an unknown beginning.
  bool suspect(Timestamp begin, Timestamp end) const;

  // Whether less may be missing once this trade is observed.
  bool would_improve(const Trade& trade) const;

  // Beyond this number the oldest two become one that nothing fills.
  static constexpr std::size_t kMaxHoles = 1000;

 private:
  struct Seen {
    std::int64_t id;
    Timestamp at;
  };
  struct Hole {
    Timestamp from, to;  // both ends may lack trades
    std::int64_t first_id = 0, last_id = 0;
    std::int64_t missing = 0;  // of no ids: what nothing can fill
  };
  struct Outage {
    Timestamp from;
    std::optional<Timestamp> to;  // since then trades are told again
  };
  void add_hole(const Hole& hole);
  void fill(std::int64_t id);

  std::optional<Timestamp> since_;
  std::vector<std::pair<Timestamp, CandleCompletion>> steps_;  // descending: how far back each step has reached
  std::optional<Seen> first_, last_;                           // by id
  std::vector<Hole> holes_;
  std::optional<Outage> outage_;
};

}  // namespace ktape
