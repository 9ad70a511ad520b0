#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/market/order_book.hpp"
#include "core/protocol/futures/server_encode.hpp"
#include "core/protocol/spot_v1/server_encode.hpp"
#include "tests/support/book_market.hpp"

namespace ktape::test {

// A whole book that changes at random, and what Kraken would say about it to a subscriber of one depth in Spot v1: with
// the time of each level, and "r" for one that comes back into sight. Written from the rules alone (spot-v1 section
// 5.6), without the code that is tested with it.
class SpotV1Market {
 public:
  SpotV1Market(std::uint64_t seed, int depth, int levels = 40, std::string symbol = "BTC/USD")
      : dice_(seed), symbol_(std::move(symbol)), depth_(depth), checked_(BookSpec{symbol_, depth, 5, 8}) {
    for (int i = 1; i <= levels; ++i) {
      bids_[-(kMiddle - 3 * i)] = {quantity(), Timestamp{} + std::chrono::seconds(i)};
      asks_[kMiddle + 3 * i] = {quantity(), Timestamp{} + std::chrono::seconds(i)};
    }
  }

  // Changes a few levels without saying so.
  void move(Timestamp at) {
    for (auto n = 1 + dice_.below(3); n > 0; --n) {
      const bool bid = dice_.one_in(2);
      auto& side = bid ? bids_ : asks_;
      const auto distance = 1 + dice_.below(3 * 45);
      const auto price = bid ? -(kMiddle - distance) : kMiddle + distance;
      if (dice_.one_in(3) && side.size() > 3) {
        auto victim = side.begin();
        std::advance(victim, dice_.below(static_cast<std::int64_t>(std::min<std::size_t>(side.size(), 14))));
        side.erase(victim);
      } else {
        side[price] = {quantity(), at};
      }
    }
  }

  std::string snapshot() {
    told_bids_ = top(bids_);
    told_asks_ = top(asks_);
    const auto bids = entries(told_bids_);
    const auto asks = entries(told_asks_);
    EXPECT_TRUE(checked_.reset({symbol_, levels(bids), levels(asks)}));
    std::string text;
    spot_v1::append_book_snapshot(text, kNumber, depth_, {symbol_, bids, asks, std::nullopt});
    return text;
  }

  // Empty if the view did not change. What was changed at `at` is news, everything else comes back.
  std::string update(Timestamp at) {
    const auto bids = change(told_bids_, bids_, at);
    const auto asks = change(told_asks_, asks_, at);
    if (bids.empty() && asks.empty()) return {};
    const auto bid_levels = levels(bids);
    const auto ask_levels = levels(asks);
    EXPECT_TRUE(checked_.apply({symbol_, bid_levels, ask_levels}));
    std::string text;
    spot_v1::append_book_update(text, kNumber, depth_, {symbol_, bids, asks, checked_.checksum()});
    return text;
  }

  static constexpr std::uint64_t kNumber = 464;

 private:
  static constexpr std::int64_t kMiddle = 630'000;
  struct Held {
    std::int64_t quantity = 0;
    Timestamp at{};
    friend bool operator==(const Held&, const Held&) = default;
  };
  // Price in tenths, negative for bids so that the best comes first.
  using Side = std::map<std::int64_t, Held>;

  std::int64_t quantity() { return 1 + dice_.below(500'000'000); }
  Side top(const Side& side) const {
    Side best;
    for (const auto& level : side) {
      if (best.size() == static_cast<std::size_t>(depth_)) break;
      best.insert(level);
    }
    return best;
  }
  static spot_v1::BookEntry entry(std::int64_t price, const Held& held, bool republished = false) {
    return {{Decimal::from_units((price < 0 ? -price : price) * 10'000, 5), Decimal::from_units(held.quantity, 8)},
            held.at,
            republished};
  }
  static std::vector<spot_v1::BookEntry> entries(const Side& side) {
    std::vector<spot_v1::BookEntry> all;
    for (const auto& [price, held] : side) all.push_back(entry(price, held));
    return all;
  }
  static std::vector<Level> levels(const std::vector<spot_v1::BookEntry>& all) {
    std::vector<Level> out;
    for (const auto& one : all) out.push_back(one.level);
    return out;
  }
  std::vector<spot_v1::BookEntry> change(Side& told, const Side& full, Timestamp at) const {
    std::vector<spot_v1::BookEntry> out;
    for (const auto& [price, held] : told) {
      if (!full.contains(price)) out.push_back(entry(price, {0, at}));
    }
    auto now = top(full);
    for (const auto& [price, held] : now) {
      const auto old = told.find(price);
      if (old == told.end() || old->second != held) out.push_back(entry(price, held, held.at != at));
    }
    told = std::move(now);
    return out;
  }

  Dice dice_;
  std::string symbol_;
  int depth_;
  OrderBook checked_;
  Side bids_, asks_, told_bids_, told_asks_;
};

// A whole book of a Futures product, told level by level, each with the next number (futures-v1 section 4.4).
class FuturesMarket {
 public:
  explicit FuturesMarket(std::uint64_t seed, std::string product = "PI_XBTUSD")
      : dice_(seed), product_(std::move(product)), sequence_(1000 + static_cast<std::uint64_t>(dice_.below(1000))) {
    for (int i = 1; i <= 30; ++i) {
      bids_[kMiddle - 5 * i] = 1000;
      asks_[kMiddle + 5 * i] = 1000;
    }
  }

  std::string snapshot(Timestamp at) {
    std::vector<Level> bids, asks;
    for (auto one = bids_.rbegin(); one != bids_.rend(); ++one) bids.push_back(level(one->first, one->second));
    for (const auto& [price, quantity] : asks_) asks.push_back(level(price, quantity));
    std::string text;
    futures::append_book_snapshot(text, {product_, bids, asks, std::nullopt, at, sequence_});
    return text;
  }

  // Changes one level and says so.
  std::string move(Timestamp at) {
    const bool bid = dice_.one_in(2);
    auto& side = bid ? bids_ : asks_;
    const auto distance = 1 + dice_.below(200);
    const auto price = bid ? kMiddle - distance : kMiddle + distance;
    std::int64_t quantity = 10 * (1 + dice_.below(90'000));
    if (side.contains(price) && side.size() > 3 && dice_.one_in(2)) quantity = 0;
    if (quantity == 0) {
      side.erase(price);
    } else {
      side[price] = quantity;
    }
    const std::vector<Level> changed{level(price, quantity)};
    BookUpdate update{product_, {}, {}, std::nullopt, at, ++sequence_};
    (bid ? update.bids : update.asks) = changed;
    std::string text;
    futures::append_book(text, update);
    return text;
  }

 private:
  static constexpr std::int64_t kMiddle = 640'000;  // in tenths
  static Level level(std::int64_t price, std::int64_t quantity) {
    return {Decimal::from_units(price, 1), Decimal::from_units(quantity, 1)};
  }

  Dice dice_;
  std::string product_;
  std::uint64_t sequence_;
  std::map<std::int64_t, std::int64_t> bids_, asks_;  // price in tenths to quantity in tenths
};

}  // namespace ktape::test
