#include "synth/market_news.hpp"

#include <algorithm>

namespace ktape::synth {
namespace {

// Hundredths of a percent of `base`, rounded to nearest, halves away from zero.
std::int64_t hundredths_of_percent(std::int64_t change, std::int64_t base) {
  const Int128 doubled = static_cast<Int128>(change) * 20'000;
  const Int128 rounded = (doubled + (change < 0 ? -base : base)) / (static_cast<Int128>(base) * 2);
  return static_cast<std::int64_t>(rounded);
}

}  // namespace

BookSnapshot MarketNews::book(std::size_t depth) {
  window(market_.bids(), depth, bids_);
  window(market_.asks(), depth, asks_);
  return {market_.spec().symbol, bids_.levels, asks_.levels, market_.checksum(), market_.book_time()};
}

std::optional<BookUpdate> MarketNews::book_update(const MarketEvent& event, std::size_t depth) {
  bids_.lots.clear();
  asks_.lots.clear();
  for (const BookStep& step : event.steps) step.append_to(depth, step.side == Side::Buy ? bids_.lots : asks_.lots);
  if (bids_.lots.empty() && asks_.lots.empty()) return std::nullopt;
  to_levels(bids_);
  to_levels(asks_);
  return BookUpdate{market_.spec().symbol, bids_.levels, asks_.levels, market_.checksum(), event.at};
}

std::span<const Trade> MarketNews::latest_trades() {
  trades_.clear();
  for (const TradeRecord& each : market_.latest_trades()) trades_.push_back(to_trade(each, true));
  return trades_;
}

std::span<const Trade> MarketNews::trades(const MarketEvent& event) {
  trades_.clear();
  for (const TradeRecord& each : event.trades) trades_.push_back(to_trade(each, false));
  return trades_;
}

Ticker MarketNews::ticker(Timestamp at, bool snapshot) const {
  const Scale& scale = market_.scale();
  const Lots& bid = market_.bids().at(0);
  const Lots& ask = market_.asks().at(0);
  const std::int64_t last = market_.latest_trades().back().price;
  TradeBar day = market_.day(at);
  // After a day without a trade the price stands still.
  if (day.trades == 0) day.open = day.high = day.low = last;
  Ticker ticker;
  ticker.symbol = market_.spec().symbol;
  ticker.snapshot = snapshot;
  ticker.bid = scale.price(bid.ticks * scale.tick);
  ticker.bid_quantity = scale.quantity(bid.quantity);
  ticker.ask = scale.price(ask.ticks * scale.tick);
  ticker.ask_quantity = scale.quantity(ask.quantity);
  ticker.last = scale.price(last);
  ticker.volume = scale.quantity(day.volume);
  ticker.vwap = scale.price(day.vwap());
  ticker.low = scale.price(day.low);
  ticker.high = scale.price(day.high);
  ticker.change = scale.price(last - day.open);
  ticker.change_percent = Decimal::from_units(hundredths_of_percent(last - day.open, day.open), 2);
  ticker.trades = day.trades;
  ticker.exchange_time = at;
  return ticker;
}

std::span<const Candle> MarketNews::recent_candles(std::size_t interval, Timestamp now) {
  const CandleSeries& series = market_.candles(interval);
  candles_.clear();
  for (const TradeBar& bar : series.recent(now)) {
    candles_.push_back(to_candle(bar, series.interval()));
    candles_.back().snapshot = true;
  }
  return candles_;
}

Candle MarketNews::running_candle(std::size_t interval, Timestamp trade_time) const {
  const CandleSeries& series = market_.candles(interval);
  Candle candle = to_candle(series.running(), series.interval());
  candle.exchange_time = trade_time;
  return candle;
}

void MarketNews::to_levels(Entries& entries) const {
  const Scale& scale = market_.scale();
  entries.levels.clear();
  for (const Lots& each : entries.lots) {
    entries.levels.push_back({scale.price(each.ticks * scale.tick), scale.quantity(each.quantity)});
  }
}

void MarketNews::window(const FullSide& side, std::size_t depth, Entries& out) const {
  out.lots.clear();
  for (std::size_t rank = 0; rank < std::min(side.size(), kBookDepths[depth]); ++rank) {
    out.lots.push_back(side.at(rank));
  }
  to_levels(out);
}

Trade MarketNews::to_trade(const TradeRecord& record, bool snapshot) const {
  const Scale& scale = market_.scale();
  return {market_.spec().symbol,           record.side, record.type, scale.price(record.price),
          scale.quantity(record.quantity), record.id,   record.at,   snapshot};
}

Candle MarketNews::to_candle(const TradeBar& bar, Duration interval) const {
  const Scale& scale = market_.scale();
  Candle candle;
  candle.symbol = market_.spec().symbol;
  candle.source = CandleSource::Exchange;
  candle.interval = interval;
  candle.begin = bar.begin;
  candle.open = scale.price(bar.open);
  candle.high = scale.price(bar.high);
  candle.low = scale.price(bar.low);
  candle.close = scale.price(bar.close);
  candle.volume = scale.quantity(bar.volume);
  candle.vwap = scale.price(bar.vwap());
  candle.trades = bar.trades;
  return candle;
}

}  // namespace ktape::synth
