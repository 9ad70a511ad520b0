// Serve a session, record it, replay the recording: one history.
#include <gmock/gmock.h>

#include "tests/integration/cli/ktape_program.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The frames as JSON, without what says where the connection went.
std::string frames_of(const std::string& path) {
  const Ended run = run_ktape({"cat", path, "--format", "json"});
  EXPECT_EQ(run.code, 0) << run.errors;
  std::istringstream lines(run.output);
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(R"("kind":"opened")") == line.npos) all += line + "\n";
  }
  return all;
}

std::string replayed(std::vector<std::string> arguments, ProcessOptions options = {}) {
  arguments.insert(arguments.begin(), "replay");
  const Ended run = run_ktape(std::move(arguments), std::move(options));
  EXPECT_EQ(run.code, 0) << run.errors;
  return run.output;
}

// The first line in which two texts differ, where a matcher would print megabytes.
::testing::AssertionResult same_lines(const std::string& left, const std::string& right) {
  if (left == right) return ::testing::AssertionSuccess();
  std::istringstream lefts(left);
  std::istringstream rights(right);
  for (std::size_t number = 1;; ++number) {
    std::string one;
    std::string other;
    std::getline(lefts, one);
    std::getline(rights, other);
    if (one != other || !lefts || !rights) {
      return ::testing::AssertionFailure() << "line " << number << ":\n  " << one << "\n  " << other;
    }
  }
}

class MainJob : public ::testing::Test {
 protected:
  // Served in lockstep over TLS and recorded; what is there afterwards is the recording and the live event log.
  void serve_and_record(const std::string& recording, const std::string& events) {
    const std::string ca = folder.file("ca.pem");
    Server server(folder, {market, "--tls", "--ca-out", ca, "--clock", "lockstep", "--once"});
    const Ended run = run_ktape({"record", "--url", server.url("wss"), "--ca", ca, "--clock", "server", "--symbols",
                                 "BTC/USD,ETH/USD", "-o", recording, "--events", events, "--candles", "1"});
    EXPECT_EQ(run.code, 0) << run.errors;
    EXPECT_THAT(run.errors, HasSubstr(" 0 wrong, 0 holes"));
    EXPECT_EQ(server.process->exit_code(), 0) << server.process->errors();
  }

  TemporaryFolder folder;
  std::string market = make_market(folder);
};

TEST_F(MainJob, ServesRecordsAndReplaysOneHistory) {
  const std::string again = folder.file("again.ktape");
  serve_and_record(again, folder.file("live.events"));

  const std::string live = read_file(folder.file("live.events"));
  EXPECT_GT(std::count(live.begin(), live.end(), '\n'), 500);
  EXPECT_TRUE(same_lines(live, replayed({again, "--events", "--candles", "1"})));

  const std::string served = frames_of(market);
  EXPECT_GT(std::count(served.begin(), served.end(), '\n'), 500);
  EXPECT_TRUE(same_lines(served, frames_of(again)));

  const Ended verified = run_ktape({"verify", again, "--json"});
  EXPECT_EQ(verified.code, 0) << verified.output << verified.errors;
  EXPECT_THAT(verified.output, HasSubstr(R"("checksums_failed":0,)"));
  EXPECT_THAT(verified.output, HasSubstr(R"("state":"sealed")"));
}

TEST_F(MainJob, RecordsTheSameTwice) {
  serve_and_record(folder.file("one.ktape"), folder.file("one.events"));
  serve_and_record(folder.file("two.ktape"), folder.file("two.events"));
  const auto history = [&](const std::string& name) {
    const std::string events = read_file(folder.file(name));
    return events.substr(events.find('\n') + 1);  // the first tells the port
  };
  EXPECT_TRUE(same_lines(history("one.events"), history("two.events")));
  EXPECT_TRUE(same_lines(frames_of(folder.file("one.ktape")), frames_of(folder.file("two.ktape"))));
}

TEST_F(MainJob, RecordsForATimeOfTheServers) {
  const Server server(folder, {market, "--clock", "lockstep"});
  const std::string recording = folder.file("five.ktape");
  const Ended run = run_ktape({"record", "--url", server.url(), "--clock", "server", "--symbols", "BTC/USD", "--for",
                               "5s", "--json", "-o", recording});
  EXPECT_EQ(run.code, 0) << run.errors;
  EXPECT_THAT(run.output, HasSubstr(R"("seconds":5,)"));
  EXPECT_THAT(run_ktape({"info", recording}).output, HasSubstr("duration     5s"));
}

TEST_F(MainJob, ReplaysTheSameHoweverItIsPaced) {
  const std::string first = replayed({market, "--hash"});
  EXPECT_EQ(first.size(), 65U) << first;
  EXPECT_EQ(replayed({market, "--hash"}), first);
  EXPECT_EQ(replayed({market, "--hash", "--rate", "1000"}), first);
  // By hand: a hundred frames one by one, then the rest.
  EXPECT_EQ(replayed({market, "--hash", "--start-paused"}, {.input = std::string(100, '\n') + "c\n"}), first);
}

TEST_F(MainJob, MakesTheSameMarketFromTheSameSeed) {
  const std::string again = folder.file("again.ktape");
  const Ended made = run_ktape(
      {"synth", "--seed", "7", "--symbols", "BTC/USD,ETH/USD", "--duration", "20s", "--level", "3", "-o", again});
  EXPECT_EQ(made.code, 0) << made.errors;
  EXPECT_TRUE(read_file(market) == read_file(again));
}

TEST_F(MainJob, ShowsCandlesAndBooksToAPerson) {
  const std::string shown = replayed({market, "--candles", "1"});
  EXPECT_THAT(shown, HasSubstr("book BTC/USD depth 10: live"));
  EXPECT_THAT(shown, HasSubstr("book ETH/USD depth 10: live"));
}

}  // namespace
}  // namespace ktape::test
