#include "mock_server/mock_server.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/network.hpp"
#include "tests/support/raw_peer.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Security = ListenAddress::Security;

class Server : public ::testing::Test {
 protected:
  RawPeer peer_for(const Endpoint& endpoint) { return RawPeer::connect(net.loop.context(), endpoint); }
  // A client that has been let in and speaks for itself from now on.
  RawPeer upgraded(const Endpoint& endpoint) {
    RawPeer peer = peer_for(endpoint);
    const std::size_t before = net.exchange.endpoints.size();
    peer.write(RawPeer::upgrade_request("/v2"));
    EXPECT_TRUE(net.until([&] { return net.exchange.endpoints.size() == before + 1; }));
    return peer;
  }
  std::string answer_to(const Endpoint& endpoint, const std::string& request) {
    RawPeer peer = peer_for(endpoint);
    peer.write(request);
    EXPECT_TRUE(net.until([&] { return peer.ended(); }));
    return peer.received();
  }
  MockServerOptions logged() {
    MockServerOptions options;
    options.log = [this](std::string_view line) { lines.emplace_back(line); };
    return options;
  }

  Network net;
  std::vector<std::string> lines;
};

TEST_F(Server, ListensOnSeveralPortsAndNamesThem) {
  MockServerOptions options;
  options.identity = test_identity();
  options.listen = {{.security = Security::Plain}, {.security = Security::Both}};
  MockServer server(net.loop.context(), net.exchange, net.server_clock, options);
  const auto endpoints = server.listen().value();
  ASSERT_EQ(endpoints.size(), 3U);
  EXPECT_FALSE(endpoints[0].secure);
  EXPECT_FALSE(endpoints[1].secure);
  EXPECT_TRUE(endpoints[2].secure);
  EXPECT_EQ(endpoints[1].port, endpoints[2].port);
  EXPECT_NE(endpoints[0].port, endpoints[1].port);
}

TEST_F(Server, TellsTlsFromPlainOnOnePort) {
  net.exchange.echo();
  Endpoint endpoint = net.serve_with(Security::Both);
  for (const bool secure : {false, true}) {
    endpoint.secure = secure;
    WebSocketTransport transport(net.loop, kClient, Network::trusting());
    net.log = {};
    transport.connect(endpoint, net.log);
    ASSERT_TRUE(net.until([&] { return net.log.opened(); }));
    transport.send("hello");
    ASSERT_TRUE(net.until([&] { return net.log.count(Direction::FromExchange, FrameKind::Text) == 1; }));
  }
  EXPECT_EQ(net.exchange.endpoints.at(ConnectionId{1}).secure, false);
  EXPECT_EQ(net.exchange.endpoints.at(ConnectionId{2}).secure, true);
}

TEST_F(Server, ListensOnIpv6) {
  MockServerOptions options;
  options.identity = test_identity();
  options.listen = {{.host = "::1", .security = Security::Tls}};
  net.server.emplace(net.loop.context(), net.exchange, net.server_clock, options);
  const auto endpoints = net.server->listen();
  if (!endpoints) GTEST_SKIP() << "no IPv6 here: " << endpoints.error().detail;
  WebSocketTransport transport(net.loop, kClient, Network::trusting());
  transport.connect(endpoints->front(), net.log);
  ASSERT_TRUE(net.until([&] { return net.log.opened() && net.server->clients() == 1; }));
  EXPECT_EQ(net.exchange.endpoints.at(kFirst).host, "::1");
}

TEST_F(Server, NamesAPortThatIsInUseAndWhatElseItCannotListenOn) {
  const Endpoint taken = net.serve();
  MockServerOptions options;
  options.listen = {{.port = taken.port}};
  MockServer second(net.loop.context(), net.exchange, net.server_clock, options);
  EXPECT_EQ(second.listen().error().detail,
            "cannot listen on 127.0.0.1 port " + std::to_string(taken.port) + ": Address already in use");

  options.listen = {{.host = "localhost"}};
  MockServer third(net.loop.context(), net.exchange, net.server_clock, options);
  EXPECT_THAT(third.listen().error().detail, HasSubstr("'localhost'"));

  options.listen = {{.security = Security::Tls}};
  MockServer fourth(net.loop.context(), net.exchange, net.server_clock, options);
  EXPECT_THAT(fourth.listen().error().detail, HasSubstr("no certificate is given"));

  options.listen = {{}};
  options.rate.denominator = 0;
  MockServer fifth(net.loop.context(), net.exchange, net.server_clock, options);
  EXPECT_THAT(fifth.listen().error().detail, HasSubstr("1/0"));
}

