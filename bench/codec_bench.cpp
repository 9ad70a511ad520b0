#include <array>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "core/base/random.hpp"
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

namespace ktape::spot_v2 {
namespace {

class Counter final : public EventSink {
 public:
  void on_event(const Event& event) override {
    benchmark::DoNotOptimize(&event);
    ++events;
    if (std::holds_alternative<UnknownMessage>(event)) ++unknown;
  }
  std::uint64_t events = 0;
  std::uint64_t unknown = 0;
};

// Digits as a liquid pair has them; a new time in every frame, a new second in every fortieth.
class Frames {
 public:
  std::string book_update(int levels) {
    std::string bids;
    std::string asks;
    for (int i = 0; i < levels; ++i) {
      std::string& side = random_.below(2) == 0 ? bids : asks;
      if (!side.empty()) side.push_back(',');
      side += fmt::format(R"({{"price":{}.{},"qty":{}.{:08}}})", 63000 + random_.below(100), random_.below(10),
                          random_.below(4), random_.below(100'000'000));
    }
    return fmt::format(R"({{"channel":"book","type":"update","data":[{{"symbol":"BTC/USD","bids":[{}],"asks":[{}],)"
                       R"("checksum":{},"timestamp":"{}"}}]}})",
                       bids, asks, random_.next() >> 32U, time());
  }

  std::string trade() {
    return fmt::format(
        R"({{"channel":"trade","type":"update","data":[{{"symbol":"BTC/USD","side":"{}","price":{}.{},"qty":0.{:08},)"
        R"("ord_type":"limit","trade_id":{},"timestamp":"{}"}}]}})",
        random_.below(2) == 0 ? "buy" : "sell", 63000 + random_.below(100), random_.below(10),
        random_.below(100'000'000), 109'183'836 + random_.below(100'000), time());
  }

  std::string ticker() {
    return fmt::format(
        R"({{"channel":"ticker","type":"update","data":[{{"symbol":"BTC/USD","bid":63004.{},"bid_qty":0.{:08},)"
        R"("ask":63005.0,"ask_qty":2.{:08},"last":63005.0,"volume":2173.{:08},"vwap":62143.1,"low":61077.7,)"
        R"("high":63267.9,"change":-119.7,"change_pct":-0.63,"trades":38144,"timestamp":"{}"}}]}})",
        random_.below(10), random_.below(100'000'000), random_.below(100'000'000), random_.below(100'000'000), time());
  }

  // Nine tenths of the books, as traffic was seen to be, in frames of 211 bytes on average.
  std::string mixed() {
    const auto kind = random_.below(100);
    if (kind < 88) return book_update(1 + static_cast<int>(random_.below(3)));
    if (kind < 94) return trade();
    if (kind < 99) return ticker();
    return R"({"channel":"heartbeat"})";
  }

  std::string book_snapshot(int levels) {
    auto text = book_update(levels);
    return text.replace(text.find("update"), 6, "snapshot");
  }

 private:
  std::string time() {
    now_ += std::chrono::microseconds{20'000 + random_.below(10'000)};
    return format_rfc3339(now_, 6);
  }

  Random random_{17};
  Timestamp now_ = from_nanoseconds(1'788'249'607'180'204'000);
};

void decode(benchmark::State& state, std::string (*make)(Frames&)) {
  Frames frames;
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  // More than branch predictors learn by heart, and little enough to stay in the cache.
  for (int i = 0; i < 4096; ++i) bytes += texts.emplace_back(make(frames)).size();

  SpotV2Codec codec(state.range(0) == 0 ? DecodePath::FastFirst : DecodePath::RapidJsonOnly);
  Counter counter;
  for (const auto& text : texts) codec.decode(text, counter);

  std::size_t next = 0;
  const std::uint64_t allocations_before = allocations;
  for (auto _ : state) {
    codec.decode(texts[next], counter);
    next = (next + 1) % texts.size();
  }
  if (counter.unknown != 0) state.SkipWithError("a frame was not understood");
  state.counters["allocations"] = static_cast<double>(allocations - allocations_before);
  state.counters["bytes"] = static_cast<double>(bytes) / static_cast<double>(texts.size());
  state.SetLabel(state.range(0) == 0 ? "fast" : "rapidjson");
}

#define KTAPE_DECODE_BENCH(name, make) \
  BENCHMARK_CAPTURE(decode, name, [](Frames& frames) -> std::string { return frames.make; })->Arg(0)->Arg(1)

KTAPE_DECODE_BENCH(book_1_level, book_update(1));
KTAPE_DECODE_BENCH(book_2_levels, book_update(2));
KTAPE_DECODE_BENCH(book_3_levels, book_update(3));
KTAPE_DECODE_BENCH(book_snapshot_10, book_snapshot(20));
KTAPE_DECODE_BENCH(trade, trade());
KTAPE_DECODE_BENCH(ticker, ticker());
BENCHMARK_CAPTURE(decode, heartbeat, [](Frames&) -> std::string { return R"({"channel":"heartbeat"})"; })
    ->Arg(0)
    ->Arg(1);
KTAPE_DECODE_BENCH(mixed, mixed());

}  // namespace
}  // namespace ktape::spot_v2
