// `ktape record` of what needs an API key: an account's channels and books order by order.
#include <algorithm>
#include <csignal>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "core/protocol/spot_v2/server_account.hpp"
#include "core/session/session_writer.hpp"
#include "recorder/file_sink.hpp"
#include "replay/session_files.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/support/dialect_markets.hpp"
#include "tests/support/level3_market.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Words = std::vector<std::string>;

class RecordAccount : public ::testing::Test {
 protected:
  RecordAccount() {
    write_file(accounts, R"(accounts:
  - name: alice
    tier: pro
    balances: {USD: 10000, BTC: 1.5}
    keys:
      - key: test-key
        secret: dGVzdC1zZWNyZXQ=
        permissions: [query-funds, query-open-trades, query-closed-trades, create-ws-token]
        nonces: any
    futures_keys: [{key: test-futures-key, secret: dGVzdC1zZWNyZXQ=}]
    futures_balances: {USD: 5000}
)");
    write_file(credentials,
               "KRAKEN_API_KEY=test-key\nKRAKEN_API_SECRET=dGVzdC1zZWNyZXQ=\n"
               "KRAKEN_FUTURES_API_KEY=test-futures-key\nKRAKEN_FUTURES_API_SECRET=dGVzdC1zZWNyZXQ=\n");
    EXPECT_EQ(::chmod(credentials.c_str(), 0600), 0);
  }
  Words record(const Server& server, Words more) const {
    const std::string url = server.url("wss");
    Words all{"record",        "--url",     url,  "--rest", "https" + url.substr(3, url.size() - 6), "--ca", ca,
              "--credentials", credentials, "-o", out};
    all.insert(all.end(), more.begin(), more.end());
    return ktape(std::move(all));
  }
  // Until the recording, with its journal, holds `text`.
  void record_until(Process& program, const std::string& text) {
    ASSERT_TRUE(program.says("connected to")) << program.errors();
    while (std::filesystem::exists(out) && payloads().find(text) == std::string::npos) {
      ASSERT_TRUE(program.collect(std::chrono::milliseconds(20))) << program.errors();
    }
    program.signal(SIGTERM);
    EXPECT_EQ(program.exit_code(), 0) << program.errors();
  }
  std::string payloads() const { return run_ktape({"cat", out}).output; }
  std::string of(const Words& more) const {
    Words all{"cat", out};
    all.insert(all.end(), more.begin(), more.end());
    return run_ktape(std::move(all)).output;
  }

  TemporaryFolder folder;
  std::string ca = folder.file("ca.pem");
  std::string accounts = folder.file("accounts.yaml");
  std::string credentials = folder.file("credentials");
  std::string out = folder.file("out.ktape");
};

TEST_F(RecordAccount, KeepsItsChannelsBesideTheMarketAndNoToken) {
  const Server server(folder, {make_market(folder, "20s"), "--tls", "--ca-out", ca, "--accounts", accounts});
  Process program(record(server, {"--symbols", "BTC/USD", "--channels", "book,executions,balances", "--with", "none"}));
  record_until(program, R"("channel":"balances","type":"snapshot")");
  const std::string market = of({"--connection", "1"});
  const std::string account = of({"--connection", "2"});
  EXPECT_THAT(market, AllOf(HasSubstr("/v2"), HasSubstr(R"("channel":"book")"), Not(HasSubstr("executions"))));
  EXPECT_THAT(account, AllOf(HasSubstr("/v2/auth"), HasSubstr(R"("channel":"executions","type":"snapshot")"),
                             HasSubstr(R"("token":"ktape-redacted-)"), HasSubstr("10000"),
                             Not(HasSubstr(R"("channel":"book")"))));
  const Ended verified = run_ktape({"verify", out});
  EXPECT_EQ(verified.code, 0) << verified.output << verified.errors;
}

