// A recording of a gigabyte: how long its summary and a seek take, beside what the disk cache and zstd alone would. The
// file is made in the folder for temporary files and removed at the end; KTAPE_BENCH_MEGABYTES makes it another size.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include "bench/book_updates.hpp"
#include "bench/percentiles.hpp"
#include "core/base/assert.hpp"
#include "core/session/compression.hpp"
#include "core/session/session_directory.hpp"
#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "recorder/file_sink.hpp"
#include "replay/file_source.hpp"

namespace ktape {
namespace {

namespace fs = std::filesystem;

class LargeFile {
 public:
  LargeFile() : path_(fs::temp_directory_path() / fmt::format("ktape-bench-{}.ktape", ::getpid())) {
    const char* const wanted = std::getenv("KTAPE_BENCH_MEGABYTES");
    const std::uint64_t bytes = (wanted == nullptr ? 1'000 : std::strtoull(wanted, nullptr, 10)) * 1'000'000;
    const auto frames = book_updates(200'000);
    const Duration round = frames.back().at - frames.front().at;
    SessionWriterOptions options = plain_options();
    auto writer = SessionWriter::create(FileSink::create(path_).value(), nullptr, test_info(), options).value();
    first_at_ = frames.front().at;
    for (Duration shift{}; writer->stored_bytes() < bytes; shift += round) {
      for (const OwnedFrame& owned : frames) {
        Frame frame = owned.frame();
        frame.at += shift;
        writer->on_frame(frame);
      }
      span_ = shift + round;
    }
    KTAPE_ASSERT(writer->finish().has_value(), "the disk has room for the file");
    frames_ = writer->frames();
  }
  ~LargeFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  LargeFile(const LargeFile&) = delete;
  LargeFile& operator=(const LargeFile&) = delete;

  std::unique_ptr<ByteSource> source() const { return FileSource::open(path_).value(); }
  std::uint64_t frames() const { return frames_; }
  Timestamp at(SeededNumbers& random) const {
    return first_at_ + Duration{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(span_.count())))};
  }

 private:
  fs::path path_;
  Timestamp first_at_;
  Duration span_{};
  std::uint64_t frames_ = 0;
};

const LargeFile& large() {
  static const LargeFile file;
  return file;
}

void Info(benchmark::State& state) {
  large();
  Percentiles times;
  for (auto _ : state) {
    const auto timed = times.measure();
    auto reader = SessionReader::open(large().source()).value();
    KTAPE_ASSERT(reader->summary().value().frames == large().frames(), "all frames are counted");
  }
  times.report(state);
}

// What `info` cannot do without: the seal, read and decompressed.
void InfoBound(benchmark::State& state) {
  const auto source = large().source();
  const std::uint64_t size = source->size().value();
  for (auto _ : state) {
    const auto footer = read_bytes(*source, size - format::kFooterBytes, format::kFooterBytes).value();
    const std::uint64_t offset = format::decode_footer(footer).value();
    const auto header = format::decode_record_header(read_bytes(*source, offset, format::kRecordHeaderBytes).value());
    benchmark::DoNotOptimize(read_message_record(*source, offset, *header).value().data());
  }
}

void Seek(benchmark::State& state) {
  auto reader = SessionReader::open(large().source()).value();
  SeededNumbers random(1);
  Percentiles times;
  for (auto _ : state) {
    const Timestamp at = large().at(random);
    const auto timed = times.measure();
    KTAPE_ASSERT(reader->seek(at).has_value(), "the file can be read");
    benchmark::DoNotOptimize(reader->next().value()->payload.data());
  }
  times.report(state);
}

// What a seek cannot do without: a chunk, read and decompressed.
void SeekBound(benchmark::State& state) {
  const auto source = large().source();
  const auto directory = SessionDirectory::load(*source, SessionDirectory::Way::Quick).value();
  SeededNumbers random(1);
  Percentiles times;
  Decompressor decompressor;
  std::string stored;
  std::string raw;
  for (auto _ : state) {
    const ChunkEntry& chunk = directory.chunks()[random.below(directory.chunks().size())];
    if (raw.size() < chunk.raw_length) raw.resize(chunk.raw_length);
    const auto timed = times.measure();
    stored.resize(chunk.stored_length);
    KTAPE_ASSERT(source->read_at(chunk.offset + format::kRecordHeaderBytes, stored).has_value(), "it can be read");
    KTAPE_ASSERT(decompressor.decompress(stored, raw.data(), chunk.raw_length).has_value(), "it is undamaged");
  }
  times.report(state);
}

void ReplayOfTheWholeFile(benchmark::State& state) {
  for (auto _ : state) {
    auto reader = SessionReader::open(large().source()).value();
    std::uint64_t frames = 0;
    for (auto frame = reader->next(); *frame; frame = reader->next()) ++frames;
    KTAPE_ASSERT(frames == large().frames(), "all frames come back");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(large().frames()));
}

BENCHMARK(Info)->Unit(benchmark::kMillisecond);
BENCHMARK(InfoBound)->Unit(benchmark::kMillisecond);
BENCHMARK(Seek)->Unit(benchmark::kMicrosecond)->Iterations(5'000);
BENCHMARK(SeekBound)->Unit(benchmark::kMicrosecond)->Iterations(5'000);
BENCHMARK(ReplayOfTheWholeFile)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace ktape
