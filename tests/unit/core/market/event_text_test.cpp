#include "core/market/event_text.hpp"

#include <array>

#include <gtest/gtest.h>

namespace ktape {
namespace {

std::string text(const Event& event) {
  std::string out;
  append_event_text(out, from_nanoseconds(1785552832693693000), 1, event);
  return out;
}

TEST(EventText, KeepsTheExactDigitsAsStrings) {
  EXPECT_EQ(text(Trade{.symbol = "ETH/EUR",
                       .side = Side::Sell,
                       .order_type = OrderType::Market,
                       .price = Decimal::parse("3120.90").value(),
                       .quantity = Decimal::parse("0.05000000").value(),
                       .trade_id = 48210001,
                       .exchange_time = from_nanoseconds(17),
                       .snapshot = true}),
            R"({"at":1785552832693693000,"connection":1,"event":"trade","symbol":"ETH/EUR","side":"sell",)"
            R"("price":"3120.90","quantity":"0.05000000","order_type":"market","trade_id":48210001,)"
            R"("exchange_time":17,"snapshot":true})");
}

TEST(EventText, LeavesOutWhatIsAbsent) {
  const std::array levels{Level{Decimal::parse("1.0").value(), Decimal::parse("2.50").value()},
                          Level{Decimal::parse("0.9").value(), Decimal::parse("0.00").value()}};
  EXPECT_EQ(text(BookUpdate{.symbol = "X/Y", .bids = levels, .asks = {}, .checksum = {}, .exchange_time = {}}),
            R"({"at":1785552832693693000,"connection":1,"event":"book_update","symbol":"X/Y",)"
            R"("bids":[["1.0","2.50"],["0.9","0.00"]],"asks":[]})");
  EXPECT_EQ(text(Heartbeat{}), R"({"at":1785552832693693000,"connection":1,"event":"heartbeat"})");
}

TEST(EventText, EscapesTextOfTheExchange) {
  EXPECT_EQ(text(UnknownMessage{"a \"quoted\"\\ line\n\x01 and \xff"}),
            R"({"at":1785552832693693000,"connection":1,"event":"unknown_message",)"
            R"("what":"a \"quoted\"\\ line\n\u0001 and \ufffd"})");
}

}  // namespace
}  // namespace ktape
