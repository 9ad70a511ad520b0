#include "core/market/level3_book.hpp"

#include <gtest/gtest.h>

#include "tests/support/level3_market.hpp"

namespace ktape {
namespace {

TEST(Level3BookProperty, FollowsTheWindowOfTheMarketOrderByOrder) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    constexpr int kDepth = 5;
    test::Level3Market market(seed, kDepth);
    for (int i = 0; i < 60; ++i) market.change();
    Level3Book book({.symbol = "A/B", .depth = kDepth, .price_places = 1, .quantity_places = 8});
    ASSERT_TRUE(
        book.reset({.symbol = "A/B", .bids = market.snapshot(true), .asks = market.snapshot(false)}).has_value());
    for (int step = 0; step < 120; ++step) {
      const auto bids = market.window(true);
      const auto asks = market.window(false);
      market.change();
      const auto applied =
          book.apply({.symbol = "A/B", .bids = market.told(true, bids), .asks = market.told(false, asks)});
      ASSERT_TRUE(applied.has_value()) << applied.error().detail;
      ASSERT_EQ(test::show(book.bids()), test::show(market.window(true))) << "seed " << seed << " step " << step;
      ASSERT_EQ(test::show(book.asks()), test::show(market.window(false))) << "seed " << seed << " step " << step;
      ASSERT_EQ(book.order_count(), market.window(true).size() + market.window(false).size()) << "seed " << seed;
      ASSERT_EQ(book.unknown_orders(), 0U) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace ktape
