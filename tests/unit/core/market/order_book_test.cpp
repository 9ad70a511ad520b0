#include "core/market/order_book.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ktape {
namespace {

using testing::HasSubstr;

std::vector<Level> levels(const std::vector<std::pair<const char*, const char*>>& texts) {
  std::vector<Level> out;
  for (const auto& [price, quantity] : texts) {
    out.push_back({Decimal::parse(price).value(), Decimal::parse(quantity).value()});
  }
  return out;
}

std::vector<std::string> texts(LevelsView view) {
  std::vector<std::string> out;
  for (const Level& level : view) out.push_back(level.price.text() + " x " + level.quantity.text());
  return out;
}

struct Message {
  std::vector<Level> bids;
  std::vector<Level> asks;
  std::uint32_t checksum;
};

Result<void> reset(OrderBook& book, const Message& message) {
  return book.reset({book.spec().symbol, message.bids, message.asks, message.checksum, {}});
}
Result<void> apply(OrderBook& book, const Message& message) {
  return book.apply({book.spec().symbol, message.bids, message.asks, message.checksum, {}});
}

// The exchange's own published example for BTC/USD (spot-v2 section 9.3).
Message btc_usd_snapshot() {
  return {levels({{"45283.5", "0.10000000"},
                  {"45283.4", "1.54582015"},
                  {"45282.1", "0.10000000"},
                  {"45281.0", "0.10000000"},
                  {"45280.3", "1.54592586"},
                  {"45279.0", "0.07990000"},
                  {"45277.6", "0.03310103"},
                  {"45277.5", "0.30000000"},
                  {"45277.3", "1.54602737"},
                  {"45276.6", "0.15445238"}}),
          levels({{"45285.2", "0.00100000"},
                  {"45286.4", "1.54571953"},
                  {"45286.6", "1.54571109"},
                  {"45289.6", "1.54560911"},
                  {"45290.2", "0.15890660"},
                  {"45291.8", "1.54553491"},
                  {"45294.7", "0.04454749"},
                  {"45296.1", "0.35380000"},
                  {"45297.5", "0.09945542"},
                  {"45299.5", "0.18772827"}}),
          3310070434};
}

TEST(OrderBook, VerifiesThePublishedBtcUsdChecksum) {
  OrderBook book({.symbol = "BTC/USD", .depth = 10, .price_places = 1, .quantity_places = 8});
  ASSERT_TRUE(reset(book, btc_usd_snapshot()).has_value());
  EXPECT_EQ(book.state(), BookState::Live);
  EXPECT_EQ(book.checksums_verified(), 1U);
  EXPECT_EQ(texts(book.bids()).front(), "45283.5 x 0.10000000");
  EXPECT_EQ(texts(book.asks()).front(), "45285.2 x 0.00100000");
}

TEST(OrderBook, TruncatesToTheDepthAndTakesBackALevelThatReturns) {
  OrderBook book({.symbol = "BTC/USD", .depth = 10});
  ASSERT_TRUE(reset(book, btc_usd_snapshot()).has_value());

  ASSERT_TRUE(apply(book, {levels({{"45283.0", "0.00012345"}}),
                           levels({{"45285.2", "0.00000000"}, {"45300.0", "0.50000000"}}), 2071733577})
                  .has_value());
  EXPECT_EQ(book.bids().size(), 10U);
  EXPECT_EQ(texts(book.bids()).back(), "45277.3 x 1.54602737");  // no removal of 45276.6 was sent

  ASSERT_TRUE(
      apply(book, {levels({{"45283.0", "0.00000000"}, {"45276.6", "0.15445238"}}), {}, 2452038752}).has_value());
  EXPECT_EQ(texts(book.bids()).back(), "45276.6 x 0.15445238");
  EXPECT_EQ(book.checksums_verified(), 3U);
}

TEST(OrderBook, BuildsChecksumsFromThePlacesOfThePairWhateverTheText) {
  // The exchange's MATIC/USD example is printed without trailing zeros (spot-v2 section 9.5).
  const Message snapshot{levels({{"0.5666", "4831.75496356"},
                                 {"0.5665", "6658.22734739"},
                                 {"0.5664", "18724.91513344"},
                                 {"0.5663", "11563.92544914"},
                                 {"0.5662", "14006.65365711"},
                                 {"0.5661", "17454.85679807"},
                                 {"0.566", "18097.1547"},
                                 {"0.5659", "33644.89175666"},
                                 {"0.5658", "148.3464"},
                                 {"0.5657", "606.70854372"}}),
                         levels({{"0.5668", "4410.79769741"},
                                 {"0.5669", "4655.40412487"},
                                 {"0.567", "49844.89424998"},
                                 {"0.5671", "24306.41678"},
                                 {"0.5672", "29783.25223475"},
                                 {"0.5673", "57234.71239278"},
                                 {"0.5674", "45065.04744"},
                                 {"0.5675", "5912.76380354"},
                                 {"0.5676", "42514.92434778"},
                                 {"0.5677", "36304.0847022"}}),
                         2439117997};
  const Message update{levels({{"0.5657", "1098.3947558"}}), {}, 2114181697};
  OrderBook told({.symbol = "MATIC/USD", .depth = 10, .price_places = 4, .quantity_places = 8});
  OrderBook learning({.symbol = "MATIC/USD", .depth = 10});
  for (OrderBook* book : {&told, &learning}) {
    ASSERT_TRUE(reset(*book, snapshot).has_value());
    ASSERT_TRUE(apply(*book, update).has_value());
  }
}

TEST(OrderBook, DropsLeadingZerosInChecksums) {
  OrderBook book({.symbol = "SHIB/USD", .depth = 10, .price_places = 8, .quantity_places = 8});
  ASSERT_TRUE(reset(book, {levels({{"0.00001200", "25.50000000"}}),
                           levels({{"0.00001234", "1000.00000000"}, {"0.00001300", "0.00000001"}}), 1649855318})
                  .has_value());
}

TEST(OrderBook, AcceptsAnEmptyBook) {
  OrderBook book({.symbol = "X/Y", .depth = 10});
  ASSERT_TRUE(reset(book, {{}, {}, 0}).has_value());
  EXPECT_EQ(book.state(), BookState::Live);
  ASSERT_TRUE(apply(book, {{}, levels({{"100.00", "1.00000000"}}), 684411121}).has_value());
}

TEST(OrderBook, IsInvalidAfterAWrongChecksumUntilTheNextSnapshot) {
  OrderBook book({.symbol = "BTC/USD", .depth = 10});
  ASSERT_TRUE(reset(book, btc_usd_snapshot()).has_value());
  const auto wrong = apply(book, {levels({{"45283.0", "0.00012345"}}), {}, 42});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, Errc::Checksum);
  EXPECT_THAT(wrong.error().detail, HasSubstr("BTC/USD"));
  EXPECT_THAT(wrong.error().detail, HasSubstr("42"));
  EXPECT_EQ(book.state(), BookState::Invalid);

