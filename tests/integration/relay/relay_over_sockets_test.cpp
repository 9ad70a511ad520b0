// A relay between real sockets: whoever connects to it cannot tell it from the exchange.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/time_ping.hpp"
#include "relay/destination.hpp"
#include "relay/loop_exchange.hpp"
#include "relay/relay_exchange.hpp"
#include "relay/websocket_upstream.hpp"
#include "tests/support/network.hpp"
#include "tests/support/raw_peer.hpp"

namespace ktape::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Security = ListenAddress::Security;

// The exchange of the network behind a relay, all in one thread.
class RelayOverSockets : public ::testing::Test {
 protected:
  // `there`: where clients are led.
  Endpoint listen(const Endpoint& there, MockServerOptions options = {}) {
    RelayOptions how;
    how.way = [this, there](ConnectionId number, const Endpoint& asked) {
      const Destination destination = destination_of(asked, there);
      WebSocketOptions socket = Network::trusting();
      if (!destination.host_header.empty()) socket.headers.emplace_back("Host", destination.host_header);
      return RelayOptions::Way{std::make_unique<WebSocketUpstream>(network.loop, number, std::move(socket)),
                               destination.endpoint};
    };
    relay.emplace(network.loop.clock(), recorded, std::move(how));
    in_loop.emplace(network.loop, *relay);
    options.pace = ServerPace::Manual;
    options.answer_pings = false;
    if (options.listen.front().security != Security::Plain) options.identity = test_identity();
    server.emplace(network.loop.context(), *in_loop, no_time, std::move(options));
    Endpoint here = server->listen().value().front();
    here.target = "/v2";
    return here;
  }
  Endpoint listen_before_exchange(Security security = Security::Tls) {
    MockServerOptions options;
    options.listen = {{.security = security}};
    Endpoint there = network.serve_with(security);
    return listen(there, std::move(options));
  }
  // Without Opened and Closed, and without their connections and times.
  using Words = std::vector<std::pair<FrameKind, std::string>>;
  static Words words(const FrameLog& log, Direction direction) {
    Words out;
    for (const auto& frame : log.frames) {
      if (frame.direction != direction || frame.kind == FrameKind::Opened || frame.kind == FrameKind::Closed) continue;
      out.emplace_back(frame.kind, frame.payload);
    }
    return out;
  }

  Network network;
  FrameLog recorded;
  VirtualClock no_time{Timestamp{}};
  std::optional<RelayExchange> relay;
  std::optional<LoopExchange> in_loop;
  std::optional<MockServer> server;
  FrameLog& client = network.log;
};

