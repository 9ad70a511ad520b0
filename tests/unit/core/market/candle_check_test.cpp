#include "core/market/candle_check.hpp"

#include <gtest/gtest.h>

namespace ktape {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNoon = from_nanoseconds(1'795'262'400'000'000'000);

struct Checked {
  CandleCheck check;

  Checked() {
    Reply reply;
    reply.method = "subscribe";
    reply.success = true;
    reply.channel = "trade";
    reply.symbol = "TEST/USD";
    reply.time_out = kNoon;
    check.on_event(reply);
  }
  void trade(Duration after, std::int64_t id, std::string_view price, std::string_view quantity = "1.00000000") {
    check.on_event(Trade{.symbol = "TEST/USD",
                         .price = Decimal::parse(price).value(),
                         .quantity = Decimal::parse(quantity).value(),
                         .trade_id = id,
                         .exchange_time = kNoon + after});
  }
  // All trades at 10.0.
  Candle candle(Duration last_trade, std::int64_t trades, std::string_view volume) {
    Candle out;
    out.symbol = "TEST/USD";
    out.source = CandleSource::Exchange;
    out.interval = 1min;
    out.begin = floor_to(kNoon + last_trade, 1min);
    out.open = out.high = out.low = out.close = out.vwap = Decimal::parse("10.0").value();
    out.volume = Decimal::parse(volume).value();
    out.trades = trades;
    out.exchange_time = kNoon + last_trade;
    return out;
  }
};

TEST(CandleCheck, FindsEveryRunningMessageEqualToThePrefixOfItsTrades) {
  Checked run;
  run.trade(1s, 1, "10.0");
  run.check.on_event(run.candle(1s, 1, "1.00000000"));
  run.trade(2s, 2, "10.0");
  run.trade(3s, 3, "10.0", "0.50000000");
  run.check.on_event(run.candle(3s, 3, "2.50000000"));  // two trades of one event
  run.trade(61s, 4, "10.0");
  run.check.on_event(run.candle(61s, 1, "1.00000000"));
  run.check.finish();
  EXPECT_EQ(run.check.counts().equal, 3U);
  EXPECT_EQ(run.check.counts().checked(), 3U);
}

TEST(CandleCheck, ComparesEveryFieldAndTheTime) {
  const auto verdict = [](auto change) {
    Checked run;
    run.trade(1s, 1, "10.0");
    Candle candle = run.candle(1s, 1, "1.00000000");
    change(candle);
    run.check.on_event(candle);
    EXPECT_EQ(run.check.differences().size(), run.check.counts().different);
    return run.check.counts().different;
  };
  const Decimal other = Decimal::parse("10.1").value();
  EXPECT_EQ(verdict([](Candle&) {}), 0U);
  EXPECT_EQ(verdict([&](Candle& candle) { candle.open = other; }), 1U);
  EXPECT_EQ(verdict([&](Candle& candle) { candle.high = other; }), 1U);
  EXPECT_EQ(verdict([&](Candle& candle) { candle.low = other; }), 1U);
  EXPECT_EQ(verdict([&](Candle& candle) { candle.close = other; }), 1U);
  EXPECT_EQ(verdict([&](Candle& candle) { candle.volume = other; }), 1U);
  EXPECT_EQ(verdict([&](Candle& candle) { candle.vwap = other; }), 1U);
  EXPECT_EQ(verdict([](Candle& candle) { candle.exchange_time = kNoon; }), 1U);
}

TEST(CandleCheck, WaitsForTradesThatComeAfterTheMessage) {
  Checked run;
  run.check.on_event(run.candle(2s, 2, "2.00000000"));
  run.trade(1s, 1, "10.0");
  EXPECT_EQ(run.check.counts().equal, 0U);
  run.trade(2s, 2, "10.0");
  EXPECT_EQ(run.check.counts().equal, 1U);
  run.check.on_event(run.candle(3s, 3, "3.00000000"));
  run.check.finish();
  EXPECT_EQ(run.check.counts().early, 1U);
}

TEST(CandleCheck, SaysNothingOfIntervalsWithAHoleOrWithoutABeginning) {
  Checked run;
  run.check.on_event(run.candle(-30s, 5, "5.00000000"));
  EXPECT_EQ(run.check.counts().unknown, 1U);
  run.trade(1s, 1, "10.0");
  run.trade(2s, 3, "10.0");
  run.check.on_event(run.candle(2s, 3, "3.00000000"));
  EXPECT_EQ(run.check.counts().gap, 1U);
  EXPECT_EQ(run.check.counts().checked(), 0U);
}

}  // namespace
}  // namespace ktape