  const auto refused = apply(book, {{}, {}, 42});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::Protocol);

  ASSERT_TRUE(reset(book, btc_usd_snapshot()).has_value());
  EXPECT_EQ(book.state(), BookState::Live);
}

TEST(OrderBook, RefusesAnUpdateBeforeTheSnapshot) {
  OrderBook book({.symbol = "BTC/USD", .depth = 10});
  const auto early = apply(book, {levels({{"1.0", "1.00000000"}}), {}, 0});
  ASSERT_FALSE(early.has_value());
  EXPECT_THAT(early.error().detail, HasSubstr("waiting for a snapshot"));
  EXPECT_EQ(book.state(), BookState::AwaitSnapshot);
  EXPECT_TRUE(book.bids().empty());
}

TEST(OrderBook, IsEmptyWhileItAwaitsASnapshot) {
  OrderBook book({.symbol = "BTC/USD", .depth = 10});
  ASSERT_TRUE(reset(book, btc_usd_snapshot()).has_value());
  book.await_snapshot();
  EXPECT_EQ(book.state(), BookState::AwaitSnapshot);
  EXPECT_TRUE(book.bids().empty());
  EXPECT_TRUE(book.asks().empty());
}

TEST(OrderBook, TakesTheSamePriceTwiceInOneMessageInOrder) {
  OrderBook book({.symbol = "X/Y", .depth = 10});
  ASSERT_TRUE(book.reset({"X/Y", levels({{"1.0", "1.0"}, {"1.0", "2.0"}}), {}, {}, {}}).has_value());
  EXPECT_EQ(texts(book.bids()), std::vector<std::string>{"1.0 x 2.0"});
}

TEST(OrderBook, CountsRemovalsOfUnknownLevels) {
  OrderBook book({.symbol = "X/Y", .depth = 10});
  ASSERT_TRUE(book.reset({"X/Y", levels({{"1.0", "1.0"}}), {}, {}, {}}).has_value());
  ASSERT_TRUE(book.apply({"X/Y", levels({{"0.9", "0.0"}}), {}, {}, {}}).has_value());
  EXPECT_EQ(book.unknown_removals(), 1U);
}

TEST(OrderBook, RefusesLevelsThatMakeNoSense) {
  OrderBook book({.symbol = "X/Y", .depth = 10, .price_places = 1, .quantity_places = 8});
  for (const auto& [price, quantity] : {std::pair{"-1.0", "1.0"}, std::pair{"1.0", "-1.0"}, std::pair{"1.05", "1.0"},
                                        std::pair{"1.0", "0.000000001"}}) {
    const auto refused = book.reset({"X/Y", levels({{price, quantity}}), {}, {}, {}});
    ASSERT_FALSE(refused.has_value()) << price << ' ' << quantity;
    EXPECT_EQ(refused.error().code, Errc::Protocol);
    EXPECT_EQ(book.state(), BookState::Invalid);
  }
}

TEST(OrderBook, KeepsQuantitiesThatOverflow64Bits) {
  OrderBook book({.symbol = "SHIB/USD", .depth = 10});
  ASSERT_TRUE(
      book.reset({"SHIB/USD", levels({{"0.00000001", "1234567890123456789.12345678"}}), {}, {}, {}}).has_value());
  EXPECT_EQ(texts(book.bids()).front(), "0.00000001 x 1234567890123456789.12345678");
}

}  // namespace
}  // namespace ktape
