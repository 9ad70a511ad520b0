#include "live/websocket_transport.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/network.hpp"

namespace ktape::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Security = ListenAddress::Security;

class Connection : public ::testing::TestWithParam<Security> {
 protected:
  Endpoint serve(MockServerOptions options = {}) {
    options.listen = {{.security = GetParam()}};
    return net.serve(std::move(options));
  }
  void open(MockServerOptions options = {}) {
    transport->connect(serve(std::move(options)), net.log);
    ASSERT_TRUE(net.until([&] { return net.log.opened() && !net.exchange.clients.empty(); }));
  }
  void wait_for_the_end() {
    ASSERT_TRUE(net.until([&] { return !net.log.closed().empty() && net.exchange.clients.empty(); }));
  }

  Network net;
  std::unique_ptr<WebSocketTransport> transport =
      std::make_unique<WebSocketTransport>(net.loop, kClient, Network::trusting());
};

INSTANTIATE_TEST_SUITE_P(Plain, Connection, ::testing::Values(Security::Plain));
INSTANTIATE_TEST_SUITE_P(Tls, Connection, ::testing::Values(Security::Tls));

TEST_P(Connection, OpensEchoesAndClosesWithFramesInBothDirections) {
  net.exchange.echo();
  const Endpoint endpoint = serve();
  transport->connect(endpoint, net.log);
  EXPECT_TRUE(net.log.frames.empty()) << "nothing is reported from inside connect()";
  ASSERT_TRUE(net.until([&] { return net.log.opened(); }));
  EXPECT_EQ(net.log.frames.front().payload, endpoint.url());
  EXPECT_EQ(net.log.frames.front().connection, kClient);

  transport->send("hello");
  ASSERT_EQ(net.log.frames.size(), 2U) << "what is sent is reported before send() returns";
  EXPECT_EQ(net.log.frames[1].direction, Direction::ToExchange);
  ASSERT_TRUE(net.until([&] { return net.log.count(Direction::FromExchange, FrameKind::Text) == 1; }));
  EXPECT_EQ(net.log.frames.back().payload, "hello");

  transport->close({1000, "done"});
  wait_for_the_end();
  EXPECT_EQ(net.log.closed(), "> 1000 done");
  EXPECT_EQ(net.log.frames.size(), 4U);
  EXPECT_EQ(net.exchange.heard.closed(), "> 1000 done");
  for (std::size_t i = 1; i < net.log.frames.size(); ++i) EXPECT_LE(net.log.frames[i - 1].at, net.log.frames[i].at);
}

TEST_P(Connection, ReportsTheCodeAndReasonThatTheServerClosesWith) {
  open();
  net.exchange.send(kFirst, "last words");
  net.exchange.send(kFirst, FrameKind::Closed, "1012 going for maintenance");
  wait_for_the_end();
  EXPECT_EQ(net.log.closed(), "< 1012 going for maintenance");
  EXPECT_THAT(net.log.payloads(Direction::FromExchange, FrameKind::Text), ElementsAre("last words"));
}

TEST_P(Connection, TellsACloseWithoutACodeAndACutFromEachOther) {
  const Endpoint endpoint = serve();
  transport->connect(endpoint, net.log);
  ASSERT_TRUE(net.until([&] { return net.log.opened() && !net.exchange.clients.empty(); }));
  net.exchange.send(kFirst, FrameKind::Closed, "1005");
  wait_for_the_end();
  EXPECT_EQ(net.log.closed(), "< 1005");

  net.log = {};
  transport->connect(endpoint, net.log);
  ASSERT_TRUE(net.until([&] { return net.log.opened() && !net.exchange.clients.empty(); }));
  net.exchange.send(ConnectionId{2}, FrameKind::Closed, "1006 cut as it was recorded");
  wait_for_the_end();
  EXPECT_THAT(net.log.closed(), StartsWith("< 1006 connection lost: "));
}

