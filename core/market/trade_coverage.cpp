#include "core/market/trade_coverage.hpp"

#include <algorithm>

namespace ktape {

void TradeCoverage::covered_from(Timestamp since, CandleCompletion by) {
  if (outage_ && !outage_->to) {
    outage_->to = std::max(since, outage_->from);
    if (!last_) {  // without ids nothing will ever prove that none is missing
      add_hole({.from = outage_->from, .to = *outage_->to});
      outage_.reset();
    }
  }
  if (since_ && *since_ <= since) return;
  since_ = since;
  if (!steps_.empty() && steps_.back().second == by) {
    steps_.back().first = since;
  } else {
    steps_.emplace_back(since, by);
  }
}

CandleCompletion TradeCoverage::reached_by(Timestamp begin) const {
  for (const auto& [since, by] : steps_) {
    if (since <= begin) return by;
  }
  return CandleCompletion::None;
}

void TradeCoverage::interrupted(Timestamp at) {
  if (outage_) {
    outage_->to.reset();
  } else {
    outage_ = Outage{last_ ? std::min(at, last_->at) : at, {}};
  }
}

void TradeCoverage::observe(const Trade& trade) {
  const Seen seen{trade.trade_id, trade.exchange_time};
  if (seen.id == 0) return;
  if (!last_) {
    first_ = last_ = seen;
    return;
  }
  if (seen.id > last_->id) {
    const std::int64_t expected = last_->id + 1;
    if (seen.id != expected) {
      Hole hole{last_->at, seen.at, expected, seen.id - 1, seen.id - expected};
      if (outage_ && outage_->to) hole.to = std::max(hole.from, std::min(hole.to, *outage_->to));
      add_hole(hole);
    }
    outage_.reset();
    last_ = seen;
  } else if (seen.id < first_->id) {
    if (seen.id + 1 != first_->id) {
      add_hole({seen.at, first_->at, seen.id + 1, first_->id - 1, first_->id - seen.id - 1});
    }
    first_ = seen;
  } else {
    fill(seen.id);
  }
}

bool TradeCoverage::would_improve(const Trade& trade) const {
  const std::int64_t id = trade.trade_id;
  if (id == 0 || !last_) return false;
  if (id > last_->id) return outage_.has_value() && id == last_->id + 1;
  return std::any_of(holes_.begin(), holes_.end(),
                     [id](const Hole& hole) { return hole.missing == 1 && id >= hole.first_id && id <= hole.last_id; });
}

bool TradeCoverage::suspect(Timestamp begin, Timestamp end) const {
  if (outage_ && outage_->from < end && (!outage_->to || *outage_->to > begin)) return true;
  return std::any_of(holes_.begin(), holes_.end(),
                     [&](const Hole& hole) { return hole.from < end && hole.to >= begin; });
}

void TradeCoverage::add_hole(const Hole& hole) {
  holes_.push_back(hole);
  if (holes_.size() <= kMaxHoles) return;
  Hole& second = holes_[1];
  second = {.from = std::min(holes_[0].from, second.from), .to = std::max(holes_[0].to, second.to)};
  holes_.erase(holes_.begin());
}

void TradeCoverage::fill(std::int64_t id) {
  const auto hole = std::find_if(holes_.begin(), holes_.end(),
                                 [id](const Hole& each) { return id >= each.first_id && id <= each.last_id; });
  if (hole == holes_.end() || hole->missing == 0) return;
  if (--hole->missing > 0) return;
  holes_.erase(hole);
}

}  // namespace ktape
