// `ktape record` and `ktape serve` when the other end, the disk or the user does something unexpected.
#include <csignal>
#include <functional>

#include <gmock/gmock.h>

#include "mock_server/tls_identity.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/integration/cli/peer.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Words = std::vector<std::string>;

constexpr ConnectionId kFirst{1};

class Record : public ::testing::Test {
 protected:
  Words record(const std::string& url, Words more = {}) const {
    Words arguments{"record", "--url", url, "-o", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  bool said(const Process& program, std::string_view text) const {
    return program.errors().find(text) != std::string::npos;
  }

  TemporaryFolder folder;
  std::string out = folder.file("out.ktape");
};

TEST_F(Record, EndsWithASealedRecordingWhenAsked) {
  for (const int signal : {SIGINT, SIGTERM}) {
    std::filesystem::remove(out);
    Peer peer;
    peer.exchange.attached = [&](ConnectionId id) {
      peer.exchange.send(id, R"({"channel":"heartbeat"})");
      peer.exchange.send(id, FrameKind::Ping, "heard all?");
    };
    Process program(ktape(record(peer.url())));
    const auto heard_all = [&] { return peer.exchange.heard.count(Direction::ToExchange, FrameKind::Pong) == 1; };
    ASSERT_TRUE(peer.until(program, heard_all)) << program.errors();
    program.signal(signal);
    EXPECT_EQ(peer.exit_code(program), 0) << program.errors();
    const Ended info = run_ktape({"info", out, "--json"});
    EXPECT_EQ(info.code, 0) << info.errors;
    EXPECT_THAT(info.output, HasSubstr(R"("state":"sealed")"));
    EXPECT_THAT(run_ktape({"cat", out}).output, HasSubstr(R"({"channel":"heartbeat"})"));
    EXPECT_FALSE(std::filesystem::exists(out + ".journal"));
  }
}

TEST_F(Record, KeepsNonsenseAsItCame) {
  Peer peer;
  peer.exchange.attached = [&](ConnectionId id) {
    peer.exchange.send(id, "I am no JSON");
    peer.exchange.send(id, R"({"channel":"book","type":"update","data":[{"symbol")");
    peer.exchange.send(id, R"({"channel":"book","type":"update","data":[{"symbol":17,"bids":{}}]})");
    peer.exchange.send(id, FrameKind::Binary, "\x01\x02\x03");
    peer.exchange.send(id, std::string(100'000, '['));
    peer.exchange.send(id, R"({"channel":"heartbeat"})");
    peer.exchange.send(id, FrameKind::Ping, "heard all?");
  };
  Process program(ktape(record(peer.url())));
  const auto heard_all = [&] { return peer.exchange.heard.count(Direction::ToExchange, FrameKind::Pong) == 1; };
  ASSERT_TRUE(peer.until(program, heard_all)) << program.errors();
  program.signal(SIGTERM);
  EXPECT_EQ(peer.exit_code(program), 0) << program.errors();

  const Ended shown = run_ktape({"cat", out});
  EXPECT_EQ(shown.code, 0);
  EXPECT_THAT(shown.output, HasSubstr("< I am no JSON\n"));
  EXPECT_THAT(shown.output, HasSubstr("< [binary] "));
  EXPECT_THAT(shown.output, HasSubstr(std::string(100'000, '[') + "\n"));
  EXPECT_THAT(shown.output, HasSubstr("< {\"channel\":\"heartbeat\"}\n"));
  const Ended verified = run_ktape({"verify", out});
  EXPECT_EQ(verified.code, 1) << "messages that are not understood";
  EXPECT_THAT(verified.output, HasSubstr("I am no JSON"));
  EXPECT_EQ(run_ktape({"replay", out, "--events"}).code, 0);
}

TEST_F(Record, DropsAServerThatSaysTooMuchAtOnce) {
  Peer peer;
  peer.exchange.attached = [&](ConnectionId id) {
    if (id == kFirst) peer.exchange.send(id, std::string(std::size_t{20} << 20U, 'x'));
  };
  Process program(ktape(record(peer.url(), {"--clock", "system"})));
  ASSERT_TRUE(peer.until(program, [&] { return said(program, "disconnected: "); })) << program.errors();
  EXPECT_THAT(program.errors(), HasSubstr("16777216"));
  program.signal(SIGTERM);
  peer.exit_code(program);
  EXPECT_EQ(run_ktape({"cat", out}).code, 0);
}

TEST_F(Record, ComesBackAfterAnOutageAndKeepsIt) {
  Peer peer;
  peer.exchange.attached = [&](ConnectionId id) {
    peer.exchange.send(id, id == kFirst ? R"({"channel":"heartbeat","n":1})" : R"({"channel":"heartbeat","n":2})");
    if (id != kFirst) peer.exchange.send(id, FrameKind::Ping, "heard all?");
  };
  peer.exchange.said = [&](const Frame& frame) {
    if (frame.connection == kFirst) peer.exchange.send(kFirst, FrameKind::Closed, "1001 maintenance");
  };
  Process program(ktape(record(peer.url())));
  ASSERT_TRUE(peer.until(program, [&] { return peer.exchange.endpoints.size() == 2; })) << program.errors();
  EXPECT_TRUE(said(program, "disconnected: 1001 maintenance")) << program.errors();
  const auto heard_all = [&] { return peer.exchange.heard.count(Direction::ToExchange, FrameKind::Pong) == 1; };
  ASSERT_TRUE(peer.until(program, heard_all)) << program.errors();
  program.signal(SIGINT);
  EXPECT_EQ(peer.exit_code(program), 0) << program.errors();

  const std::string shown = run_ktape({"cat", out}).output;
  EXPECT_THAT(shown, HasSubstr("[closed] 1001 maintenance"));
  EXPECT_LT(shown.find(R"("n":1)"), shown.find("[closed]"));
  EXPECT_LT(shown.find("[closed]"), shown.find(R"("n":2)"));
  const Ended verified = run_ktape({"verify", out, "--json"});
  EXPECT_EQ(verified.code, 3) << "something is missing";
  EXPECT_THAT(verified.output, HasSubstr(R"("cause":"disconnected")"));
}

TEST_F(Record, StopsOnAFullDiskAndLosesNothingBefore) {
  const std::string market = make_market(folder, "60s");
  const Server server(folder, {market, "--clock", "lockstep"});
  // The journal is reserved at the start: it fits, and what is stored soon does not.
  const Ended run = run_ktape(
      record(server.url(), {"--clock", "server", "--symbols", "BTC/USD,ETH/USD", "--queue", "96KiB", "--level", "1"}),
      {.file_size = std::uint64_t{100} << 10U});
  EXPECT_EQ(run.code, 1) << run.errors;
  EXPECT_THAT(run.errors, HasSubstr("ktape: recording stopped: "));
  EXPECT_THAT(run.errors, HasSubstr("File too large"));
  const Ended shown = run_ktape({"cat", out, "--format", "payload"});
  EXPECT_EQ(shown.code, 0) << shown.errors;
  EXPECT_GT(shown.output.size(), std::size_t{150} << 10U);
  EXPECT_TRUE(run_ktape({"cat", market, "--format", "payload"}).output.starts_with(shown.output));
}

TEST_F(Record, TellsWhatWasRefused) {
  const std::string market = make_market(folder);
  const Server server(folder, {market, "--clock", "lockstep"});
  const Ended run = run_ktape(record(server.url(), {"--clock", "server", "--symbols", "BTC/USD,XRP/USD"}));
  EXPECT_EQ(run.code, 3) << run.errors;
  EXPECT_THAT(run.errors, HasSubstr("ktape: refused: subscribe "));
  EXPECT_THAT(run.errors, HasSubstr("XRP/USD"));
  const std::string shown = run_ktape({"cat", out}).output;
  EXPECT_THAT(shown, HasSubstr("Currency pair not supported XRP/USD"));
  EXPECT_THAT(shown, HasSubstr(R"({"channel":"trade","type":"update","data":[{"symbol":"BTC/USD")"))
      << "the rest goes on";
}

TEST_F(Record, TrustsNobodyElsesAuthority) {
  const std::string market = make_market(folder, "1s");
  const Server server(folder, {market, "--tls", "--clock", "lockstep"});
  const std::string other = folder.file("other.pem");
  write_file(other, make_tls_identity().value().ca);
  const Ended run = run_ktape(record(server.url("wss"), {"--clock", "server", "--ca", other}));
  EXPECT_EQ(run.code, 1);
  EXPECT_TRUE(refuses(run, 1, {server.url("wss"), "TLS: the certificate of '127.0.0.1' is not accepted"}));
  EXPECT_FALSE(std::filesystem::exists(out)) << "nothing that would stand in the way of the next try";
  const Ended patient = run_ktape(record(server.url("wss"), {"--ca", other}));
  EXPECT_TRUE(refuses(patient, 1, {"is not accepted"})) << "no retry mends a certificate";
}

TEST_F(Record, NeedsAuthoritiesThatCanBeRead) {
  const std::string text = folder.file("text.pem");
  write_file(text, "Dear diary, I am no certificate.\n");
  EXPECT_TRUE(refuses(run_ktape(record("wss://127.0.0.1:1/v2", {"--ca", text})), 1, {text}));
  const std::string missing = folder.file("missing.pem");
  EXPECT_TRUE(refuses(run_ktape(record("wss://127.0.0.1:1/v2", {"--ca", missing})), 1, {missing}));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(Record, NamesAServerThatIsNotThere) {
  const Ended run = run_ktape(record("ws://127.0.0.1:1/v2", {"--clock", "server"}));
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.errors, HasSubstr("127.0.0.1:1: Connection refused"));
}

class Serve : public Record {};

TEST_F(Serve, NamesThePortThatIsTaken) {
  const std::string market = make_market(folder, "1s");
  const Peer peer;
  const std::string url = peer.url();
  const std::string port = url.substr(url.rfind(':') + 1, url.rfind('/') - url.rfind(':') - 1);
  EXPECT_TRUE(refuses(run_ktape({"serve", market, "--port", port}), 1, {"127.0.0.1", port, "Address already in use"}));
  EXPECT_TRUE(refuses(run_ktape({"serve", market, "--host", "kraken"}), 2, {"'kraken'"}));
}

TEST_F(Serve, NamesTheCertificateThatIsNone) {
  const std::string market = make_market(folder, "1s");
  const std::string text = folder.file("text.pem");
  const std::string missing = folder.file("missing.pem");
  write_file(text, "Dear diary, I am no certificate.\n");
  EXPECT_TRUE(refuses(run_ktape({"serve", market, "--tls", "--cert", text, "--key", text}), 1, {text}));
  EXPECT_TRUE(refuses(run_ktape({"serve", market, "--tls", "--cert", missing, "--key", text}), 1, {missing}));
}

TEST_F(Serve, NamesTheFilesThatItCannotWrite) {
  const std::string market = make_market(folder, "1s");
  const std::string nowhere = folder.file("no/such/file");
  EXPECT_TRUE(refuses(run_ktape({"serve", market, "--port-file", nowhere}), 1, {nowhere}));
  EXPECT_TRUE(refuses(run_ktape({"serve", market, "--tls", "--ca-out", nowhere}), 1, {nowhere}));
}

TEST_F(Serve, EndsWhenAsked) {
  const std::string market = make_market(folder, "1s");
  Server server(folder, {market});
  server.process->signal(SIGTERM);
  EXPECT_EQ(server.process->exit_code(), 0) << server.process->errors();
}

}  // namespace
}  // namespace ktape::test
