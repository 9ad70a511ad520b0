// `ktape book`, live over TLS and from recordings. What it prints of some recordings is kept in tests/golden/cli;
// KTAPE_REWRITE_GOLDEN=1 writes it anew.
#include <csignal>
#include <cstdlib>

#include <gmock/gmock.h>

#include "core/wire/loopback.hpp"
#include "mock_server/tls_identity.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/support/places.hpp"
#include "tests/support/recorded_run.hpp"
#include "tests/support/scripted_host.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

const std::string kDatasets = test::in_source_tree("datasets/");

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = test::in_source_tree("tests/golden/cli/") + name;
  if (std::getenv("KTAPE_REWRITE_GOLDEN") != nullptr) write_file(path, text);
  EXPECT_EQ(text, read_file(path)) << name;
}

Ended book(Words words) {
  words.insert(words.begin(), "book");
  return run_ktape(std::move(words));
}

TEST(Book, OfRecordings) {
  const Ended wide = book({"BTC/USD", "5", "--file", kDatasets + "ten-minutes.ktape", "--count", "3"});
  EXPECT_EQ(wide.code, 0) << wide.errors;
  expect_golden("ten-minutes.book.txt", wide.output);
  const Ended small = book({"SHIB/USD", "12", "--file", kDatasets + "decimals.ktape", "--count", "2"});
  EXPECT_EQ(small.code, 0) << small.errors;
  expect_golden("decimals.book.txt", small.output);
}

// Silence, a lost connection, a wrong checksum, a book with fewer levels than its depth: no print shows for new what is
// old.
TEST(Book, OfARecordingInWhichThingsWentWrong) {
  constexpr std::string_view kScript = R"(
    + connects
    > ..."channel":"book"..."req_id":1}
    < {"method":"subscribe","req_id":1,"result":{"channel":"book","depth":10,"snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}
    ~ +1500ms
    < {"channel":"book","type":"snapshot","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":1.25000000},{"price":3120.10,"qty":0.40000000}],"asks":[{"price":3120.90,"qty":0.75000000},{"price":3121.00,"qty":2.00000000}],"checksum":2389935577,"timestamp":"2026-09-01T08:00:01.500001Z"}]}
    ~ +7500ms
    < {"channel":"heartbeat"}
    ~ +1s
    < closed 1001 maintenance
    - 1006 connect: refused
    - 1006 connect: refused
    + connects
    > ..."req_id":...
    < {"channel":"heartbeat"}
    ~ +1s
    < {"method":"subscribe","req_id":2,"result":{"channel":"book","depth":10,"snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}
    < {"channel":"book","type":"snapshot","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":1.25000000},{"price":3120.10,"qty":0.40000000}],"asks":[{"price":3120.90,"qty":0.75000000},{"price":3121.00,"qty":2.00000000}],"checksum":2389935577,"timestamp":"2026-09-01T08:00:01.500001Z"}]}
    ~ +1s
    < {"channel":"book","type":"update","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":0.00000000}],"asks":[],"checksum":1,"timestamp":"2026-09-01T08:00:07.180204Z"}]}
    ~ +1s
    < {"channel":"heartbeat"}
    ~ +1s
  )";
  const TemporaryFolder folder;
  const Timestamp start = parse_rfc3339("2026-09-01T08:00:00Z").value();
  VirtualClock exchange_clock(start);
  VirtualClock client_clock(start);
  ScriptedExchange exchange(exchange_clock, kScript);
  Loopback loopback(exchange, client_clock, exchange_clock);
  const auto line = loopback.make_transport(ConnectionId{1});
  const std::vector<Subscription> wanted{{.channel = Channel::Book, .symbols = {"ETH/EUR"}, .depth = 10}};
  RecordedRun run(*line, client_clock, wanted, {.endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value()});
  loopback.run_until(start + exchange.length() + 1s);
  EXPECT_EQ(exchange.problem(run.events()), "");
  const std::string path = folder.file("trouble.ktape");
  write_file(path, run.recording());

  const Ended printed = book({"ETH/EUR", "3", "--file", path});
  EXPECT_EQ(printed.code, 0) << printed.errors;
  expect_golden("trouble.book.txt", printed.output);
}

TEST(Book, IsTheSameLiveOverTlsAndFromTheRecordingThatIsServed) {
  const TemporaryFolder folder;
  const std::string market = make_market(folder);
  const std::string ca = folder.file("ca.pem");
  const Server server(folder, {market, "--tls", "--ca-out", ca, "--clock", "lockstep"});
  const Ended live =
      book({"ETH/USD", "10", "--url", server.url("wss"), "--ca", ca, "--clock", "server", "--count", "5"});
  EXPECT_EQ(live.code, 0) << live.errors;
  EXPECT_THAT(live.errors, HasSubstr("connected to wss://"));
  const Ended recorded = book({"ETH/USD", "10", "--file", market, "--count", "5"});
  EXPECT_EQ(recorded.code, 0) << recorded.errors;
  EXPECT_EQ(live.output, recorded.output);
  EXPECT_THAT(live.output, HasSubstr("2026-09-01T08:00:05Z  ETH/USD  live  checksum "));
}

// Against a host that says what its script says, until a print says `expected`.
void expect_live_book(std::string_view script, const std::string& path, Words words, const std::string& expected) {
  LiveLoop loop;
  const ScriptedHost exchange(loop, path, script);
  const TemporaryFolder folder;
  const std::string ca = folder.file("ca.pem");
  write_file(ca, test_identity().ca);
  words.insert(words.begin(), "book");
  words.insert(words.end(), {"--url", exchange.url(), "--ca", ca});
  Process program(ktape(std::move(words)));
  const auto shown = [&] { return program.output().find(expected) != std::string::npos; };
  const auto ended = [&] { return !program.collect(Duration::zero()); };
  EXPECT_TRUE(loop.run_until([&] { return ended() || shown(); }, 60s)) << program.output() << exchange.problem();
  program.signal(SIGTERM);
  while (program.collect(Duration::zero())) loop.turn(10ms);
  EXPECT_EQ(program.exit_code(), 0) << program.errors() << exchange.problem();
  EXPECT_THAT(program.output(), HasSubstr(expected)) << exchange.problem();
}