TEST_P(Connection, CarriesLargeMessagesWhole) {
  net.exchange.echo();
  MockServerOptions options;
  options.max_message_bytes = std::size_t{16} << 20U;
  open(std::move(options));
  for (const std::size_t bytes : {std::size_t{125}, std::size_t{126}, std::size_t{65535}, std::size_t{65536},
                                  std::size_t{1} << 20U, std::size_t{15} << 20U, std::size_t{16} << 20U}) {
    const std::string text(bytes, 'x');
    const std::size_t before = net.log.count(Direction::FromExchange, FrameKind::Text);
    transport->send(text);
    ASSERT_TRUE(net.until([&] { return net.log.count(Direction::FromExchange, FrameKind::Text) > before; })) << bytes;
    EXPECT_TRUE(net.log.frames.back().payload == text) << bytes;
    net.log.frames.clear();
  }
}

TEST_P(Connection, RefusesAMessageOverItsLimitAndNamesTheLimit) {
  open();
  net.exchange.send(kFirst, std::string((std::size_t{16} << 20U) + 1, 'x'));
  wait_for_the_end();
  EXPECT_EQ(net.log.closed(), "> 1006 message too big: more than 16777216 bytes");
  EXPECT_EQ(net.exchange.heard.closed(), "> 1009") << "the server was told why";
}

TEST_P(Connection, ReportsThatTheServerFindsAMessageTooBig) {
  MockServerOptions options;
  options.max_message_bytes = 1000;
  open(std::move(options));
  transport->send(std::string(1000, 'x'));
  transport->send(std::string(1001, 'x'));
  wait_for_the_end();
  EXPECT_EQ(net.log.closed(), "< 1009");
  EXPECT_EQ(net.exchange.heard.count(Direction::ToExchange, FrameKind::Text), 1U);
}

TEST_P(Connection, KeepsTheOrderOfThousandsOfMessagesEachWay) {
  constexpr std::size_t kMessages = 5000;
  open();
  for (std::size_t i = 0; i < kMessages; ++i) {
    transport->send("up " + std::to_string(i));
    net.exchange.send(kFirst, "down " + std::to_string(i));
  }
  const auto complete = [&] {
    return net.log.count(Direction::FromExchange, FrameKind::Text) == kMessages &&
           net.exchange.heard.count(Direction::ToExchange, FrameKind::Text) == kMessages;
  };
  ASSERT_TRUE(net.until(complete));
  const auto down = net.log.payloads(Direction::FromExchange, FrameKind::Text);
  const auto up = net.exchange.heard.payloads(Direction::ToExchange, FrameKind::Text);
  for (std::size_t i = 0; i < kMessages; ++i) {
    ASSERT_EQ(down[i], "down " + std::to_string(i));
    ASSERT_EQ(up[i], "up " + std::to_string(i));
  }
}

TEST_P(Connection, DeliversBinaryPingAndPongAndReportsItsOwnPong) {
  open();
  net.exchange.send(kFirst, FrameKind::Binary, std::string_view("\0\xFF", 2));
  net.exchange.send(kFirst, FrameKind::Ping, "are you there");
  net.exchange.send(kFirst, FrameKind::Pong, "unasked");
  ASSERT_TRUE(net.until([&] {
    return net.log.frames.size() == 5 && net.exchange.heard.count(Direction::ToExchange, FrameKind::Pong) == 1;
  }));
  EXPECT_EQ(net.log.frames[1].kind, FrameKind::Binary);
  EXPECT_EQ(net.log.frames[1].payload, std::string_view("\0\xFF", 2));
  EXPECT_EQ(net.log.frames[2].kind, FrameKind::Ping);
  EXPECT_EQ(net.log.frames[3].kind, FrameKind::Pong);
  EXPECT_EQ(net.log.frames[3].direction, Direction::ToExchange);
  EXPECT_EQ(net.log.frames[3].payload, "are you there");
  EXPECT_EQ(net.log.frames[4].payload, "unasked");
  EXPECT_EQ(net.exchange.heard.frames.back().payload, "are you there");
}

TEST_P(Connection, AnswersAPingAfterWhatItSaysInReactionToIt) {
  open();
  net.log.react = [&](const Frame& frame) {
    if (frame.kind == FrameKind::Ping) transport->send("said first");
  };
  net.exchange.send(kFirst, FrameKind::Ping, "p");
  ASSERT_TRUE(net.until([&] { return net.exchange.heard.frames.size() == 2; }));
  EXPECT_EQ(net.exchange.heard.frames[0].payload, "said first");
  EXPECT_EQ(net.exchange.heard.frames[1].kind, FrameKind::Pong);
}

