// The same dialogues over Loopback, in virtual time without sockets, and over TLS in lockstep: what the client says,
// what the exchange answers, and what the client makes of it.

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "core/wire/loopback.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "mock_server/mock_server.hpp"
#include "tests/support/client_script.hpp"
#include "tests/support/network.hpp"
#include "tests/support/recorded_run.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

enum class Line : std::uint8_t { Loopback, Tls };

const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();

struct Wish {
  std::vector<Subscription> subscriptions{};
  ClientOptions options{};
};

class ClientScript : public testing::TestWithParam<Line> {
 protected:
  void play(std::string_view script, Wish wish) {
    wish.options.endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value();
    VirtualClock exchange_clock(kStart);
    ScriptedExchange exchange(exchange_clock, script);
    if (GetParam() == Line::Loopback) {
      VirtualClock client_clock(kStart);
      Loopback loopback(exchange, client_clock, exchange_clock);
      const auto line = loopback.make_transport(ConnectionId{1});
      RecordedRun run(*line, client_clock, wish.subscriptions, wish.options);
      loopback.run_until(kStart + exchange.length() + 30s);
      EXPECT_EQ(exchange.problem(run.events()), "");
      return;
    }
    LiveLoop loop(TimeSource::Server);
    MockServerOptions options;
    options.pace = ServerPace::Lockstep;
    options.patience = kPatience;
    options.listen = {{.security = ListenAddress::Security::Tls}};
    options.identity = test_identity();
    MockServer server(loop.context(), exchange, exchange_clock, std::move(options));
    wish.options.endpoint = server.listen().value().front();
    wish.options.endpoint.target = "/v2";
    WebSocketTransport socket(loop, ConnectionId{1}, Network::trusting());
    RecordedRun run(socket, loop.clock(), wish.subscriptions, wish.options);
    EXPECT_TRUE(loop.run_until([&] { return exchange.finished(); }, kPatience));
    // What was said last has to arrive.
    loop.run_until([&] { return exchange.problem(run.events()).empty(); }, 1s);
    EXPECT_EQ(exchange.problem(run.events()), "");
  }
};

Wish eth_book() { return {.subscriptions = {{.channel = Channel::Book, .symbols = {"ETH/EUR"}, .depth = 10}}}; }

TEST_P(ClientScript, SubscribesAndFollowsABook) {
  play(R"(
    + connects
    > {"method":"subscribe","params":{"channel":"book","symbol":["ETH/EUR"],"depth":10,"snapshot":true},"req_id":1}
    ! stream_state book ETH/EUR recovering requested
    < {"method":"subscribe","req_id":1,"result":{"channel":"book","depth":10,"snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}
    ! book_state await_snapshot
    < {"channel":"book","type":"snapshot","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":1.25000000},{"price":3120.10,"qty":0.40000000}],"asks":[{"price":3120.90,"qty":0.75000000},{"price":3121.00,"qty":2.00000000}],"checksum":2389935577,"timestamp":"2026-09-01T08:00:07.100001Z"}]}
    ! stream_state live
    @ +1s
    < {"channel":"book","type":"update","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":0.00000000}],"asks":[{"price":3121.00,"qty":1.50000000}],"checksum":3176942565,"timestamp":"2026-09-01T08:00:07.180204Z"}]}
    ! book_update 3176942565
    @ +1s
  )",
       eth_book());
}

TEST_P(ClientScript, AsksForABookAgainWhoseChecksumIsWrong) {
  play(R"(
    + connects
    > ..."channel":"book"..."req_id":1}
    < {"method":"subscribe","req_id":1,"result":{"channel":"book","depth":10,"snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}
    < {"channel":"book","type":"snapshot","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":1.25000000},{"price":3120.10,"qty":0.40000000}],"asks":[{"price":3120.90,"qty":0.75000000},{"price":3121.00,"qty":2.00000000}],"checksum":2389935577,"timestamp":"2026-09-01T08:00:07.100001Z"}]}
    ! stream_state live
    < {"channel":"book","type":"update","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":0.00000000}],"asks":[],"checksum":1,"timestamp":"2026-09-01T08:00:07.180204Z"}]}
    ! book_state invalid checksum
    ! stream_state recovering checksum
    > {"method":"unsubscribe","params":{"channel":"book","symbol":["ETH/EUR"],"depth":10},"req_id":2}
    > {"method":"subscribe","params":{"channel":"book","symbol":["ETH/EUR"],"depth":10,"snapshot":true},"req_id":3}
    # What was under way is worth nothing.
    < {"channel":"book","type":"update","data":[{"symbol":"ETH/EUR","bids":[],"asks":[{"price":3121.00,"qty":1.00000000}],"checksum":2,"timestamp":"2026-09-01T08:00:07.190204Z"}]}
    < {"method":"unsubscribe","req_id":2,"result":{"channel":"book","depth":10,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}
    < {"method":"subscribe","req_id":3,"result":{"channel":"book","depth":10,"snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}
    < {"channel":"book","type":"snapshot","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":1.25000000},{"price":3120.10,"qty":0.40000000}],"asks":[{"price":3120.90,"qty":0.75000000},{"price":3121.00,"qty":2.00000000}],"checksum":2389935577,"timestamp":"2026-09-01T08:00:08.100001Z"}]}
    ! stream_state live
    @ +1s
  )",
       eth_book());
}

