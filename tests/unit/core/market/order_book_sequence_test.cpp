#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/market/order_book.hpp"

namespace ktape {
namespace {

Decimal number(const char* text) { return Decimal::parse(text).value(); }

struct SequencedBook : testing::Test {
  Result<void> snapshot(std::uint64_t sequence) {
    return book.reset(BookSnapshot{.symbol = "PF_XBTUSD", .bids = bids, .asks = asks, .sequence = sequence});
  }
  Result<void> buy(std::uint64_t sequence, const char* price, const char* quantity) {
    const std::vector<Level> level{{number(price), number(quantity)}};
    return book.apply(BookUpdate{.symbol = "PF_XBTUSD", .bids = level, .sequence = sequence});
  }
  std::string best_bids() const {
    std::string out;
    for (const Level& level : book.bids()) out += level.price.text() + "x" + level.quantity.text() + " ";
    return out;
  }

  std::vector<Level> bids{{number("100.5"), number("3")}, {number("100"), number("1.25")}};
  std::vector<Level> asks{{number("101"), number("2.0")}};
  OrderBook book{{.symbol = "PF_XBTUSD", .depth = 0}};
};

TEST_F(SequencedBook, TakesEachUpdateThatHasTheNextNumber) {
  ASSERT_TRUE(snapshot(41));
  ASSERT_TRUE(buy(42, "100.5", "0"));
  ASSERT_TRUE(buy(43, "99", "7"));
  EXPECT_EQ(best_bids(), "100.0x1.25 99.0x7.00 ");
  EXPECT_EQ(book.sequence(), 43U);
  EXPECT_EQ(book.state(), BookState::Live);
}

TEST_F(SequencedBook, DropsAndCountsWhatWasToldBefore) {
  ASSERT_TRUE(snapshot(41));
  EXPECT_TRUE(buy(41, "100.5", "0"));
  EXPECT_TRUE(buy(3, "100", "0"));
  EXPECT_EQ(best_bids(), "100.5x3.00 100.0x1.25 ");
  EXPECT_EQ(book.duplicates(), 2U);
  EXPECT_EQ(book.sequence(), 41U);
}

TEST_F(SequencedBook, IsInvalidAfterALossUntilTheNextSnapshot) {
  ASSERT_TRUE(snapshot(41));
  const auto lost = buy(43, "100.5", "0");
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code, Errc::Sequence);
  EXPECT_EQ(lost.error().detail, "book PF_XBTUSD: an update has the number 43, 42 was due");
  EXPECT_EQ(book.state(), BookState::Invalid);
  EXPECT_FALSE(buy(42, "100.5", "0").has_value());
  // The numbers of a new snapshot begin where they want to.
  ASSERT_TRUE(snapshot(7));
  EXPECT_TRUE(buy(8, "100.5", "0"));
  EXPECT_EQ(best_bids(), "100.0x1.25 ");
}

TEST_F(SequencedBook, SkipsLevelsWithoutQuantityInASnapshot) {
  bids.insert(bids.begin() + 1, {number("100.25"), number("0.0")});
  ASSERT_TRUE(snapshot(1));
  EXPECT_EQ(best_bids(), "100.5x3.00 100.0x1.25 ");
  EXPECT_EQ(book.unknown_removals(), 0U);
}

TEST_F(SequencedBook, KeepsAllLevelsAndTheLastOfEqualPrices) {
  bids.clear();
  for (int i = 0; i < 3000; ++i) bids.push_back({Decimal::from_units(90'000 - i, 1), number("1")});
  ASSERT_TRUE(snapshot(1));
  EXPECT_EQ(book.bids().size(), 3000U);
  EXPECT_EQ(book.bids().front().price.text(), "9000.0");
  bids = {{number("5"), number("1")}, {number("6"), number("1")}, {number("5.0"), number("2")}};
  ASSERT_TRUE(snapshot(1));
  EXPECT_EQ(best_bids(), "6.0x1.0 5.0x2.0 ");
}

TEST_F(SequencedBook, StandsAtTheEndOfTheNumbers) {
  ASSERT_TRUE(snapshot(UINT64_MAX));
  EXPECT_TRUE(buy(0, "100.5", "0"));
  EXPECT_TRUE(buy(UINT64_MAX, "100.5", "0"));
  EXPECT_EQ(book.duplicates(), 2U);
}

TEST_F(SequencedBook, ForgetsTheNumberWithTheLevels) {
  ASSERT_TRUE(snapshot(41));
  book.await_snapshot();
  EXPECT_FALSE(book.sequence().has_value());
  EXPECT_FALSE(buy(42, "1", "1").has_value());
}

}  // namespace
}  // namespace ktape
