#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/market/event.hpp"
#include "core/market/order_book.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"

namespace ktape::test {

// splitmix64: the same numbers on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(limit));
  }
  bool one_in(std::int64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

// A whole book that changes at random, and what Kraken would say about it to a subscriber of one depth. Written from
// the rules alone (spot-v2 section 5.3), without the code that is tested with it.
class BookMarket {
 public:
  BookMarket(std::uint64_t seed, std::string symbol, int depth, int levels = 40)
      : dice_(seed), symbol_(std::move(symbol)), depth_(depth), checked_(BookSpec{symbol_, depth, 1, 8}) {
    for (int i = 1; i <= levels; ++i) {
      bids_[-(kMiddle - 3 * i)] = quantity();
      asks_[kMiddle + 3 * i] = quantity();
    }
  }

  // Changes a few levels without saying so.
  void move() {
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
        side[price] = quantity();
      }
    }
  }

  std::string snapshot(Timestamp at) {
    told_bids_ = top(bids_);
    told_asks_ = top(asks_);
    const auto bids = levels(told_bids_);
    const auto asks = levels(told_asks_);
    EXPECT_TRUE(checked_.reset({symbol_, bids, asks, std::nullopt, std::nullopt}));
    std::string text;
    spot_v2::append_book(text, BookSnapshot{symbol_, bids, asks, checked_.checksum(), at});
    return text;
  }

  // Empty if the view did not change.
  std::string update(Timestamp at) {
    const auto bids = change(told_bids_, bids_);
    const auto asks = change(told_asks_, asks_);
    if (bids.empty() && asks.empty()) return {};
    EXPECT_TRUE(checked_.apply({symbol_, bids, asks, std::nullopt, std::nullopt}));
    std::string text;
    spot_v2::append_book(text, BookUpdate{symbol_, bids, asks, checked_.checksum(), at});
    return text;
  }

 private:
  static constexpr std::int64_t kMiddle = 630'000;
  // Price in tenths, negative for bids so that the best comes first, to quantity in 1e-8.
  using Side = std::map<std::int64_t, std::int64_t>;

  std::int64_t quantity() { return 1 + dice_.below(500'000'000); }
  Side top(const Side& side) const {
    Side best;
    for (const auto& level : side) {
      if (best.size() == static_cast<std::size_t>(depth_)) break;
      best.insert(level);
    }
    return best;
  }
  static Level level(std::int64_t price, std::int64_t quantity) {
    return {Decimal::from_units(price < 0 ? -price : price, 1), Decimal::from_units(quantity, 8)};
  }
  static std::vector<Level> levels(const Side& side) {
    std::vector<Level> all;
    for (const auto& [price, quantity] : side) all.push_back(level(price, quantity));
    return all;
  }
  std::vector<Level> change(Side& told, const Side& full) const {
    std::vector<Level> entries;
    for (const auto& [price, quantity] : told) {
      if (!full.contains(price)) entries.push_back(level(price, 0));
    }
    auto now = top(full);
    for (const auto& [price, quantity] : now) {
      const auto old = told.find(price);
      if (old == told.end() || old->second != quantity) entries.push_back(level(price, quantity));
    }
    told = std::move(now);
    return entries;
  }

  Dice dice_;
  std::string symbol_;
  int depth_;
  OrderBook checked_;
  Side bids_, asks_, told_bids_, told_asks_;
};

}  // namespace ktape::test
