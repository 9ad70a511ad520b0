// What recording and raw replay cost without sockets and disks, on frames like those of a Spot v2 book channel.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/book_updates.hpp"
#include "bench/percentiles.hpp"
#include "core/base/assert.hpp"
#include "core/session/chunk_decoder.hpp"
#include "core/session/compression.hpp"
#include "core/session/redactor.hpp"
#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "tests/support/memory_bytes.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

const std::vector<OwnedFrame>& frames() {
  static const std::vector<OwnedFrame> all = book_updates(200'000);
  return all;
}

std::uint64_t payload_bytes() {
  std::uint64_t bytes = 0;
  for (const OwnedFrame& frame : frames()) bytes += frame.payload.size();
  return bytes;
}

SessionWriterOptions options_for(int level) {
  SessionWriterOptions options;
  options.compression_level = level;
  options.redaction_key.fill(1);
  return options;
}

const std::string& recording(int level) {
  static std::map<int, std::string> recordings;
  std::string& bytes = recordings[level];
  if (bytes.empty()) bytes = recorded(frames(), options_for(level));
  return bytes;
}

void count(benchmark::State& state, std::size_t stored = 0) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(frames().size()));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(payload_bytes()));
  const auto n = static_cast<double>(frames().size());
  state.counters["payload/frame"] = static_cast<double>(payload_bytes()) / n;
  if (stored > 0) state.counters["stored/frame"] = static_cast<double>(stored) / n;
}

class NullSink final : public ByteSink {
 public:
  Result<void> append(std::string_view bytes) override {
    size += bytes.size();
    return {};
  }
  Result<void> sync() override { return {}; }
  std::size_t size = 0;
};

class NullJournal final : public JournalSink {
 public:
  Result<void> write_at(std::uint64_t, std::string_view bytes) override {
    benchmark::DoNotOptimize(bytes.data());
    return {};
  }
  Result<void> sync() override { return {}; }
  Result<void> remove() override { return {}; }
};

void write(benchmark::State& state, const SessionWriterOptions& options, bool with_journal) {
  frames();
  std::size_t stored = 0;
  for (auto _ : state) {
    auto writer = SessionWriter::create(std::make_unique<NullSink>(),
                                        with_journal ? std::make_unique<NullJournal>() : nullptr, test_info(), options)
                      .value();
    std::size_t i = 0;
    for (const OwnedFrame& frame : frames()) {
      writer->on_frame(frame.frame());
      if (++i % 16 == 0) KTAPE_ASSERT(writer->commit().has_value(), "the null journal never fails");
    }
    KTAPE_ASSERT(writer->finish().has_value(), "the null sink never fails");
    stored = writer->stored_bytes();
  }
  count(state, stored);
}

void Write(benchmark::State& state) { write(state, options_for(static_cast<int>(state.range(0))), true); }
void WriteVerbatimWithoutJournal(benchmark::State& state) {
  SessionWriterOptions options = options_for(static_cast<int>(state.range(0)));
  options.redaction = Redaction::None;
  write(state, options, false);
}

// Over a few frames again and again, since a recorder's payload has just been received and is in the cache.
void LookForSecrets(benchmark::State& state) {
  constexpr std::size_t kFrames = 500;
  Redactor redactor(RedactionKey{1});
  for (auto _ : state) {
    for (std::size_t i = 0; i < kFrames; ++i) benchmark::DoNotOptimize(redactor.redact(frames()[i].payload).data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kFrames));
}

// The chunks of a recording, found once.
struct Chunks {
  const std::string& bytes;
  SessionDirectory directory;

  explicit Chunks(int level) : bytes(recording(level)) {
    MemorySource source(bytes);
    directory = SessionDirectory::load(source, SessionDirectory::Way::Quick).value();
  }
  std::string_view body(const ChunkEntry& entry) const {
    return std::string_view(bytes).substr(entry.offset + format::kRecordHeaderBytes, entry.stored_length);
  }
};

void DecompressOnly(benchmark::State& state) {
  const Chunks chunks(static_cast<int>(state.range(0)));
  Decompressor decompressor;
  std::string raw;
  for (auto _ : state) {
    for (const ChunkEntry& entry : chunks.directory.chunks()) {
      if (raw.size() < entry.raw_length) raw.resize(entry.raw_length);
      KTAPE_ASSERT(decompressor.decompress(chunks.body(entry), raw.data(), entry.raw_length).has_value(), "undamaged");
    }
  }
  count(state);
}

void DecodeChunks(benchmark::State& state) {
  const Chunks chunks(static_cast<int>(state.range(0)));
  ChunkDecoder decoder;
  for (auto _ : state) {
    for (const ChunkEntry& entry : chunks.directory.chunks()) {
      benchmark::DoNotOptimize(decoder.decode(entry, chunks.body(entry)).value().data());
    }
  }
  count(state);
}

class CountingSink final : public FrameSink {
 public:
  void on_frame(const Frame& frame) override {
    bytes += frame.payload.size();
    ++frames;
  }
  std::size_t bytes = 0;
  std::size_t frames = 0;
};

void RawReplay(benchmark::State& state) {
  const MemoryFile file = memory_file(recording(static_cast<int>(state.range(0))));
  for (auto _ : state) {
    auto reader = SessionReader::open(std::make_unique<MemorySource>(file)).value();
    CountingSink sink;
    FrameSink* out = &sink;
    benchmark::DoNotOptimize(out);
    while (true) {
      const auto frame = reader->next();
      if (!*frame) break;
      out->on_frame(**frame);
    }
    KTAPE_ASSERT(sink.frames == frames().size(), "all frames come back");
  }
  count(state);
}

// One chunk is what a seek reads: by its size in KiB.
void SeekToATime(benchmark::State& state) {
  SessionWriterOptions options = options_for(1);
  options.chunk_bytes = static_cast<std::size_t>(state.range(0)) << 10;
  const std::string bytes = recorded(frames(), options);
  auto reader = SessionReader::open(std::make_unique<MemorySource>(bytes)).value();
  SeededNumbers random(1);
  Percentiles times;
  for (auto _ : state) {
    const Timestamp at = frames()[random.below(frames().size())].at;
    const auto timed = times.measure();
    KTAPE_ASSERT(reader->seek(at).has_value(), "memory never fails");
    benchmark::DoNotOptimize(reader->next().value()->payload.data());
  }
  times.report(state);
  state.counters["stored/frame"] = static_cast<double>(bytes.size()) / static_cast<double>(frames().size());
}

BENCHMARK(Write)->Arg(1)->Arg(3)->Arg(6)->Arg(9)->Unit(benchmark::kMillisecond);
BENCHMARK(WriteVerbatimWithoutJournal)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(LookForSecrets)->Unit(benchmark::kMicrosecond);
BENCHMARK(DecompressOnly)->Arg(1)->Arg(6)->Arg(9)->Unit(benchmark::kMillisecond);
BENCHMARK(DecodeChunks)->Arg(1)->Arg(6)->Arg(9)->Unit(benchmark::kMillisecond);
BENCHMARK(RawReplay)->Arg(1)->Arg(6)->Arg(9)->Unit(benchmark::kMillisecond);
BENCHMARK(SeekToATime)->Arg(1024)->Arg(512)->Arg(256)->Arg(128)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ktape
