#include <algorithm>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "replay/spot_v2_recording.hpp"

namespace ktape {
namespace {

constexpr std::size_t kTrades = 50;   // Kraken's snapshot (spot-v2 section 5.5)
constexpr std::size_t kCandles = 10;  // at least; two captures fit the last ten intervals (section 5.6)
constexpr std::size_t kMaxCandles = 1000;

// Copies of one feed share nothing, so a value's own views of text are replaced when it is written.
template <class Value>
Value named(Value value, const std::string& symbol) {
  value.symbol = symbol;
  return value;
}

class BookFeed final : public FeedState, public BookTeller {
 public:
  explicit BookFeed(const Feed& feed)
      : feed_(feed), book_(BookSpec{feed.symbol, feed.depth, std::nullopt, std::nullopt}) {}

  // What does not fit leaves the book incomplete; the recording is played on as it is.
  void take(const Event& event, std::string_view /*text*/) override {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      static_cast<void>(book_.reset(*snapshot));
      time_ = snapshot->exchange_time;
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      static_cast<void>(book_.apply(*update));
      if (update->exchange_time) time_ = update->exchange_time;
    }
  }
  bool complete() const override { return book_.state() == BookState::Live; }
  std::string snapshot() override { return snapshot_as(feed_, whole_image()); }
  std::vector<std::string> difference(const FeedState& before) override {
    const auto& old = static_cast<const BookFeed&>(before);
    const auto change = BookChange::between(old.whole_image(), whole_image(), book_);
    if (change.empty()) return {};
    return {update_as(feed_, change)};
  }
  std::unique_ptr<FeedState> copy() const override { return std::make_unique<BookFeed>(*this); }
  BookTeller* teller() override { return this; }

  OrderBook& book() override { return book_; }
  // Spot-v2 section 5.3: the checksum covers ten levels whatever the depth, so it is the book's own.
  std::string snapshot_as(const Feed& feed, const BookImage& image) override {
    std::string text;
    spot_v2::append_book(text, BookSnapshot{feed.symbol, image.bids, image.asks, book_.checksum(), time_});
    return text;
  }
  std::string update_as(const Feed& feed, const BookChange& change) override {
    std::string text;
    spot_v2::append_book(text, BookUpdate{feed.symbol, change.bids, change.asks, book_.checksum(), time_});
    return text;
  }

 private:
  BookImage whole_image() const { return BookImage::of(book_, static_cast<std::size_t>(feed_.depth)); }

  Feed feed_;
  OrderBook book_;
  std::optional<Timestamp> time_;
};

class TradeFeed final : public FeedState {
 public:
  explicit TradeFeed(const Feed& feed) : symbol_(feed.symbol) {}

  void take(const Event& event, std::string_view /*text*/) override {
    const auto* trade = std::get_if<Trade>(&event);
    // A second snapshot repeats what is known.
    if (trade == nullptr || (!trades_.empty() && trade->trade_id <= trades_.back().trade_id)) return;
    trades_.push_back(*trade);
    if (trades_.size() > kTrades) trades_.pop_front();
  }
  bool complete() const override { return !trades_.empty(); }
  std::string snapshot() override { return text(trades_.begin(), true); }

  std::vector<std::string> difference(const FeedState& before) override {
    const auto& told = static_cast<const TradeFeed&>(before).trades_;
    if (told.empty()) return {};  // to who wanted no snapshot what it tells is history
    const auto first =
        std::find_if(trades_.begin(), trades_.end(), [&](const Trade& t) { return t.trade_id > told.back().trade_id; });
    if (first == trades_.end()) return {};
    return {text(first, false)};
  }

  std::unique_ptr<FeedState> copy() const override { return std::make_unique<TradeFeed>(*this); }

 private:
  std::string text(std::deque<Trade>::const_iterator first, bool as_snapshot) const {
    std::vector<Trade> told;
    for (; first != trades_.end(); ++first) told.push_back(named(*first, symbol_));
    std::string out;
    spot_v2::append_trades(out, told, as_snapshot);
    return out;
  }

