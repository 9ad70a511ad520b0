// Candles folded from smaller ones are those that every trade was added to: in every field, whatever order trades come
// in.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/base/virtual_clock.hpp"
#include "core/client/candle_series.hpp"
#include "core/market/event_text.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;

const std::vector<Duration> kKraken{1min, 5min, 15min, 30min, 60min, 240min, 1440min, 10080min, 21600min};

struct Arrival {
  Timestamp received;
  Trade trade;
};

// Trades over `length`, with pauses of up to hours, some late by minutes, some lost, some told twice.
std::vector<Arrival> tape(std::uint64_t seed, Duration length) {
  Random random(seed);
  std::vector<Arrival> all;
  const Timestamp start = parse_rfc3339("2026-11-20T11:57:13Z").value();
  std::int64_t id = 1;
  for (Timestamp at = start; at < start + length; ++id) {
    const auto pause = random.below(20) == 0 ? random.below(7'200'000) : random.below(90'000);
    at += std::chrono::milliseconds(pause);
    if (random.below(300) == 0) continue;  // lost
    const Trade trade{.symbol = "TEST/USD",
                      .side = random.below(2) == 0 ? Side::Buy : Side::Sell,
                      .price = Decimal::from_units(static_cast<Int128>(10'000 + random.below(500)), 1),
                      .quantity = Decimal::from_units(static_cast<Int128>(1 + random.below(1'000'000'000)), 8),
                      .trade_id = id,
                      .exchange_time = at};
    const auto late = random.below(15) == 0 ? random.below(400'000) : random.below(200);
    all.push_back({at + std::chrono::milliseconds(late), trade});
    if (random.below(40) == 0) all.push_back({at + std::chrono::milliseconds(late + 900), trade});
  }
  std::stable_sort(all.begin(), all.end(), [](const Arrival& a, const Arrival& b) { return a.received < b.received; });
  return all;
}

class Lines final : public EventSink {
 public:
  explicit Lines(const Clock& clock) : clock_(clock) {}
  void on_event(const Event& event) override {
    append_event_text(by_interval[std::get<Candle>(event).interval], clock_.now(), 1, event);
    by_interval[std::get<Candle>(event).interval] += "\n";
  }
  std::map<Duration, std::string> by_interval;

 private:
  const Clock& clock_;
};

std::map<Duration, std::string> run(const std::vector<Arrival>& arrivals, std::vector<Duration> intervals,
                                    ClosePolicy policy) {
  VirtualClock clock(arrivals.front().received);
  Lines lines(clock);
  CandleSeries series(clock, lines, {.intervals = std::move(intervals), .policy = policy});
  for (const auto& [received, trade] : arrivals) {
    clock.advance_to(received);
    EXPECT_TRUE(series.add(trade).has_value());
  }
  clock.advance_to(clock.now() + 1h);
  return lines.by_interval;
}

// The first lines that differ, where a matcher would print megabytes.
std::string first_difference(const std::string& left, const std::string& right) {
  const auto [at, other] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (at == left.end() && other == right.end()) return {};
  const auto line = [](const std::string& text, std::size_t place) {
    const std::size_t from = place == 0 ? 0 : text.rfind('\n', place - 1) + 1;
    return text.substr(from, text.find('\n', place) - from);
  };
  const auto place = static_cast<std::size_t>(at - left.begin());
  return line(left, place) + "\n" + line(right, place);
}

// Watermark closes at other instants when it watches fewer boundaries, so it has no part in this.
TEST(CandleFolding, GivesWhatDirectCandlesGiveInEveryField) {
  for (const ClosePolicy policy : {ClosePolicy::Timer, ClosePolicy::Next}) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", policy " << static_cast<int>(policy));
      const auto arrivals = tape(seed, seed == 1 && policy == ClosePolicy::Timer ? Duration(24h * 15) : Duration(12h));
      const auto folded = run(arrivals, kKraken, policy);
      for (const Duration interval : kKraken) {
        const auto direct = run(arrivals, {interval}, policy);
        ASSERT_EQ(direct.contains(interval), folded.contains(interval));
        if (!direct.contains(interval)) continue;
        EXPECT_EQ(first_difference(direct.at(interval), folded.at(interval)), "") << interval / 1min << " minutes";
      }
      EXPECT_NE(folded.at(1min).find(R"("state":"revised")"), std::string::npos);
      EXPECT_NE(folded.at(1min).find(R"("state":"suspect")"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace ktape
