// The player: on a terminal, as lines, and steered over a Unix socket and HTTP.
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/integration/cli/ktape_program.hpp"
#include "tests/support/terminal.hpp"

namespace ktape::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// A plain socket that waits for answers; only a guard ends the wait.
class Caller {
 public:
  explicit Caller(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    connect(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  explicit Caller(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  ~Caller() { ::close(socket_); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void say(std::string_view text) {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL), std::ssize(text));
  }
  // The next line; what there is if the other side hangs up first.
  std::string line() {
    while (input_.find('\n') == input_.npos && hear()) {
    }
    const std::size_t end = std::min(input_.find('\n'), input_.size());
    std::string text = input_.substr(0, end);
    input_.erase(0, end + 1);
    return text;
  }
  std::string ask(std::string_view verb) {
    say(std::string(verb) + "\n");
    return line();
  }
  std::string rest() {
    while (hear()) {
    }
    return std::exchange(input_, {});
  }

 private:
  void connect(const sockaddr* address, socklen_t size) {
    const timeval guard{60, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof guard);
    EXPECT_EQ(::connect(socket_, address, size), 0) << std::strerror(errno);
  }
  bool hear() {
    std::array<char, 4096> chunk;
    const ssize_t got = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got > 0) input_.append(chunk.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  int socket_;
  std::string input_;
};

class Play : public ::testing::Test {
 protected:
  std::vector<std::string> play(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"play", market});
    return ktape(std::move(arguments));
  }
  Ended run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"play", market});
    return run_ktape(std::move(arguments));
  }

  TemporaryFolder folder;
  std::string market = make_market(folder);
};

TEST_F(Play, IsSteeredByKeysOnATerminal) {
  Terminal terminal(play({"--paused"}));
  EXPECT_TRUE(terminal.shows("paused 1x")) << terminal.screen();
  EXPECT_TRUE(terminal.shows("frame 0\n"));
  terminal.type(Terminal::kRight);
  EXPECT_TRUE(terminal.shows("frame 1\n"));
  terminal.type("b");
  EXPECT_TRUE(terminal.shows("burst of how many frames"));
  terminal.type("400\r");
  EXPECT_TRUE(terminal.shows("frame 401\n"));
  EXPECT_TRUE(terminal.shows(" open\n"));  // further down, and so drawn later
  EXPECT_THAT(terminal.screen(), AllOf(HasSubstr("BTC/USD"), HasSubstr("ETH/USD"), HasSubstr("live"),
                                       HasSubstr("last trades"), HasSubstr(" open\n"), HasSubstr("==>--")));
  terminal.type(Terminal::kLeft);
  EXPECT_TRUE(terminal.shows("frame 400\n"));
  terminal.type(Terminal::kUp);
  EXPECT_TRUE(terminal.shows("paused 2x"));
  terminal.type(Terminal::kDown);
  EXPECT_TRUE(terminal.shows("paused 1x"));
  terminal.type("g5s\r");
  EXPECT_TRUE(terminal.shows("paused 1x  5s of ")) << terminal.screen();
  terminal.type(":jump\r");
  EXPECT_TRUE(terminal.shows("'jump' is no verb: one of pause, "));
  terminal.type("m ");
  EXPECT_TRUE(terminal.shows("ended max"));
  terminal.type("q");
  EXPECT_EQ(terminal.exit_code(), 0);
}

TEST_F(Play, EndsWithCtrlCAndLeavesTheTerminalAsItWas) {
  Terminal terminal(play({"--rate", "1/1000"}));
  EXPECT_TRUE(terminal.shows("playing 1/1000x"));
  terminal.type("\x03");
  EXPECT_EQ(terminal.exit_code(), 0);
}

TEST_F(Play, PrintsALineForEachSecondWhereThereIsNoTerminal) {
  const Ended ended = run({"--rate", "max"});
  EXPECT_EQ(ended.code, 0) << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("2026-09-01T08:00:05Z  BTC/USD "));
  EXPECT_THAT(ended.output, HasSubstr("  candle BTC/USD 1m from 2026-09-01T0"));
  EXPECT_GE(std::count(ended.output.begin(), ended.output.end(), '\n'), 20);
  EXPECT_THAT(ended.errors, StartsWith("ktape: ended at 2026-09-01T08:00:"));

  const Ended part = run({"--rate", "max", "--start", "08:00:05", "--duration", "3s"});
  EXPECT_THAT(part.output, AllOf(StartsWith("2026-09-01T08:00:05Z "), HasSubstr("2026-09-01T08:00:07Z "),
                                 Not(HasSubstr("2026-09-01T08:00:08Z "))));
}