TEST_F(RelayOverSockets, PassesEveryFrameOnAndAnswersNoneItself) {
  const Endpoint here = listen_before_exchange();
  const Words from_exchange{{FrameKind::Text, R"({"channel":"heartbeat"})"},
                            {FrameKind::Ping, "exchange asks"},
                            {FrameKind::Binary, std::string("\0\xff", 2)},
                            {FrameKind::Ping, net::time_ping(kServerStart)},
                            {FrameKind::Text, std::string(200'000, 'x')}};
  network.exchange.attached = [&](ConnectionId id) {
    for (const auto& [kind, payload] : from_exchange) network.exchange.send(id, kind, payload);
  };
  network.exchange.said = [&](const Frame& frame) {
    if (frame.payload == "last") network.exchange.send(frame.connection, FrameKind::Closed, "4321 that is all");
  };
  WebSocketOptions options = Network::trusting();
  WebSocketTransport transport(network.loop, kClient, options);
  client.react = [&](const Frame& frame) {
    if (frame.kind == FrameKind::Opened) {
      transport.send(R"({"method":"ping"})");
      transport.send(FrameKind::Ping, "client asks");
      transport.send(FrameKind::Binary, "\1\2");
      transport.send(FrameKind::Text, std::string(70'000, 'y'));
    }
    // The exchange has answered, and all of its own has come.
    if (client.count(Direction::FromExchange, FrameKind::Pong) == 1 &&
        client.count(Direction::FromExchange, FrameKind::Text) == 2 &&
        client.count(Direction::ToExchange, FrameKind::Text) == 2) {
      transport.send("last");
    }
  };
  transport.connect(here, client);
  ASSERT_TRUE(network.until([&] { return !client.closed().empty() && relay->links() == 0; }));

  Words heard = words(client, Direction::FromExchange);
  // Where the one Pong stands among the rest is a matter of the network.
  EXPECT_EQ(std::erase(heard, (std::pair<FrameKind, std::string>{FrameKind::Pong, "client asks"})), 1U);
  EXPECT_EQ(heard, from_exchange);
  EXPECT_EQ(client.closed(), "< 4321 that is all");
  EXPECT_EQ(words(network.exchange.heard, Direction::ToExchange), words(client, Direction::ToExchange));
  EXPECT_EQ(words(recorded, Direction::ToExchange), words(client, Direction::ToExchange));
  EXPECT_EQ(words(recorded, Direction::FromExchange), words(client, Direction::FromExchange));
  EXPECT_EQ(recorded.closed(), "< 4321 that is all");
  EXPECT_EQ(network.exchange.heard.payloads(Direction::ToExchange, FrameKind::Pong),
            (std::vector<std::string>{"exchange asks", net::time_ping(kServerStart)}));
}

TEST_F(RelayOverSockets, HandsTheClientsFarewellOn) {
  const Endpoint here = listen_before_exchange(Security::Plain);
  WebSocketTransport transport(network.loop, kClient);
  client.react = [&](const Frame& frame) {
    if (frame.kind == FrameKind::Opened) transport.send("hello");
  };
  transport.connect(here, client);
  ASSERT_TRUE(network.until([&] { return network.exchange.heard.count(Direction::ToExchange, FrameKind::Text) == 1; }));
  transport.close({4001, "had enough"});
  ASSERT_TRUE(network.until([&] { return relay->links() == 0 && !network.exchange.heard.closed().empty(); }));
  EXPECT_EQ(network.exchange.heard.closed(), "> 4001 had enough");
  EXPECT_EQ(recorded.closed(), "> 4001 had enough");
  EXPECT_EQ(client.closed(), "> 4001 had enough");
}

TEST_F(RelayOverSockets, CutsTheClientWhereTheExchangeWasCut) {
  const Endpoint here = listen_before_exchange();
  network.exchange.attached = [&](ConnectionId id) { network.exchange.send(id, FrameKind::Closed, "1006 cut"); };
  WebSocketTransport transport(network.loop, kClient, Network::trusting());
  transport.connect(here, client);
  ASSERT_TRUE(network.until([&] { return !client.closed().empty(); }));
  EXPECT_THAT(client.closed(), HasSubstr("< 1006 "));
  EXPECT_THAT(recorded.closed(), HasSubstr("< 1006 "));
}

TEST_F(RelayOverSockets, SaysWhyTheExchangeCannotBeReached) {
  Endpoint nobody;
  {
    RawServer gone(network.loop.context());
    nobody = gone.endpoint();
  }
  const Endpoint here = listen(nobody);
  WebSocketTransport transport(network.loop, kClient);
  transport.connect(here, client);
  ASSERT_TRUE(network.until([&] { return !client.closed().empty(); }));
  EXPECT_THAT(client.closed(), HasSubstr("< 1013 connect: "));
  EXPECT_THAT(recorded.closed(), HasSubstr("< 1006 connect: "));
  EXPECT_FALSE(recorded.opened());
}

TEST_F(RelayOverSockets, SaysThatTheExchangeRefusesTheUpgrade) {
  MockServerOptions options;
  options.refuses_upgrade = [](const Endpoint&, std::string_view) { return net::HttpRefusal{429, "slow down\n", {}}; };
  const Endpoint here = listen(network.serve(std::move(options)));
  WebSocketTransport transport(network.loop, kClient);
  transport.connect(here, client);
  ASSERT_TRUE(network.until([&] { return !client.closed().empty(); }));
  EXPECT_EQ(client.closed(), "< 1013 upgrade: the server answered HTTP 429 Too Many Requests");
}

TEST_F(RelayOverSockets, SendsASlowClientAwayAndTroublesNoOther) {
  MockServerOptions options;
  options.max_queued_bytes = std::size_t{1} << 20U;
  options.close_timeout = std::chrono::milliseconds(50);
  const Endpoint here = listen(network.serve_with(Security::Plain), std::move(options));
  network.exchange.echo();
  RawPeer::tcp::socket socket(network.loop.context());
  socket.connect({boost::asio::ip::make_address(here.host), here.port});
  RawPeer slow(std::move(socket));  // never reads
  slow.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(network.until([&] { return network.exchange.clients.size() == 1; }));
  WebSocketTransport transport(network.loop, kClient);
  transport.connect(here, client);
  ASSERT_TRUE(network.until([&] { return network.exchange.clients.size() == 2; }));

  const std::string much(std::size_t{1} << 20U, 'z');
  // What the operating system takes comes on top.
  for (int i = 0; i < 64 && network.exchange.clients.contains(kFirst); ++i) {
    network.exchange.send(kFirst, much);
    ASSERT_TRUE(network.until([&] {
      return recorded.count(Direction::FromExchange, FrameKind::Text) > static_cast<std::size_t>(i) ||
             !network.exchange.clients.contains(kFirst);
    }));
  }
  ASSERT_TRUE(network.until([&] { return !network.exchange.heard.closed().empty() && !recorded.closed().empty(); }));
  EXPECT_THAT(recorded.closed(), HasSubstr("> 1008 too slow"));
  EXPECT_THAT(network.exchange.heard.closed(), HasSubstr("> 1008 too slow"));
  transport.send("still here");
  ASSERT_TRUE(network.until([&] { return client.count(Direction::FromExchange, FrameKind::Text) == 1; }));
  EXPECT_THAT(client.payloads(Direction::FromExchange, FrameKind::Text), ElementsAre("still here"));
}

TEST_F(RelayOverSockets, AsksForTheHostThatTheClientAskedFor) {
  const Endpoint here = listen_before_exchange(Security::Plain);
  RawPeer peer = RawPeer::connect(network.loop.context(), here);
  peer.write(RawPeer::upgrade_request("/v2?from=bot"));  // with "Host: ws.kraken.com"
  ASSERT_TRUE(network.until([&] { return recorded.opened(); }));
  const Endpoint& asked = network.exchange.endpoints.at(kFirst);
  EXPECT_EQ(asked.host, "ws.kraken.com");
  EXPECT_EQ(asked.target, "/v2?from=bot");
  EXPECT_THAT(recorded.payloads(Direction::FromExchange, FrameKind::Opened),
              ElementsAre(AllOf(HasSubstr("ws://127.0.0.1:"), HasSubstr("/v2?from=bot"))));
}

}  // namespace
}  // namespace ktape::test