TEST_P(ClientScript, ComesBackAfterAnAbnormalCloseAndTellsWhenAllIsRestored) {
  play(R"(
    + connects
    > ..."req_id":1}
    < {"method":"subscribe","req_id":1,"result":{"channel":"trade","snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}
    @ +2s
    < closed 1001 CloudFlare WebSocket proxy restarting
    ! link down 1001
    ! stream_state recovering
    + connects
    ! link up
    > ..."method":"subscribe"..."req_id":2}
    < {"method":"subscribe","req_id":2,"result":{"channel":"trade","snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}
    ! link resubscribed
    @ +1s
  )",
       {.subscriptions = {{.channel = Channel::Trade, .symbols = {"ETH/EUR"}}}});
}

TEST_P(ClientScript, KeepsTheWordsOfARefusalAndTheOtherSymbol) {
  play(R"(
    + connects
    > {"method":"subscribe","params":{"channel":"trade","symbol":["ETH/EUR","NO/PE"],"snapshot":true},"req_id":1}
    < {"error":"Currency pair not supported NO/PE","method":"subscribe","req_id":1,"success":false,"symbol":"NO/PE","time_in":"2026-09-01T08:00:02.000100Z","time_out":"2026-09-01T08:00:02.000122Z"}
    ! stream_state NO/PE dead supported
    < {"method":"subscribe","req_id":1,"result":{"channel":"trade","snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:02.000100Z","time_out":"2026-09-01T08:00:02.000140Z"}
    ! stream_state ETH/EUR live confirmed
    @ +4s
  )",
       {.subscriptions = {{.channel = Channel::Trade, .symbols = {"ETH/EUR", "NO/PE"}}}});
}

TEST_P(ClientScript, TellsOfSilenceAndThenGivesTheConnectionUp) {
  play(R"(
    + connects
    > ..."req_id":1}
    < {"method":"subscribe","req_id":1,"result":{"channel":"trade","snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:02.000100Z","time_out":"2026-09-01T08:00:02.000140Z"}
    @ +3s
    < {"channel":"heartbeat"}
    @ +6s
    ! stream_state stale 5s
    < {"channel":"heartbeat"}
    ! stream_state live again
    @ +9s
    ! stream_state stale
    > closed 1000 nothing heard for 10s
    ! link down
    + connects
    > ..."req_id":2}
  )",
       {.subscriptions = {{.channel = Channel::Trade, .symbols = {"ETH/EUR"}}}});
}

TEST_P(ClientScript, AsksAgainWhenThereIsNoAnswer) {
  play(R"(
    + connects
    > ..."channel":"trade"..."req_id":1}
    @ +9s
    > ..."channel":"trade"..."req_id":2}
    ! request_unanswered 10s
    ! stream_state dead
    < {"method":"subscribe","req_id":2,"result":{"channel":"trade","snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:02.000100Z","time_out":"2026-09-01T08:00:02.000140Z"}
    ! stream_state live
    @ +4s
  )",
       {.subscriptions = {{.channel = Channel::Trade, .symbols = {"ETH/EUR"}}}});
}

TEST_P(ClientScript, TellsMaintenanceAndItsEnd) {
  play(R"(
    + connects
    < {"channel":"status","type":"update","data":[{"version":"2.0.10","system":"maintenance","api_version":"v2","connection_id":13834774380200032777}]}
    ! status maintenance
    > ..."req_id":1}
    < {"method":"subscribe","req_id":1,"result":{"channel":"trade","snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:02.000100Z","time_out":"2026-09-01T08:00:02.000140Z"}
    @ +4s
    < {"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":13834774380200032777}]}
    ! status online
    @ +1s
  )",
       {.subscriptions = {{.channel = Channel::Trade, .symbols = {"ETH/EUR"}}}});
}

TEST_P(ClientScript, ClosesAQuietPairsCandleByTheClock) {
  Wish wish{.subscriptions = {{.channel = Channel::Trade, .symbols = {"ETH/EUR"}}}};
  wish.options.candles = {.intervals = {1min}};
  wish.options.stale_after = 1h;
  wish.options.ping_interval = 1h;
  wish.options.silence_timeout = 1h;
  play(R"(
    + connects
    > ..."req_id":1}
    < {"method":"subscribe","req_id":1,"result":{"channel":"trade","snapshot":true,"symbol":"ETH/EUR"},"success":true,"time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"}
    < {"channel":"trade","type":"update","data":[{"symbol":"ETH/EUR","side":"buy","price":10.0,"qty":1.00000000,"ord_type":"limit","trade_id":7,"timestamp":"2026-09-01T08:00:00.500000Z"}]}
    ~ +1m1s
    ! candle closed "10.0"
  )",
       wish);
}

INSTANTIATE_TEST_SUITE_P(Lines, ClientScript, testing::Values(Line::Loopback, Line::Tls),
                         [](const auto& line) { return line.param == Line::Loopback ? "Loopback" : "Tls"; });

}  // namespace
}  // namespace ktape::test