TEST_F(Play, TellsTheEventsOfAReplayAtAnyRate) {
  const std::string expected = run_ktape({"replay", market, "--events", "--candles", "1"}).output;
  EXPECT_GT(expected.size(), 100'000U);
  for (const char* const rate : {"max", "500", "1000/3"}) {
    EXPECT_TRUE(run({"--events", "--rate", rate}).output == expected) << rate;
  }
}

TEST_F(Play, BeginsAgainUntilItIsStopped) {
  Process process(play({"--loop", "--rate", "max", "--lines"}));
  EXPECT_TRUE(process.says("begins again, stamps moved by "));
  EXPECT_TRUE(process.says("2026-09-01T08:00:45Z  "));
  process.signal(SIGINT);
  EXPECT_EQ(process.exit_code(), 0) << process.errors();
}

TEST_F(Play, IsSteeredOverAUnixSocket) {
  const std::string path = folder.file("control");
  Process process(play({"--paused", "--control", path}));
  ASSERT_TRUE(process.says("steered on " + path)) << process.errors();
  struct stat about {};
  ASSERT_EQ(::stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  {
    Caller caller(path);
    EXPECT_THAT(caller.ask("status"), StartsWith(R"({"ok":true,"state":"paused","at":"2026-09-01T08:00:00)"));
    EXPECT_THAT(caller.ask("step 5"), AllOf(StartsWith(R"({"ok":true,"played":5,)"), HasSubstr(R"("frames":5,)")));
    caller.say("seek 10s\nstatus\nback 3\n");  // not waiting for answers
    EXPECT_THAT(caller.line(), HasSubstr(R"("at":"2026-09-01T08:00:10.)"));
    EXPECT_THAT(caller.line(), StartsWith(R"({"ok":true)"));
    EXPECT_THAT(caller.line(), HasSubstr(R"("at":"2026-09-01T08:00:09.)"));
    EXPECT_EQ(caller.ask("jump"),
              R"({"ok":false,"error":"'jump' is no verb: one of pause, resume, toggle, step, back, )"
              R"(burst, seek, until, rate, max-wait, loop, status expected"})");
    Caller other(path);
    other.say(std::string(5000, 'x'));
    EXPECT_EQ(other.line(), "a line of at most 4096 bytes expected");
    EXPECT_EQ(other.rest(), "");
    EXPECT_THAT(caller.ask("until 15s"), HasSubstr(R"("state":"playing")"));
    EXPECT_THAT(caller.ask("rate max"), HasSubstr(R"("rate":"max")"));
  }
  EXPECT_TRUE(process.says("paused at 2026-09-01T08:00:15"));
  Caller last(path);
  EXPECT_THAT(last.ask("quit"), StartsWith(R"({"ok":true,"state":"paused")"));
  EXPECT_EQ(process.exit_code(), 0) << process.errors();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Play, TakesOverASocketThatNobodyAnswersAt) {
  const std::string path = folder.file("control");
  {
    Process killed(play({"--paused", "--control", path}));
    ASSERT_TRUE(killed.says("steered on "));
    EXPECT_THAT(run({"--control", path}).errors, HasSubstr("another program does"));
    killed.signal(SIGKILL);
    killed.exit_code();
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  Process process(play({"--paused", "--control", path}));
  ASSERT_TRUE(process.says("steered on "));
  EXPECT_THAT(Caller(path).ask("quit"), StartsWith(R"({"ok":true)"));
  EXPECT_EQ(process.exit_code(), 0);
}

TEST_F(Play, IsSteeredOverHttp) {
  Process process(play({"--paused", "--http", "0"}));
  const std::string announced = "steered on http://127.0.0.1:";
  ASSERT_TRUE(process.says("/status\n")) << process.errors();
  const std::size_t at = process.errors().find(announced);
  ASSERT_NE(at, std::string::npos);
  const auto port = static_cast<std::uint16_t>(std::stoul(process.errors().substr(at + announced.size())));
  const auto ask = [&](std::string_view request, std::string_view body = {}, std::string_view headers = {}) {
    Caller caller(port);
    caller.say(std::string(request) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    return caller.rest();
  };
  EXPECT_THAT(ask("GET /status"), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("application/json"),
                                        HasSubstr(R"({"ok":true,"state":"paused")")));
  EXPECT_THAT(ask("POST /step", "3"), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr(R"("played":3,)")));
  EXPECT_THAT(ask("POST /seek", "+5s\n"), HasSubstr(R"("state":"seeking")"));
  EXPECT_THAT(ask("POST /rate", "0"), AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("'0' is no rate")));
  EXPECT_THAT(ask("POST /rate", "1\n2"), AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("one line expected")));
  EXPECT_THAT(ask("GET /pause"), AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("POST expected")));
  EXPECT_THAT(ask("POST /status"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(ask("GET /nothing"), AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("'/nothing' is not here")));
  EXPECT_THAT(ask("POST /quit", "", "Origin: http://elsewhere.example\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(ask("POST /quit"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(process.exit_code(), 0) << process.errors();
}

TEST_F(Play, SaysWhatMakesNoSense) {
  write_file(folder.file("text"), "text");
  EXPECT_TRUE(refuses(run({"--paused"}), 2, {"--paused", "--control or --http"}));
  EXPECT_TRUE(refuses(run({"--rate", "0"}), 2, {"--rate", "'0'"}));
  EXPECT_TRUE(refuses(run({"--start", "soon"}), 2, {"--start", "'soon' is no moment"}));
  EXPECT_TRUE(refuses(run({"--start", "1h"}), 2, {"--start 1h", "2026-09-01T08:00:00"}));
  EXPECT_TRUE(refuses(run({"--start", "5s", "--until", "5s"}), 2, {"nothing is left to play"}));
  EXPECT_TRUE(refuses(run({"--max-wait", "x"}), 2, {"--max-wait"}));
  EXPECT_TRUE(refuses(run({"--candles", "7"}), 2, {"--candles", "'7'"}));
  EXPECT_TRUE(refuses(run({"--control", folder.file("text")}), 2, {"--control", "no socket"}));
  EXPECT_TRUE(refuses(run({"--control", std::string(200, 'x')}), 2, {"--control", "107 bytes"}));
  EXPECT_TRUE(refuses(run({"--http", "0", "--http-host", "somewhere"}), 2, {"--http", "'somewhere'"}));
}

// Two markets with connections of equal numbers.
class SeveralFiles : public Play {
 protected:
  void SetUp() override {
    const Ended made =
        run_ktape({"synth", "--seed", "9", "--symbols", "SHIB/USD", "--duration", "15s", "--level", "3", "-o", other});
    ASSERT_EQ(made.code, 0) << made.errors;
  }
  static std::string replayed(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "replay");
    const Ended ended = run_ktape(std::move(arguments));
    EXPECT_EQ(ended.code, 0) << ended.errors;
    return ended.output;
  }

  std::string other = folder.file("other.ktape");
};

TEST_F(SeveralFiles, ArePlayedAsOneWhateverTheirOrder) {
  const std::string hash = replayed({market, other, "--hash"});
  EXPECT_EQ(replayed({other, market, "--hash"}), hash);
  EXPECT_EQ(replayed({folder.file(""), "--hash"}), hash);
  EXPECT_EQ(replayed({other, market, "--hash", "--rate", "1000"}), hash);
  EXPECT_NE(replayed({market, "--hash"}), hash);
  const std::string events = replayed({other, market, "--events", "--candles", "1"});
  EXPECT_THAT(events, AllOf(HasSubstr(R"("connection":1,)"), HasSubstr(R"("connection":2,)")));
  const Ended played = run_ktape({"play", other, market, "--events", "--rate", "max"});
  EXPECT_TRUE(played.output == events);
}

TEST_F(SeveralFiles, AreHashedByChannelAndSymbol) {
  const std::string hashes = replayed({market, other, "--hashes"});
  EXPECT_THAT(hashes, StartsWith(replayed({market, other, "--hash"}).substr(0, 64) + "  "));
  EXPECT_THAT(hashes, AllOf(HasSubstr("  all\n"), HasSubstr("  book BTC/USD\n"), HasSubstr("  trade SHIB/USD\n")));
  EXPECT_EQ(replayed({other, market, "--hashes", "--rate", "1000"}), hashes);
  EXPECT_TRUE(refuses(run_ktape({"replay", market, "--hashes", "--hash"}), 2, {"--hashes"}));
}

TEST_F(SeveralFiles, OfOneSessionMustNotBeTheSamePart) {
  std::filesystem::copy_file(market, folder.file("copy.ktape"));
  EXPECT_TRUE(refuses(run_ktape({"replay", market, folder.file("copy.ktape")}), 1,
                      {market, "copy.ktape", "both segment 0 of their session"}));
}

}  // namespace
}  // namespace ktape::test
