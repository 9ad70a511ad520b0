#include "exchange/market_watch.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

// REST has 720 candles and the one that runs.
constexpr std::size_t kMaxCandles = 721;
constexpr std::size_t kMaxSpreads = 200;

}  // namespace

MarketWatch::MarketWatch(Exchange& market, TimerService& timers, MarketWatchOptions options)
    : market_(market),
      timers_(timers),
      options_(std::move(options)),
      codec_(make_codec(options_.dialect)),
      instruments_(options_.known_terms),
      products_(options_.known_products) {
  for (const Feed& feed : options_.feeds) {
    if (feed.channel != Channel::Book) continue;
    int& depth = depths_[feed.symbol];
    depth = std::max(depth, feed.depth);
  }
}

void MarketWatch::attach() {
  if (std::exchange(attached_, true)) return;
  codec_->reset();
  const char* const target = options_.dialect == Dialect::SpotV2   ? "/v2"
                             : options_.dialect == Dialect::SpotV1 ? "/"
                                                                   : "/ws/v1";
  market_.attach(options_.connection, Endpoint{.secure = false, .host = "localhost", .port = 80, .target = target},
                 *this);
  subscribed_ = false;
  subscription_ = timers_.at(timers_.now(), [this](Timestamp) { subscribe(); });
}

void MarketWatch::subscribe() {
  if (!attached_ || std::exchange(subscribed_, true)) return;
  std::int64_t id = 0;
  for (const Feed& feed : options_.feeds) {
    if (feed.channel == Channel::Book && feed.depth != depths_.at(feed.symbol)) continue;
    Request request;
    request.request_id = ++id;
    request.subscription.channel = feed.channel;
    if (!feed.symbol.empty()) request.subscription.symbols = {feed.symbol};
    if (feed.depth != 0) request.subscription.depth = feed.depth;
    if (feed.interval_minutes != 0) request.subscription.interval_minutes = feed.interval_minutes;
    if (!feed.event_trigger.empty()) request.subscription.event_trigger = feed.event_trigger;
    if (!codec_->check(request)) continue;
    const std::string text = codec_->encode(request);
    codec_->sent(request);
    market_.on_frame({timers_.now(), options_.connection, Direction::ToExchange, FrameKind::Text, text});
    if (!attached_) return;
  }
}

void MarketWatch::forget() {
  attached_ = false;
  subscription_ = Timer();
  instruments_ = options_.known_terms;
  products_ = options_.known_products;
  kept_.clear();
}

void MarketWatch::on_frame(const Frame& frame) {
  if (frame.kind == FrameKind::Text) {
    text_ = frame.payload;
    return codec_->decode(frame.payload, *this);
  }
  if (frame.kind != FrameKind::Closed) return;
  forget();
  on_end(CloseInfo::parse(frame.payload).value_or(CloseInfo{}));
}

MarketWatch::Kept& MarketWatch::of(std::string_view symbol) {
  const auto found = kept_.find(symbol);
  return found != kept_.end() ? found->second : kept_[std::string(symbol)];
}

const MarketWatch::Kept* MarketWatch::find(std::string_view symbol) const {
  const auto found = kept_.find(symbol);
  return found == kept_.end() ? nullptr : &found->second;
}

void MarketWatch::on_event(const Event& event) {
  if (const auto* status = std::get_if<StatusChange>(&event)) {
    if (!status->system.empty() && status->system != system_) {
      system_ = status->system;
      on_system(system_);
    }
  } else if (const auto* instruments = std::get_if<InstrumentUpdate>(&event)) {
    instruments_.apply(*instruments);
  } else if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
    take(*snapshot);
    take_best_prices(snapshot->symbol, snapshot->exchange_time);
  } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
    // A book that does not fit stays invalid until its next snapshot, and shows no levels meanwhile.
    if (auto& book = of(update->symbol).book) static_cast<void>(book->apply(*update));
    take_best_prices(update->symbol, update->exchange_time);
  } else if (const auto* trade = std::get_if<Trade>(&event)) {
    take(*trade);
  } else if (const auto* ticker = std::get_if<Ticker>(&event)) {
    take(*ticker);
  } else if (const auto* candle = std::get_if<Candle>(&event)) {
    take(*candle);
  } else if (const auto* spread = std::get_if<Spread>(&event)) {
    take(*spread);
  }
  for (MarketListener* const listener : listeners_) listener->on_market_event(event);
}

