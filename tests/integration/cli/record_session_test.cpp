// `ktape record` as a desk runs it: many connections, segments, snapshots, REST, metrics.
#include <algorithm>
#include <csignal>
#include <regex>
#include <set>

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "replay/session_files.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/integration/cli/peer.hpp"
#include "tests/support/metrics_checker.hpp"
#include "tests/support/raw_peer.hpp"

namespace ktape::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Security = ListenAddress::Security;
using Words = std::vector<std::string>;

// The book of spot-v2 section 5.3, whose checksums are known.
constexpr std::string_view kAcknowledged =
    R"({"method":"subscribe","req_id":1,"result":{"channel":"book","depth":10,"snapshot":true,"symbol":"ETH/EUR"},)"
    R"("success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"})";
constexpr std::string_view kSnapshot =
    R"({"channel":"book","type":"snapshot","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":1.25000000},)"
    R"({"price":3120.10,"qty":0.40000000}],"asks":[{"price":3120.90,"qty":0.75000000},{"price":3121.00,)"
    R"("qty":2.00000000}],"checksum":2389935577,"timestamp":"2026-09-01T08:00:07.100001Z"}]})";
constexpr std::string_view kWrongUpdate =
    R"({"channel":"book","type":"update","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":0.00000000}],)"
    R"("asks":[],"checksum":17,"timestamp":"2026-09-01T08:00:07.180204Z"}]})";

std::string trade(int id) {
  return fmt::format(
      R"({{"channel":"trade","type":"update","data":[{{"symbol":"ETH/EUR","side":"buy","price":10.0,"qty":1.00000000,)"
      R"("ord_type":"limit","trade_id":{},"timestamp":"2026-09-01T08:00:08.000000Z"}}]}})",
      id);
}
std::string instruments(const std::vector<std::string>& symbols) {
  std::string pairs;
  for (const std::string& symbol : symbols) {
    const std::size_t slash = symbol.find('/');
    pairs += fmt::format(
        R"({}{{"symbol":"{}","base":"{}","quote":"{}","status":"online","qty_precision":8,"qty_increment":0.00000001,)"
        R"("price_precision":2,"cost_precision":5,"marginable":false,"has_index":true,"cost_min":0.45,)"
        R"("tick_size":0.01,"price_increment":0.01,"qty_min":0.00100000}})",
        pairs.empty() ? "" : ",", symbol, symbol.substr(0, slash), symbol.substr(slash + 1));
  }
  return fmt::format(R"({{"channel":"instrument","type":"snapshot","data":{{"assets":[],"pairs":[{}]}}}})", pairs);
}

