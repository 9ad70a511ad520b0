#include "inspect/candle_comparison.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace ktape {
namespace {

constexpr std::size_t kMaxPending = 64;  // of one series; a recording without trades would collect them without end

}  // namespace

CandleComparison::Numbers CandleComparison::numbers(const Candle& candle) {
  return {candle.open, candle.high, candle.low, candle.close, candle.volume, candle.vwap, candle.trades};
}

void CandleComparison::on_candle(const Candle& candle) {
  const Series series{std::string(candle.symbol), candle.interval};
  Running& running = series_[series];
  if (running.compared_until && candle.begin <= *running.compared_until) return;
  if (candle.source == CandleSource::Exchange) {
    running.candles[candle.begin].told = numbers(candle);
    for (auto& [begin, pair] : running.candles) {
      if (begin < candle.begin && pair.told) pair.told_is_final = true;
    }
  } else if (candle.state == CandleState::Closed || candle.state == CandleState::Revised) {
    running.candles[candle.begin].built = numbers(candle);
  } else {
    return;
  }
  compare(series, running);
  while (running.candles.size() > kMaxPending) running.candles.erase(running.candles.begin());
}

void CandleComparison::compare(const Series& series, Running& running) {
  for (auto at = running.candles.begin(); at != running.candles.end();) {
    const auto& [begin, pair] = *at;
    if (!pair.built || !pair.told_is_final) {
      ++at;
      continue;
    }
    const Numbers& built = *pair.built;
    const Numbers& told = *pair.told;
    std::string differences;
    const auto check = [&](std::string_view name, const auto& ours, const auto& theirs, auto text) {
      if (ours == theirs) return;
      differences +=
          fmt::format("{}{} {} told, {} from trades", differences.empty() ? "" : ", ", name, text(theirs), text(ours));
    };
    const auto decimal = [](const Decimal& value) { return value.text(); };
    check("open", built.open, told.open, decimal);
    check("high", built.high, told.high, decimal);
    check("low", built.low, told.low, decimal);
    check("close", built.close, told.close, decimal);
    check("volume", built.volume, told.volume, decimal);
    check("vwap", built.vwap, told.vwap, decimal);
    check("trades", built.trades, told.trades, [](std::int64_t count) { return std::to_string(count); });
    ++compared_;
    if (!differences.empty()) {
      ++failed_;
      differs_(fmt::format("{}: the candle of {} min that begins at {}: {}", series.first,
                           series.second / std::chrono::minutes(1), format_rfc3339(begin, 0), differences));
    }
    running.compared_until = begin;
    at = running.candles.erase(running.candles.begin(), std::next(at));
  }
}

void CandleComparison::interrupted(std::string_view symbol) {
  for (auto& [series, running] : series_) {
    if (!symbol.empty() && series.first != symbol) continue;
    for (auto& [begin, pair] : running.candles) {
      if (!pair.told_is_final) pair.told.reset();
    }
  }
}

}  // namespace ktape
