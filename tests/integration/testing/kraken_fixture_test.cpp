#include "testing/kraken_fixture.hpp"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "core/client/client.hpp"
#include "core/protocol/dialect.hpp"
#include "live/http_client.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "tests/support/event_log.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/places.hpp"

namespace ktape::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::StartsWith;

// A client in the thread of the test. The server has its own.
class KrakenFixtureTest : public KrakenFixture {
 protected:
  WebSocketOptions trusting() {
    WebSocketOptions options;
    options.ca_pem = kraken().ca();
    return options;
  }
  void connect(const std::string& url) {
    transport = std::make_unique<WebSocketTransport>(loop, ConnectionId{1}, trusting());
    transport->connect(Endpoint::parse(url).value(), log);
  }
  // What the server knows may become true without anything for this loop to do, so that it looks every few
  // milliseconds.
  bool until(const std::function<bool()>& done) {
    for (int turns = 0; turns < 20'000 && !done(); ++turns) loop.turn(5ms);
    return done();
  }
  std::string get(const std::string& target) {
    HttpClientOptions trust;
    trust.ca_pem = kraken().ca();
    HttpClient http(loop, parse_http_url(kraken().rest_url()).value(), std::move(trust));
    std::string body;
    http.request({.target = target},
                 [&](Result<net::HttpResponse> answer) { body = answer ? answer->body : answer.error().detail; });
    EXPECT_TRUE(until([&] { return !body.empty(); }));
    return body;
  }
  // What was said to it, without what it said itself.
  std::vector<std::string> heard() const {
    std::vector<std::string> texts;
    for (const auto& frame : log.frames) {
      if (frame.direction == Direction::FromExchange && frame.kind == FrameKind::Text) texts.push_back(frame.payload);
    }
    return texts;
  }

  LiveLoop loop;
  test::FrameLog log;
  std::unique_ptr<WebSocketTransport> transport;
};

TEST_F(KrakenFixtureTest, PlaysARecordingAsFarAsTheTestSays) {
  play(test::in_source_tree("datasets/decimals.ktape"));
  const Timestamp start = kraken().now();
  WebSocketTransport socket(loop, ConnectionId{1}, trusting());
  const auto codec = make_codec(Dialect::SpotV2);
  test::EventLog events;
  Client client(socket, *codec, loop.clock(), events, {.endpoint = Endpoint::parse(kraken().url()).value()});
  client.subscribe({.channel = Channel::Book, .symbols = {"EUR/USD"}, .depth = 10});
  client.start();
  const auto live = [&] {
    const OrderBook* const book = client.book("EUR/USD");
    return book != nullptr && book->state() == BookState::Live;
  };
  ASSERT_TRUE(until([&] { return kraken().journal().size() == 2; })) << "connected, and has asked";
  EXPECT_EQ(kraken().now(), start) << "time stands";
  EXPECT_FALSE(live());
  kraken().advance(1s);
  EXPECT_EQ(kraken().now(), start + 1s);
  ASSERT_TRUE(until(live));

  kraken().advance_to(kraken().end());
  ASSERT_TRUE(kraken().wait_for_clients(0)) << "the recording ends, and with it the connection";
  EXPECT_THAT(kraken().journal().back().text, StartsWith("1001 "));
  // What the exchange told last, checksum and all, is what the client holds.
  ASSERT_TRUE(until([&] { return !live(); }));
  EXPECT_GT(events.text().size(), 100'000U);
}

TEST_F(KrakenFixtureTest, SaysWhatItsScriptSays) {
  serve_script([](ScriptedExchange& exchange) {
    exchange.greet("hello");
    exchange.answer(R"("method":"ping")", {R"({"method":"pong","req_id":{req_id}})"});
    exchange.answer("late", {"one", "two"}, 5s);
  });
  connect(kraken().url("/any/path"));
  ASSERT_TRUE(until([&] { return heard().size() == 1; }));
  transport->send(R"({"method":"ping","req_id": 9007199254740993})");
  transport->send("nobody answers this");
  transport->send("late");
  ASSERT_TRUE(until([&] { return kraken().journal().size() == 4; })) << "connected, and said three things";
  kraken().advance(5s - 1ns);
  ASSERT_TRUE(until([&] { return heard().size() == 2; }));
  kraken().advance(1ns);
  script([](ScriptedExchange& exchange) { exchange.tell("three"); });
  ASSERT_TRUE(until([&] { return heard().size() == 5; }));
  EXPECT_THAT(heard(), ElementsAre("hello", R"({"method":"pong","req_id":9007199254740993})", "one", "two", "three"));

  script([](ScriptedExchange& exchange) { exchange.close({1012, "service restart"}); });
  ASSERT_TRUE(until([&] { return !log.closed().empty(); }));
  EXPECT_EQ(log.closed(), "< 1012 service restart");
  EXPECT_EQ(kraken().journal().back().text, "1012 service restart");
}

TEST_F(KrakenFixtureTest, TellsWhatClientsAskByHttpAndAnswersFromTheRecording) {
  play(test::in_source_tree("datasets/decimals.ktape"));
  std::ifstream file(kraken().ca_file());
  std::stringstream pem;
  pem << file.rdbuf();
  EXPECT_EQ(pem.str(), kraken().ca());
  EXPECT_THAT(get("/0/public/AssetPairs?pair=EUR/USD"), StartsWith(R"({"error":[],"result":{"EUR/USD":{)"));
  EXPECT_EQ(kraken().journal().back().path, "GET /0/public/AssetPairs?pair=EUR/USD");
}

TEST_F(KrakenFixtureTest, BeginsInTheMiddleOfARecording) {
  play(test::in_source_tree("datasets/decimals.ktape"), {.start_offset = 1min});
  const std::string body = get("/0/public/Depth?pair=EUR/USD&count=1");
  EXPECT_THAT(body, StartsWith(R"({"error":[],"result":{"EUR/USD":{"asks":[["1.14250")"));
}

TEST_F(KrakenFixtureTest, GivesUpAWaitAfterItsPatience) {
  serve_script([](ScriptedExchange&) {}, {.patience = 1ms});
  EXPECT_FALSE(kraken().wait_for_message("nothing comes"));
  EXPECT_TRUE(kraken().wait_for_clients(0));
}

TEST(KrakenServer, NamesARecordingThatIsNotThere) {
  const auto server = KrakenServer::play("/no/such.ktape");
  ASSERT_FALSE(server.has_value());
  EXPECT_THAT(server.error().detail, ::testing::HasSubstr("/no/such.ktape"));
}

}  // namespace
}  // namespace ktape::testing
