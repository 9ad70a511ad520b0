// The whole line on one core, from a recording in memory to candles, and each of its stages alone: what the line could
// cost at best is the sum of the stages. KTAPE_BENCH_RECORDING names another recording than the repository's.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/base/assert.hpp"
#include "core/client/client.hpp"
#include "core/market/order_book.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "core/session/session_reader.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"
#include "tests/support/memory_bytes.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;

const std::string& recording() {
  static const std::string bytes = [] {
    const char* const chosen = std::getenv("KTAPE_BENCH_RECORDING");
    const std::string path = chosen != nullptr ? chosen : KTAPE_SOURCE_DIR "/datasets/ten-minutes.ktape";
    std::ifstream file(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    KTAPE_ASSERT(!content.empty(), "the recording to measure with cannot be read");
    return content;
  }();
  return bytes;
}

std::unique_ptr<SessionReader> open_it() {
  static const MemoryFile file = memory_file(recording());
  return SessionReader::open(std::make_unique<MemorySource>(file)).value();
}

class Nobody final : public EventSink {
 public:
  void on_event(const Event& event) override { benchmark::DoNotOptimize(event.index()); }
};

class NoFrames final : public FrameSink {
 public:
  void on_frame(const Frame& frame) override { benchmark::DoNotOptimize(frame.payload.data()); }
};

void count(benchmark::State& state, std::uint64_t frames, std::uint64_t bytes) {
  state.counters["frames/s"] = benchmark::Counter(static_cast<double>(frames), benchmark::Counter::kIsRate);
  state.counters["ns/frame"] =
      benchmark::Counter(static_cast<double>(frames) * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

// Stage 1: decompress, check, and walk the frames.
void stage_read(benchmark::State& state) {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  for ([[maybe_unused]] const auto iteration : state) {
    const auto reader = open_it();
    while (const auto frame = reader->next().value()) {
      benchmark::DoNotOptimize(frame->payload.data());
      ++frames;
      bytes += frame->payload.size();
    }
  }
  count(state, frames, bytes);
}
BENCHMARK(stage_read)->Unit(benchmark::kMillisecond);

const std::vector<std::string>& messages() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> texts;
    const auto reader = open_it();
    while (const auto frame = reader->next().value()) {
      if (frame->kind == FrameKind::Text && frame->direction == Direction::FromExchange) {
        texts.emplace_back(frame->payload);
      }
    }
    return texts;
  }();
  return all;
}

// Stage 2: text to events.
void stage_parse(benchmark::State& state) {
  spot_v2::SpotV2Codec codec;
  Nobody nobody;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  for ([[maybe_unused]] const auto iteration : state) {
    for (const std::string& text : messages()) {
      codec.decode(text, nobody);
      bytes += text.size();
    }
    frames += messages().size();
  }
  count(state, frames, bytes);
}
BENCHMARK(stage_parse)->Unit(benchmark::kMillisecond);

// The book messages as events that own their levels.
struct BookMessages final : public EventSink {
  struct One {
    bool snapshot;
    std::size_t symbol;
    std::vector<Level> bids, asks;
    std::optional<std::uint32_t> checksum;
  };
  std::vector<std::string> symbols;
  std::vector<One> all;

  BookMessages() {
    spot_v2::SpotV2Codec codec;
    for (const std::string& text : messages()) codec.decode(text, *this);
  }
  void on_event(const Event& event) override {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) keep(*snapshot, true);
    if (const auto* update = std::get_if<BookUpdate>(&event)) keep(*update, false);
  }
  template <class Book>
  void keep(const Book& book, bool snapshot) {
    std::size_t symbol = 0;
    while (symbol < symbols.size() && symbols[symbol] != book.symbol) ++symbol;
    if (symbol == symbols.size()) symbols.emplace_back(book.symbol);
    all.push_back(
        {snapshot, symbol, {book.bids.begin(), book.bids.end()}, {book.asks.begin(), book.asks.end()}, book.checksum});
  }
};

// Stage 3: books, every message's checksum verified. Per frame of the recording, not per book message.
void stage_books(benchmark::State& state) {
  static const BookMessages book_messages;
  std::uint64_t frames = 0;
  for ([[maybe_unused]] const auto iteration : state) {
    std::vector<OrderBook> books;
    for (const std::string& symbol : book_messages.symbols) books.emplace_back(BookSpec{.symbol = symbol, .depth = 25});
    for (const auto& one : book_messages.all) {
      OrderBook& book = books[one.symbol];
      const std::string& symbol = book.spec().symbol;
      const auto done = one.snapshot ? book.reset({symbol, one.bids, one.asks, one.checksum, {}})
                                     : book.apply({symbol, one.bids, one.asks, one.checksum, {}});
      KTAPE_ASSERT(done.has_value(), "a checksum of the recording fails");
    }
    frames += messages().size();
  }
  count(state, frames, 0);
}
BENCHMARK(stage_books)->Unit(benchmark::kMillisecond);

// Raw replay: through the player, nothing parsed.
void raw_replay(benchmark::State& state) {
  std::uint64_t frames = 0;
  for ([[maybe_unused]] const auto iteration : state) {
    const auto reader = open_it();
    VirtualClock clock{Timestamp{}};
    NoFrames nobody;
    Player player(*reader, clock, nobody);
    while (player.step().value()) {
    }
    frames += player.frames();
  }
  count(state, frames, 0);
}
BENCHMARK(raw_replay)->Unit(benchmark::kMillisecond);

// Everything: recording -> decompress -> parse -> books with checksums -> candles of `intervals` intervals.
void whole_line(benchmark::State& state) {
  const std::vector<Duration> all{1min, 5min, 15min, 30min, 60min, 240min, 1440min, 10080min, 21600min};
  ClientOptions options;
  options.candles.intervals.assign(all.begin(), all.begin() + state.range(0));
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  for ([[maybe_unused]] const auto iteration : state) {
    const auto reader = open_it();
    VirtualClock clock{Timestamp{}};
    Nobody nobody;
    RecordedClients clients(
        Dialect::SpotV2, clock, [&](ConnectionId) -> EventSink& { return nobody; }, options);
    Player player(*reader, clock, clients);
    while (player.step().value()) {
    }
    frames += player.frames();
    for (const auto& [id, entry] : clients.all()) {
      KTAPE_ASSERT(entry->client->stats().checksums_failed == 0, "a checksum of the recording fails");
    }
  }
  for (const std::string& text : messages()) bytes += text.size();
  count(state, frames, bytes * static_cast<std::uint64_t>(state.iterations()));
}
BENCHMARK(whole_line)->Arg(0)->Arg(9)->ArgName("intervals")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ktape