TEST_P(Connection, PingsInTheClocksTimeWhenAskedTo) {
  auto options = Network::trusting();
  options.ping_interval = std::chrono::milliseconds(1);
  transport = std::make_unique<WebSocketTransport>(net.loop, kClient, options);
  open();
  ASSERT_TRUE(net.until([&] {
    return net.log.count(Direction::FromExchange, FrameKind::Pong) >= 3 &&
           net.exchange.heard.count(Direction::ToExchange, FrameKind::Ping) >= 3;
  }));
  EXPECT_GE(net.log.count(Direction::ToExchange, FrameKind::Ping), 3U);
}

TEST_P(Connection, ConnectsAgainFromInsideTheClosedFrame) {
  const Endpoint endpoint = serve();
  int opened = 0;
  net.log.react = [&](const Frame& frame) {
    if (frame.kind == FrameKind::Opened && ++opened < 3) transport->close({1000, "again"});
    if (frame.kind == FrameKind::Closed) transport->connect(endpoint, net.log);
  };
  transport->connect(endpoint, net.log);
  EXPECT_TRUE(net.until([&] { return opened == 3; }));
  EXPECT_EQ(net.log.count(Direction::ToExchange, FrameKind::Closed), 2U);
}

TEST_P(Connection, MayBeDestroyedByTheSinkInAnyFrame) {
  for (const FrameKind last : {FrameKind::Opened, FrameKind::Ping, FrameKind::Text, FrameKind::Closed}) {
    Network fresh;
    auto doomed = std::make_unique<WebSocketTransport>(fresh.loop, kClient, Network::trusting());
    fresh.log.react = [&](const Frame& frame) {
      if (frame.kind == last) doomed.reset();
    };
    fresh.exchange.attached = [&](ConnectionId id) {
      fresh.loop.post([&fresh, id] {
        fresh.exchange.send(id, FrameKind::Ping, "p");
        fresh.exchange.send(id, "text");
        fresh.exchange.send(id, FrameKind::Closed, "1000");
      });
    };
    doomed->connect(fresh.serve_with(GetParam()), fresh.log);
    ASSERT_TRUE(fresh.until([&] { return !doomed && fresh.server->clients() == 0; })) << to_string(last);
    EXPECT_EQ(fresh.log.frames.back().kind, last);
  }
}

TEST_P(Connection, GivesUpAnAttemptThatIsClosed) {
  transport->connect(serve(), net.log);
  transport->close({1000, "changed my mind"});
  EXPECT_TRUE(net.log.frames.empty());
  ASSERT_TRUE(net.until([&] { return !net.log.closed().empty(); }));
  EXPECT_EQ(net.log.closed(), "> 1000 changed my mind");
  EXPECT_EQ(net.log.frames.size(), 1U);
}

TEST_P(Connection, IgnoresWhatIsSentWhileItIsNotOpen) {
  transport->send("too early");
  open();
  transport->close({1000, ""});
  transport->send("too late");
  wait_for_the_end();
  transport->send("much too late");
  EXPECT_EQ(net.exchange.heard.count(Direction::ToExchange, FrameKind::Text), 0U);
  EXPECT_EQ(net.log.count(Direction::ToExchange, FrameKind::Text), 0U);
}

TEST_P(Connection, CutsAReasonThatIsTooLongBetweenCharacters) {
  open();
  std::string reason;
  for (int i = 0; i < 100; ++i) reason += "\xC3\xA4";
  transport->close({1000, reason});
  wait_for_the_end();
  EXPECT_EQ(net.exchange.heard.closed(), "> 1000 " + reason.substr(0, 122)) << "a close frame takes 123 bytes of it";
}

TEST_P(Connection, EndsAConnectionWhoseServerDoesNotRead) {
  auto options = Network::trusting();
  options.max_queued_bytes = 100'000;
  transport = std::make_unique<WebSocketTransport>(net.loop, kClient, options);
  open();
  const std::string text(60'000, 'x');
  transport->send(text);
  transport->send(text);  // nothing has been written meanwhile: the loop has not turned
  EXPECT_TRUE(net.log.closed().empty()) << "not from inside send()";
  wait_for_the_end();
  EXPECT_THAT(net.log.closed(), StartsWith("> 1006 the server does not read: 1200"));
  EXPECT_THAT(net.log.closed(), HasSubstr("limit 100000"));
}

}  // namespace
}  // namespace ktape::test
