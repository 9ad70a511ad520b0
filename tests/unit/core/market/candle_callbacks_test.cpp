#include "core/market/candle_callbacks.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "core/client/candle_series.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr Timestamp kNoon = from_nanoseconds(1'795'262'400'000'000'000);

struct Market {
  VirtualClock clock{kNoon - 10s};
  std::vector<std::string> failures;
  CandleCallbacks callbacks{[this](std::string_view pair, Duration, std::string_view what) {
    failures.push_back(fmt::format("{}: {}", pair, what));
  }};
  CandleSeries series{clock, callbacks, {.intervals = {1min, 5min}, .grace = 0ns}};
  std::vector<std::string> calls;

  CandleCallbacks::Callback note(std::string_view who) {
    return [this, who = std::string(who)](std::string_view pair, Duration interval, Timestamp begin,
                                          const Decimal& open, const Decimal& high, const Decimal& low,
                                          const Decimal& close, const Decimal& volume) {
      calls.push_back(fmt::format("{} {} {} {} {} {} {} {} {}", who, pair, interval / 1min,
                                  format_rfc3339(begin, 0).substr(11, 5), open.text(), high.text(), low.text(),
                                  close.text(), volume.text()));
    };
  }
  void trade(std::string_view pair, Duration after, std::int64_t id, std::string_view price) {
    clock.advance_to(kNoon + after);
    EXPECT_TRUE(series
                    .add({.symbol = pair,
                          .price = Decimal::parse(price).value(),
                          .quantity = Decimal::parse("1.0").value(),
                          .trade_id = id,
                          .exchange_time = kNoon + after})
                    .has_value());
  }
  std::vector<std::string> take(Duration until) {
    clock.advance_to(kNoon + until);
    return std::exchange(calls, {});
  }
};

TEST(CandleCallbacks, CallsAtEveryEndOfTheIntervalWhetherOrNotAnythingTraded) {
  Market market;
  market.callbacks.subscribe("A/USD", 1min, market.note("one"));
  EXPECT_THAT(market.take(90s), ElementsAre());  // no close is known yet
  market.trade("A/USD", 100s, 1, "10.0");
  market.trade("A/USD", 110s, 2, "9.0");
  EXPECT_THAT(market.take(120s), ElementsAre("one A/USD 1 12:01 10.0 10.0 9.0 9.0 2.0"));
  EXPECT_THAT(market.take(240s),
              ElementsAre("one A/USD 1 12:02 9.0 9.0 9.0 9.0 0.0", "one A/USD 1 12:03 9.0 9.0 9.0 9.0 0.0"));
}

TEST(CandleCallbacks, TellsPairsAndIntervalsApartAndTheLongestFirst) {
  Market market;
  market.callbacks.subscribe("A/USD", 1min, market.note("a"));
  market.callbacks.subscribe("A/USD", 5min, market.note("five"));
  market.callbacks.subscribe("B/USD", 1min, market.note("b"));
  market.trade("A/USD", 245s, 1, "10.0");
  market.trade("B/USD", 250s, 7, "3.0");
  EXPECT_THAT(market.take(300s),
              ElementsAre("five A/USD 5 12:00 10.0 10.0 10.0 10.0 1.0", "a A/USD 1 12:04 10.0 10.0 10.0 10.0 1.0",
                          "b B/USD 1 12:04 3.0 3.0 3.0 3.0 1.0"));
}

TEST(CandleCallbacks, ReportsOneThatThrowsAndStopsNothing) {
  Market market;
  market.callbacks.subscribe("A/USD", 1min, [](auto&&...) { throw std::runtime_error("no disk"); });
  market.callbacks.subscribe("A/USD", 1min, [](auto&&...) { throw 7; });
  market.callbacks.subscribe("A/USD", 1min, market.note("after"));
  market.trade("A/USD", 10s, 1, "10.0");
  EXPECT_EQ(market.take(120s).size(), 2U);
  EXPECT_THAT(market.failures, ElementsAre("A/USD: no disk", "A/USD: something that is no std::exception",
                                           "A/USD: no disk", "A/USD: something that is no std::exception"));
  EXPECT_EQ(market.callbacks.failures(), 4U);
}

TEST(CandleCallbacks, EndsASubscriptionAtOnceFromInsideACallbackToo) {
  Market market;
  std::optional<CandleCallbacks::Id> last;
  const auto first = market.callbacks.subscribe("A/USD", 1min, [&](auto&&...) {
    if (last) market.callbacks.unsubscribe(*last);
  });
  last = market.callbacks.subscribe("A/USD", 1min, market.note("last"));
  market.trade("A/USD", 10s, 1, "10.0");
  EXPECT_THAT(market.take(60s), ElementsAre());
  market.callbacks.unsubscribe(first);
  market.callbacks.subscribe("A/USD", 1min, market.note("new"));
  EXPECT_THAT(market.take(120s), ElementsAre("new A/USD 1 12:01 10.0 10.0 10.0 10.0 0.0"));
}

}  // namespace
}  // namespace ktape
