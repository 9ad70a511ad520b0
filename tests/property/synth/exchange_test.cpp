#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/synthetic_session.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 6> kSymbols{"BTC/USD", "ETH/USD", "XRP/USD", "MINA/GBP", "SHIB/USD", "EUR/USD"};
constexpr std::array kDepths{10, 25, 100};

struct Places {
  int price;
  int quantity;
};

// Hears what a client hears and holds it against what a client may expect of Kraken.
class Judge final : public EventSink {
 public:
  Judge() {
    for (const auto symbol : kSymbols) {
      const auto spec = synth::preset(symbol).value();
      places_.emplace(spec.symbol, Places{spec.price_places, spec.quantity_places});
    }
  }

  void on_event(const Event& event) override {
    std::visit([this](const auto& each) { judge(each); }, event);
  }

  std::size_t candles_compared = 0;
  std::size_t trades = 0;
  std::size_t tickers = 0;
  std::size_t updates = 0;

 private:
  struct Fold {
    Decimal open, high, low, close;
    Int128 volume = 0, value = 0;
    std::int64_t trades = 0;
  };
  using Key = std::pair<std::string, Timestamp>;

  template <class Other>
  void judge(const Other& /*event*/) {}

  void judge(const BookSnapshot& book) { judge_levels(book.symbol, book.bids, book.asks); }
  void judge(const BookUpdate& book) {
    ++updates;
    judge_levels(book.symbol, book.bids, book.asks);
  }
  void judge_levels(std::string_view symbol, std::span<const Level> bids, std::span<const Level> asks) {
    for (const auto side : {bids, asks}) {
      for (const Level& level : side) padded(symbol, level.price, level.quantity);
    }
  }

  void judge(const Trade& trade) {
    padded(trade.symbol, trade.price, trade.quantity);
    const std::string symbol(trade.symbol);
    const auto last = last_id_.find(symbol);
    if (last != last_id_.end()) {
      EXPECT_EQ(trade.trade_id, last->second + 1) << symbol;
    }
    last_id_[symbol] = trade.trade_id;
    if (!seen_from_.contains(symbol)) seen_from_[symbol] = trade.exchange_time;
    if (!trade.snapshot) ++trades;

    Fold& fold = folds_[{symbol, floor_to(trade.exchange_time, 1min)}];
    if (fold.trades == 0) fold.open = fold.high = fold.low = trade.price;
    fold.high = std::max(fold.high, trade.price);
    fold.low = std::min(fold.low, trade.price);
    fold.close = trade.price;
    fold.volume += trade.quantity.coefficient();
    fold.value += trade.price.coefficient() * trade.quantity.coefficient();
    ++fold.trades;
  }

  void judge(const Candle& candle) {
    if (candle.source != CandleSource::Exchange) return;
    padded(candle.symbol, candle.open, candle.volume);
    padded(candle.symbol, candle.vwap, candle.volume);
    const std::string symbol(candle.symbol);
    // Only what the trades cover from its beginning on; the trade messages of an event come before its candle.
    const auto from = seen_from_.find(symbol);
    if (from == seen_from_.end() || candle.begin <= from->second) return;
    const auto fold = folds_.find({symbol, candle.begin});
    if (fold == folds_.end() || fold->second.trades != candle.trades) return;
    ++candles_compared;
    EXPECT_TRUE(identical(candle.open, fold->second.open)) << symbol;
    EXPECT_TRUE(identical(candle.high, fold->second.high)) << symbol;
    EXPECT_TRUE(identical(candle.low, fold->second.low)) << symbol;
    EXPECT_TRUE(identical(candle.close, fold->second.close)) << symbol;
    EXPECT_TRUE(candle.volume.coefficient() == fold->second.volume) << symbol;
    EXPECT_TRUE(candle.vwap.coefficient() == fold->second.value / fold->second.volume) << symbol;
  }

  void judge(const Ticker& ticker) {
    ++tickers;
    padded(ticker.symbol, ticker.bid, ticker.bid_quantity);
    padded(ticker.symbol, ticker.ask, ticker.ask_quantity);
    padded(ticker.symbol, ticker.last, ticker.volume);
    padded(ticker.symbol, ticker.vwap, ticker.volume);
    padded(ticker.symbol, ticker.change, ticker.volume);
    EXPECT_EQ(ticker.change_percent.scale(), 2);
    EXPECT_LT(ticker.bid, ticker.ask);
    EXPECT_LE(ticker.low, ticker.last);
    EXPECT_LE(ticker.last, ticker.high);
  }

  void judge(const BookStateChange& change) { EXPECT_NE(change.state, BookState::Invalid) << change.reason; }
  void judge(const TradeGap& gap) { ADD_FAILURE() << "trades are missing before " << gap.received_id; }
  void judge(const UnknownMessage& message) { ADD_FAILURE() << message.what; }
  void judge(const Reply& reply) { EXPECT_TRUE(reply.success) << reply.error; }

  void padded(std::string_view symbol, const Decimal& price, const Decimal& quantity) const {
    const Places& places = places_.find(symbol)->second;
    ASSERT_EQ(price.scale(), places.price) << symbol << " price " << price.text();
    ASSERT_EQ(quantity.scale(), places.quantity) << symbol << " quantity " << quantity.text();
  }

  std::map<std::string, Places, std::less<>> places_;
  std::map<std::string, std::int64_t> last_id_;
  std::map<std::string, Timestamp> seen_from_;
  std::map<Key, Fold> folds_;
};

class SyntheticExchangeProperty : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SyntheticExchangeProperty, AClientFindsNothingToObjectTo) {
  const std::uint64_t seed = GetParam();
  const std::vector<std::string> symbols(kSymbols.begin(), kSymbols.end());
  const std::array wanted{test::channel_of(Channel::Instrument), test::book_of(symbols, kDepths[seed % kDepths.size()]),
                          test::channel_of(Channel::Trade, symbols), test::channel_of(Channel::Ticker, symbols),
                          test::ohlc_of(symbols, 1)};
  Judge judge;
  test::SyntheticSession session(test::synthetic_options(seed, 50s, kSymbols), wanted, judge);
  session.run();
  EXPECT_GT(judge.updates, 1000U);
  EXPECT_GT(judge.trades, 30U);
  EXPECT_GT(judge.tickers, 30U);
  EXPECT_GT(judge.candles_compared, 5U);
  EXPECT_EQ(session.client().stats().checksums_failed, 0U);
  EXPECT_GE(session.client().stats().checksums_verified, judge.updates);
  EXPECT_EQ(session.client().stats().trade_gaps, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SyntheticExchangeProperty, testing::Range<std::uint64_t>(1, 5),
                         [](const auto& case_info) { return "Seed" + std::to_string(case_info.param); });

}  // namespace
}  // namespace ktape