TEST_F(Server, AnswersOtherPathsWith404AndPlainRequestsWith426) {
  const Endpoint endpoint = net.serve();
  EXPECT_THAT(answer_to(endpoint, RawPeer::upgrade_request("/v3")), StartsWith("HTTP/1.1 404 Not Found\r\n"));
  const std::string plain = answer_to(endpoint, "GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(plain, StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
  EXPECT_THAT(plain, HasSubstr("Upgrade: websocket\r\n"));
  EXPECT_THAT(answer_to(endpoint, "GET /v2 HTTP/1.1\r\nX: " + std::string(40000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(answer_to(endpoint, "EHLO mail.example.com\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(net.exchange.endpoints.empty());
}

TEST_F(Server, TakesAQueryBehindThePathAndTheHostThatWasAskedFor) {
  const Endpoint endpoint = net.serve();
  RawPeer peer = peer_for(endpoint);
  peer.write(RawPeer::upgrade_request("/v2?from=1"));
  ASSERT_TRUE(net.until([&] { return net.server->clients() == 1; }));
  EXPECT_EQ(net.exchange.endpoints.at(kFirst).url(), "ws://ws.kraken.com/v2?from=1");
}

TEST_F(Server, EchoesTheFirstSubprotocolAndNoneWithoutAnOffer) {
  const Endpoint endpoint = net.serve();
  RawPeer with = peer_for(endpoint);
  with.write(RawPeer::upgrade_request("/v2", "Sec-WebSocket-Protocol: v1, v2\r\n"));
  ASSERT_TRUE(net.until([&] { return net.server->clients() == 1; }));
  RawPeer without = upgraded(endpoint);
  ASSERT_TRUE(net.until([&] {
    return with.received().find("\r\n\r\n") != std::string::npos &&
           without.received().find("\r\n\r\n") != std::string::npos;
  }));
  EXPECT_THAT(with.received(), HasSubstr("Sec-WebSocket-Protocol: v1\r\n"));
  EXPECT_THAT(without.received(), StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(without.received(), Not(HasSubstr("Sec-WebSocket-Protocol")));
  EXPECT_THAT(without.received(), Not(HasSubstr("Sec-WebSocket-Extensions")));
}

TEST_F(Server, TakesFramesThatComeTogetherWithTheRequest) {
  const Endpoint endpoint = net.serve();
  RawPeer peer = peer_for(endpoint);
  std::string hasty = RawPeer::upgrade_request("/v2");
  for (int i = 0; i < 1000; ++i) hasty += RawPeer::client_frame(0x81, "message " + std::to_string(i));
  peer.write(hasty);
  ASSERT_TRUE(net.until([&] { return net.exchange.heard.frames.size() == 1000; }));
  EXPECT_EQ(net.exchange.heard.frames.back().payload, "message 999");
}

TEST_F(Server, JoinsFragmentsAndAnswersAPingAmongThem) {
  RawPeer peer = upgraded(net.serve());
  peer.write(RawPeer::client_frame(0x01, "one ") + RawPeer::client_frame(0x89, "ping") +
             RawPeer::client_frame(0x00, "two ") + RawPeer::client_frame(0x80, "three"));
  ASSERT_TRUE(
      net.until([&] { return net.exchange.heard.frames.size() == 2 && peer.received().ends_with("\x8A\x04ping"); }));
  EXPECT_EQ(net.exchange.heard.frames[0].kind, FrameKind::Ping);
  EXPECT_EQ(net.exchange.heard.frames[1].payload, "one two three");
}

TEST_F(Server, ClosesWithTheCodeThatTheRfcNamesWhileOthersNoticeNothing) {
  net.exchange.echo();
  const Endpoint endpoint = net.serve();
  WebSocketTransport neighbour(net.loop, kClient);
  neighbour.connect(endpoint, net.log);
  ASSERT_TRUE(net.until([&] { return net.log.opened() && net.server->clients() == 1; }));

  const std::string too_long =
      RawPeer::client_frame(0x81, "x").substr(0, 1) + std::string("\xFF\x00\x00\x00\x00\x7F\xFF\xFF\xFF", 9);
  for (const auto& [frame, code] : std::vector<std::pair<std::string, std::string>>{
           {RawPeer::client_frame(0x81, "\xFF\xFE"), "\x03\xEF"},             // 1007: not UTF-8
           {RawPeer::client_frame(0x83, "opcode 3"), "\x03\xEA"},             // 1002: a reserved opcode
           {RawPeer::client_frame(0xF1, "reserved bits"), "\x03\xEA"},        // 1002
           {std::string("\x81\x01x", 3), "\x03\xEA"},                         // 1002: not masked
           {RawPeer::client_frame(0x80, "continues nothing"), "\x03\xEA"},    // 1002
           {RawPeer::client_frame(0x89, std::string(126, 'x')), "\x03\xEA"},  // 1002: a control frame too long
           {too_long + std::string(4, '\0'), "\x03\xF1"},                     // 1009
       }) {
    RawPeer peer = upgraded(endpoint);
    peer.write(frame);
    ASSERT_TRUE(net.until([&] { return peer.ended(); }));
    const std::string goodbye = peer.received().substr(peer.received().find("\r\n\r\n") + 4);
    EXPECT_THAT(goodbye, StartsWith("\x88")) << ::testing::PrintToString(frame);
    EXPECT_EQ(goodbye.substr(2, 2), code) << ::testing::PrintToString(frame);
  }
  neighbour.send("still here");
  ASSERT_TRUE(net.until([&] { return net.log.count(Direction::FromExchange, FrameKind::Text) == 1; }));
  EXPECT_EQ(net.server->clients(), 1U);
}

TEST_F(Server, AnswersACloseWithTheSameCode) {
  RawPeer peer = upgraded(net.serve());
  peer.write(RawPeer::client_frame(0x88, "\x0F\xA1 bye"));  // 4001
  ASSERT_TRUE(net.until([&] { return peer.ended() && net.exchange.clients.empty(); }));
  EXPECT_TRUE(peer.received().ends_with("\x88\x02\x0F\xA1"));
  EXPECT_EQ(net.exchange.heard.closed(), "> 4001  bye");
}

TEST_F(Server, HandsOverAResetAsALostConnection) {
  RawPeer peer = upgraded(net.serve(logged()));
  peer.reset();
  ASSERT_TRUE(net.until([&] { return net.exchange.clients.empty(); }));
  EXPECT_EQ(net.exchange.heard.closed(), "> 1006 connection lost: Connection reset by peer");
  EXPECT_THAT(lines, ElementsAre("client 1: 1006 connection lost: Connection reset by peer"));
}

TEST_F(Server, DropsAClientThatDoesNotFinishItsHandshake) {
  auto options = logged();
  options.handshake_timeout = 20ms;
  options.listen = {{.security = Security::Both}};
  const Endpoint endpoint = net.serve(std::move(options));
  RawPeer silent = peer_for(endpoint);
  RawPeer slow = peer_for(endpoint);
  slow.write("GET /v2 HT");
  RawPeer tls = peer_for(endpoint);
  tls.write("\x16\x03\x01");
  EXPECT_TRUE(net.until([&] { return silent.ended() && slow.ended() && tls.ended(); }));
  EXPECT_EQ(net.server->clients(), 0U);
}

TEST_F(Server, ClosesAClientThatDoesNotReadAndKeepsTheOthers) {
  auto options = logged();
  options.max_queued_bytes = std::size_t{8} << 20U;
  options.close_timeout = 20ms;
  const Endpoint endpoint = net.serve(std::move(options));
  boost::asio::ip::tcp::socket socket(net.loop.context());
  socket.connect({boost::asio::ip::make_address(endpoint.host), endpoint.port});
  RawPeer deaf(std::move(socket));  // never reads
  deaf.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(net.until([&] { return net.server->clients() == 1; }));
  WebSocketTransport other(net.loop, kClient);
  other.connect(endpoint, net.log);
  ASSERT_TRUE(net.until([&] { return net.log.opened() && net.server->clients() == 2; }));

  const std::string text(std::size_t{1} << 20U, 'x');
  std::size_t sent = 0;
  for (; sent < 64; ++sent) {
    net.exchange.send(kFirst, text);
    net.exchange.send(ConnectionId{2}, std::to_string(sent));
    net.loop.turn(1ms);
  }
  ASSERT_TRUE(net.until([&] { return !net.exchange.clients.contains(kFirst); }));
  EXPECT_EQ(net.exchange.heard.closed(), "> 1008 too slow: more than 8388608 bytes unsent");
  EXPECT_THAT(lines, ElementsAre("client 1: 1008 too slow: more than 8388608 bytes unsent"));
  ASSERT_TRUE(net.until([&] { return net.log.count(Direction::FromExchange, FrameKind::Text) == sent; }));
}

TEST_F(Server, ServesManyClients) {
  constexpr std::size_t kClients = 200;
  net.exchange.echo();
  const Endpoint endpoint = net.serve();
  std::vector<std::unique_ptr<WebSocketTransport>> transports;
  std::vector<FrameLog> logs(kClients);
  for (std::size_t i = 0; i < kClients; ++i) {
    transports.push_back(std::make_unique<WebSocketTransport>(net.loop, ConnectionId{static_cast<std::uint32_t>(i)}));
    transports.back()->connect(endpoint, logs[i]);
  }
  ASSERT_TRUE(net.until([&] { return net.server->clients() == kClients; }));
  ASSERT_TRUE(net.until(
      [&] { return std::all_of(logs.begin(), logs.end(), [](const FrameLog& log) { return log.opened(); }); }));
  for (std::size_t i = 0; i < kClients; ++i) transports[i]->send("client " + std::to_string(i));
  ASSERT_TRUE(net.until([&] {
    return std::all_of(logs.begin(), logs.end(),
                       [](const FrameLog& log) { return log.count(Direction::FromExchange, FrameKind::Text) == 1; });
  }));
  for (std::size_t i = 0; i < kClients; ++i) EXPECT_EQ(logs[i].frames.back().payload, "client " + std::to_string(i));
}

TEST_F(Server, TurnsAwayMoreClientsThanItsLimit) {
  auto options = logged();
  options.max_clients = 1;
  const Endpoint endpoint = net.serve(std::move(options));
  RawPeer first = upgraded(endpoint);
  RawPeer second = peer_for(endpoint);
  ASSERT_TRUE(net.until([&] { return second.ended(); }));
  EXPECT_THAT(lines, ElementsAre("a client was turned away: there are 1 already"));
}

TEST_F(Server, SaysGoodbyeToAllWhenItStops) {
  const Endpoint endpoint = net.serve_with(Security::Both);
  WebSocketTransport transport(net.loop, kClient);
  transport.connect(endpoint, net.log);
  ASSERT_TRUE(net.until([&] { return net.log.opened() && net.server->clients() == 1; }));
  net.server->stop();
  ASSERT_TRUE(net.until([&] { return !net.log.closed().empty() && net.server->clients() == 0; }));
  EXPECT_EQ(net.log.closed(), "< 1001 the server is shutting down");
  EXPECT_EQ(net.exchange.heard.closed(), "> 1001 the server is shutting down");
  net.log = {};
  transport.connect(endpoint, net.log);
  ASSERT_TRUE(net.until([&] { return !net.log.closed().empty(); }));
  EXPECT_THAT(net.log.closed(), HasSubstr("Connection refused"));
}

TEST_F(Server, HoldsItsClockForTheFirstClientAndThenLetsRealTimePass) {
  auto options = logged();
  options.rate = {1000, 1};
  std::vector<Timestamp> fired;
  const Timer first = net.server_clock.at(kServerStart, [&](Timestamp at) { fired.push_back(at); });
  const Timer second = net.server_clock.at(kServerStart + 1s, [&](Timestamp at) { fired.push_back(at); });
  const Endpoint endpoint = net.serve(std::move(options));
  net.loop.turn(5ms);
  EXPECT_TRUE(fired.empty());
  RawPeer peer = upgraded(endpoint);
  ASSERT_TRUE(net.until([&] { return fired.size() == 2; }));
  EXPECT_EQ(fired, (std::vector<Timestamp>{kServerStart, kServerStart + 1s}));
}

TEST_F(Server, StandsStillWhilePaused) {
  auto options = logged();
  options.rate = {1'000'000, 1};
  const Endpoint endpoint = net.serve(std::move(options));
  net.exchange.echo();
  RawPeer peer = upgraded(endpoint);
  net.server->pause();
  const Timestamp stood = net.server_clock.now();
  peer.write(RawPeer::client_frame(0x81, "heard all the same"));
  ASSERT_TRUE(net.until([&] { return peer.received().ends_with("heard all the same"); }));
  EXPECT_EQ(net.server_clock.now(), stood);
  bool fired = false;
  const Timer timer = net.server_clock.at(stood + 1h, [&](Timestamp) { fired = true; });
  net.server->resume();
  EXPECT_TRUE(net.until([&] { return fired; }));
}

TEST_F(Server, PassesTimeByHand) {
  auto options = logged();
  options.pace = ServerPace::Manual;
  options.announce_time = true;
  const Endpoint endpoint = net.serve(std::move(options));
  RawPeer peer = upgraded(endpoint);
  const Timer timer = net.server_clock.at(kServerStart + 1s, [&](Timestamp) { net.exchange.send(kFirst, "tick"); });
  net.server->advance_to(kServerStart + 999ms);
  net.server->advance_to(kServerStart + 2s);
  ASSERT_TRUE(net.until([&] { return peer.received().ends_with("ktape-time=1700000002000000000"); }));
  EXPECT_THAT(peer.received(), HasSubstr("ktape-time=1700000001000000000\x81\x04tick"));
  EXPECT_EQ(net.server_clock.now(), kServerStart + 2s);
}

TEST_F(Server, SendsAsFastAsTheClientReadsWithinTheHighWaterMark) {
  auto options = logged();
  options.pace = ServerPace::Max;
  const Endpoint endpoint = net.serve(std::move(options));
  constexpr std::size_t kFrames = 20'000;
  const std::string text(200, 'x');
  std::size_t sent = 0;
  Timer timer;
  std::function<void(Timestamp)> tick = [&](Timestamp at) {
    net.exchange.send(kFirst, text + std::to_string(sent));
    if (++sent < kFrames) timer = net.server_clock.at(at + 1ms, tick);
  };
  timer = net.server_clock.at(kServerStart + 1ms, tick);
  WebSocketTransport transport(net.loop, kClient);
  transport.connect(endpoint, net.log);
  ASSERT_TRUE(net.until([&] { return net.log.count(Direction::FromExchange, FrameKind::Text) > 0; }));
  EXPECT_LT(sent, kFrames) << "time has run away from the client";
  ASSERT_TRUE(net.until([&] { return net.log.frames.size() == kFrames + 1; }));
  EXPECT_EQ(net.log.frames.back().payload, text + std::to_string(kFrames - 1));
  EXPECT_EQ(net.server_clock.now(), kServerStart + 20s);
}

TEST_F(Server, LosesPatienceWithAClientThatHoldsUpTheOthersAtMaximumPace) {
  auto options = logged();
  options.pace = ServerPace::Max;
  options.patience = 30ms;
  options.close_timeout = 20ms;
  const Endpoint endpoint = net.serve(std::move(options));
  Timer timer;
  const std::string text(std::size_t{1} << 20U, 'x');
  std::function<void(Timestamp)> tick = [&](Timestamp at) {
    net.exchange.send(kFirst, text);
    timer = net.server_clock.at(at + 1ms, tick);
  };
  boost::asio::ip::tcp::socket socket(net.loop.context());
  socket.connect({boost::asio::ip::make_address(endpoint.host), endpoint.port});
  RawPeer deaf(std::move(socket));
  deaf.write(RawPeer::upgrade_request("/v2"));
  timer = net.server_clock.at(kServerStart, tick);
  ASSERT_TRUE(net.until([&] { return !lines.empty(); }));
  EXPECT_THAT(lines, ElementsAre("client 1: 1008 too slow: more than 131072 bytes unsent for 30ms"));
}

}  // namespace
}  // namespace ktape::test