void MarketWatch::take(const BookSnapshot& snapshot) {
  instruments_.assume(snapshot);
  if (options_.dialect == Dialect::FuturesV1) products_.take(snapshot);
  auto& book = of(snapshot.symbol).book;
  const auto depth = depths_.find(snapshot.symbol);
  BookSpec spec;
  spec.symbol = std::string(snapshot.symbol);
  spec.depth = depth == depths_.end() ? 0 : depth->second;
  book = std::make_unique<OrderBook>(std::move(spec));
  static_cast<void>(book->reset(snapshot));
}

void MarketWatch::take(const Trade& trade) {
  Kept& kept = of(trade.symbol);
  kept.has_trades = true;
  // A snapshot repeats what was told before, or fills what an outage left out.
  const bool known = trade.trade_id != 0 && !kept.trades.empty() && trade.trade_id <= kept.trades.back().trade_id;
  if (known) return;
  kept.trades.push_back({trade.price, trade.quantity, trade.side, trade.order_type, trade.trade_id, trade.exchange_time,
                         std::string(trade.kind), std::string(trade.uid)});
  if (kept.trades.size() > options_.max_trades) kept.trades.pop_front();
}

void MarketWatch::take(const Ticker& ticker) {
  if (options_.dialect == Dialect::FuturesV1) products_.take(ticker, text_);
  of(ticker.symbol).ticker =
      WatchedTicker{ticker.bid,    ticker.bid_quantity, ticker.ask,        ticker.ask_quantity, ticker.last,
                    ticker.volume, ticker.vwap,         ticker.low,        ticker.high,         ticker.change,
                    ticker.trades, ticker.mark_price,   ticker.index_price};
}

void MarketWatch::take(const Spread& spread) {
  Kept& kept = of(spread.symbol);
  if (!std::exchange(kept.tells_spreads, true)) kept.spreads.clear();
  kept.spreads.push_back({spread.exchange_time, spread.bid, spread.ask});
  if (kept.spreads.size() > kMaxSpreads) kept.spreads.pop_front();
}

void MarketWatch::take_best_prices(std::string_view symbol, const std::optional<Timestamp>& at) {
  Kept& kept = of(symbol);
  if (kept.tells_spreads || !kept.book || kept.book->state() != BookState::Live) return;
  const OrderBook& book = *kept.book;
  if (book.bids().size() == 0 || book.asks().size() == 0) return;
  const Decimal bid = book.bids()[0].price;
  const Decimal ask = book.asks()[0].price;
  const bool as_before = !kept.spreads.empty() && kept.spreads.back().bid == bid && kept.spreads.back().ask == ask;
  if (as_before) return;
  kept.spreads.push_back({at.value_or(timers_.now()), bid, ask});
  if (kept.spreads.size() > kMaxSpreads) kept.spreads.pop_front();
}

void MarketWatch::take(const Candle& candle) {
  if (candle.source != CandleSource::Exchange) return;
  const auto minutes = static_cast<int>(std::chrono::duration_cast<std::chrono::minutes>(candle.interval).count());
  auto& all = of(candle.symbol).candles[minutes];
  all[candle.begin] = {candle.open, candle.high, candle.low, candle.close, candle.vwap, candle.volume, candle.trades};
  if (all.size() > kMaxCandles) all.erase(all.begin());
}

bool MarketWatch::has_book(std::string_view symbol) const {
  const Kept* const kept = find(symbol);
  return kept != nullptr && kept->book && kept->book->state() == BookState::Live;
}

std::vector<Level> MarketWatch::levels(std::string_view symbol, Side side) const {
  if (!has_book(symbol)) return {};
  const OrderBook& book = *find(symbol)->book;
  const auto view = side == Side::Buy ? book.bids() : book.asks();
  std::vector<Level> all;
  for (std::size_t i = 0; i < view.size(); ++i) all.push_back(view[i]);
  return all;
}

const std::deque<WatchedTrade>* MarketWatch::trades(std::string_view symbol) const {
  const Kept* const kept = find(symbol);
  return kept != nullptr && kept->has_trades ? &kept->trades : nullptr;
}

const WatchedTicker* MarketWatch::ticker(std::string_view symbol) const {
  const Kept* const kept = find(symbol);
  return kept != nullptr && kept->ticker ? &*kept->ticker : nullptr;
}

const std::deque<WatchedSpread>* MarketWatch::spreads(std::string_view symbol) const {
  const Kept* const kept = find(symbol);
  return kept != nullptr && !kept->spreads.empty() ? &kept->spreads : nullptr;
}

const std::map<Timestamp, WatchedCandle>* MarketWatch::candles(std::string_view symbol, int interval_minutes) const {
  const Kept* const kept = find(symbol);
  if (kept == nullptr) return nullptr;
  const auto found = kept->candles.find(interval_minutes);
  return found == kept->candles.end() ? nullptr : &found->second;
}

}  // namespace ktape
