// The state of a recording at any instant: the forward pass that is needed once, beside a replay, and then how long it
// takes to go anywhere. KTAPE_BENCH_FILE names the recording (`ktape synth --duration 84h --level 1` makes a gigabyte);
// without it, it is the small data set.
#include <cstdlib>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/percentiles.hpp"
#include "core/base/assert.hpp"
#include "core/base/random.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"
#include "replay/session_files.hpp"
#include "replay/state_history.hpp"
#include "replay/state_text.hpp"

namespace ktape {
namespace {

Result<std::unique_ptr<SessionReader>> open_file() {
  const char* const wanted = std::getenv("KTAPE_BENCH_FILE");
  return open_segment(wanted != nullptr ? wanted : KTAPE_SOURCE_DIR "/datasets/ten-minutes.ktape");
}

StateHistoryOptions history_options() {
  StateHistoryOptions options;
  options.state.candle_intervals = {std::chrono::minutes(1), std::chrono::minutes(5), std::chrono::minutes(60)};
  return options;
}

std::unique_ptr<StateHistory>& built() {
  static std::unique_ptr<StateHistory> history;
  return history;
}

class Nobody final : public EventSink {
  void on_event(const Event&) override {}
};

void Replay(benchmark::State& state) {
  std::uint64_t frames = 0;
  for (auto _ : state) {
    const auto reader = open_file().value();
    VirtualClock clock(Timestamp::min());
    Nobody nobody;
    RecordedClients clients(Dialect::SpotV2, clock, [&](ConnectionId) -> EventSink& { return nobody; },
                            {.candles = {.intervals = history_options().state.candle_intervals}});
    Player player(*reader, clock, clients);
    while (player.step().value()) {
    }
    frames = player.frames();
  }
  state.counters["frames"] = static_cast<double>(frames);
}

void ForwardPass(benchmark::State& state) {
  for (auto _ : state) {
    built().reset();
    built() = StateHistory::build(open_file, history_options()).value();
  }
  const auto stats = built()->stats();
  state.counters["checkpoints"] = static_cast<double>(stats.checkpoints);
  state.counters["megabytes"] = static_cast<double>(stats.bytes) / 1e6;
  state.counters["spacing"] = static_cast<double>(stats.spacing);
  state.counters["notes"] = static_cast<double>(stats.notes);
}

Timestamp any_instant(const StateHistory& history, Random& random) {
  const auto span = static_cast<std::uint64_t>((history.last_at() - history.first_at()).count()) + 1;
  return history.first_at() + Duration{static_cast<std::int64_t>(random.below(span))};
}

void Seek(benchmark::State& state) {
  if (!built()) built() = StateHistory::build(open_file, history_options()).value();
  StateHistory& history = *built();
  Random random(1);
  Percentiles times;
  for (auto _ : state) {
    const Timestamp at = any_instant(history, random);
    const auto timed = times.measure();
    benchmark::DoNotOptimize(history.at(at).value());
  }
  times.report(state);
}

void SeekAndHash(benchmark::State& state) {
  if (!built()) built() = StateHistory::build(open_file, history_options()).value();
  StateHistory& history = *built();
  Random random(2);
  Percentiles times;
  for (auto _ : state) {
    const Timestamp at = any_instant(history, random);
    const auto timed = times.measure();
    benchmark::DoNotOptimize(state_hash(*history.at(at).value()).data());
  }
  times.report(state);
}

void StepBack(benchmark::State& state) {
  if (!built()) built() = StateHistory::build(open_file, history_options()).value();
  StateHistory& history = *built();
  KTAPE_ASSERT(history.after(history.frames() / 2).has_value(), "the file can be read");
  Percentiles times;
  for (auto _ : state) {
    const auto timed = times.measure();
    benchmark::DoNotOptimize(history.back().value());
  }
  times.report(state);
}

BENCHMARK(Replay)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(ForwardPass)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(Seek)->Unit(benchmark::kMicrosecond)->Iterations(5'000);
BENCHMARK(SeekAndHash)->Unit(benchmark::kMicrosecond)->Iterations(1'000);
BENCHMARK(StepBack)->Unit(benchmark::kMicrosecond)->Iterations(1'000);

}  // namespace
}  // namespace ktape
