// Writes seeded frames to a recording with a journal and reports, after each commit, how many frames were committed, as
// 8 bytes on standard output. It goes on until it is killed: see session_kill_test.cpp.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <unistd.h>

#include "recorder/file_sink.hpp"
#include "tests/support/session_fixture.hpp"

int main(int argc, char** argv) {
  using namespace ktape;
  if (argc != 3) return 2;
  const std::string path = argv[1];
  const std::uint64_t seed = std::strtoull(argv[2], nullptr, 10);
  auto sink = FileSink::create(path);
  auto journal = FileJournal::create(path);
  if (!sink || !journal) return 3;
  auto writer = SessionWriter::create(std::move(*sink), std::move(*journal), test_info(), plain_options(60'000));
  if (!writer) return 4;
  SeededNumbers random(seed);
  std::uint64_t committed = 0;
  for (const OwnedFrame& frame : seeded_frames(seed, 9'000)) {
    (*writer)->on_frame(frame.frame());
    ++committed;
    if (random.below(6) != 0) continue;
    if (!(*writer)->commit()) return 5;
    if (::write(STDOUT_FILENO, &committed, sizeof committed) != static_cast<ssize_t>(sizeof committed)) return 6;
  }
  return 7;  // nobody killed it
}
