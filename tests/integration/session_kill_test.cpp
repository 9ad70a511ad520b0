#include <array>
#include <cerrno>

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/file_sink.hpp"
#include "replay/file_source.hpp"
#include "tests/support/places.hpp"
#include "tests/support/session_fixture.hpp"
#include "tests/support/temporary_folder.hpp"

namespace ktape {
namespace {

// Starts the writer, kills it after `reports` commits have been heard of, wherever it is by then, and returns the
// last commit that it reported.
std::uint64_t committed_when_killed(const std::string& path, std::uint64_t seed, std::uint64_t reports) {
  std::array<int, 2> pipe{};
  EXPECT_EQ(::pipe(pipe.data()), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, pipe[0]);
  posix_spawn_file_actions_addclose(&actions, pipe[1]);
  std::string program = test::built_program("ktape_killed_writer");
  std::string path_argument = path;
  std::string seed_argument = std::to_string(seed);
  std::array<char*, 4> arguments{program.data(), path_argument.data(), seed_argument.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);

  std::uint64_t committed = 0;
  std::uint64_t heard = 0;
  while (true) {
    std::uint64_t report = 0;
    const ssize_t got = ::read(pipe[0], &report, sizeof report);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof report)) break;  // reports are written whole: the child is gone
    committed = report;
    if (++heard == reports) ::kill(child, SIGKILL);
  }
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "status " << status;
  return committed;
}

TEST(SessionKill, LosesNoCommittedFrameAtFiftyInstants) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const TemporaryFolder folder;
    const std::string path = folder.file("killed.ktape");
    const std::uint64_t reports = 1 + SeededNumbers(seed).below(900);
    const std::uint64_t committed = committed_when_killed(path, seed, reports);
    ASSERT_GE(committed, reports) << "seed " << seed;

    auto reader =
        SessionReader::open(FileSource::open(path).value(), FileSource::open(FileJournal::path_for(path)).value());
    ASSERT_TRUE(reader.has_value()) << reader.error().detail;
    const auto read = read_all(**reader);
    ASSERT_GE(read.size(), committed) << "seed " << seed << " after " << reports << " commits";
    const auto frames = seeded_frames(seed, 9'000);
    ASSERT_TRUE(std::equal(read.begin(), read.end(), frames.begin())) << "seed " << seed;
    EXPECT_NE((*reader)->state(), SessionState::Sealed);
    EXPECT_NE((*reader)->state(), SessionState::Damaged) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ktape