  std::string symbol_;
  std::deque<Trade> trades_;  // oldest first
};

class TickerFeed final : public FeedState {
 public:
  explicit TickerFeed(const Feed& feed) : symbol_(feed.symbol) {}

  void take(const Event& event, std::string_view /*text*/) override {
    if (const auto* ticker = std::get_if<Ticker>(&event)) ticker_ = *ticker;
  }
  bool complete() const override { return ticker_.has_value(); }
  std::string snapshot() override { return text(true); }

  std::vector<std::string> difference(const FeedState& before) override {
    const auto& told = static_cast<const TickerFeed&>(before);
    auto news = text(false);
    if (told.ticker_ && told.text(false) == news) return {};
    return {std::move(news)};
  }

  std::unique_ptr<FeedState> copy() const override { return std::make_unique<TickerFeed>(*this); }

 private:
  std::string text(bool as_snapshot) const {
    auto ticker = named(*ticker_, symbol_);
    ticker.snapshot = as_snapshot;
    std::string out;
    spot_v2::append_ticker(out, ticker);
    return out;
  }

  std::string symbol_;
  std::optional<Ticker> ticker_;
};

class OhlcFeed final : public FeedState {
 public:
  explicit OhlcFeed(const Feed& feed) : symbol_(feed.symbol) {}

  void take(const Event& event, std::string_view /*text*/) override {
    const auto* candle = std::get_if<Candle>(&event);
    if (candle == nullptr) return;
    candles_[candle->begin] = *candle;
    time_ = candle->exchange_time.value_or(candle->begin);
    // Kraken's own snapshot tells how many it deems recent.
    if (candle->snapshot) kept_ = std::min(std::max(kept_, candles_.size()), kMaxCandles);
    if (candles_.size() > kept_) candles_.erase(candles_.begin());
  }
  bool complete() const override { return !candles_.empty(); }

  std::string snapshot() override {
    std::vector<Candle> all;
    for (const auto& [begin, candle] : candles_) all.push_back(named(candle, symbol_));
    return text(all, true);
  }

  std::vector<std::string> difference(const FeedState& before) override {
    const auto& told = static_cast<const OhlcFeed&>(before).candles_;
    if (told.empty()) return {};
    std::vector<Candle> news;
    for (const auto& [begin, candle] : candles_) {
      const auto old = told.find(begin);
      // One that had scrolled away before is history, not news.
      if (old == told.end() ? begin < told.begin()->first : same(old->second, candle)) continue;
      news.push_back(named(candle, symbol_));
    }
    if (news.empty()) return {};
    return {text(news, false)};
  }

  std::unique_ptr<FeedState> copy() const override { return std::make_unique<OhlcFeed>(*this); }

 private:
  static bool same(const Candle& a, const Candle& b) {
    return identical(a.open, b.open) && identical(a.high, b.high) && identical(a.low, b.low) &&
           identical(a.close, b.close) && identical(a.volume, b.volume) && identical(a.vwap, b.vwap) &&
           a.trades == b.trades;
  }
  std::string text(const std::vector<Candle>& candles, bool as_snapshot) const {
    std::string out;
    spot_v2::append_ohlc(out, candles, as_snapshot, time_);
    return out;
  }

  std::string symbol_;
  std::map<Timestamp, Candle> candles_;
  Timestamp time_;
  std::size_t kept_ = kCandles;
};

class InstrumentFeed final : public FeedState {
 public:
  void take(const Event& event, std::string_view /*text*/) override {
    const auto* update = std::get_if<InstrumentUpdate>(&event);
    if (update == nullptr) return;
    seen_ = true;
    for (const auto& asset : update->assets) put(assets_, std::string(asset.id), Asset(asset));
    for (const auto& pair : update->pairs) put(pairs_, std::string(pair.symbol), Pair(pair));
  }
  bool complete() const override { return seen_; }
  std::string snapshot() override { return text(true, nullptr); }
  std::vector<std::string> difference(const FeedState& before) override {
    auto news = text(false, &static_cast<const InstrumentFeed&>(before));
    if (news.empty()) return {};
    return {std::move(news)};
  }
  std::unique_ptr<FeedState> copy() const override { return std::make_unique<InstrumentFeed>(*this); }

