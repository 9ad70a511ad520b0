// What decoding costs, by dialect and kind of message; and, as a bound of the same run, what RapidJSON takes to read
// the same texts and make nothing of them ("tokens").

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/codec_frames.hpp"
#include "core/protocol/futures/codec.hpp"
#include "core/protocol/json_tape.hpp"
#include "core/protocol/spot_v1/codec.hpp"
#include "core/protocol/spot_v2/codec.hpp"

namespace {

std::uint64_t allocations = 0;

}  // namespace

// Every allocation of the program is counted: decoding must not make any once its buffers have grown. GCC takes the
// pair of a replaced operator new and std::free for a mistake.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace ktape::bench {
namespace {

class Counter final : public EventSink {
 public:
  void on_event(const Event& event) override {
    benchmark::DoNotOptimize(&event);
    if (std::holds_alternative<UnknownMessage>(event)) ++unknown;
  }
  std::uint64_t unknown = 0;
};

using Make = std::function<std::string()>;

// More than branch predictors learn by heart, and little enough to stay in the cache.
std::vector<std::string> texts_of(const Make& make) {
  std::vector<std::string> texts;
  for (int i = 0; i < 4096; ++i) texts.push_back(make());
  return texts;
}

void run(benchmark::State& state, const std::vector<std::string>& texts,
         const std::function<void(std::string_view)>& read) {
  std::size_t bytes = 0;
  for (const auto& text : texts) {
    bytes += text.size();
    read(text);
  }
  std::size_t next = 0;
  const std::uint64_t allocations_before = allocations;
  for (auto _ : state) {
    read(texts[next]);
    next = (next + 1) % texts.size();
  }
  state.counters["allocations"] = static_cast<double>(allocations - allocations_before);
  state.counters["bytes"] = static_cast<double>(bytes) / static_cast<double>(texts.size());
}

void decode(benchmark::State& state, Codec& codec, const Make& make) {
  Counter counter;
  run(state, texts_of(make), [&](std::string_view text) { codec.decode(text, counter); });
  if (counter.unknown != 0) state.SkipWithError("a frame was not understood");
}

void read_tokens(benchmark::State& state, const Make& make) {
  JsonTape tape;
  run(state, texts_of(make), [&](std::string_view text) {
    if (!tape.parse(text)) state.SkipWithError("a frame is no JSON");
  });
}

using MakeCodec = std::function<std::unique_ptr<Codec>()>;

template <class Frames>
void add(const std::string& dialect, const std::vector<std::pair<std::string, MakeCodec>>& codecs) {
  const auto frames = std::make_shared<Frames>();
  const auto numbers = std::make_shared<Numbers>();
  const std::vector<std::pair<std::string, Make>> kinds{
      {"book_1_level", [frames] { return frames->book(1); }},
      {"book_2_levels", [frames] { return frames->book(2); }},
      {"book_3_levels", [frames] { return frames->book(3); }},
      {"book_snapshot_10", [frames] { return frames->snapshot(); }},
      {"trade", [frames] { return frames->trade(); }},
      {"ticker", [frames] { return frames->ticker(); }},
      {"heartbeat", [frames] { return frames->heartbeat(); }},
      {"mixed", [frames, numbers] { return mixed(*frames, *numbers); }},
  };
  for (const auto& [kind, make] : kinds) {
    const std::string name = dialect + '/' + kind + '/';
    for (const auto& [path, make_codec] : codecs) {
      benchmark::RegisterBenchmark(
          (name + path).c_str(),
          [make = make, make_codec = make_codec](benchmark::State& state) { decode(state, *make_codec(), make); });
    }
    benchmark::RegisterBenchmark((name + "tokens").c_str(),
                                 [make = make](benchmark::State& state) { read_tokens(state, make); });
  }
}

}  // namespace
}  // namespace ktape::bench

int main(int argc, char** argv) {
  using namespace ktape;
  const auto spot_v2_by = [](spot_v2::DecodePath path) {
    return [path] { return std::make_unique<spot_v2::SpotV2Codec>(path); };
  };
  bench::add<bench::SpotV2Frames>("spot-v2", {{"fast", spot_v2_by(spot_v2::DecodePath::FastFirst)},
                                              {"rapidjson", spot_v2_by(spot_v2::DecodePath::RapidJsonOnly)}});
  bench::add<bench::SpotV1Frames>("spot-v1", {{"decode", [] { return std::make_unique<spot_v1::SpotV1Codec>(); }}});
  bench::add<bench::FuturesFrames>("futures-v1",
                                   {{"decode", [] { return std::make_unique<futures::FuturesCodec>(); }}});
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
