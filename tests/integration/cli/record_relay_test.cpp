// `ktape record --listen`: in the middle between a client and the exchange.
#include <csignal>
#include <filesystem>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "replay/session_files.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/integration/cli/peer.hpp"
#include "tests/support/raw_peer.hpp"

namespace ktape::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Words = std::vector<std::string>;

// The frames of a recording as lines of JSON, but for the URL that was connected to.
std::string frames_of(const std::string& path, const Words& more = {}) {
  Words arguments{"cat", path, "--format", "json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Ended run = run_ktape(std::move(arguments));
  EXPECT_EQ(run.code, 0) << run.errors;
  std::istringstream lines(run.output);
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(R"("kind":"opened")") == line.npos) all += line + "\n";
  }
  return all;
}

// Where two texts differ, since a matcher would print megabytes.
::testing::AssertionResult same(const std::string& a, const std::string& b) {
  if (a == b) return ::testing::AssertionSuccess();
  const auto at = static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  const std::size_t from = at < 200 ? 0 : at - 200;
  return ::testing::AssertionFailure() << "at " << at << " of " << a.size() << " and " << b.size() << ":\n"
                                       << a.substr(from, 400) << "\n---\n"
                                       << b.substr(from, 400);
}

class RecordRelay : public ::testing::Test {
 protected:
  // `ktape record --listen` to `url`, ready for clients.
  void listen(const std::string& url, Words more = {}) {
    const std::string port_file = folder.file("relay.port");
    std::filesystem::remove(port_file);
    Words arguments{"record", "--listen", "0", "--port-file", port_file, "--url", url, "-o", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    relay.emplace(ktape(std::move(arguments)));
    ASSERT_TRUE(relay->says("listening on ")) << relay->errors();
    const std::string text = read_file(port_file);
    port = static_cast<std::uint16_t>(std::stoi(text));
  }
  std::string here(const std::string& scheme = "ws", const std::string& path = "/v2") const {
    return scheme + "://127.0.0.1:" + std::to_string(port) + path;
  }
  Endpoint address() const { return Endpoint::parse(here()).value(); }
  int end(int signal = SIGTERM) {
    relay->signal(signal);
    return relay->exit_code();
  }
  std::string texts(const std::string& direction) const {
    return run_ktape({"cat", out, "--direction", direction, "--kind", "text", "--format", "payload"}).output;
  }

  TemporaryFolder folder;
  std::string out = folder.file("relayed.ktape");
  std::optional<Process> relay;
  std::uint16_t port = 0;
};

TEST_F(RecordRelay, KeepsWhatItsClientSawByteForByteAndStampForStamp) {
  const std::string market = make_market(folder, "8s");
  const std::string ca = folder.file("ca.pem"), relay_ca = folder.file("relay-ca.pem");
  const std::string client = folder.file("client.ktape"), direct = folder.file("direct.ktape");
  const std::string events = folder.file("events.log");
  const Words wanted{"--clock", "server", "--symbols", "BTC/USD,ETH/USD"};
  const auto record = [&](Words arguments) {
    arguments.insert(arguments.begin(), "record");
    arguments.insert(arguments.end(), wanted.begin(), wanted.end());
    const Ended run = run_ktape(std::move(arguments));
    EXPECT_EQ(run.code, 0) << run.errors;
  };
  {
    const Server server(folder, {market, "--tls", "--ca-out", ca, "--clock", "lockstep", "--once"});
    listen(server.url("wss"),
           {"--ca", ca, "--clock", "server", "--tls", "--ca-out", relay_ca, "--events", events, "--candles", "1"});
    record({"--url", here("wss"), "--ca", relay_ca, "-o", client});
    EXPECT_EQ(end(), 0) << relay->errors();
  }
  {
    const Server server(folder, {market, "--tls", "--ca-out", ca, "--clock", "lockstep", "--once"});
    record({"--url", server.url("wss"), "--ca", ca, "-o", direct});
  }
  const std::string relayed = frames_of(out);
  EXPECT_GT(relayed.size(), 100'000U);
  EXPECT_TRUE(same(relayed, frames_of(client)));
  EXPECT_TRUE(same(relayed, frames_of(direct)));
  EXPECT_TRUE(same(read_file(events), run_ktape({"replay", out, "--events", "--candles", "1"}).output));
  EXPECT_EQ(run_ktape({"verify", out}).code, 0);
  EXPECT_THAT(relay->errors(), AllOf(HasSubstr(" 0 wrong, 0 holes"), HasSubstr("connected to wss://127.0.0.1:")));
}

TEST_F(RecordRelay, KeepsSeveralClientsApart) {
  const std::string market = make_market(folder, "5s");
  const Server server(folder, {market, "--clock", "lockstep"});
  listen(server.url(), {"--clock", "server"});
  const std::string one = folder.file("one.ktape"), two = folder.file("two.ktape");
  const auto record = [&](const std::string& path, const std::string& symbol) {
    return ktape({"record", "--url", here(), "--clock", "server", "--symbols", symbol, "--channels", "book,trade",
                  "--with", "none", "-o", path});
  };
  Process first(record(one, "BTC/USD"));
  Process second(record(two, "ETH/USD"));
  EXPECT_EQ(first.exit_code(), 0) << first.errors();
  EXPECT_EQ(second.exit_code(), 0) << second.errors();
  EXPECT_EQ(end(SIGINT), 0) << relay->errors();
  // Either may have been first.
  const bool in_order = frames_of(out, {"--connection", "1"}).find("BTC/USD") != std::string::npos;
  const auto of = [&](const std::string& connection) {
    return std::regex_replace(frames_of(out, {"--connection", connection}), std::regex("\"connection\":[0-9]+"), "");
  };
  const auto heard = [](const std::string& path) {
    return std::regex_replace(frames_of(path), std::regex("\"connection\":[0-9]+"), "");
  };
  EXPECT_TRUE(same(of(in_order ? "1" : "2"), heard(one)));
  EXPECT_TRUE(same(of(in_order ? "2" : "1"), heard(two)));
}

TEST_F(RecordRelay, SubscribesToNothingByItself) {
  Peer peer;
  listen(peer.url());
  RawPeer client = RawPeer::connect(peer.io, address());
  client.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(peer.until(*relay, [&] { return peer.exchange.clients.size() == 1; })) << relay->errors();
  peer.exchange.send(ConnectionId{1}, R"({"channel":"heartbeat"})");
  ASSERT_TRUE(peer.until(*relay, [&] { return client.received().find("heartbeat") != std::string::npos; }));
  client.write(RawPeer::client_frame(0x81, R"({"method":"ping","req_id":1})"));
  ASSERT_TRUE(peer.until(*relay, [&] { return peer.exchange.heard.frames.size() == 1; }));
  relay->signal(SIGTERM);
  ASSERT_TRUE(peer.until(*relay, [&] { return client.received().find("shutting down") != std::string::npos; }));
  client.write(RawPeer::client_frame(0x88, "\x03\xe9"));
  EXPECT_EQ(peer.exit_code(*relay), 0) << relay->errors();
  EXPECT_EQ(texts("out"), "{\"method\":\"ping\",\"req_id\":1}\n");
  EXPECT_EQ(texts("in"), "{\"channel\":\"heartbeat\"}\n");
  EXPECT_EQ(peer.exchange.heard.closed(), "> 1001 the server is shutting down");
}

TEST_F(RecordRelay, TakesEachClientAsItComes) {
  Peer peer;
  peer.exchange.said = [&](const Frame& frame) {
    if (frame.kind == FrameKind::Text) peer.exchange.send(frame.connection, FrameKind::Closed, "1001 come back");
  };
  listen(peer.url(), {"--json"});
  for (const std::string name : {"first", "second"}) {
    RawPeer client = RawPeer::connect(peer.io, address());
    client.write(RawPeer::upgrade_request("/v2"));
    client.write(RawPeer::client_frame(0x81, name));  // at once: it waits until the exchange is there
    ASSERT_TRUE(peer.until(*relay, [&] { return client.received().find("come back") != std::string::npos; }));
    client.write(RawPeer::client_frame(0x88, "\x03\xe9"));
    ASSERT_TRUE(peer.until(*relay, [&] { return client.ended(); }));
  }
  relay->signal(SIGTERM);
  EXPECT_EQ(peer.exit_code(*relay), 0) << relay->errors();
  EXPECT_EQ(texts("out"), "first\nsecond\n");
  // One after the other they have the same number, and between them is a gap, as with any client that comes back.
  EXPECT_THAT(relay->output(), AllOf(HasSubstr(R"("connections":1,"connects":2,"disconnects":2)")));
  EXPECT_THAT(run_ktape({"info", out}).output, HasSubstr("disconnected"));
}

TEST_F(RecordRelay, AnswersWhatIsNoWebsocketOfItsDialect) {
  Peer peer;
  listen(peer.url());
  const auto ask = [&](const std::string& request) {
    RawPeer client = RawPeer::connect(peer.io, address());
    client.write(request);
    EXPECT_TRUE(peer.until(*relay, [&] { return client.received().find("\r\n\r\n") != std::string::npos; }));
    return client.received();
  };
  EXPECT_THAT(ask(RawPeer::upgrade_request("/ws/v1")),
              AllOf(HasSubstr("HTTP/1.1 404"), HasSubstr("spot-v2 is recorded here, and this is futures-v1")));
  EXPECT_THAT(ask(RawPeer::upgrade_request("/elsewhere")), HasSubstr("HTTP/1.1 404"));
  EXPECT_THAT(ask("GET /v2 HTTP/1.1\r\nHost: ws.kraken.com\r\n\r\n"), HasSubstr("HTTP/1.1 426"));
  EXPECT_THAT(ask("GET /0/public/Time HTTP/1.1\r\nHost: api.kraken.com\r\n\r\n"), HasSubstr("HTTP/1.1 404"));
  relay->signal(SIGTERM);
  EXPECT_EQ(peer.exit_code(*relay), 1);
  EXPECT_THAT(relay->errors(), HasSubstr("no connection ever stood"));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(RecordRelay, LeadsRestOnAndKeepsItWithoutItsSecrets) {
  const std::string ca = folder.file("ca.pem"), accounts = folder.file("accounts.yaml");
  const std::string credentials = folder.file("credentials"), client = folder.file("client.ktape");
  write_file(accounts,
             "accounts:\n  - name: alice\n    balances: {USD: 10000}\n    keys:\n      - key: test-key\n"
             "        secret: dGVzdC1zZWNyZXQ=\n        nonces: any\n"
             "        permissions: [query-funds, query-open-trades, query-closed-trades, create-ws-token]\n");
  write_file(credentials, "KRAKEN_API_KEY=test-key\nKRAKEN_API_SECRET=dGVzdC1zZWNyZXQ=\n");
  ASSERT_EQ(::chmod(credentials.c_str(), 0600), 0);
  const Server server(folder, {make_market(folder), "--tls", "--ca-out", ca, "--accounts", accounts});
  const std::string url = server.url("wss");
  listen(url, {"--ca", ca, "--rest", "https" + url.substr(3, url.size() - 6)});
  // A program with a key: it fetches a token, and tells the private websocket.
  Process program(ktape({"record", "--url", here(), "--rest", here("http", ""), "--credentials", credentials,
                         "--channels", "balances", "-o", client}));
  ASSERT_TRUE(program.says("connected to")) << program.errors();
  while (run_ktape({"cat", client}).output.find(R"("channel":"balances","type":"snapshot")") == std::string::npos) {
    ASSERT_TRUE(program.collect(std::chrono::milliseconds(20))) << program.errors();
  }
  program.signal(SIGTERM);
  EXPECT_EQ(program.exit_code(), 0) << program.errors();
  EXPECT_EQ(end(), 0) << relay->errors();

  const std::string calls = run_ktape({"cat", out, "--connection", "0"}).output;
  EXPECT_THAT(calls, AllOf(HasSubstr("POST /0/private/GetWebSocketsToken"), HasSubstr("HTTP/1.1 200"),
                           HasSubstr("ktape-redacted-"), Not(HasSubstr("test-key"))));
  const std::string all = run_ktape({"cat", out}).output;
  std::smatch token;
  ASSERT_TRUE(std::regex_search(all, token, std::regex("\"token\":\"(ktape-redacted-[0-9a-f]+)\"")));
  EXPECT_THAT(calls, HasSubstr(token[1].str())) << "the token of the answer is the one of the request";
  const Ended verified = run_ktape({"verify", out});
  EXPECT_EQ(verified.code, 0) << verified.output << verified.errors;
}

TEST_F(RecordRelay, KeepsAConnectionForOneRequestAfterTheOther) {
  const Server server(folder, {make_market(folder)});
  const std::string url = server.url();
  listen(url, {"--rest", "http" + url.substr(2, url.size() - 5)});
  boost::asio::io_context io;
  RawPeer client = RawPeer::connect(io, address());
  for (const std::string path : {"/0/public/Time", "/0/public/Assets", "/0/public/None"}) {
    const std::size_t before = client.received().size();
    client.write("GET " + path + " HTTP/1.1\r\nHost: api.kraken.com\r\nAccept-Encoding: gzip\r\n\r\n");
    while (client.received().find("\"error\":", before) == std::string::npos) {
      ASSERT_TRUE(relay->collect(Duration::zero()));
      ASSERT_FALSE(client.ended()) << client.received();
      io.run_one_for(std::chrono::milliseconds(10));
    }
  }
  EXPECT_THAT(client.received(), AllOf(HasSubstr("unixtime"), HasSubstr("ZUSD"), HasSubstr("EGeneral:Unknown method")));
  EXPECT_EQ(end(), 0) << relay->errors();
  const std::string calls = run_ktape({"cat", out}).output;
  EXPECT_THAT(calls, AllOf(HasSubstr("GET /0/public/Time"), HasSubstr("unixtime"), HasSubstr("GET /0/public/None")));
}

TEST_F(RecordRelay, SaysThatRestCannotBeReached) {
  Peer nobody;
  std::optional<RawServer> gone(std::in_place, nobody.io);
  const Endpoint there = gone->endpoint();
  gone.reset();
  listen(there.url(), {"--rest", "http://127.0.0.1:" + std::to_string(there.port)});
  RawPeer client = RawPeer::connect(nobody.io, address());
  client.write("GET /0/public/Time HTTP/1.1\r\nHost: api.kraken.com\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(nobody.until(*relay, [&] { return client.ended(); }));
  EXPECT_THAT(client.received(), AllOf(HasSubstr("HTTP/1.1 502"), HasSubstr("connect: ")));
  EXPECT_EQ(end(), 1);
}

TEST_F(RecordRelay, TellsClientsOfAnExchangeThatIsNotThere) {
  Peer nobody;
  std::optional<RawServer> gone(std::in_place, nobody.io);
  const std::string url = gone->endpoint().url();
  gone.reset();
  listen(url);
  RawPeer client = RawPeer::connect(nobody.io, address());
  client.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(nobody.until(*relay, [&] { return client.received().find("connect: ") != std::string::npos; }));
  client.write(RawPeer::client_frame(0x88, "\x03\xf5"));
  ASSERT_TRUE(nobody.until(*relay, [&] { return client.ended(); }));
  EXPECT_EQ(end(), 1);
  EXPECT_THAT(relay->errors(), HasSubstr("disconnected: 1006 connect: "));
}

TEST_F(RecordRelay, RefusesWhatMakesNoSense) {
  const auto record = [&](Words more) {
    Words arguments{"record", "-o", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_ktape(std::move(arguments));
  };
  for (const Words& option : std::vector<Words>{{"--symbols", "BTC/USD"},
                                                {"--channels", "book"},
                                                {"--all-symbols"},
                                                {"--quote", "USD"},
                                                {"--depth", "10"},
                                                {"--interval", "1"},
                                                {"--ticker-trigger", "bbo"},
                                                {"--symbols-per-connection", "5"},
                                                {"--with", "instrument"}}) {
    Words arguments{"--listen", "0"};
    arguments.insert(arguments.end(), option.begin(), option.end());
    EXPECT_TRUE(refuses(record(arguments), 2, {option.front(), "--listen"})) << option.front();
  }
  for (const Words& option : std::vector<Words>{{"--listen-host", "127.0.0.1"},
                                                {"--port-file", folder.file("port")},
                                                {"--tls"},
                                                {"--ca-out", folder.file("ca.pem")},
                                                {"--cert", "c.pem"},
                                                {"--key", "k.pem"}}) {
    EXPECT_TRUE(refuses(record(option), 2, {option.front(), "--listen"})) << option.front();
  }
  EXPECT_TRUE(refuses(record({"--listen", "70000"}), 2, {"--listen", "70000"}));
  EXPECT_TRUE(refuses(record({"--listen", "8080x"}), 2, {"--listen", "8080x"}));
  EXPECT_TRUE(refuses(record({"--listen", "0", "--ca-out", "ca.pem"}), 2, {"--ca-out", "--tls"}));
  EXPECT_TRUE(refuses(record({"--listen", "0", "--tls", "--cert", "c.pem"}), 2, {"--cert", "--key"}));
  EXPECT_TRUE(refuses(record({"--listen", "0", "--tls", "--cert", "c.pem", "--key", "k.pem", "--ca-out", "a.pem"}), 2,
                      {"--ca-out", "--cert"}));
  EXPECT_TRUE(refuses(record({"--listen", "0", "--listen-host", "here"}), 2, {"--listen", "here"}));
  EXPECT_TRUE(refuses(record({"--listen", "0", "--url", "ws://ws.kraken.com/v2"}), 2, {"ws://ws.kraken.com/v2"}));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(RecordRelay, IsDescribedByAFileOfSettings) {
  const std::string file = folder.file("relay.yaml");
  write_file(file, "listen: 0\ntls: true\noutput: " + out + "\n");
  const Ended printed = run_ktape({"record", "--config", file, "--print-config"});
  EXPECT_EQ(printed.code, 0) << printed.errors;
  EXPECT_THAT(printed.output, AllOf(HasSubstr("listen: 0"), HasSubstr("tls: true"), Not(HasSubstr("symbols")),
                                    Not(HasSubstr("with:"))));
  write_file(file, "listen: 0\noutput: x\nfeeds:\n  - url: wss://ws.kraken.com/v2\n  - url: wss://ws.kraken.com/\n");
  EXPECT_TRUE(refuses(run_ktape({"record", "--config", file}), 2, {"relay.yaml:1", "one exchange"}));
}

}  // namespace
}  // namespace ktape::test