 private:
  struct Asset {
    explicit Asset(const AssetInfo& from) : info(from), status(from.status), asset_class(from.asset_class) {}
    AssetInfo view(const std::string& id) const {
      auto seen = info;
      seen.id = id;
      seen.status = status;
      seen.asset_class = asset_class;
      return seen;
    }
    AssetInfo info;
    std::string status, asset_class;
  };
  struct Pair {
    explicit Pair(const PairInfo& from) : info(from), base(from.base), quote(from.quote), status(from.status) {}
    PairInfo view(const std::string& symbol) const {
      auto seen = info;
      seen.symbol = symbol;
      seen.base = base;
      seen.quote = quote;
      seen.status = status;
      return seen;
    }
    PairInfo info;
    std::string base, quote, status;
  };
  // The latest of each name, in the order in which the names were first told.
  template <class Entry>
  struct Latest {
    std::map<std::string, std::size_t> places;
    std::vector<std::pair<std::string, Entry>> entries;

    const Entry* find(const std::string& name) const {
      const auto at = places.find(name);
      return at == places.end() ? nullptr : &entries[at->second].second;
    }
  };

  template <class Entry>
  static void put(Latest<Entry>& latest, std::string name, Entry entry) {
    const auto [at, added] = latest.places.try_emplace(name, latest.entries.size());
    if (added) {
      latest.entries.emplace_back(std::move(name), std::move(entry));
    } else {
      latest.entries[at->second].second = std::move(entry);
    }
  }

  static std::string written(std::span<const AssetInfo> assets, std::span<const PairInfo> pairs, bool as_snapshot) {
    std::string out;
    spot_v2::append_instrument(out, {as_snapshot, assets, pairs});
    return out;
  }
  static std::string written(const AssetInfo& asset) { return written({&asset, 1}, {}, false); }
  static std::string written(const PairInfo& pair) { return written({}, {&pair, 1}, false); }

  // Those entries that `told` does not have just so; all without it.
  template <class Info, class Entry>
  static std::vector<Info> news(const Latest<Entry>& now, const Latest<Entry>* told) {
    std::vector<Info> all;
    for (const auto& [name, entry] : now.entries) {
      const auto* old = told == nullptr ? nullptr : told->find(name);
      if (old == nullptr || written(old->view(name)) != written(entry.view(name))) all.push_back(entry.view(name));
    }
    return all;
  }

  std::string text(bool as_snapshot, const InstrumentFeed* told) const {
    const auto assets = news<AssetInfo>(assets_, told == nullptr ? nullptr : &told->assets_);
    const auto pairs = news<PairInfo>(pairs_, told == nullptr ? nullptr : &told->pairs_);
    if (told != nullptr && assets.empty() && pairs.empty()) return {};
    return written(assets, pairs, as_snapshot);
  }

  bool seen_ = false;
  Latest<Asset> assets_;
  Latest<Pair> pairs_;
};

}  // namespace

std::unique_ptr<FeedState> make_spot_v2_state(const Feed& feed) {
  switch (feed.channel) {
    case Channel::Book:
      return std::make_unique<BookFeed>(feed);
    case Channel::Trade:
      return std::make_unique<TradeFeed>(feed);
    case Channel::Ticker:
      return std::make_unique<TickerFeed>(feed);
    case Channel::Ohlc:
      return std::make_unique<OhlcFeed>(feed);
    default:
      break;
  }
  KTAPE_ASSERT(feed.channel == Channel::Instrument, "the front serves no other channel");
  return std::make_unique<InstrumentFeed>();
}

}  // namespace ktape
