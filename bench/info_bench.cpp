// How long `ktape info` has to read: opening a sealed recording of 1 GB and summing it up from its seal. The file is
// made of random payloads in 100 kB chunks, so that it has as many chunks, 10,000, as a real one of that size at ten to
// one.
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/session/session_writer.hpp"
#include "inspect/overview.hpp"
#include "recorder/file_sink.hpp"
#include "replay/file_source.hpp"
#include "tests/support/session_fixture.hpp"
#include "tests/support/temporary_folder.hpp"

namespace ktape {
namespace {

constexpr std::uint64_t kFileBytes = 1'000'000'000;

// Six channels of forty symbols.
class Channels final : public FrameClassifier {
 public:
  FrameClass classify(const Frame&) override {
    ++calls_;
    channel_ = fmt::format("channel{}", calls_ % 6);
    symbol_ = fmt::format("S{:02}/USD", calls_ / 6 % 40);
    return {channel_, symbol_};
  }

 private:
  std::uint64_t calls_ = 0;
  std::string channel_;
  std::string symbol_;
};

const std::string& recording() {
  static const TemporaryFolder folder;
  static const std::string path = [] {
    std::string made = folder.file("big.ktape");
    SessionWriterOptions options = plain_options(std::size_t{100} << 10U);
    Channels channels;
    options.classifier = &channels;
    auto writer = SessionWriter::create(FileSink::create(made).value(), nullptr, test_info(), options).value();
    SeededNumbers random(1);
    std::string noise(std::size_t{1} << 20U, '\0');
    for (char& c : noise) c = static_cast<char>(random.next());
    OwnedFrame frame;
    frame.connection = ConnectionId{1};
    frame.at = test_info().created_at;
    while (writer->stored_bytes() < kFileBytes) {
      frame.at += std::chrono::microseconds(100);
      frame.payload.assign(noise, random.below(noise.size() - 4096), 4096);
      writer->on_frame(frame.frame());
    }
    KTAPE_ASSERT(writer->finish().has_value(), "there must be room for 1 GB of temporary files");
    return made;
  }();
  return path;
}

void info(benchmark::State& state) {
  recording();
  std::uint64_t chunks = 0;
  for (auto _ : state) {
    auto reader = SessionReader::open(FileSource::open(recording()).value()).value();
    const Overview overview = overview_of(*reader, recording()).value();
    chunks = overview.summary.chunks;
    std::string out;
    append_overview_json(out, overview);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["chunks"] = static_cast<double>(chunks);
  state.counters["file_MB"] = static_cast<double>(std::filesystem::file_size(recording())) / 1e6;
}
BENCHMARK(info)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ktape
