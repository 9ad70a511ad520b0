#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "cli/play/view.hpp"
#include "core/market/candle_builder.hpp"
#include "replay/stage.hpp"

namespace ktape::cli {

// Keeps of a playback what its view shows. Begins anew with each stage.
class MarketWatch {
 public:
  // The interval of the candles that are still running; those that are closed come from the clients.
  explicit MarketWatch(Duration interval) : interval_(interval) {}

  void hear(const ClientStage::Heard& heard);
  void begin_anew();

  // Fills in books, trades and candles as they are.
  void show(const ClientStage& stage, PlayView& view) const;

  static constexpr std::size_t kTrades = 100;
  static constexpr std::size_t kCandles = 100;

 private:
  struct Running {
    explicit Running(CandleSpec spec) : builder(std::move(spec)) {}
    CandleBuilder builder;
    Timestamp last_at{};
  };
  void take(const Trade& trade, Timestamp at);
  void take(const Candle& candle);

  Duration interval_;
  std::deque<PlayView::TradeRow> trades_;     // the latest first
  std::deque<PlayView::CandleRow> finished_;  // the latest first
  std::map<std::string, std::unique_ptr<Running>, std::less<>> running_;
};

// The best levels of every book of a stage, by connection and symbol.
std::vector<PlayView::Top> tops_of(const ClientStage& stage);

PlayView::CandleRow candle_row(const Candle& candle);

}  // namespace ktape::cli
