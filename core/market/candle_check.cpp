#include "core/market/candle_check.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace ktape {

void CandleCheck::on_event(const Event& event) {
  if (const auto* trade = std::get_if<Trade>(&event)) {
    add(*trade);
  } else if (const auto* candle = std::get_if<Candle>(&event)) {
    if (candle->source != CandleSource::Exchange) return;
    Symbol& symbol = symbols_[std::string(candle->symbol)];
    const Verdict verdict = judge(candle->symbol, symbol, *candle);
    if (verdict != Verdict::Early) return count(verdict);
    symbol.waiting.push_back(*candle);
    symbol.waiting.back().symbol = {};  // borrowed
    if (symbol.waiting.size() > kMaxWaiting) {
      count(Verdict::Early);
      symbol.waiting.pop_front();
    }
  } else if (const auto* reply = std::get_if<Reply>(&event)) {
    if (reply->method != "subscribe" || !reply->success || reply->channel != "trade" || !reply->time_out) return;
    Symbol& symbol = symbols_[std::string(reply->symbol)];
    if (!symbol.since) symbol.since = *reply->time_out;
  } else if (const auto* update = std::get_if<InstrumentUpdate>(&event)) {
    for (const PairInfo& pair : update->pairs) {
      symbols_[std::string(pair.symbol)].price_places = pair.price_precision;
    }
  }
}

void CandleCheck::finish() {
  for (auto& [name, symbol] : symbols_) {
    counts_.early += symbol.waiting.size();
    symbol.waiting.clear();
  }
}

void CandleCheck::add(const Trade& trade) {
  const std::string name(trade.symbol);
  Symbol& symbol = symbols_[name];
  if (symbol.ids.observe(trade.trade_id).duplicate) return;
  const Timestamp since = trade.exchange_time + Duration{1};
  if (!symbol.since || (trade.snapshot && since < *symbol.since)) symbol.since = since;
  symbol.widest_price = std::max(symbol.widest_price, trade.price.scale());

  const Kept kept{{trade.exchange_time, trade.trade_id}, trade.side, trade.price, trade.quantity};
  auto& trades = symbol.trades;
  const auto place =
      std::upper_bound(trades.begin(), trades.end(), kept, [](const Kept& a, const Kept& b) { return a.key < b.key; });
  const auto index = static_cast<std::size_t>(place - trades.begin());
  for (auto& [interval, prefix] : symbol.prefixes) {
    if (prefix.started && index < prefix.at) prefix.started = false;  // folded anew
  }
  trades.insert(place, kept);
  if (trades.size() > kMaxTrades) {
    symbol.since = std::max(*symbol.since, trades.front().key.first + Duration{1});
    trades.pop_front();
    for (auto& [interval, prefix] : symbol.prefixes) prefix.started = false;
  }
  retry(name, symbol);
}

void CandleCheck::retry(const std::string& name, Symbol& symbol) {
  while (!symbol.waiting.empty()) {
    const Verdict verdict = judge(name, symbol, symbol.waiting.front());
    if (verdict == Verdict::Early) return;  // those behind it count as many trades or more
    count(verdict);
    symbol.waiting.pop_front();
  }
}

CandleCheck::Verdict CandleCheck::judge(std::string_view name, Symbol& symbol, const Candle& candle) {
  if (!symbol.since || *symbol.since > candle.begin) return Verdict::Unknown;
  for (const Decimal& price : {candle.open, candle.high, candle.low, candle.close, candle.vwap}) {
    symbol.widest_price = std::max(symbol.widest_price, price.scale());
  }
  const auto& trades = symbol.trades;
  Prefix& prefix = symbol.prefixes[candle.interval];
  if (!prefix.started || prefix.begin != candle.begin || prefix.sum.trades > candle.trades) {
    const auto first = std::lower_bound(trades.begin(), trades.end(), candle.begin,
                                        [](const Kept& kept, Timestamp begin) { return kept.key.first < begin; });
    prefix = {candle.begin, static_cast<std::size_t>(first - trades.begin()), {}, true};
  }
  const Timestamp end = candle.begin + candle.interval;
  for (; prefix.sum.trades < candle.trades; ++prefix.at) {
    if (prefix.at == trades.size()) return Verdict::Early;
    const Kept& next = trades[prefix.at];
    // A hole may be filled later, but not by what the exchange's message was made from.
    if (prefix.at > 0 && next.key.second != 0 && next.key.second != trades[prefix.at - 1].key.second + 1) {
      return Verdict::Gap;
    }
    if (next.key.first >= end) break;
    const auto added = prefix.sum.add(Trade{.symbol = name,
                                            .side = next.side,
                                            .price = next.price,
                                            .quantity = next.quantity,
                                            .trade_id = next.key.second,
                                            .exchange_time = next.key.first},
                                      symbol.price_places);
    if (!added) break;
  }
  const CandleSum& sum = prefix.sum;
  const int places = std::max(symbol.price_places.value_or(symbol.widest_price), sum.price_places);
  const Decimal volume = Decimal::from_units(sum.volume, sum.quantity_places);
  const Decimal vwap = sum.vwap(symbol.price_places.value_or(places));
  // Trades are told to the microsecond, candles to the nanosecond.
  constexpr Duration kTradeTick = std::chrono::microseconds(1);
  const bool timed = !candle.snapshot && candle.exchange_time;
  if (sum.trades == candle.trades && sum.open == candle.open && sum.high == candle.high && sum.low == candle.low &&
      sum.close == candle.close && volume == candle.volume && vwap == candle.vwap &&
      (!timed || floor_to(*candle.exchange_time, kTradeTick) == floor_to(sum.last.first, kTradeTick))) {
    return Verdict::Equal;
  }
  if (differences_.size() < kMaxDifferences) {
    differences_.push_back(fmt::format(
        "{} {} {}: told O {} H {} L {} C {} V {} vwap {} N {} at {}, its trades make O {} H {} L {} C {} V {} vwap {} "
        "N {} at {}",
        name, format_duration(candle.interval), format_rfc3339(candle.begin, 0), candle.open.text(), candle.high.text(),
        candle.low.text(), candle.close.text(), candle.volume.text(), candle.vwap.text(), candle.trades,
        candle.exchange_time ? format_rfc3339(*candle.exchange_time) : "no time", sum.open.text(), sum.high.text(),
        sum.low.text(), sum.close.text(), volume.text(), vwap.text(), sum.trades, format_rfc3339(sum.last.first)));
  }
  return Verdict::Different;
}

void CandleCheck::count(Verdict verdict) {
  switch (verdict) {
    case Verdict::Equal:
      ++counts_.equal;
      break;
    case Verdict::Different:
      ++counts_.different;
      break;
    case Verdict::Gap:
      ++counts_.gap;
      break;
    case Verdict::Early:
      ++counts_.early;
      break;
    case Verdict::Unknown:
      ++counts_.unknown;
      break;
  }
}

}  // namespace ktape