TEST_F(RecordAccount, KeepsBooksOrderByOrder) {
  // As a token's holder has heard them.
  const std::string recorded = folder.file("level3.ktape");
  {
    constexpr int kDepth = 10;
    Level3Market market(3, kDepth);
    for (int i = 0; i < 60; ++i) market.change();
    Level3Book book(BookSpec{.symbol = "BTC/USD", .depth = kDepth, .price_places = 1, .quantity_places = 8});
    const Timestamp start = parse_rfc3339("2026-09-01T08:00:00Z").value();
    SessionInfo info = test_info();
    info.created_at = start;
    auto writer =
        SessionWriter::create(FileSink::create(recorded).value(), nullptr, info, plain_options(8U << 10)).value();
    const auto hear = [&](Duration after, FrameKind kind, std::string_view payload) {
      writer->on_frame({start + after, ConnectionId{1}, Direction::FromExchange, kind, payload});
    };
    const auto hear_level3 = [&](Duration after, const auto& what) {
      std::string text;
      spot_v2::append_level3(text, what);
      hear(after, FrameKind::Text, text);
    };
    hear({}, FrameKind::Opened, "wss://ws-l3.kraken.com/v2");
    hear({}, FrameKind::Text,
         R"({"method":"subscribe","result":{"channel":"level3","snapshot":true,"symbol":"BTC/USD"},"success":true,)"
         R"("time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})");
    const auto bids = market.snapshot(true);
    const auto asks = market.snapshot(false);
    ASSERT_TRUE(book.reset({.symbol = "BTC/USD", .bids = bids, .asks = asks}).has_value());
    hear_level3(
        {}, Level3Snapshot{
                .symbol = "BTC/USD", .bids = bids, .asks = asks, .checksum = book.checksum(), .exchange_time = start});
    for (int step = 1; step <= 200; ++step) {
      const Duration after = std::chrono::milliseconds(100 * step);
      const auto bids_before = market.window(true);
      const auto asks_before = market.window(false);
      market.change();
      const auto told_bids = market.told(true, bids_before);
      const auto told_asks = market.told(false, asks_before);
      ASSERT_TRUE(book.apply({.symbol = "BTC/USD", .bids = told_bids, .asks = told_asks}).has_value());
      hear_level3(after, Level3Update{.symbol = "BTC/USD",
                                      .bids = told_bids,
                                      .asks = told_asks,
                                      .checksum = book.checksum(),
                                      .exchange_time = start + after});
    }
    ASSERT_TRUE(writer->finish().has_value());
  }
  const Server server(folder, {recorded, "--tls", "--ca-out", ca, "--accounts", accounts});
  Process program(record(server, {"--symbols", "BTC/USD", "--channels", "level3", "--with", "none"}));
  record_until(program, R"("channel":"level3","type":"update")");
  EXPECT_THAT(of({"--connection", "1"}),
              AllOf(HasSubstr("/v2/l3"), HasSubstr(R"("channel":"level3","type":"snapshot")"),
                    HasSubstr(R"("token":"ktape-redacted-)")));
  EXPECT_EQ(run_ktape({"verify", out}).code, 0);
}

TEST_F(RecordAccount, KeepsPrivateFeedsOfFuturesBehindASignedChallenge) {
  FuturesMarket market(5, "PF_XBTUSD");
  std::string archive = "wss://futures.kraken.com/ws/v1 <-> 1788249600.000000\n";
  int ticks = 0;
  const auto heard = [&](std::string_view text) {
    archive += fmt::format("{}.{:06}: {}\n", 1788249600 + ticks / 10, ticks % 10 * 100'000, text);
    ++ticks;
  };
  heard(R"({"event":"info","version":1})");
  heard(R"({"event":"subscribed","feed":"book","product_ids":["PF_XBTUSD"]})");
  heard(market.snapshot(from_nanoseconds(1'788'249'600'000'000'000)));
  for (int i = 1; i < 300; ++i) heard(market.move(from_nanoseconds(1'788'249'600'000'000'000 + i * 100'000'000LL)));
  const std::string recorded = folder.file("futures.ktape");
  write_file(folder.file("archive.txt"), archive);
  ASSERT_EQ(run_ktape({"import", folder.file("archive.txt"), "--format", "cryptofeed", "-o", recorded}).code, 0);

  const Server server(folder, {recorded, "--tls", "--ca-out", ca, "--accounts", accounts});
  const std::string url = server.url("wss");
  Process program(ktape({"record", "--dialect", "futures", "--url", url.substr(0, url.size() - 3) + "/ws/v1", "--ca",
                         ca, "--credentials", credentials, "--channels", "book,balances,heartbeat", "-o", out}));
  record_until(program, R"("feed":"balances")");
  EXPECT_THAT(of({"--connection", "1"}), AllOf(HasSubstr(R"("event":"challenge")"), HasSubstr("ktape-redacted-"),
                                               HasSubstr(R"("feed":"book")"), Not(HasSubstr("test-futures-key"))));
}

TEST_F(RecordAccount, SaysThatAKeyIsWrong) {
  const Server server(folder, {make_market(folder, "20s"), "--tls", "--ca-out", ca, "--accounts", accounts});
  write_file(credentials, "KRAKEN_API_KEY=another\nKRAKEN_API_SECRET=dGVzdC1zZWNyZXQ=\n");
  Process program(record(server, {"--channels", "executions"}));
  ASSERT_TRUE(program.says("EAPI:Invalid key")) << program.errors();
  program.signal(SIGTERM);
  EXPECT_EQ(program.exit_code(), 3) << program.errors();
  EXPECT_THAT(program.errors(), Not(HasSubstr("dGVzdC1zZWNyZXQ")));
}

TEST_F(RecordAccount, IsRefusedBeforeAnythingIsMade) {
  const auto ask = [&](Words more) {
    Words all{"record", "-o", out};
    if (std::find(more.begin(), more.end(), "--channels") == more.end())
      all.insert(all.end(), {"--channels", "executions"});
    all.insert(all.end(), more.begin(), more.end());
    return run_ktape(std::move(all));
  };
  EXPECT_TRUE(refuses(ask({}), 2, {"--channels", "KRAKEN_API_KEY", "--credentials"}));
  EXPECT_TRUE(refuses(ask({"--credentials", folder.file("none")}), 1, {folder.file("none")}));
  ASSERT_EQ(::chmod(credentials.c_str(), 0644), 0);
  EXPECT_EQ(ask({"--credentials", credentials}).code, 2);
  ASSERT_EQ(::chmod(credentials.c_str(), 0600), 0);
  EXPECT_TRUE(refuses(ask({"--credentials", credentials, "--url", "ws://127.0.0.1:1/v2"}), 2, {"--rest", "/v2/auth"}));
  EXPECT_TRUE(refuses(ask({"--credentials", credentials, "--channels", "book"}), 2, {"--credentials", "API key"}));
  EXPECT_TRUE(refuses(ask({"--credentials", credentials, "--listen", "0"}), 2, {"--channels", "--listen"}));
  EXPECT_TRUE(refuses(ask({"--channels", "level3", "--all-symbols", "--credentials", credentials}), 2,
                      {"--all-symbols", "level3"}));
  EXPECT_TRUE(
      refuses(ask({"--channels", "level3", "--depth", "25", "--credentials", credentials}), 2, {"--depth", "25"}));
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace ktape::test
