#include "core/client/market_data.hpp"

#include <utility>

namespace ktape {

MarketData::MarketData(TimerService& timers, EventSink& events, Streams& streams, CandleOptions candles,
                       BookRecovery recovery, const Recover& recover)
    : timers_(timers),
      events_(events),
      streams_(streams),
      candles_(timers, events, std::move(candles)),
      books_(timers, *this, places_, recovery,
             [recover](const std::string& symbol) { recover(Channel::Book, symbol); }),
      level3_books_(timers, *this, places_, recovery,
                    [recover](const std::string& symbol) { recover(Channel::Level3, symbol); }) {}

void MarketData::take(const BookSnapshot& snapshot) {
  if (streams_.passes(Channel::Book, snapshot.symbol)) books_.take_snapshot(snapshot);
}

void MarketData::take(const BookUpdate& update) {
  if (streams_.passes(Channel::Book, update.symbol)) books_.take_update(update);
}

void MarketData::take(const Level3Snapshot& snapshot) {
  if (streams_.passes(Channel::Level3, snapshot.symbol)) level3_books_.take_snapshot(snapshot);
}

void MarketData::take(const Level3Update& update) {
  if (streams_.passes(Channel::Level3, update.symbol)) level3_books_.take_update(update);
}

void MarketData::take(const Trade& trade) {
  if (!streams_.passes(Channel::Trade, trade.symbol)) return;
  const bool repeated = trade.trade_id != 0 && is_repeated(trade);
  events_.on_event(trade);
  if (repeated || !candles_.wanted()) return;
  if (const auto added = candles_.add(trade); !added) events_.on_event(UnknownMessage{added.error().detail});
}

bool MarketData::is_repeated(const Trade& trade) {
  auto sequence = trade_ids_.find(trade.symbol);
  if (sequence == trade_ids_.end()) sequence = trade_ids_.emplace(trade.symbol, TradeSequence{}).first;
  const auto verdict = sequence->second.observe(trade.trade_id);
  if (verdict.duplicate) ++duplicate_trades_;
  if (verdict.gap_from) {
    ++trade_gaps_;
    events_.on_event(TradeGap{trade.symbol, *verdict.gap_from, trade.trade_id});
  }
  return verdict.duplicate;
}

// The two tickers of Futures look alike.
void MarketData::take(const Ticker& ticker) {
  const bool ended =
      !streams_.passes(Channel::Ticker, ticker.symbol) || !streams_.passes(Channel::TickerLite, ticker.symbol);
  if (ended && !streams_.holds(Channel::Ticker, ticker.symbol) && !streams_.holds(Channel::TickerLite, ticker.symbol)) {
    return;
  }
  events_.on_event(ticker);
}

void MarketData::take(const Spread& spread) {
  if (streams_.passes(Channel::Spread, spread.symbol)) events_.on_event(spread);
}

void MarketData::take(const Candle& candle) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(candle.interval).count();
  if (!streams_.passes_ohlc(candle.symbol, static_cast<int>(minutes))) return;
  events_.on_event(candle);
  candles_.add(candle);
}

void MarketData::take(const InstrumentUpdate& update) {
  for (const PairInfo& pair : update.pairs) {
    places_.insert_or_assign(std::string(pair.symbol), PairPlaces{pair.price_precision, pair.quantity_precision});
    candles_.set_price_places(pair.symbol, pair.price_precision);
  }
  if (streams_.passes(Channel::Instrument, {})) events_.on_event(update);
}

void MarketData::on_event(const Event& event) {
  events_.on_event(event);
  const auto* const change = std::get_if<BookStateChange>(&event);
  if (change == nullptr) return;
  const bool live = change->state == BookState::Live;
  const Channel channel = change->channel.empty() ? Channel::Book : Channel::Level3;
  streams_.data_state(channel, change->symbol, live ? StreamState::Live : StreamState::Recovering, change->reason,
                      timers_.now());
}

void MarketData::requested(const Subscription& subscription) {
  for (const std::string& symbol : subscription.symbols) {
    if (subscription.channel == Channel::Book) books_.requested(symbol, subscription.depth);
    if (subscription.channel == Channel::Level3) level3_books_.requested(symbol, subscription.depth);
  }
}

void MarketData::confirmed(const Subscription& subscription, const std::string& symbol, const Reply& reply,
                           std::optional<int> depth) {
  if (subscription.channel == Channel::Book) book_confirmed(books_, subscription, symbol, reply, depth);
  if (subscription.channel == Channel::Level3) book_confirmed(level3_books_, subscription, symbol, reply, depth);
  if (subscription.channel == Channel::Trade && reply.time_out && candles_.wanted()) {
    candles_.covered_from(symbol, *reply.time_out);
  }
}

// Of one that stood already no snapshot comes: it is left as it is, or waits in vain and is asked for again.
template <class Book>
void MarketData::book_confirmed(BookTable<Book>& books, const Subscription& subscription, const std::string& symbol,
                                const Reply& reply, std::optional<int> depth) {
  const Book* book = books.find(symbol);
  if (!reply.success && book != nullptr && book->state() == BookState::Live) {
    streams_.data_state(subscription.channel, symbol, StreamState::Live, "subscribed already", timers_.now());
  } else {
    books.subscribed(symbol, depth);
  }
}

void MarketData::unsubscribed(Channel channel, std::string_view symbol) {
  if (channel == Channel::Book) books_.unsubscribed(symbol);
  if (channel == Channel::Level3) level3_books_.unsubscribed(symbol);
  if (channel == Channel::Trade) candles_.forget(symbol);
}

void MarketData::heard_again() {
  for (const auto& [key, stream] : streams_.all()) {
    if (key.channel == Channel::Trade && stream.confirmed) candles_.covered_from(key.symbol, timers_.now());
  }
}

void MarketData::connection_lost() {
  books_.connection_lost();
  level3_books_.connection_lost();
}

void MarketData::count_in(ClientStats& stats) const {
  stats.trade_gaps += trade_gaps_;
  stats.duplicate_trades += duplicate_trades_;
  for (const BookStats& books : {books_.stats(), level3_books_.stats()}) {
    stats.checksums_verified += books.checksums_verified;
    stats.checksums_failed += books.checksums_failed;
    stats.sequences_verified += books.sequences_verified;
    stats.sequences_failed += books.sequences_failed;
    stats.duplicate_updates += books.duplicate_updates;
  }
}

}  // namespace ktape