class RecordSession : public ::testing::Test {
 protected:
  Words record(const std::string& url, Words more = {}) const {
    Words arguments{"record", "--url", url};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // Each connection and what it was asked for.
  static std::vector<std::pair<int, std::string>> asked(const Peer& peer) {
    std::vector<std::pair<int, std::string>> out;
    for (const LoggedFrame& frame : peer.exchange.heard.frames) {
      if (frame.kind == FrameKind::Text) out.emplace_back(static_cast<int>(frame.connection), frame.payload);
    }
    return out;
  }
  std::vector<std::string> files(std::string_view ending = ".ktape") const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder.file(""))) {
      if (entry.path().string().ends_with(ending)) all.push_back(entry.path().string());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  // Where the program says its metrics are.
  static Endpoint metrics_of(const Process& program) {
    std::smatch found;
    const std::string errors = program.errors();
    EXPECT_TRUE(std::regex_search(errors, found, std::regex("metrics at http://127.0.0.1:([0-9]+)/metrics"))) << errors;
    return {.secure = false,
            .host = "127.0.0.1",
            .port = static_cast<std::uint16_t>(std::stoi("0" + found[1].str())),
            .target = "/"};
  }
  static std::string http(Peer& peer, Process& program, const std::string& request) {
    RawPeer client = RawPeer::connect(peer.io, metrics_of(program));
    client.write(request + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(peer.until(program, [&] { return client.ended(); })) << program.errors();
    return client.received();
  }
  // The names of what was noted while recording.
  static std::vector<std::string> notes_in(const std::string& path) {
    const auto reader = open_segment(path).value();
    EXPECT_TRUE(reader->verify().has_value());
    std::vector<std::string> names;
    for (const Annotation& note : reader->annotations()) names.push_back(note.name);
    return names;
  }
  static void end(Peer& peer, Process& program, int code) {
    program.signal(SIGTERM);
    EXPECT_EQ(peer.exit_code(program), code) << program.errors();
  }

  TemporaryFolder folder;
  std::string out = folder.file("out.ktape");
};

TEST_F(RecordSession, SpreadsSymbolsAndIntervalsOverConnectionsOfOneFile) {
  Peer peer(Security::Tls);
  const std::string ca = folder.file("ca.pem");
  write_file(ca, test_identity().ca);
  Process program(ktape(record(peer.url(), {"-o", out, "--ca", ca, "--symbols", "A/USD,B/USD,C/USD", "--channels",
                                            "trade,ohlc", "--interval", "1,5", "--symbols-per-connection", "2"})));
  const auto all = [&] { return asked(peer).size() == 7; };
  ASSERT_TRUE(peer.until(program, all)) << program.errors();
  end(peer, program, 0);
  std::set<std::string> what;
  std::set<int> connections;
  for (const auto& [connection, text] : asked(peer)) {
    connections.insert(connection);
    const std::size_t begin = text.find("\"channel\"");
    what.insert(text.substr(begin, text.find(",\"snapshot\"") - begin));
  }
  EXPECT_THAT(connections, SizeIs(4));
  EXPECT_THAT(what, UnorderedElementsAre(R"("channel":"instrument")", R"("channel":"trade","symbol":["A/USD","B/USD"])",
                                         R"("channel":"ohlc","symbol":["A/USD","B/USD"],"interval":1)",
                                         R"("channel":"trade","symbol":["C/USD"])",
                                         R"("channel":"ohlc","symbol":["C/USD"],"interval":1)",
                                         R"("channel":"ohlc","symbol":["A/USD","B/USD"],"interval":5)",
                                         R"("channel":"ohlc","symbol":["C/USD"],"interval":5)"));
  EXPECT_THAT(files(), ElementsAre(out));
  EXPECT_THAT(run_ktape({"info", out}).output, HasSubstr("connections  4"));
}

TEST_F(RecordSession, LearnsAllSymbolsFromTheExchangeAndThoseThatComeLater) {
  Peer peer;
  peer.exchange.said = [&](const Frame& frame) {
    if (frame.payload.find(R"("channel":"instrument")") == std::string_view::npos) return;
    peer.exchange.send(frame.connection, instruments({"B/USD", "A/EUR", "A/USD", "C/USD"}));
  };
  Process program(ktape(record(peer.url(), {"-o", out, "--all-symbols", "--quote", "USD", "--channels", "trade",
                                            "--symbols-per-connection", "2"})));
  ASSERT_TRUE(peer.until(program, [&] { return asked(peer).size() == 3; })) << program.errors();
  EXPECT_THAT(asked(peer)[1], testing::Pair(1, HasSubstr(R"("symbol":["A/USD","B/USD"])")));
  EXPECT_THAT(asked(peer)[2], testing::Pair(2, HasSubstr(R"("symbol":["C/USD"])")));
  std::string later = instruments({"D/USD", "C/USD"});
  later.replace(later.find("snapshot"), 8, "update");
  peer.exchange.send(ConnectionId{1}, later);
  ASSERT_TRUE(peer.until(program, [&] { return asked(peer).size() == 4; })) << program.errors();
  EXPECT_THAT(asked(peer)[3], testing::Pair(2, HasSubstr(R"("symbol":["D/USD"])")));
  end(peer, program, 0);
}

TEST_F(RecordSession, BeginsAnotherSegmentWhenAsked) {
  Peer peer;
  Process program(ktape(record(peer.url(), {"-o", folder.file("s-{segment:02}.ktape")})));
  ASSERT_TRUE(peer.until(program, [&] { return asked(peer).size() == 5; })) << program.errors();
  program.signal(SIGHUP);
  const auto rotated = [&] { return program.errors().find("another segment begins") != std::string::npos; };
  ASSERT_TRUE(peer.until(program, rotated));
  peer.exchange.send(ConnectionId{1}, R"({"channel":"heartbeat"})");
  peer.exchange.send(ConnectionId{1}, FrameKind::Ping, "heard all?");
  const auto heard_all = [&] { return peer.exchange.heard.count(Direction::ToExchange, FrameKind::Pong) == 1; };
  ASSERT_TRUE(peer.until(program, heard_all)) << program.errors();
  end(peer, program, 0);
  ASSERT_THAT(files(), ElementsAre(folder.file("s-01.ktape"), folder.file("s-02.ktape")));
  EXPECT_THAT(run_ktape({"cat", files()[0]}).output, AllOf(HasSubstr("subscribe"), Not(HasSubstr("heartbeat"))));
  EXPECT_THAT(run_ktape({"cat", files()[1]}).output, AllOf(HasSubstr("heartbeat"), HasSubstr("[closed]")));
  for (const std::string& file : files()) {
    EXPECT_THAT(run_ktape({"info", file, "--json"}).output, HasSubstr(R"("state":"sealed")"));
  }
}

TEST_F(RecordSession, WritesWhatWasInMemoryWhenAChecksumBreaks) {
  Peer peer;
  peer.exchange.said = [&](const Frame& frame) {
    if (frame.kind != FrameKind::Text || frame.payload.find(R"("channel":"trade")") == std::string_view::npos) return;
    peer.exchange.send(frame.connection, kAcknowledged);
    peer.exchange.send(frame.connection, kSnapshot);
    peer.exchange.send(frame.connection, trade(1));
    peer.exchange.send(frame.connection, kWrongUpdate);
    peer.exchange.send(frame.connection, trade(7));  // another reason, while the file is open
  };
  Process program(ktape(record(peer.url(), {"-o", out, "--symbols", "ETH/EUR", "--channels", "book,trade", "--with",
                                            "none", "--snapshot-mode", "10m", "--after", "0s", "--cooldown", "1h"})));
  const auto written = [&] { return program.errors().find("is complete") != std::string::npos; };
  ASSERT_TRUE(peer.until(program, written)) << program.errors();
  ASSERT_THAT(files(), SizeIs(1));
  const std::string first = files()[0];
  EXPECT_THAT(first, AllOf(HasSubstr("/out-2"), HasSubstr("Z-checksum.ktape")));
  const std::string shown = run_ktape({"cat", first}).output;
  EXPECT_THAT(shown,
              AllOf(HasSubstr("[opened]"), HasSubstr(R"("checksum":2389935577)"), HasSubstr(R"("checksum":17)")));
  EXPECT_THAT(run_ktape({"info", first, "--json"}).output, HasSubstr(R"("state":"sealed")"));
  EXPECT_THAT(notes_in(first), AllOf(Contains("checksum_mismatch"), Contains("trigger")));

  // Within the cooldown nothing but a demand writes a file.
  peer.exchange.send(ConnectionId{1}, trade(20));
  const auto gap_told = [&] { return program.errors().find("trades 8 to 19 are missing") != std::string::npos; };
  ASSERT_TRUE(peer.until(program, gap_told)) << program.errors();
  EXPECT_THAT(files(), SizeIs(1));
  program.signal(SIGUSR1);
  ASSERT_TRUE(peer.until(program, [&] { return files().size() == 2; })) << program.errors();
  end(peer, program, 3);
  const auto all = files();
  const auto asked_for =
      std::find_if(all.begin(), all.end(), [](const auto& f) { return f.ends_with("-asked.ktape"); });
  ASSERT_NE(asked_for, all.end());
  EXPECT_THAT(run_ktape({"cat", *asked_for}).output, HasSubstr(R"("trade_id":20)"));
}

TEST_F(RecordSession, ServesMetricsHealthAndSnapshots) {
  Peer peer;
  peer.exchange.attached = [&](ConnectionId id) { peer.exchange.send(id, R"({"channel":"heartbeat"})"); };
  Process program(ktape(record(peer.url(), {"-o", out, "--metrics", "127.0.0.1:0", "--snapshot-mode", "1m", "--after",
                                            "0s", "--symbols", "ETH/EUR"})));
  ASSERT_TRUE(peer.until(program, [&] { return asked(peer).size() == 5; })) << program.errors();
  peer.exchange.send(ConnectionId{1}, kAcknowledged);
  peer.exchange.send(ConnectionId{1}, kSnapshot);
  peer.exchange.send(ConnectionId{1}, trade(3));
  const std::string sample = R"(ktape_frames_total{channel="trade",direction="received"})";
  std::string page;
  // A scrape may come before the frame: the next one follows.
  do {
    page = http(peer, program, "GET /metrics");
    ASSERT_THAT(page, testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  } while (page.find(sample) == std::string::npos);
  EXPECT_THAT(page, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  const MetricsChecker checked(page.substr(page.find("\r\n\r\n") + 4));
  EXPECT_THAT(checked.mistakes(), IsEmpty());
  EXPECT_EQ(checked.count(sample), 1U);
  EXPECT_EQ(checked.count(R"(ktape_frames_total{channel="subscribe",direction="sent"})"), 5U);
  EXPECT_EQ(checked.count("ktape_connected{connection=\"1\",url=\"" + peer.url() + "\"}"), 1U);
  EXPECT_EQ(checked.count(R"(ktape_checksums_verified_total{connection="1"})"), 1U);
  EXPECT_EQ(checked.count(R"(ktape_lag_seconds_count{channel="trade"})"), 1U);
  EXPECT_GT(checked.count("ktape_ring_frames"), 8U);

  EXPECT_THAT(http(peer, program, "GET /health"), AllOf(HasSubstr("200 OK"), HasSubstr("1 of 1")));
  EXPECT_THAT(http(peer, program, "GET /"), HasSubstr("404 Not Found"));
  EXPECT_THAT(http(peer, program, "GET /snapshot"), HasSubstr("405 "));
  EXPECT_THAT(http(peer, program, "POST /metrics"), HasSubstr("405 "));
  EXPECT_THAT(http(peer, program, "POST /snapshot"), AllOf(HasSubstr("202 "), HasSubstr("-asked.ktape")));
  EXPECT_THAT(files(), SizeIs(1));
  end(peer, program, 0);
}

TEST_F(RecordSession, KeepsTheAnswerAboutAssetPairs) {
  Peer peer;
  RawServer rest(peer.io);
  const std::string body = R"({"error":[],"result":{"XETHZEUR":{"altname":"ETHEUR","wsname":"ETH/EUR","base":"XETH",)"
                           R"("quote":"ZEUR","pair_decimals":2,"cost_decimals":5,"lot_decimals":8,"ordermin":"0.001",)"
                           R"("costmin":"0.45","tick_size":"0.01","status":"online"}}})";
  Process program(ktape(
      record(peer.url(), {"-o", out, "--rest", fmt::format("http://127.0.0.1:{}", rest.endpoint().port), "--json"})));
  const auto requested = [&] { return rest.peer && rest.peer->received().find("\r\n\r\n") != std::string::npos; };
  ASSERT_TRUE(peer.until(program, requested)) << program.errors();
  EXPECT_THAT(rest.peer->received(), testing::StartsWith("GET /0/public/AssetPairs HTTP/1.1\r\n"));
  rest.peer->write(
      fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSet-Cookie: secret=1\r\n"
                  "Content-Length: {}\r\n\r\n{}",
                  body.size(), body));
  ASSERT_TRUE(peer.until(program, [&] { return rest.peer->ended() && asked(peer).size() == 5; })) << program.errors();
  end(peer, program, 0);
  const std::string shown = run_ktape({"cat", out}).output;
  EXPECT_THAT(shown, AllOf(HasSubstr("/0/public/AssetPairs"), HasSubstr("ETH/EUR"), Not(HasSubstr("secret"))));
  EXPECT_EQ(run_ktape({"verify", out}).code, 0) << "it is no message that is not understood";
  EXPECT_THAT(program.output(), AllOf(HasSubstr(R"("exit_code":0)"), HasSubstr(out)));
}

TEST_F(RecordSession, GoesOnWithoutTheAnswerAboutAssetPairs) {
  Peer peer;
  RawServer rest(peer.io);
  Process program(
      ktape(record(peer.url(), {"-o", out, "--rest", fmt::format("http://127.0.0.1:{}", rest.endpoint().port)})));
  const auto requested = [&] { return rest.peer && rest.peer->received().find("\r\n\r\n") != std::string::npos; };
  ASSERT_TRUE(peer.until(program, requested)) << program.errors();
  rest.peer->write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  const auto told = [&] {
    return program.errors().find("goes on without that answer") != std::string::npos && asked(peer).size() == 5;
  };
  ASSERT_TRUE(peer.until(program, told)) << program.errors();
  EXPECT_THAT(program.errors(), HasSubstr("AssetPairs: HTTP 404 Not Found"));
  end(peer, program, 0);
  EXPECT_THAT(notes_in(out), Contains("rest_failed"));
}

TEST_F(RecordSession, TellsOfAnswersThatDidNotComeBeforeItsEnd) {
  Peer peer;
  const std::uint16_t nobody = RawServer(peer.io).endpoint().port;  // was free a moment ago
  Process program(ktape(record(peer.url(), {"-o", out, "--rest", fmt::format("http://127.0.0.1:{}", nobody)})));
  ASSERT_TRUE(peer.until(program, [&] { return asked(peer).size() == 5; })) << program.errors();
  end(peer, program, 0);
  EXPECT_THAT(program.errors(), HasSubstr("still waiting for 1 answer of REST"));
  EXPECT_THAT(notes_in(out), Contains("rest_failed"));
}

TEST_F(RecordSession, LeavesNothingBehindThatNeverConnected) {
  const Words arguments = record("ws://127.0.0.1:1/v2", {"-o", out, "--for", "10ms"});
  for (int i = 0; i < 2; ++i) {
    const Ended run = run_ktape(arguments);
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.errors,
                AllOf(HasSubstr("Connection refused"), HasSubstr("no connection ever stood"), HasSubstr(out)));
    EXPECT_THAT(files(""), IsEmpty());
  }
}

TEST_F(RecordSession, DoesWhatAFileSays) {
  Peer peer;
  const std::string file = folder.file("kraken.yaml");
  write_file(file, fmt::format("output: {}\nwith: none\nchannels: [trade]\nfeeds:\n- {{url: '{}', symbols: [A/USD]}}\n"
                               "- {{url: '{}', symbols: [B/USD], channels: [book], depth: 100}}\n",
                               out, peer.url(), peer.url()));
  Process program(ktape({"record", "--config", file}));
  ASSERT_TRUE(peer.until(program, [&] { return asked(peer).size() == 2; })) << program.errors();
  end(peer, program, 0);
  EXPECT_THAT(asked(peer)[0], testing::Pair(1, HasSubstr(R"("channel":"trade","symbol":["A/USD"])")));
  EXPECT_THAT(asked(peer)[1], testing::Pair(2, HasSubstr(R"("channel":"book","symbol":["B/USD"],"depth":100)")));

  const Ended printed = run_ktape({"record", "--config", file, "--depth", "500", "--print-config"});
  EXPECT_EQ(printed.code, 0);
  EXPECT_THAT(printed.output, AllOf(HasSubstr("depth: 500"), HasSubstr("B/USD"), HasSubstr("level: 9")));
  write_file(file, "output: x.ktape\nfeeds:\n- {symbol: A/USD}\n");
  EXPECT_TRUE(refuses(run_ktape({"record", "--config", file}), 2, {"kraken.yaml:3", "'symbol'"}));
  EXPECT_TRUE(refuses(run_ktape({"record", "--config", folder.file("missing.yaml")}), 1, {"missing.yaml"}));
}

}  // namespace
}  // namespace ktape::test
