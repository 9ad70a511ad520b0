#pragma once

#include <cstdint>
#include <span>

#include "synth/options.hpp"
#include "synth/random.hpp"

namespace ktape::synth {

// How a market of one liquidity class moves. Times in nanoseconds, sizes in millionths of the symbol's typical
// quantity, distances in thousandths of its typical level gap, shares per mille.
struct Profile {
  std::span<const Quantile> burst_gap;     // from the end of a burst to the start of the next
  std::span<const Quantile> burst_length;  // events in a burst; about two in three show at depth 25
  std::span<const Quantile> event_gap;     // between the events of a burst
  std::span<const Quantile> rank;          // the level that an event touches, 0 is the best
  std::span<const Quantile> level_size;
  std::span<const Quantile> fair_step;          // of the fair price at the start of a burst
  std::span<const Quantile> history_trade_gap;  // between the trade events before the start
  std::uint32_t moves;       // a maker takes one level away and puts another: three levels in one update
  std::uint32_t cancels;     // delete and refill: two levels
  std::uint32_t inserts;     // one level; what is left of 1000 changes a quantity
  std::uint32_t trades;      // taker orders in a thousand events
  std::uint32_t both_sides;  // quotes that touch bids and asks at once
  std::size_t levels;        // of the whole book on each side, where prices allow that many
};

const Profile& profile_of(Liquidity liquidity);

// Common to all classes.
std::span<const Quantile> trade_sizes();     // of one taker order, in millionths of the typical quantity
std::span<const Quantile> trade_counts();    // fills of one taker order
std::span<const Quantile> level_gaps();      // thousandths of the typical gap
std::span<const Quantile> spread_targets();  // thousandths of the typical spread
std::span<const Quantile> tight_spreads();   // the same for a typical spread of one tick
std::span<const Quantile> link_delays();     // from the exchange's stamp to our reception
std::span<const Quantile> pace_percents();   // calm and hectic seconds: what gaps between bursts are multiplied with

}  // namespace ktape::synth
