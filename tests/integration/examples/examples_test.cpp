// The programs of examples/ as their reader would run them, against the mock server and against scripted exchanges,
// over TLS.
#include <csignal>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "core/protocol/futures/challenge.hpp"
#include "live/http_client.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/support/places.hpp"
#include "tests/support/rest_server.hpp"
#include "tests/support/scripted_host.hpp"
#include "tests/support/scripted_rest.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;
using Words = std::vector<std::string>;

// An example with these arguments.
Words example(const std::string& name, Words arguments) {
  arguments.insert(arguments.begin(), built_program(name));
  return arguments;
}

class Examples : public ::testing::Test {
 protected:
  Examples() { write_file(ca, test_identity().ca); }

  // A file that nobody else may read.
  std::string credentials(const std::string& prefix) const {
    std::string path = folder.file("credentials");
    write_file(path, prefix + "_API_KEY=" + kExampleKey + "\n" + prefix + "_API_SECRET=" + kExampleSecret + "\n");
    EXPECT_EQ(::chmod(path.c_str(), 0600), 0);
    return path;
  }
  // Both ends run until `done`, or the program has ended.
  bool until(Process& program, const std::function<bool()>& done) {
    while (!done()) {
      if (!program.collect(Duration::zero())) return done();
      loop.turn(std::chrono::milliseconds(10));
    }
    return true;
  }
  int exit_code(Process& program) {
    until(program, [] { return false; });
    return program.exit_code();
  }

  TemporaryFolder folder;
  std::string ca = folder.file("ca.pem");
  LiveLoop loop;
};

