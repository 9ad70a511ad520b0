#include "exchange/futures_market_state.hpp"

#include <gtest/gtest.h>

#include "tests/support/frame_log.hpp"
#include "tests/support/open_exchange.hpp"

namespace ktape {
namespace {

constexpr ConnectionId kClient{1};
const std::string kOpen =
    R"({"feed":"ticker","product_id":"PI_XBTUSD","pair":"XBT:USD","suspended":false,"post_only":false,"bid":100.0})";

struct FuturesMarketStateTest : ::testing::Test {
  FuturesMarketStateTest() { state.attach(kClient, Endpoint{}, client); }

  std::string heard(const std::string& said) {
    market.send(kClient, said);
    return client.frames.back().payload;
  }
  void impose(std::string_view system) { state.impose(FuturesMarketState::of(system)); }

  VirtualClock clock{Timestamp{}};
  test::OpenExchange market{clock};
  FuturesMarketState state{market};
  test::FrameLog client;
};

TEST_F(FuturesMarketStateTest, TickersTellWhatIsImposedAndKeepEveryOtherByte) {
  EXPECT_EQ(heard(kOpen), kOpen);
  for (const char* const system : {"maintenance", "cancel_only"}) {
    impose(system);
    EXPECT_EQ(
        heard(kOpen),
        R"({"feed":"ticker","product_id":"PI_XBTUSD","pair":"XBT:USD","suspended":true,"post_only":false,"bid":100.0})");
  }
  impose("post_only");
  EXPECT_EQ(
      heard(kOpen),
      R"({"feed":"ticker","product_id":"PI_XBTUSD","pair":"XBT:USD","suspended":false,"post_only":true,"bid":100.0})");
  EXPECT_EQ(heard(R"({"post_only":true,"suspended":true,"feed":"ticker"})"),
            R"({"post_only":true,"suspended":false,"feed":"ticker"})");
  for (const char* const system : {"online", "limit_only"}) {
    impose(system);
    EXPECT_EQ(heard(kOpen), kOpen) << system;
  }
}

TEST_F(FuturesMarketStateTest, OtherMessagesPassAsTheyAre) {
  impose("maintenance");
  for (const char* const text :
       {R"({"feed":"ticker_lite","product_id":"PI_XBTUSD"})", R"({"feed":"trade","text":"ticker","suspended":false})",
        R"({"feed":"ticker","product_id":"PI_XBTUSD"})", R"({"feed":"ticker","suspended":false)", R"(["ticker"])",
        R"({"event":"subscribed","feed":"ticker","product_ids":["PI_XBTUSD"]})"}) {
    EXPECT_EQ(heard(text), text);
  }
}

TEST_F(FuturesMarketStateTest, ConnectionsEndFromEitherSide) {
  market.send(kClient, FrameKind::Closed, "1001 over");
  EXPECT_EQ(client.closed(), "< 1001 over");
  test::FrameLog next;
  state.attach(ConnectionId{2}, Endpoint{}, next);
  state.on_frame({clock.now(), ConnectionId{2}, Direction::ToExchange, FrameKind::Closed, "1000"});
  EXPECT_TRUE(market.clients.empty());
}

}  // namespace
}  // namespace ktape
