// How late candles close on this machine while it has nothing else to do: the live loop's timers against the system's
// clock. Usage: candle_lateness_bench [CANDLES]   (200 candles of 50 ms if not given)

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "core/client/candle_series.hpp"
#include "live/lateness.hpp"
#include "live/live_loop.hpp"

namespace {

struct Nobody final : ktape::EventSink {
  void on_event(const ktape::Event&) override {}
};

}  // namespace

int main(int argc, char** argv) {
  using namespace ktape;
  const std::size_t wanted = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 200;
  LiveLoop loop;
  Lateness lateness;
  Nobody nobody;
  CandleSeries series(loop.clock(), nobody,
                      {.intervals = {std::chrono::milliseconds(50)},
                       .grace = Duration::zero(),
                       .on_close = [&](Timestamp due) { lateness.measure(due); }});
  const Trade trade{.symbol = "TEST/USD",
                    .price = Decimal::from_units(1000, 1),
                    .quantity = Decimal::from_units(1, 0),
                    .trade_id = 1,
                    .exchange_time = loop.clock().now()};
  if (!series.add(trade)) return 1;
  if (!loop.run_until([&] { return lateness.count() >= wanted; }, std::chrono::hours(1))) return 1;
  const auto text = [&](int percent) {
    return format_duration(std::chrono::floor<std::chrono::microseconds>(lateness.percentile(percent)));
  };
  std::fputs(fmt::format("{} candles closed, late by p50 {}, p99 {}, max {}\n", lateness.count(), text(50), text(99),
                         text(100))
                 .c_str(),
             stdout);
  return 0;
}
