#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synth/synthetic_exchange.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/synthetic_options.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Ge;
using testing::Le;

// Book traffic of one symbol at depth 25, measured as captures of Kraken were: 50 s of BTC/USD held 40 frames a second,
// 62 / 30 / 8 percent of them with one, two and three levels, bursts (split at 5 ms) of 2 / 9 / 37 / 76 frames at p50,
// p90, p99 and the maximum, 198 bytes in the mean. Bands are wide: captures differ by as much.
struct Traffic {
  double per_second = 0;
  double mean_bytes = 0;
  std::array<int, 4> percent_by_levels{};  // [3]: three and more
  std::vector<std::int64_t> bursts;        // sorted
  std::vector<Duration> gaps;              // sorted
};

template <class T>
T quantile(const std::vector<T>& sorted, std::size_t per_mille) {
  return sorted[std::min(sorted.size() - 1, sorted.size() * per_mille / 1000)];
}

Traffic measure(std::string_view symbol, std::uint64_t seed, Duration span) {
  const std::array symbols{symbol};
  const auto options = test::synthetic_options(seed, span, symbols);
  VirtualClock clock(options.start);
  const auto exchange = synth::SyntheticExchange::create(options, clock).value();
  test::ExchangeDriver driver(clock, *exchange);
  const auto client = driver.connect();
  driver.say(client, R"({"method":"subscribe","params":{"channel":"book","symbol":[")" + std::string(symbol) +
                         R"("],"depth":25,"snapshot":true}})");
  driver.run_to(exchange->end());

  Traffic traffic;
  std::array<int, 4> by_levels{};
  std::size_t bytes = 0;
  Timestamp last{};
  int frames = 0;
  for (const auto& each : driver.heard(client)) {
    if (!each.payload.starts_with(R"({"channel":"book","type":"update")")) continue;
    std::size_t levels = 0;
    for (auto at = each.payload.find("\"price\""); at != std::string::npos;
         at = each.payload.find("\"price\"", at + 1)) {
      ++levels;
    }
    ++by_levels[std::min<std::size_t>(levels, 3)];
    bytes += each.payload.size();
    const bool starts_burst = frames == 0 || each.at - last > 5ms;
    if (frames > 0) traffic.gaps.push_back(each.at - last);
    if (starts_burst) traffic.bursts.push_back(0);
    ++traffic.bursts.back();
    last = each.at;
    ++frames;
  }
  traffic.per_second = frames / std::chrono::duration<double>(span).count();
  traffic.mean_bytes = static_cast<double>(bytes) / frames;
  for (std::size_t i = 0; i < by_levels.size(); ++i) traffic.percent_by_levels[i] = by_levels[i] * 100 / frames;
  std::ranges::sort(traffic.bursts);
  std::ranges::sort(traffic.gaps);
  return traffic;
}

class SyntheticTraffic : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SyntheticTraffic, OfALiquidPairIsAsBurstyAsMeasured) {
  const Traffic traffic = measure("BTC/USD", GetParam(), 4min);
  EXPECT_THAT(traffic.per_second, AllOf(Ge(20.0), Le(80.0)));
  EXPECT_THAT(traffic.mean_bytes, AllOf(Ge(190.0), Le(206.0)));
  EXPECT_EQ(traffic.percent_by_levels[0], 0);
  EXPECT_THAT(traffic.percent_by_levels[1], AllOf(Ge(52), Le(68)));
  EXPECT_THAT(traffic.percent_by_levels[2], AllOf(Ge(24), Le(38)));
  EXPECT_THAT(traffic.percent_by_levels[3], AllOf(Ge(4), Le(13)));
  EXPECT_THAT(quantile(traffic.bursts, 500), AllOf(Ge(1), Le(4)));
  EXPECT_THAT(quantile(traffic.bursts, 900), AllOf(Ge(6), Le(18)));
  EXPECT_THAT(quantile(traffic.bursts, 990), AllOf(Ge(20), Le(110)));
  EXPECT_THAT(traffic.bursts.back(), AllOf(Ge(60), Le(500)));
  EXPECT_GE(traffic.gaps.front(), 3us);
  EXPECT_LE(quantile(traffic.gaps, 500), 1ms);
  EXPECT_THAT(quantile(traffic.gaps, 990), AllOf(Ge(Duration(200ms)), Le(Duration(800ms))));
  EXPECT_THAT(traffic.gaps.back(), AllOf(Ge(Duration(900ms)), Le(Duration(5s))));
}

TEST_P(SyntheticTraffic, OfAMediumPairIsMostlyMakersMoving) {
  const Traffic traffic = measure("ETH/USD", GetParam(), 4min);
  EXPECT_THAT(traffic.per_second, AllOf(Ge(14.0), Le(60.0)));
  EXPECT_THAT(traffic.mean_bytes, AllOf(Ge(203.0), Le(220.0)));
  EXPECT_THAT(traffic.percent_by_levels[1], AllOf(Ge(35), Le(50)));
  EXPECT_THAT(traffic.percent_by_levels[2], AllOf(Ge(24), Le(36)));
  EXPECT_THAT(traffic.percent_by_levels[3], AllOf(Ge(20), Le(34)));
  EXPECT_THAT(quantile(traffic.gaps, 990), AllOf(Ge(Duration(250ms)), Le(Duration(1s))));
}

TEST_P(SyntheticTraffic, OfAThinPairIsMostlySilence) {
  const Traffic traffic = measure("MINA/GBP", GetParam(), 20min);
  EXPECT_THAT(traffic.per_second, AllOf(Ge(0.2), Le(1.0)));
  EXPECT_THAT(traffic.bursts.back(), Le(6));
  EXPECT_THAT(traffic.gaps.back(), AllOf(Ge(Duration(9s)), Le(Duration(40s))));
}

INSTANTIATE_TEST_SUITE_P(Seeds, SyntheticTraffic, testing::Range<std::uint64_t>(1, 3),
                         [](const auto& case_info) { return "Seed" + std::to_string(case_info.param); });

}  // namespace
}  // namespace ktape