TEST(Book, OfFutures) {
  expect_live_book(R"(
    + connects
    < {"event":"info","version":1}
    > {"event":"subscribe","feed":"heartbeat"}
    > {"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD"]}
    < {"event":"subscribed","feed":"heartbeat"}
    < {"event":"subscribed","feed":"book","product_ids":["PF_XBTUSD"]}
    < {"feed":"book_snapshot","product_id":"PF_XBTUSD","timestamp":1788249600000,"seq":41,"tickSize":null,"bids":[{"price":63390.5,"qty":3}],"asks":[{"price":63391,"qty":0.5}]}
    < {"feed":"book","product_id":"PF_XBTUSD","side":"buy","seq":42,"price":63390,"qty":1,"timestamp":1788249600001}
    ~ +1h
  )",
                   "/ws/v1", {"PF_XBTUSD", "2", "--dialect", "futures-v1"},
                   "  PF_XBTUSD  live  number 42 in turn (2 so far, 0 wrong)\n"
                   "        bid quantity              bid   ask              ask quantity\n"
                   "                 3.0          63390.5   63391.0          0.5\n"
                   "                 1.0          63390.0\n"
                   "                               2 of 2   1 of 2\n");
}

TEST(Book, IsTheSameAtAnyRate) {
  const std::string file = kDatasets + "decimals.ktape";
  const Ended fast = book({"EUR/USD", "2", "--file", file, "--count", "4"});
  EXPECT_EQ(book({"EUR/USD", "2", "--file", file, "--count", "4", "--rate", "100"}).output, fast.output);
}

TEST(Book, TellsWhatTheExchangeRefused) {
  const TemporaryFolder folder;
  const Server server(folder, {make_market(folder, "5s"), "--clock", "lockstep"});
  const Ended run = book({"XRP/USD", "--url", server.url(), "--clock", "server"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.errors, HasSubstr("ktape: refused: book XRP/USD: Currency pair not supported XRP/USD\n"));
}

TEST(Book, EndsWhenAsked) {
  const TemporaryFolder folder;
  const Server server(folder, {make_market(folder), "--loop"});
  for (const int signal : {SIGINT, SIGTERM}) {
    Process program(ktape({"book", "BTC/USD", "--url", server.url()}));
    EXPECT_TRUE(program.says("  BTC/USD  live  checksum ")) << program.errors();
    program.signal(signal);
    EXPECT_EQ(program.exit_code(), 0) << program.errors();
  }
}

TEST(Book, EndsWhenNobodyReads) {
  Process program(ktape({"book", "BTC/USD", "--file", kDatasets + "ten-minutes.ktape", "--rate", "20"}));
  EXPECT_TRUE(program.says("  BTC/USD  "));
  program.stop_reading_output();
  EXPECT_EQ(program.exit_code(), 0) << program.errors();
}

TEST(Book, TrustsNobodyElsesAuthority) {
  const TemporaryFolder folder;
  const Server server(folder, {make_market(folder, "5s"), "--tls"});
  const std::string other = folder.file("other.pem");
  write_file(other, make_tls_identity().value().ca);
  EXPECT_TRUE(refuses(book({"BTC/USD", "--url", server.url("wss"), "--ca", other}), 1,
                      {"the certificate of '127.0.0.1' is not accepted"}));
}

TEST(Book, NamesWhatIsWrong) {
  const std::string file = kDatasets + "decimals.ktape";
  EXPECT_TRUE(refuses(book({}), 2, {"SYMBOL"}));
  EXPECT_TRUE(refuses(book({"BTC/USD", "0"}), 2, {"DEPTH"}));
  EXPECT_TRUE(refuses(book({"BTC/USD", "1001"}), 2, {"1001"}));
  EXPECT_TRUE(refuses(book({"BTC/USD", "--rate", "2"}), 2, {"--rate"}));
  EXPECT_TRUE(refuses(book({"BTC/USD", "--file", file, "--rate", "fast"}), 2, {"--rate", "'fast'"}));
  EXPECT_TRUE(refuses(book({"BTC/USD", "--file", file, "--url", "ws://127.0.0.1:1"}), 2, {"--url"}));
  EXPECT_TRUE(refuses(book({"BTC/USD", "--file", file}), 1, {file, "BTC/USD"}));
  EXPECT_TRUE(refuses(book({"BTC/USD", "--file", "/no/such.ktape"}), 1, {"/no/such.ktape"}));
  EXPECT_TRUE(refuses(book({"XBT/USD", "--url", "ws://127.0.0.1:1/v2"}), 2, {"XBT/USD", "BTC/USD"}));
  EXPECT_TRUE(refuses(book({"BTC/USD", "--url", "ws://192.0.2.1/v2"}), 2, {"ws://192.0.2.1/v2"}));
  EXPECT_TRUE(refuses(book({"BTC/USD", "--url", "kraken"}), 2, {"--url"}));
}

TEST(Book, NamesAServerThatIsNotThere) {
  const Ended run = book({"BTC/USD", "--url", "ws://127.0.0.1:1/v2", "--clock", "server"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.errors, HasSubstr("disconnected: 1006 connect: 127.0.0.1:1: Connection refused"));
  EXPECT_THAT(run.errors, HasSubstr("ktape: no book of BTC/USD has come"));
}

}  // namespace
}  // namespace ktape::test
