// What a live recording costs each of its two threads, without sockets and disks: the loop's, which looks for secrets
// and copies each frame into the journal, and the writer's, which packs and stores.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/book_updates.hpp"
#include "core/base/assert.hpp"
#include "core/base/virtual_clock.hpp"
#include "core/session/journal_ring.hpp"
#include "recorder/journal_drain.hpp"
#include "recorder/recording.hpp"
#include "tests/support/door.hpp"

namespace ktape {
namespace {

const std::vector<OwnedFrame>& frames() {
  static const std::vector<OwnedFrame> all = book_updates(200'000);
  return all;
}

// A disk without substance, behind a door.
class NullFiles final : public FileSystem {
 public:
  int create(const std::string&) override { return 1; }
  int open_folder(const std::string&) override { return 1; }
  ssize_t write(int, const char*, std::size_t count) override {
    door.pass();
    return static_cast<ssize_t>(count);
  }
  ssize_t pwrite(int, const char*, std::size_t count, std::uint64_t) override { return static_cast<ssize_t>(count); }
  int sync(int) override { return 0; }
  void close(int) override {}
  int rename(const std::string&, const std::string&) override { return 0; }
  int remove(const std::string&) override { return 0; }
  int allocate(int, std::size_t) override { return 0; }
  char* map(int, std::size_t bytes) override { return static_cast<char*>(std::aligned_alloc(4096, bytes)); }
  int sync_map(char*, std::size_t) override { return 0; }
  void unmap(char* begin, std::size_t) override { std::free(begin); }

  test::Door door;
};

RecordingOptions options_for(int level) {
  RecordingOptions options;
  options.path = "null.ktape";
  options.info = test_info();
  options.writer.compression_level = level;
  options.writer.redaction_key.fill(1);
  options.busy_compression_level = level;
  options.journal_bytes = 128U << 20;  // all frames of a round
  return options;
}

void count(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(frames().size()));
}

// The loop's thread, while the writer's stands before a shut door. As it is, and with nothing to look for.
void CommitToTheJournal(benchmark::State& state) {
  frames();
  for (auto _ : state) {
    state.PauseTiming();
    NullFiles files;
    VirtualClock clock(test_info().created_at);
    RecordingOptions options = options_for(1);
    if (state.range(0) == 0) options.writer.redaction = Redaction::None;
    auto recording = Recording::create(options, clock, files).value();
    files.door.shut();
    state.ResumeTiming();
    for (const OwnedFrame& frame : frames()) recording->on_frame(frame.frame());
    state.PauseTiming();
    KTAPE_ASSERT(recording->stats().times_blocked == 0, "the journal has room for all");
    files.door.open();
    recording.reset();
    state.ResumeTiming();
  }
  count(state);
}

// The writer's thread, out of a full journal.
void DrainTheJournal(benchmark::State& state) {
  frames();
  for (auto _ : state) {
    state.PauseTiming();
    NullFiles files;
    const RecordingOptions options = options_for(static_cast<int>(state.range(0)));
    auto drain = JournalDrain::create(options, SegmentNames::parse(options.path, false).value(), files).value();
    RingWriter ring(drain->memory(), options.info.salt);
    drain->open_ring();
    std::uint64_t sequence = 0;
    for (const OwnedFrame& frame : frames()) {
      KTAPE_ASSERT(ring.append(RingEntryType::Frame, sequence++, frame.frame()), "the journal has room for all");
    }
    state.ResumeTiming();
    while (drain->step().value()) {
    }
    KTAPE_ASSERT(drain->finish().has_value(), "the null disk never fails");
    benchmark::DoNotOptimize(drain->counters().stored_bytes.load());
  }
  count(state);
}

BENCHMARK(CommitToTheJournal)->Arg(0)->Arg(1)->ArgName("redact")->Unit(benchmark::kMillisecond);
BENCHMARK(DrainTheJournal)->Arg(1)->Arg(9)->ArgName("level")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ktape
