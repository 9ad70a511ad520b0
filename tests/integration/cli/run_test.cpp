// `ktape run` and `ktape serve --print-env`: programs that find the server by their environment.
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>

#include "tests/integration/cli/ktape_program.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> run_of(const std::string& recording, std::vector<std::string> command,
                                std::vector<std::string> options = {}) {
  std::vector<std::string> all{"run", recording};
  all.insert(all.end(), options.begin(), options.end());
  all.emplace_back("--");
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

bool has_python(const char* module) {
  return std::system((std::string("/usr/bin/python3 -c 'import ") + module + "' 2>/dev/null").c_str()) == 0;
}

bool has_faketime() {
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib")) {
    if (std::filesystem::exists(entry.path() / "faketime/libfaketimeMT.so.1")) return true;
  }
  return false;
}

class RunCommand : public ::testing::Test {
 protected:
  TemporaryFolder folder;
  std::string recording = make_market(folder, "20s", "BTC/USD");
};

TEST_F(RunCommand, EndsWithTheProgramAndItsExitCode) {
  EXPECT_EQ(run_ktape(run_of(recording, {"true"})).code, 0);
  EXPECT_EQ(run_ktape(run_of(recording, {"sh", "-c", "exit 7"})).code, 7);
  EXPECT_EQ(run_ktape(run_of(recording, {"sh", "-c", "kill -9 $$"})).code, 137);
}

TEST_F(RunCommand, RefusesAProgramThatIsNotThere) {
  const Ended ended = run_ktape(run_of(recording, {"ktape-no-such-program"}));
  EXPECT_EQ(ended.code, 127);
  EXPECT_THAT(ended.errors, HasSubstr("ktape: cannot run ktape-no-such-program: No such file"));
}

TEST_F(RunCommand, TellsTheProgramWhereTheServerIs) {
  const Ended ended =
      run_ktape(run_of(recording, {"sh", "-c", "echo $KTAPE_WS_URL $KTAPE_REST_URL; head -1 $SSL_CERT_FILE"}));
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.output, StartsWith("wss://127.0.0.1:"));
  EXPECT_THAT(ended.output, HasSubstr("/v2 https://127.0.0.1:"));
  EXPECT_THAT(ended.output, HasSubstr("-----BEGIN CERTIFICATE-----"));
}

TEST_F(RunCommand, LeavesNothingBehind) {
  const std::string note = folder.file("authority");
  EXPECT_EQ(run_ktape(run_of(recording, {"sh", "-c", "echo $SSL_CERT_FILE > " + note})).code, 0);
  std::string authority = read_file(note);
  authority.pop_back();
  EXPECT_FALSE(std::filesystem::exists(authority));
}

// Whoever inherited a handle of the recording, or of a socket's other end, could read what has not happened yet.
TEST_F(RunCommand, HandsNoFileOrSocketOnThatTheProgramCouldReadAheadIn) {
  const Ended ended = run_ktape(run_of(recording, {"sh", "-c", "ls -l /proc/$$/fd"}));
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("pipe:"));
  EXPECT_THAT(ended.output, Not(HasSubstr(".ktape")));
  EXPECT_THAT(ended.output, Not(HasSubstr("socket:")));
}

TEST_F(RunCommand, PassesSignalsOn) {
  Process process(
      ktape(run_of(recording, {"sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done"})));
  ASSERT_TRUE(process.says("ready"));
  process.signal(SIGTERM);
  EXPECT_EQ(process.exit_code(), 9);
}

TEST_F(RunCommand, EndsWhatTheProgramHasLeftRunning) {
  // The grandchild holds the pipe open: collecting it ends only when that one does.
  const Ended ended = run_ktape(run_of(recording, {"sh", "-c", "sleep 600 & exit 3"}));
  EXPECT_EQ(ended.code, 3);
}

TEST_F(RunCommand, AProgramInAnotherLanguageTrustsItAndTradesByRest) {
  if (!has_python("ssl")) GTEST_SKIP() << "python3 is not installed";
  constexpr const char* kScript = R"(
import json, os, urllib.request
with urllib.request.urlopen(os.environ["KTAPE_REST_URL"] + "/0/public/Time") as answer:
    print(json.load(answer)["error"], answer.headers["Content-Type"])
)";
  const Ended ended = run_ktape(run_of(recording, {"/usr/bin/python3", "-c", kScript}));
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(ended.output, "[] application/json\n");
}

TEST_F(RunCommand, ShowsTheRecordingsTimeToTheProgram) {
  if (!has_faketime()) GTEST_SKIP() << "faketime is not installed";
  const Ended ended = run_ktape(run_of(recording, {"date", "-u", "+%F %H:%M"}, {"--faketime"}));
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(ended.output, "2026-09-01 08:00\n");
}

TEST_F(RunCommand, IsTrustedByProgramsThatLiveInTheRecordingsTime) {
  if (!has_faketime()) GTEST_SKIP() << "faketime is not installed";
  if (!has_python("ssl")) GTEST_SKIP() << "python3 is not installed";
  constexpr const char* kScript = R"(
import json, os, urllib.request
with urllib.request.urlopen(os.environ["KTAPE_REST_URL"] + "/0/public/SystemStatus") as answer:
    print(json.load(answer)["result"]["status"])
)";
  const std::string old = folder.file("old.ktape");
  ASSERT_EQ(
      run_ktape({"synth", "--start", "2019-02-03T04:05:06Z", "--duration", "5s", "--symbols", "BTC/USD", "-o", old})
          .code,
      0);
  const Ended ended = run_ktape(run_of(old, {"/usr/bin/python3", "-c", kScript}, {"--faketime", "--rate", "30"}));
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_EQ(ended.output, "online\n");
}

TEST_F(RunCommand, PrintsTheEnvironmentForShells) {
  const std::string ca = folder.file("ca.pem");
  Server server(folder, {recording, "--tls", "--ca-out", ca, "--print-env"});
  ASSERT_TRUE(server.process->says("# 127.0.0.1 "));
  EXPECT_THAT(server.process->output(), HasSubstr("export KTAPE_WS_URL='wss://127.0.0.1:"));
  EXPECT_THAT(server.process->output(), HasSubstr("export NODE_EXTRA_CA_CERTS='" + ca + "'"));
  EXPECT_THAT(server.process->output(), HasSubstr(" ws-auth.kraken.com"));
}

TEST_F(RunCommand, NamesTheLineOfABadAccount) {
  const std::string accounts = folder.file("accounts.yaml");
  write_file(accounts, "accounts:\n  - name: alice\n    tier: gold\n");
  EXPECT_TRUE(
      refuses(run_ktape(run_of(recording, {"true"}, {"--accounts", accounts})), 2, {accounts + ":3: tier", "gold"}));
}

}  // namespace
}  // namespace ktape::test
