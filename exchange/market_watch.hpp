#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/market/event.hpp"
#include "core/market/order_book.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/exchange.hpp"
#include "exchange/feed.hpp"
#include "exchange/futures_products.hpp"
#include "exchange/trading_engine.hpp"

namespace ktape {

struct MarketWatchOptions {
  Dialect dialect = Dialect::SpotV2;
  std::vector<Feed> feeds{};         // what to listen to; of several depths of a book the deepest
  InstrumentTable known_terms{};     // before the market has told any: what its REST knew all the time
  FuturesProducts known_products{};  // the same of Futures
  std::size_t max_trades = 100'000;  // of one symbol; beyond that the oldest are forgotten
  ConnectionId connection{0xFFFFFFFFU};
};

struct WatchedTrade {
  Decimal price, quantity;
  Side side = Side::Buy;
  OrderType order_type = OrderType::Limit;
  std::int64_t trade_id = 0;
  Timestamp exchange_time{};
  std::string kind{}, uid{};  // Futures
};

// Ticker and Candle without text that is borrowed.
struct WatchedTicker {
  Decimal bid, bid_quantity, ask, ask_quantity, last, volume, vwap, low, high, change;
  std::optional<std::int64_t> trades;
  std::optional<Decimal> mark_price{}, index_price{};  // Futures
};
// The best prices from then on.
struct WatchedSpread {
  Timestamp at{};
  Decimal bid, ask;
};
struct WatchedCandle {
  Decimal open, high, low, close, vwap, volume;
  std::int64_t trades = 0;
};

class MarketListener {
 public:
  // As it was told, after the watch has taken it; valid for the call. The market is in the middle of telling others:
  // who wants to say something waits for a timer.
  virtual void on_market_event(const Event& event) = 0;

 protected:
  ~MarketListener() = default;
};

// What a market shows, kept for others to look at: a client of an Exchange like any other, so that it works with any of
// them, knows exactly what clients can know at that moment, and changes nothing for them. It keeps books, trades,
// tickers, candles and instruments; what is not told is not there, but for instruments and products that it was given
// beforehand.
class MarketWatch final : public MarketView, private FrameSink, private EventSink {
 public:
  // `market` and `timers` outlive it.
  MarketWatch(Exchange& market, TimerService& timers, MarketWatchOptions options);
  MarketWatch(const MarketWatch&) = delete;
  MarketWatch& operator=(const MarketWatch&) = delete;

  // Listens, unless it does. When the market ends the connection, all that was known is forgotten, `on_end` is called,
  // and the watch stays away until it is attached again.
  void attach();
  std::function<void(const CloseInfo& why)> on_end = [](const CloseInfo&) {};
  // The market has told another state of its matching engine than it did before; the first is taken to be online.
  std::function<void(std::string_view system)> on_system = [](std::string_view) {};
  // It outlives the watch, or what it listens to.
  void add_listener(MarketListener& listener) { listeners_.push_back(&listener); }

  const InstrumentTable& instruments() const override { return instruments_; }
  std::vector<Level> levels(std::string_view symbol, Side side) const override;
  std::string_view system() const override { return system_; }
  // Of Futures: the last ticker of each, and its first book.
  const FuturesProducts& products() const { return products_; }

  // Oldest first. nullptr where nothing of it was ever told.
  const std::deque<WatchedTrade>* trades(std::string_view symbol) const;
  const WatchedTicker* ticker(std::string_view symbol) const;
  // The last 200 changes of the best prices, oldest first: as the channel spread told them, or the books where there is
  // none. nullptr where neither was told.
  const std::deque<WatchedSpread>* spreads(std::string_view symbol) const;
  // By their begin. Those of the channel ohlc, with the one that runs.
  const std::map<Timestamp, WatchedCandle>* candles(std::string_view symbol, int interval_minutes) const;
  // Whether a book of it is valid at this moment.
  bool has_book(std::string_view symbol) const;

 private:
  struct Kept {
    std::deque<WatchedTrade> trades;
    bool has_trades = false;
    std::optional<WatchedTicker> ticker;
    std::deque<WatchedSpread> spreads;
    bool tells_spreads = false;  // by a channel of their own
    std::unique_ptr<OrderBook> book;
    std::map<int, std::map<Timestamp, WatchedCandle>> candles;  // by minutes
  };

  void on_frame(const Frame& frame) override;
  void on_event(const Event& event) override;
  void take(const BookSnapshot& book);
  void take(const Trade& trade);
  void take(const Ticker& ticker);
  void take(const Candle& candle);
  void take(const Spread& spread);
  void take_best_prices(std::string_view symbol, const std::optional<Timestamp>& at);
  void subscribe();
  void forget();
  Kept& of(std::string_view symbol);
  const Kept* find(std::string_view symbol) const;

  Exchange& market_;
  TimerService& timers_;
  MarketWatchOptions options_;
  std::unique_ptr<Codec> codec_;
  bool attached_ = false;
  bool subscribed_ = false;
  Timer subscription_;
  InstrumentTable instruments_;
  FuturesProducts products_;
  std::string_view text_;  // the message that is being read
  std::string system_ = "online";
  std::map<std::string, Kept, std::less<>> kept_;
  std::map<std::string, int, std::less<>> depths_;
  std::vector<MarketListener*> listeners_;
};

}  // namespace ktape
