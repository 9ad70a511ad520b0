// Records seeded frames in rotating segments and reports, after each frame, how many were committed, as 8 bytes on
// standard output. It kills itself at one operation of the file system, or is killed: see recording_kill_test.cpp.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <signal.h>
#include <unistd.h>

#include "tests/support/recording_fixture.hpp"

namespace ktape::test {
namespace {

// The machine's files, with a death at one operation: before it, after it or, of a write, half-way through. It syncs
// nothing, since a kill does not ask what had been synced.
class DeadlyFiles final : public FileSystem {
 public:
  explicit DeadlyFiles(std::uint64_t dies_at) : dies_at_(dies_at) {}

  static void die() { ::kill(::getpid(), SIGKILL); }

  template <class Call>
  auto around(Call&& call) {
    const std::uint64_t number = operations_++;
    if (number == dies_at_ && dies_at_ % 2 == 0) die();
    const auto result = call();
    if (number == dies_at_) die();
    return result;
  }

  int create(const std::string& path) override {
    return around([&] { return real_.create(path); });
  }
  int open_folder(const std::string& path) override {
    return around([&] { return real_.open_folder(path); });
  }
  ssize_t write(int file, const char* bytes, std::size_t count) override {
    const std::uint64_t number = operations_++;
    if (number != dies_at_) return real_.write(file, bytes, count);
    const std::size_t part = count * (dies_at_ % 4) / 3;  // nothing, a third, two thirds, all
    if (part > 0) static_cast<void>(real_.write(file, bytes, part));
    die();
    return -1;
  }
  ssize_t pwrite(int file, const char* bytes, std::size_t count, std::uint64_t offset) override {
    return around([&] { return real_.pwrite(file, bytes, count, offset); });
  }
  int sync(int) override {
    return around([] { return 0; });
  }
  void close(int file) override { real_.close(file); }
  int rename(const std::string& from, const std::string& to) override {
    return around([&] { return real_.rename(from, to); });
  }
  int remove(const std::string& path) override {
    return around([&] { return real_.remove(path); });
  }
  int allocate(int file, std::size_t bytes) override {
    return around([&] { return real_.allocate(file, bytes); });
  }
  char* map(int file, std::size_t bytes) override { return real_.map(file, bytes); }
  int sync_map(char*, std::size_t) override {
    return around([] { return 0; });
  }
  void unmap(char* begin, std::size_t bytes) override { real_.unmap(begin, bytes); }

 private:
  FileSystem& real_ = system_files();
  std::uint64_t dies_at_;
  std::atomic<std::uint64_t> operations_{0};
};

int record(const std::string& path, std::uint64_t seed, std::uint64_t dies_at) {
  const auto frames = seeded_frames(seed, 1'500);
  VirtualClock clock(test_info().created_at);
  DeadlyFiles files(dies_at);
  RecordingOptions options = recording_options(path, 5'000);
  options.max_segment_bytes = 30'000;
  options.sync_interval = std::chrono::milliseconds{50};
  auto recording = Recording::create(options, clock, files);
  if (!recording) return 3;
  std::uint64_t committed = 0;
  const auto report = [&] {
    return ::write(STDOUT_FILENO, &committed, sizeof committed) == static_cast<ssize_t>(sizeof committed);
  };
  for (const OwnedFrame& frame : frames) {
    clock.advance_to(std::max(clock.now(), frame.at));
    (*recording)->on_frame(frame.frame());
    ++committed;
    if (!report()) return 6;
  }
  if (!(*recording)->finish()) return 5;
  return 7;  // nobody killed it
}

}  // namespace
}  // namespace ktape::test

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  return ktape::test::record(argv[1], std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
}
