#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/client/book_table.hpp"
#include "core/client/candle_series.hpp"
#include "core/client/client_stats.hpp"
#include "core/client/streams.hpp"
#include "core/market/event.hpp"
#include "core/market/trade_sequence.hpp"

namespace ktape {

// What one connection tells about the market: passes on what is subscribed to, and keeps books, candles and the order
// of the trades.
class MarketData final : private EventSink {
 public:
  // Called when a stream should be subscribed anew.
  using Recover = std::function<void(Channel channel, const std::string& symbol)>;

  // All references outlive it.
  MarketData(TimerService& timers, EventSink& events, Streams& streams, CandleOptions candles, BookRecovery recovery,
             const Recover& recover);

  void take(const BookSnapshot& snapshot);
  void take(const BookUpdate& update);
  void take(const Level3Snapshot& snapshot);
  void take(const Level3Update& update);
  void take(const Trade& trade);
  void take(const Ticker& ticker);
  void take(const Candle& candle);
  void take(const InstrumentUpdate& update);
  void take(const Spread& spread);

  void requested(const Subscription& subscription);
  // One symbol of a subscription stands. Without a depth a book's snapshot will show it.
  void confirmed(const Subscription& subscription, const std::string& symbol, const Reply& reply,
                 std::optional<int> depth);
  void unsubscribed(Channel channel, std::string_view symbol);

  // Trades may be missing from now on: to be called when the connection has fallen silent, and before anybody is told
  // that it is lost.
  void interrupted() { candles_.interrupted(); }
  void heard_again();
  Result<void> backfill(std::string_view symbol, std::span<const Trade> trades) {
    return candles_.backfill(symbol, trades);
  }
  void connection_lost();

  const BookTable<OrderBook>& books() const { return books_; }
  const BookTable<Level3Book>& level3_books() const { return level3_books_; }
  void count_in(ClientStats& stats) const;

 private:
  // What the books tell.
  void on_event(const Event& event) override;
  bool is_repeated(const Trade& trade);
  template <class Book>
  void book_confirmed(BookTable<Book>& books, const Subscription& subscription, const std::string& symbol,
                      const Reply& reply, std::optional<int> depth);

  TimerService& timers_;
  EventSink& events_;
  Streams& streams_;
  CandleSeries candles_;
  PlacesBySymbol places_;
  BookTable<OrderBook> books_;
  BookTable<Level3Book> level3_books_;
  std::map<std::string, TradeSequence, std::less<>> trade_ids_;
  std::uint64_t trade_gaps_ = 0;
  std::uint64_t duplicate_trades_ = 0;
};

}  // namespace ktape
