#include "cli/play/market_watch.hpp"

namespace ktape::cli {

std::vector<PlayView::Top> tops_of(const ClientStage& stage) {
  std::vector<PlayView::Top> all;
  for (const auto& [connection, entry] : stage.clients().all()) {
    for (const auto& [symbol, book] : entry->client->books()) {
      PlayView::Top& top = all.emplace_back();
      top.symbol = symbol;
      top.state = book.state();
      if (!book.bids().empty()) {
        top.bid = book.bids().front().price.text();
        top.bid_quantity = book.bids().front().quantity.text();
      }
      if (!book.asks().empty()) {
        top.ask = book.asks().front().price.text();
        top.ask_quantity = book.asks().front().quantity.text();
      }
    }
  }
  return all;
}

PlayView::CandleRow candle_row(const Candle& candle) {
  return {std::string(candle.symbol), candle.begin,         candle.interval / std::chrono::minutes(1),
          candle.open.text(),         candle.high.text(),   candle.low.text(),
          candle.close.text(),        candle.volume.text(), candle.state};
}

void MarketWatch::begin_anew() {
  trades_.clear();
  finished_.clear();
  running_.clear();
}

void MarketWatch::hear(const ClientStage::Heard& heard) {
  if (const auto* trade = std::get_if<Trade>(&heard.event)) return take(*trade, heard.at);
  if (const auto* candle = std::get_if<Candle>(&heard.event)) return take(*candle);
}

void MarketWatch::take(const Trade& trade, Timestamp at) {
  trades_.push_front({at, std::string(trade.symbol), trade.price.text(), trade.quantity.text(), trade.side});
  if (trades_.size() > kTrades) trades_.pop_back();
  auto found = running_.find(trade.symbol);
  if (found == running_.end()) {
    CandleSpec spec;
    spec.symbol = trade.symbol;
    spec.intervals = {interval_};
    found = running_.emplace(spec.symbol, std::make_unique<Running>(spec)).first;
  }
  Running& running = *found->second;
  std::vector<CandleRevision> ignored;  // of what the clients tell as well
  if (!running.builder.add(trade, ignored)) return;
  running.last_at = std::max(running.last_at, trade.exchange_time);
}

void MarketWatch::take(const Candle& candle) {
  if (candle.source != CandleSource::Trades) return;
  finished_.push_front(candle_row(candle));
  if (finished_.size() > kCandles) finished_.pop_back();
  const auto found = running_.find(candle.symbol);
  if (found == running_.end() || candle.interval != interval_ || candle.state == CandleState::Revised) return;
  std::vector<Candle> ignored;
  const auto open_end = found->second->builder.first_open_end();
  if (open_end && *open_end <= candle.begin + candle.interval) {
    found->second->builder.close(candle.begin + candle.interval, false, ignored);
  }
}

void MarketWatch::show(const ClientStage& stage, PlayView& view) const {
  view.books = tops_of(stage);
  view.trades.assign(trades_.begin(), trades_.end());
  view.finished.assign(finished_.begin(), finished_.end());
  view.running.clear();
  for (const auto& [symbol, running] : running_) {
    const auto candle = running->builder.running(interval_, floor_to(running->last_at, interval_));
    if (candle) view.running.push_back(candle_row(*candle));
  }
}

}  // namespace ktape::cli
