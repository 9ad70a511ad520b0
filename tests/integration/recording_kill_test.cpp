#include <array>
#include <cerrno>
#include <cstdlib>
#include <limits>

#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/file_sink.hpp"
#include "tests/support/places.hpp"
#include "tests/support/recording_fixture.hpp"
#include "tests/support/temporary_folder.hpp"

namespace ktape::test {
namespace {

struct Ended {
  std::uint64_t committed = 0;
  bool killed = false;
};

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

// Starts the victim, which dies at its operation `dies_at`, or from outside after it has reported `reports` frames.
Ended record_until_death(const std::string& path, std::uint64_t seed, std::uint64_t dies_at, std::uint64_t reports) {
  std::array<int, 2> pipe{};
  EXPECT_EQ(::pipe(pipe.data()), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, pipe[0]);
  posix_spawn_file_actions_addclose(&actions, pipe[1]);
  std::string program = test::built_program("ktape_recording_victim");
  std::string path_argument = path;
  std::string seed_argument = std::to_string(seed);
  std::string death_argument = std::to_string(dies_at);
  std::array<char*, 5> arguments{program.data(), path_argument.data(), seed_argument.data(), death_argument.data(),
                                 nullptr};
  pid_t child = 0;
  EXPECT_EQ(::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);

  Ended ended;
  std::uint64_t heard = 0;
  while (true) {
    std::uint64_t report = 0;
    const ssize_t got = ::read(pipe[0], &report, sizeof report);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof report)) break;  // reports are written whole: the child is gone
    ended.committed = report;
    if (++heard == reports) ::kill(child, SIGKILL);
  }
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  ended.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  EXPECT_TRUE(ended.killed || (WIFEXITED(status) && WEXITSTATUS(status) == 7)) << "status " << status;
  return ended;
}

// Every committed frame once, in order; each segment verifies, and so does what recover() makes of it.
void check(const TemporaryFolder& folder, std::uint64_t seed, const Ended& ended) {
  auto session = open_session({folder.file("")});
  if (!session) {
    EXPECT_EQ(ended.committed, 0U) << session.error().detail;
    return;
  }
  const auto frames = seeded_frames(seed, 1'500);
  const auto read = all_frames(**session);
  ASSERT_GE(read.size(), ended.committed);
  ASSERT_LE(read.size(), frames.size());
  ASSERT_TRUE(std::equal(read.begin(), read.end(), frames.begin()));
  EXPECT_TRUE((*session)->gaps().empty() || ended.killed);

  bool crash_told = false;
  std::uint64_t saved_frames = 0;
  for (const auto& segment : (*session)->segments()) {
    auto reader = open_segment(segment.name).value();
    EXPECT_NE(reader->state(), SessionState::Damaged);
    const MemoryFile saved = memory_file();
    SessionWriterOptions as_is = plain_options();
    as_is.redaction = Redaction::Kept;
    auto writer =
        SessionWriter::create(std::make_unique<MemorySink>(saved), nullptr, recovered_info(reader->info()), as_is)
            .value();
    const auto report = recover(*reader, *writer);
    ASSERT_TRUE(report) << report.error().detail;
    EXPECT_EQ(report->lost_frames, 0U);
    saved_frames += report->frames;
    for (const Gap& gap : report->gaps) {
      EXPECT_EQ(gap.cause, GapCause::Crash);
      crash_told = true;
    }
    const auto again = opened(*saved);
    EXPECT_EQ(again->state(), SessionState::Sealed);
    EXPECT_THAT(again->verify().value(), ::testing::IsEmpty());
  }
  EXPECT_GE(saved_frames, read.size());
  // Only a death at the very end, when all is sealed, leaves nothing to tell.
  EXPECT_TRUE(crash_told || !ended.killed || read.size() == frames.size());
}

// 1,000 deaths cost some minutes; KTAPE_KILLS sets another number than the slice that runs by default.
std::uint64_t kills() {
  const char* const number = std::getenv("KTAPE_KILLS");
  return number != nullptr ? std::strtoull(number, nullptr, 10) : 40;
}

TEST(RecordingKill, LosesNoCommittedFrameAtAnyOperation) {
  std::uint64_t killed = 0;
  for (std::uint64_t seed = 1; seed <= kills(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const TemporaryFolder folder;
    const Ended ended = record_until_death(folder.file("a.ktape"), seed, SeededNumbers(seed).below(400), kNever);
    check(folder, seed, ended);
    killed += ended.killed ? 1U : 0U;
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(killed, kills() / 2);
}

TEST(RecordingKill, LosesNoCommittedFrameAtAnyInstant) {
  for (std::uint64_t seed = 1; seed <= kills() / 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const TemporaryFolder folder;
    const Ended ended = record_until_death(folder.file("a.ktape"), seed, kNever, 1 + SeededNumbers(seed).below(1'450));
    check(folder, seed, ended);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace ktape::test
