#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/market/event.hpp"
#include "synth/market.hpp"

namespace ktape::synth {

// A symbol's market told as events. What is returned borrows from this object until the same function is called again.
class MarketNews {
 public:
  explicit MarketNews(SymbolMarket& market) : market_(market) {}

  // The best levels as they are now. `depth` is an index in kBookDepths.
  BookSnapshot book(std::size_t depth);
  // What `event`, the market's last, changed inside the window; nothing if that is unchanged.
  std::optional<BookUpdate> book_update(const MarketEvent& event, std::size_t depth);

  std::span<const Trade> latest_trades();
  std::span<const Trade> trades(const MarketEvent& event);

  Ticker ticker(Timestamp at, bool snapshot) const;

  // `interval` is an index in kCandleMinutes.
  std::span<const Candle> recent_candles(std::size_t interval, Timestamp now);
  Candle running_candle(std::size_t interval, Timestamp trade_time) const;

 private:
  struct Entries {
    std::vector<Lots> lots;
    std::vector<Level> levels;
  };
  void to_levels(Entries& entries) const;
  void window(const FullSide& side, std::size_t depth, Entries& out) const;
  Trade to_trade(const TradeRecord& record, bool snapshot) const;
  Candle to_candle(const TradeBar& bar, Duration interval) const;

  SymbolMarket& market_;
  Entries bids_, asks_;
  std::vector<Trade> trades_;
  std::vector<Candle> candles_;
};

}  // namespace ktape::synth
