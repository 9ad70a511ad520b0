#include "scenario/journaling_exchange.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "tests/support/exchange_driver.hpp"

namespace ktape::scenario {
namespace {

using ::testing::ElementsAre;

// Notes what reaches it; says what the test wants.
struct Probe final : Exchange {
  void attach(ConnectionId connection, const Endpoint& /*endpoint*/, FrameSink& client) override {
    clients[connection] = &client;
  }
  void on_frame(const Frame& frame) override {
    heard.push_back(std::to_string(static_cast<std::uint32_t>(frame.connection)) + " " +
                    std::string(to_string(frame.kind)) + " " + std::string(frame.payload));
  }
  void say(std::uint32_t to, FrameKind kind, std::string_view text) {
    clients.at(ConnectionId{to})->on_frame({now, ConnectionId{to}, Direction::FromExchange, kind, text});
  }
  Timestamp now{};
  std::map<ConnectionId, FrameSink*> clients;
  std::vector<std::string> heard;
};

class JournalingExchangeTest : public ::testing::Test {
 protected:
  std::vector<std::string> journal_lines() {
    std::vector<std::string> lines;
    for (const JournalEntry& entry : journal.entries()) lines.push_back(describe(entry));
    return lines;
  }
  VirtualClock clock{from_nanoseconds(1'000'000'000)};
  Probe probe;
  Journal journal{clock};
  JournalingExchange exchange{clock, probe, journal};
  test::ExchangeDriver driver{clock, exchange};
};

struct Deaf final : FrameSink {
  void on_frame(const Frame& /*frame*/) override {}
};

TEST_F(JournalingExchangeTest, HandsEverythingThroughUnderNumbersOfItsOwn) {
  Deaf skipped;  // a server counts web requests as connections, too
  exchange.attach(ConnectionId{40}, Endpoint{false, "ws.kraken.com", 80, "/v2?a=b"}, skipped);
  const auto client = driver.connect();
  driver.say(client, R"({"method":"ping"})");
  probe.say(2, FrameKind::Text, R"({"method":"pong"})");
  EXPECT_THAT(probe.heard, ElementsAre(R"(2 text {"method":"ping"})"));
  EXPECT_THAT(driver.take(client), ElementsAre(R"({"method":"pong"})"));
  EXPECT_THAT(journal_lines(), ElementsAre("connect of connection 1: ws.kraken.com /v2",
                                           "connect of connection 2: test /v2", "message of connection 2: ping"));
}

TEST_F(JournalingExchangeTest, TellsWhoEndedAConnection) {
  const auto leaver = driver.connect();
  const auto ended = driver.connect();
  const auto cut = driver.connect();
  const auto slow = driver.connect();
  const auto strict = driver.connect();
  driver.leave(leaver);
  probe.say(2, FrameKind::Closed, "1001 recording ended");
  const auto gone = [&](ConnectionId id, std::string_view why) {
    exchange.on_frame({clock.now(), id, Direction::ToExchange, FrameKind::Closed, why});
  };
  gone(cut, "1006 Connection reset by peer");
  exchange.note_verdict(slow);
  gone(slow, "1008 too slow: more than 5 bytes unsent");
  gone(strict, "1008 nobody here is that strict");
  EXPECT_THAT(driver.take(ended), ElementsAre("closed 1001 recording ended"));
  auto lines = journal_lines();
  lines.erase(lines.begin(), lines.begin() + 5);
  EXPECT_THAT(lines, ElementsAre("close of connection 1 by client: 1000 done",
                                 "close of connection 2 by server: 1001 recording ended",
                                 "close of connection 3 by client: 1006",  // the system's words differ
                                 "close of connection 4 by server: 1008 too slow: more than 5 bytes unsent",
                                 "close of connection 5 by client: 1008 nobody here is that strict"));
  EXPECT_EQ(exchange.totals().closed_by_client, 3U);
  EXPECT_EQ(exchange.totals().closed_by_server, 2U);
  EXPECT_TRUE(exchange.sessions().empty());
  // Late words of who is gone reach nobody.
  probe.heard.clear();
  driver.say(ended, "late");
  EXPECT_TRUE(probe.heard.empty());
}

TEST_F(JournalingExchangeTest, KnowsWhoIsSubscribedToWhat) {
  const auto client = driver.connect();
  driver.say(client, "{}");
  const auto ack = [&](std::string_view method, std::string_view result) {
    probe.say(
        1, FrameKind::Text,
        R"({"method":")" + std::string(method) + R"(","result":{)" + std::string(result) + R"(},"success":true})");
  };
  ack("subscribe", R"("channel":"book","depth":10,"symbol":"BTC/USD")");
  ack("subscribe", R"("channel":"instrument")");
  probe.say(1, FrameKind::Text, R"({"error":"no","method":"subscribe","success":false,"symbol":"X/Y"})");
  ASSERT_EQ(exchange.sessions().size(), 1U);
  EXPECT_THAT(exchange.sessions()[0].subscriptions, ElementsAre("book BTC/USD", "instrument"));
  ack("unsubscribe", R"("channel":"book","depth":10,"symbol":"BTC/USD")");
  const Session session = exchange.sessions()[0];
  EXPECT_THAT(session.subscriptions, ElementsAre("instrument"));
  EXPECT_EQ(session.received, 1U);
  EXPECT_EQ(session.sent, 4U);
  EXPECT_EQ(session.endpoint.host, "test");
}

TEST_F(JournalingExchangeTest, EndsConnectionsOnBothSides) {
  const auto first = driver.connect();
  const auto second = driver.connect();
  EXPECT_FALSE(exchange.close(3, {1001, "no such"}));
  exchange.close_all({1012, "service restart"});
  EXPECT_THAT(driver.take(first), ElementsAre("closed 1012 service restart"));
  EXPECT_THAT(driver.take(second), ElementsAre("closed 1012 service restart"));
  EXPECT_THAT(probe.heard, ElementsAre("1 closed 1012 service restart", "2 closed 1012 service restart"));
  // What the exchange says afterwards is not heard.
  EXPECT_EQ(exchange.totals().closed_by_server, 2U);
}

TEST_F(JournalingExchangeTest, NotesCallsWithoutTheirSecretsAndRefusals) {
  net::HttpRequest request{.method = "POST",
                           .target = "/0/private/Balance",
                           .headers = {{"Host", "api.kraken.com:8443"}, {"API-Key", "key-that-nobody-may-see"}},
                           .body = "nonce=1700000000000000&asset=BTC"};
  exchange.note_call(request, {.status = 200, .body = R"({"error":["EAPI:Invalid key"]})"});
  request = {.method = "GET", .target = "/0/public/Depth?pair=XBTUSD&count=2"};
  exchange.note_call(request, {.status = 200, .body = R"({"error":[],"result":{}})"});
  exchange.note_refusal(Endpoint{false, "ws.kraken.com", 8080, "/v3?x=1"}, 404);
  std::vector<std::string> lines;
  for (JournalEntry entry : journal.entries()) {
    entry.number = 0;
    lines.push_back(to_json(entry).substr(39));
  }
  EXPECT_THAT(
      lines,
      ElementsAre(
          R"("event":"call","host":"api.kraken.com","path":"/0/private/Balance","name":"EAPI:Invalid key","method":"POST","code":200,"text":"?nonce=secret-1&asset=BTC"})",
          R"("event":"call","path":"/0/public/Depth","method":"GET","code":200,"text":"?pair=XBTUSD&count=2"})",
          R"("event":"refusal","host":"ws.kraken.com","path":"/v3","code":404})"));
}

}  // namespace
}  // namespace ktape::scenario
