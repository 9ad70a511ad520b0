#include "synth/market.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "core/market/order_book.hpp"
#include "synth/market_news.hpp"

namespace ktape::synth {
namespace {

const Timestamp kStart = parse_rfc3339("2026-09-01T07:59:30Z").value();

// Every law for several seeds of every preset; the name of a failing case holds both.
class SyntheticMarket : public testing::TestWithParam<std::tuple<std::string_view, std::uint64_t>> {
 protected:
  SymbolSpec spec_ = preset(std::get<0>(GetParam())).value();
  SymbolMarket market_{spec_, std::get<1>(GetParam()), kStart};
  MarketNews news_{market_};
};

struct ClientBook {
  explicit ClientBook(const SymbolSpec& spec, std::size_t index)
      : depth(index),
        book({.symbol = spec.symbol,
              .depth = static_cast<int>(kBookDepths[index]),
              .price_places = spec.price_places,
              .quantity_places = spec.quantity_places}) {}
  std::size_t depth;
  OrderBook book;
};

template <class Levels>
void expect_window(const Levels& client, const FullSide& side, std::size_t depth, const Scale& scale) {
  ASSERT_EQ(client.size(), std::min(side.size(), depth));
  std::size_t rank = 0;
  for (const Level& level : client) {
    ASSERT_TRUE(identical(level.price, scale.price(side.at(rank).ticks * scale.tick))) << "rank " << rank;
    ASSERT_TRUE(identical(level.quantity, scale.quantity(side.at(rank).quantity))) << "rank " << rank;
    ++rank;
  }
}

TEST_P(SyntheticMarket, AClientOfAnyDepthSeesTheTrueWindowAndRightChecksums) {
  std::vector<ClientBook> clients;
  for (std::size_t i = 0; i < kBookDepths.size(); ++i) {
    clients.emplace_back(spec_, i);
    ASSERT_TRUE(clients[i].book.reset(news_.book(i)).has_value());
  }
  for (int event_number = 0; event_number < 1000; ++event_number) {
    const MarketEvent& event = market_.advance();
    ASSERT_LT(market_.bids().at(0).ticks, market_.asks().at(0).ticks) << "crossed";
    ASSERT_GT(market_.bids().at(market_.bids().size() - 1).ticks, 0);
    for (ClientBook& client : clients) {
      const auto update = news_.book_update(event, client.depth);
      if (!update) continue;
      const auto applied = client.book.apply(*update);
      ASSERT_TRUE(applied.has_value()) << applied.error().detail;
      ASSERT_EQ(client.book.unknown_removals(), 0U);
    }
    if (event_number % 50 != 0) continue;
    for (ClientBook& client : clients) {
      expect_window(client.book.bids(), market_.bids(), kBookDepths[client.depth], market_.scale());
      expect_window(client.book.asks(), market_.asks(), kBookDepths[client.depth], market_.scale());
    }
  }
}

TEST_P(SyntheticMarket, TimeNeverRepeatsAndPricesKeepToTheirTick) {
  Timestamp last = kStart;
  for (int i = 0; i < 1000; ++i) {
    const MarketEvent& event = market_.advance();
    ASSERT_GE(event.at - last, std::chrono::microseconds{1});
    ASSERT_GT(event.delay, Duration::zero());
    last = event.at;
    for (const BookStep& step : event.steps) ASSERT_GE(step.level.quantity, 0);
  }
}

// candles.md rules 1 to 6, computed anew from the trades.
struct FoldedCandle {
  Int128 volume = 0, value = 0;
  std::int64_t open = 0, high = 0, low = 0, close = 0, trades = 0;

