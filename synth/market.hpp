#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/market/event.hpp"
#include "synth/full_book.hpp"
#include "synth/history.hpp"

namespace ktape::synth {

inline constexpr std::array<int, 9> kCandleMinutes{1, 5, 15, 30, 60, 240, 1440, 10080, 21600};

// What happened in the market at one instant of exchange time.
struct MarketEvent {
  Timestamp at;
  Duration delay{};  // how long its news is under way to a client
  std::vector<BookStep> steps;
  std::vector<TradeRecord> trades;  // fills of one taker order; they share `at`
  bool best_price_moved = false;    // on either side
};

// One symbol's market: makers who move, add and cancel, takers who walk the book, and what follows from their trades.
// It depends on the symbol, the seed and the start alone. Book levels change removals first, insertions last within an
// event, so that a client that applies all entries and then truncates arrives at the same window.
class SymbolMarket {
 public:
  SymbolMarket(const SymbolSpec& spec, std::uint64_t seed, Timestamp start);

  const SymbolSpec& spec() const { return spec_; }
  const Scale& scale() const { return scale_; }

  Timestamp next_at() const { return next_at_; }
  // Lets the event at next_at() happen. The reference holds until the next call.
  const MarketEvent& advance();

  const FullSide& bids() const { return bids_; }
  const FullSide& asks() const { return asks_; }
  Timestamp book_time() const { return event_.at; }
  // CRC32 over the best ten levels of each side as they are now (spot-v2 section 9.1).
  std::uint32_t checksum();

  // The last 50, oldest first.
  const std::deque<TradeRecord>& latest_trades() const { return latest_; }
  TradeBar day(Timestamp now) const { return day_.at(now); }
  const CandleSeries& candles(std::size_t interval) const { return candles_[interval]; }  // index in kCandleMinutes

 private:
  FullSide& side(Side which) { return which == Side::Buy ? bids_ : asks_; }
  void fill_book();
  void schedule();
  void act();
  void quote(FullSide& book);
  // 1: levels around `rank` lie closer than they should, -1: further apart. Without this the busy ranks would thin out.
  int crowding(const FullSide& book, std::size_t rank) const;
  void follow(Side taker);
  void trade(Side taker, bool sweep);
  void strike(Side taker, OrderType type, Lots level, std::int64_t quantity, std::int64_t fills);
  // Not where it would leave a hole behind the best price, or a book without levels.
  bool may_leave(const FullSide& book, std::size_t rank) const;
  void move(FullSide& book, std::size_t rank);
  void cancel(FullSide& book, std::size_t rank);
  void insert(FullSide& book, std::size_t rank);
  void change(FullSide& book, std::size_t rank);
  bool improve(FullSide& book);
  void keep_depth(FullSide& book);
  void set(FullSide& book, Lots level);
  std::optional<std::int64_t> free_price(const FullSide& book, std::size_t rank);
  std::int64_t draw_spread();
  std::int64_t draw_lots();

  SymbolSpec spec_;
  Scale scale_;
  const Profile& profile_;
  Random random_;
  FullSide bids_{Side::Buy};
  FullSide asks_{Side::Sell};
  std::size_t fewest_levels_ = 0;
  std::int64_t fair_ticks_;
  std::int64_t next_trade_id_;
  std::deque<TradeRecord> latest_;
  DayStatistics day_;
  std::vector<CandleSeries> candles_;

  MarketEvent event_;
  Timestamp next_at_;
  std::int64_t burst_left_ = 0;
  Duration delay_{};
  Timestamp pace_until_;
  std::int64_t pace_percent_ = 100;
  std::optional<std::uint32_t> checksum_;
};

}  // namespace ktape::synth