TEST_F(Examples, SpotClientPlacesAnOrderAndCancelsIt) {
  const ScriptedHost market(loop, "/v2", R"(
    + connects
    > {"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD"]...,"req_id":1}
    < {"method":"subscribe","req_id":1,"result":{"channel":"ticker","event_trigger":"trades","snapshot":true,"symbol":"BTC/USD"},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}
    < {"channel":"ticker","type":"snapshot","data":[{"symbol":"BTC/USD","bid":63390.6,"bid_qty":1.00000000,"ask":63390.7,"ask_qty":2.00000000,"last":63390.7,"volume":100.00000000,"vwap":63000.0,"low":62000.0,"high":64000.0,"change":10.0,"change_pct":0.02}]}
    > {"method":"ping","req_id":1001}
    < {"method":"pong","req_id":1001,"time_in":"2026-09-01T08:00:01.000100Z","time_out":"2026-09-01T08:00:01.000140Z"}
    > closed 1000...
  )");
  const ScriptedHost account(loop, "/v2", R"(
    + connects
    > {"method":"subscribe","params":{"channel":"executions"..."token":"SIMTOKENsimtokenSIMTOKENsimtokenSIMTOKENsim"...,"req_id":1}
    > {"method":"subscribe","params":{"channel":"balances"..."token":"SIMTOKENsimtokenSIMTOKENsimtokenSIMTOKENsim"...,"req_id":2}
    < {"method":"subscribe","req_id":1,"result":{"channel":"executions","snapshot":true},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}
    < {"method":"subscribe","req_id":2,"result":{"channel":"balances","snapshot":true},"success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}
    < {"channel":"balances","type":"snapshot","data":[{"asset":"USD","asset_class":"currency","balance":1000.5,"wallets":[{"type":"spot","id":"main","balance":1000.5}]}],"sequence":1}
    < {"channel":"executions","type":"snapshot","data":[],"sequence":1}
    > {"method":"add_order","params":{"order_type":"limit","side":"buy","order_qty":0.0010,"symbol":"BTC/USD","limit_price":10000.0,"post_only":true,"token":"SIMTOKENsimtokenSIMTOKENsimtokenSIMTOKENsim"},"req_id":3}
    < {"method":"add_order","req_id":3,"result":{"order_id":"OAAAA5-BBBBB-CCCCC5"},"success":true,"time_in":"2026-09-01T08:01:01.634870Z","time_out":"2026-09-01T08:01:01.637575Z"}
    < {"channel":"executions","type":"update","data":[{"order_id":"OAAAA5-BBBBB-CCCCC5","symbol":"BTC/USD","order_qty":0.00100000,"cum_cost":0.00000,"time_in_force":"GTC","exec_type":"pending_new","side":"buy","order_type":"limit","limit_price":10000.0,"order_status":"pending_new","timestamp":"2026-09-01T08:01:01.637700Z"}],"sequence":2}
    < {"channel":"executions","type":"update","data":[{"timestamp":"2026-09-01T08:01:01.637700Z","order_status":"new","exec_type":"new","order_id":"OAAAA5-BBBBB-CCCCC5"}],"sequence":3}
    > {"method":"cancel_order","params":{"order_id":["OAAAA5-BBBBB-CCCCC5"],"token":"SIMTOKENsimtokenSIMTOKENsimtokenSIMTOKENsim"},"req_id":4}
    < {"method":"cancel_order","req_id":4,"result":{"order_id":"OAAAA5-BBBBB-CCCCC5"},"success":true,"time_in":"2026-09-01T08:01:01.634870Z","time_out":"2026-09-01T08:01:01.637575Z"}
    < {"channel":"executions","type":"update","data":[{"timestamp":"2026-09-01T08:01:02.637700Z","order_status":"canceled","exec_type":"canceled","reason":"User requested","order_id":"OAAAA5-BBBBB-CCCCC5"}],"sequence":4}
    > closed 1000...
  )");
  const RestServer rest(loop, test_identity(), [](const net::HttpRequest& request) {
    EXPECT_EQ(request.target, "/0/private/GetWebSocketsToken");
    return json_answer(std::string(R"({"error":[],"result":{"token":")") + kExampleToken + R"(","expires":900}})");
  });
  Process program(example(
      "spot_client", {"BTC/USD", "0.0010", "10000.0", "--credentials", credentials("KRAKEN"), "--public", market.url(),
                      "--private", account.url(), "--rest", http_url(rest.endpoint(), ""), "--ca", ca}));
  EXPECT_EQ(exit_code(program), 0) << program.errors();
  EXPECT_TRUE(loop.run_until([&] { return market.finished() && account.finished(); }, kPatience));
  EXPECT_EQ(market.problem(), "") << program.output();
  EXPECT_EQ(account.problem(), "") << program.output();
  for (const char* line :
       {"ticker BTC/USD bid 63390.6 ask 63390.7 last 63390.7\n", "active on the public host: ticker\n",
        "pong to 1001\n", "balance USD 1000.5\n", "order sent as request 3\n", "add_order done \n",
        "order OAAAA5-BBBBB-CCCCC5 is new: 0.00100000 BTC/USD at 10000.0\n", "cancel_order done \n",
        "order OAAAA5-BBBBB-CCCCC5 is canceled: 0.00100000 BTC/USD at 10000.0\n"}) {
    EXPECT_THAT(program.output(), HasSubstr(line));
  }
  EXPECT_THAT(program.output() + program.errors(), ::testing::Not(HasSubstr("SIMTOKEN")));
}

TEST_F(Examples, SpotClientShowsTheMarketWithoutAnAccount) {
  const std::string market = make_market(folder);
  const std::string authority = folder.file("server.pem");
  const Server server(folder, {market, "--tls", "--ca-out", authority, "--rate", "10"});
  Process program(example("spot_client", {"BTC/USD", "--public", server.url("wss"), "--ca", authority}));
  EXPECT_TRUE(program.says("active on the public host: ticker\n")) << program.errors();
  EXPECT_TRUE(program.says("ticker BTC/USD bid ")) << program.errors();
  EXPECT_TRUE(program.says("pong to 1001\n")) << program.errors();
  program.signal(SIGTERM);
  EXPECT_EQ(program.exit_code(), 0) << program.errors();
}

TEST_F(Examples, FuturesClientSignsTheChallenge) {
  const std::string challenge = "226aee50-88fc-4618-a42a-34f7709570b2";
  const std::string proof = R"("api_key":")" + std::string(kExampleKey) + R"(","original_challenge":")" + challenge +
                            R"(","signed_challenge":")" + futures::sign_challenge(challenge, kExampleSecret).value() +
                            "\"}\n";
  const ScriptedHost exchange(loop, "/ws/v1",
                              R"(
    + connects
    < {"event":"info","version":1}
    > {"event":"subscribe","feed":"heartbeat"}
    > {"event":"subscribe","feed":"ticker","product_ids":["PF_XBTUSD"]}
    > {"event":"challenge","api_key":"EXAMPLEkeyEXAMPLEkey0001"}
    < {"event":"subscribed","feed":"heartbeat"}
    < {"event":"subscribed","feed":"ticker","product_ids":["PF_XBTUSD"]}
    < {"event":"challenge","message":"226aee50-88fc-4618-a42a-34f7709570b2"}
    > {"event":"subscribe","feed":"open_orders",)" +
                                  proof + R"(
    > {"event":"subscribe","feed":"fills",)" +
                                  proof + R"(
    < {"event":"subscribed","feed":"open_orders"}
    < {"event":"subscribed","feed":"fills"}
    < {"feed":"open_orders_snapshot","account":"e258dba9-4dd5-4da5-bfef-75beb91c098e","orders":[{"instrument":"PF_XBTUSD","time":1788249600000,"last_update_time":1788249600000,"qty":2,"filled":0,"limit_price":50000,"stop_price":0,"type":"limit","order_id":"723ba95f-13b7-418b-8fcf-ab7ba6620555","direction":0,"reduce_only":false}]}
    > closed 1000...
  )");
  Process program(example("futures_client", {"PF_XBTUSD", "--credentials", credentials("KRAKEN_FUTURES"), "--url",
                                             exchange.url(), "--ca", ca}));
  const auto said = [&](std::string_view text) { return program.output().find(text) != std::string::npos; };
  EXPECT_TRUE(until(program, [&] { return said("order 723ba95f-13b7-418b-8fcf-ab7ba6620555 PF_XBTUSD 2"); }))
      << program.output() << program.errors() << exchange.problem();
  EXPECT_TRUE(said("1 open orders, live\n")) << program.output();
  EXPECT_TRUE(said("3 subscriptions are active\n")) << program.output();
  program.signal(SIGTERM);
  EXPECT_EQ(exit_code(program), 0) << program.errors();
  EXPECT_TRUE(loop.run_until([&] { return exchange.finished(); }, kPatience));
  EXPECT_EQ(exchange.problem(), "");
}

TEST_F(Examples, OrderBookPrintsAVerifiedBook) {
  const std::string market = make_market(folder);
  const std::string authority = folder.file("server.pem");
  const Server server(folder, {market, "--tls", "--ca-out", authority, "--loop"});
  Process program(example("order_book", {"BTC/USD", "--url", server.url("wss"), "--ca", authority}));
  EXPECT_TRUE(program.says("BTC/USD is live: ")) << program.errors();
  EXPECT_TRUE(program.says(" right checksums\n")) << program.errors();
  EXPECT_TRUE(program.says(" | 6")) << program.output();
  program.signal(SIGINT);
  EXPECT_EQ(program.exit_code(), 0) << program.errors();
}

TEST_F(Examples, TinyRecorderMakesARecording) {
  const std::string market = make_market(folder);
  const std::string authority = folder.file("server.pem");
  Server server(folder, {market, "--tls", "--ca-out", authority, "--clock", "lockstep", "--once"});
  const std::string recording = folder.file("tiny.ktape");
  Process program(
      example("tiny_recorder", {recording, "BTC/USD", "ETH/USD", "--url", server.url("wss"), "--ca", authority}));
  EXPECT_EQ(server.process->exit_code(), 0) << server.process->errors();
  program.signal(SIGINT);
  EXPECT_EQ(program.exit_code(), 0) << program.errors();
  const Ended verified = run_ktape({"verify", recording, "--json"});
  EXPECT_THAT(verified.output, HasSubstr(R"("state":"sealed")"));
  EXPECT_THAT(verified.output, HasSubstr(R"("checksums_failed":0)"));
  EXPECT_THAT(run_ktape({"replay", recording}).output, HasSubstr("book ETH/USD depth 10: live"));
}

}  // namespace
}  // namespace ktape::test