  void add(const TradeRecord& trade) {
    if (trades == 0) open = high = low = trade.price;
    high = std::max(high, trade.price);
    low = std::min(low, trade.price);
    close = trade.price;
    ++trades;
    volume += trade.quantity;
    value += static_cast<Int128>(trade.price) * trade.quantity;
  }
};

TEST_P(SyntheticMarket, TradesAreContiguousAndCandlesAndTickerFollowFromThem) {
  std::int64_t next_id = spec_.last_trade_id + 1;
  std::map<std::pair<std::size_t, Timestamp>, FoldedCandle> folded;
  // The candles that run at the start hold trades of the history already.
  std::array<Timestamp, kCandleMinutes.size()> running_at_start;
  for (std::size_t i = 0; i < kCandleMinutes.size(); ++i) {
    running_at_start[i] = floor_to(kStart, std::chrono::minutes{kCandleMinutes[i]});
  }
  std::int64_t traded = 0;
  for (int event_number = 0; traded < 40 && event_number < 50'000; ++event_number) {
    const MarketEvent& event = market_.advance();
    if (event.trades.empty()) continue;
    ASSERT_LE(event.trades.size(), 7U);
    for (const TradeRecord& trade : event.trades) {
      ++traded;
      ASSERT_EQ(trade.id, next_id++);
      ASSERT_EQ(trade.at, event.at);
      ASSERT_GT(trade.quantity, 0);
      ASSERT_EQ(trade.price % market_.scale().tick, 0);
      for (std::size_t i = 0; i < kCandleMinutes.size(); ++i) {
        folded[{i, floor_to(trade.at, std::chrono::minutes{kCandleMinutes[i]})}].add(trade);
      }
    }
    for (std::size_t i = 0; i < kCandleMinutes.size(); ++i) {
      const Candle told = news_.running_candle(i, event.at);
      ASSERT_EQ(told.exchange_time, event.at);
      ASSERT_LE(told.begin, event.at);
      ASSERT_LT(event.at, told.begin + told.interval);
      if (told.begin == running_at_start[i]) continue;
      const FoldedCandle& own = folded.at({i, told.begin});
      const Scale& scale = market_.scale();
      ASSERT_TRUE(identical(told.open, scale.price(own.open)));
      ASSERT_TRUE(identical(told.high, scale.price(own.high)));
      ASSERT_TRUE(identical(told.low, scale.price(own.low)));
      ASSERT_TRUE(identical(told.close, scale.price(own.close)));
      ASSERT_TRUE(identical(told.volume, scale.quantity(own.volume)));
      ASSERT_TRUE(identical(told.vwap, scale.price(static_cast<std::int64_t>(own.value / own.volume))));
      ASSERT_EQ(told.trades, own.trades);
    }
    const Ticker ticker = news_.ticker(event.at, false);
    ASSERT_TRUE(identical(ticker.last, market_.scale().price(event.trades.back().price)));
    ASSERT_LE(ticker.low, ticker.vwap);
    ASSERT_LE(ticker.vwap, ticker.high);
    ASSERT_LE(ticker.low, ticker.last);
    ASSERT_LE(ticker.last, ticker.high);
  }
  EXPECT_GE(traded, 40);
}

TEST_P(SyntheticMarket, HistoryEndsAtTheStartAndSnapshotsAgreeWithIt) {
  const auto trades = news_.latest_trades();
  ASSERT_EQ(trades.size(), 50U);
  for (std::size_t i = 0; i < trades.size(); ++i) {
    EXPECT_EQ(trades[i].trade_id, spec_.last_trade_id - 49 + static_cast<std::int64_t>(i));
    EXPECT_LT(trades[i].exchange_time, kStart);
    EXPECT_TRUE(trades[i].snapshot);
    if (i > 0) {
      EXPECT_LE(trades[i - 1].exchange_time, trades[i].exchange_time);
    }
  }

  // The newest candles hold exactly the trades that the trade snapshot has for them.
  const auto minutes = news_.recent_candles(0, kStart);
  for (const Candle& minute : minutes) {
    EXPECT_GT(minute.trades, 0) << "an empty interval is left out";
    if (minute.begin <= trades.front().exchange_time) continue;
    FoldedCandle own;
    for (const TradeRecord& trade : market_.latest_trades()) {
      if (floor_to(trade.at, std::chrono::minutes{1}) == minute.begin) own.add(trade);
    }
    EXPECT_EQ(minute.trades, own.trades);
    EXPECT_TRUE(identical(minute.volume, market_.scale().quantity(own.volume)));
    EXPECT_TRUE(identical(minute.close, market_.scale().price(own.close)));
    EXPECT_TRUE(identical(minute.open, market_.scale().price(own.open)));
  }
  for (std::size_t i = 1; i < kCandleMinutes.size(); ++i) {
    const auto candles = news_.recent_candles(i, kStart);
    ASSERT_FALSE(candles.empty());
    EXPECT_LE(candles.size(), 10U);
    Timestamp last{};
    for (const Candle& candle : candles) {
      EXPECT_GT(candle.begin, last);
      EXPECT_EQ(candle.begin, floor_to(candle.begin, candle.interval));
      EXPECT_LE(candle.low, candle.open);
      EXPECT_LE(candle.low, candle.vwap);
      EXPECT_LE(candle.vwap, candle.high);
      EXPECT_LE(candle.close, candle.high);
      EXPECT_LT(candle.begin, kStart);
      last = candle.begin;
    }
    if (kCandleMinutes[i] >= 60) {
      EXPECT_EQ(candles.size(), 10U);
    }
  }
}

TEST_P(SyntheticMarket, EqualSeedsGiveEqualMarkets) {
  SymbolMarket same(spec_, std::get<1>(GetParam()), kStart);
  SymbolMarket other(spec_, std::get<1>(GetParam()) + 1, kStart);
  bool differs = false;
  for (int i = 0; i < 200; ++i) {
    const MarketEvent& one = market_.advance();
    const MarketEvent& two = same.advance();
    ASSERT_EQ(one.at, two.at);
    ASSERT_EQ(market_.checksum(), same.checksum());
    other.advance();
    differs = differs || other.checksum() != market_.checksum();
  }
  EXPECT_TRUE(differs);
}

// A book that thins out at busy ranks looks right for hours before its price runs away.
TEST_P(SyntheticMarket, KeepsItsShapeForLong) {
  constexpr int kEvents = 60'000;
  const auto width = [](const FullSide& side) { return std::abs(side.at(0).ticks - side.at(24).ticks); };
  const std::int64_t typical = std::int64_t{25} * spec_.level_gap_ticks * 3 / 2;
  const std::int64_t start = market_.scale().start_ticks;
  std::int64_t spreads = 0;
  std::int64_t widths = 0;
  for (int i = 0; i < kEvents; ++i) {
    market_.advance();
    spreads += market_.asks().at(0).ticks - market_.bids().at(0).ticks;
    widths += width(market_.bids()) + width(market_.asks());
    ASSERT_GT(market_.bids().at(0).ticks, start / 2);
    ASSERT_LT(market_.asks().at(0).ticks, start * 2);
    ASSERT_GE(market_.bids().size(), 100U);
    ASSERT_GE(market_.asks().size(), 1000U);
  }
  EXPECT_LE(spreads / kEvents, 8 * spec_.spread_ticks);
  EXPECT_GE(widths / kEvents / 2, typical / 2);
  EXPECT_LE(widths / kEvents / 2, typical * 2);
}

INSTANTIATE_TEST_SUITE_P(EveryPreset, SyntheticMarket,
                         testing::Combine(testing::ValuesIn(preset_symbols()), testing::Range<std::uint64_t>(1, 4)),
                         [](const auto& case_info) {
                           std::string name(std::get<0>(case_info.param));
                           std::erase(name, '/');
                           return name + "Seed" + std::to_string(std::get<1>(case_info.param));
                         });

}  // namespace
}  // namespace ktape::synth
