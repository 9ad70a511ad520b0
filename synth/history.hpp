#pragma once

#include <cstdint>
#include <vector>

#include "core/market/event.hpp"
#include "synth/options.hpp"
#include "synth/profile.hpp"
#include "synth/trade_bar.hpp"

namespace ktape::synth {

// A symbol in whole numbers: prices count ticks in the book and the last place elsewhere, quantities their last place.
struct Scale {
  explicit Scale(const SymbolSpec& spec);

  Decimal price(std::int64_t units) const { return Decimal::from_units(units, price_places); }
  Decimal quantity(Int128 lots) const { return Decimal::from_units(lots, quantity_places); }

  int price_places;
  int quantity_places;
  std::int64_t tick;         // in the last place of the price
  std::int64_t start_ticks;  // start price
  std::int64_t typical_lots;
  int level_gap_ticks;
  int spread_ticks;

  // `millionths` of the typical quantity; four in ten are round numbers, as people send them.
  std::int64_t lots(Random& random, std::int64_t millionths) const;
  // `thousandths` of `typical` ticks, at least one.
  static std::int64_t ticks(std::int64_t thousandths, int typical);
  // How many ticks the fair price moves: `thousandths` of the typical gap of levels, never much of a whole price.
  std::int64_t fair_move(Random& random, std::int64_t thousandths) const;
  // A step of the price, as likely up as down at the start price and the less likely the further it leads away.
  std::int64_t step(Random& random, std::int64_t from_ticks, std::int64_t size) const;
};

struct TradeRecord {
  Timestamp at;
  Side side = Side::Buy;
  OrderType type = OrderType::Limit;
  std::int64_t price = 0;  // in the last place
  std::int64_t quantity = 0;
  std::int64_t id = 0;
};

// What was traded before the start. Drawn backwards from the start price: single trades for 25 hours, gathered into
// minutes, then whole hours until all ten candles of the longest interval (15 days) are covered.
struct History {
  std::vector<TradeBar> bars;       // oldest first: hours, then minutes; none of them empty
  std::vector<TradeRecord> latest;  // the last trades before the start, oldest first

  static constexpr std::size_t kLatest = 50;
};

History make_history(const Scale& scale, const Profile& profile, Random random, Timestamp start,
                     std::int64_t last_trade_id);

}  // namespace ktape::synth
