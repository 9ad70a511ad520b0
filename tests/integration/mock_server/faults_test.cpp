#include <gmock/gmock.h>

#include "faults/faulty_exchange.hpp"
#include "faults/server_faults.hpp"
#include "tests/support/network.hpp"
#include "tests/support/raw_peer.hpp"

// What goes wrong before there is a connection, and on one, over real sockets.
namespace ktape::test {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Security = ListenAddress::Security;

const TroubledIdentities& identities() {
  static const TroubledIdentities all = make_troubled_identities().value();
  return all;
}

class ServerFaults : public ::testing::Test {
 protected:
  void add(std::string_view members) {
    const auto fault = parse_fault("{" + std::string(members) + "}", "test");
    ASSERT_TRUE(fault.has_value()) << fault.error().detail;
    static_cast<void>(plan.add(*fault).value());
  }

  Endpoint serve(Security security, ServerPace pace = ServerPace::RealTime) {
    MockServerOptions options;
    options.pace = pace;
    options.listen = {{.security = security}};
    options.identity = identities().good;
    options.troubled = identities().troubled;
    options.log = [this](std::string_view line) { lines.emplace_back(line); };
    options.answer_http = [](const net::HttpRequest&) { return net::HttpResponse{.body = "{}"}; };
    let_fail(options, plan);
    server.emplace(net.loop.context(), faulty, net.server_clock, std::move(options));
    return server->listen().value().back();
  }

  // How an attempt ends: "opened", or what the client is told.
  std::string attempt(const Endpoint& endpoint, std::string ca = identities().good.ca) {
    WebSocketOptions options;
    options.ca_pem = std::move(ca);
    WebSocketTransport transport(net.loop, kClient, options);
    net.log = {};
    transport.connect(endpoint, net.log);
    EXPECT_TRUE(net.until([&] { return net.log.opened() || !net.log.closed().empty(); }));
    return net.log.opened() ? "opened" : net.log.closed();
  }

  Network net;
  FaultPlan plan{net.server_clock, 1};
  FaultyExchange faulty{net.server_clock, net.exchange, plan};
  std::optional<MockServer> server;
  std::vector<std::string> lines;
};

TEST_F(ServerFaults, RefusedConnect) {
  add("kind: refuse_connect, connection: 2");
  const Endpoint endpoint = serve(Security::Plain);
  EXPECT_EQ(attempt(endpoint), "opened");
  EXPECT_THAT(attempt(endpoint), AnyOf(HasSubstr("reset"), HasSubstr("hung up"), HasSubstr("Broken pipe")));
  EXPECT_EQ(attempt(endpoint), "opened");
}

TEST_F(ServerFaults, HttpStatusInPlaceOfTheUpgrade) {
  add("kind: http_status, status: 429, retry_after: 30s, body: \"slow down\\n\", times: 1");
  add("kind: http_status, status: 503, times: 2");
  const Endpoint endpoint = serve(Security::Plain);
  RawPeer peer = RawPeer::connect(net.loop.context(), endpoint);
  peer.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(net.until([&] { return peer.ended(); }));
  EXPECT_THAT(peer.received(), StartsWith("HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_THAT(peer.received(), HasSubstr("Retry-After: 30\r\n"));
  EXPECT_THAT(peer.received(), HasSubstr("\r\n\r\nslow down\n"));
  EXPECT_THAT(attempt(endpoint), HasSubstr("503"));
  EXPECT_THAT(attempt(endpoint), HasSubstr("503"));
  EXPECT_EQ(attempt(endpoint), "opened");
}

TEST_F(ServerFaults, HttpStatusOfOneHost) {
  add("kind: http_status, status: 502, host: ws.kraken.com");
  const Endpoint endpoint = serve(Security::Plain);
  EXPECT_EQ(attempt(endpoint), "opened") << "its name is 127.0.0.1";
  RawPeer peer = RawPeer::connect(net.loop.context(), endpoint);
  peer.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(net.until([&] { return peer.ended(); }));
  EXPECT_THAT(peer.received(), StartsWith("HTTP/1.1 502 Bad Gateway\r\n"));
}

TEST_F(ServerFaults, HttpStatusInPlaceOfAnAnswerOfRest) {
  add("kind: http_status, on: rest, target: /0/public/Time, status: 520, times: 1");
  add("kind: http_status, on: rest, target: /0/private/, status: 429, retry_after: 5s, body: '{\"error\":[\"busy\"]}'");
  const Endpoint endpoint = serve(Security::Plain);
  const auto call = [&](const std::string& target) {
    RawPeer peer = RawPeer::connect(net.loop.context(), endpoint);
    peer.write("GET " + target + " HTTP/1.1\r\nHost: api.kraken.com\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(net.until([&] { return peer.ended(); }));
    return peer.received();
  };
  const std::string broken = call("/0/public/Time");
  EXPECT_THAT(broken, StartsWith("HTTP/1.1 520 Web server is returning an unknown error\r\n"));
  EXPECT_THAT(broken, HasSubstr("Content-Type: text/html; charset=UTF-8\r\n"));
  EXPECT_THAT(broken, HasSubstr("<title>520 Web server is returning an unknown error</title>"));
  EXPECT_THAT(call("/0/public/Time"), StartsWith("HTTP/1.1 200 OK\r\n"));
  const std::string busy = call("/0/private/Balance");
  EXPECT_THAT(busy, StartsWith("HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_THAT(busy, HasSubstr("Content-Type: application/json; charset=utf-8\r\n"));
  EXPECT_THAT(busy, HasSubstr("Retry-After: 5\r\n"));
  EXPECT_THAT(busy, HasSubstr(R"({"error":["busy"]})"));
  EXPECT_EQ(attempt(endpoint), "opened") << "websockets are let in all the time";
}

TEST_F(ServerFaults, TlsHandshakeFailure) {
  add("kind: tls, failure: handshake, times: 1");
  const Endpoint endpoint = serve(Security::Tls);
  EXPECT_THAT(attempt(endpoint), HasSubstr("handshake failure"));
  EXPECT_EQ(attempt(endpoint), "opened");
}

TEST_F(ServerFaults, ExpiredCertificate) {
  add("kind: tls, failure: expired, times: 1");
  const Endpoint endpoint = serve(Security::Both);
  EXPECT_THAT(attempt(endpoint), HasSubstr("certificate has expired"));
  EXPECT_EQ(attempt(endpoint), "opened");
}

TEST_F(ServerFaults, WrongNameCertificate) {
  add("kind: tls, failure: wrong_name, times: 1");
  const Endpoint endpoint = serve(Security::Tls);
  EXPECT_THAT(attempt(endpoint), AnyOf(HasSubstr("mismatch"), HasSubstr("name")));
  EXPECT_EQ(attempt(endpoint), "opened");
}

TEST_F(ServerFaults, UntrustedCertificate) {
  add("kind: tls, failure: untrusted, times: 1");
  const Endpoint endpoint = serve(Security::Tls);
  EXPECT_THAT(attempt(endpoint), AnyOf(HasSubstr("self-signed"), HasSubstr("unable to get local issuer"),
                                       HasSubstr("certificate signature failure"), HasSubstr("self signed")));
  EXPECT_EQ(attempt(endpoint), "opened");
  EXPECT_THAT(lines.front(), StartsWith("a client's TLS handshake failed: "));
}

TEST_F(ServerFaults, TlsTroubleIsNotForThoseWhoDoNotWantTls) {
  add("kind: tls");
  Endpoint endpoint = serve(Security::Both);
  endpoint.secure = false;
  EXPECT_EQ(attempt(endpoint), "opened");
  EXPECT_EQ(plan.list().front().seen, 0U);
}

TEST_F(ServerFaults, AHalfOpenConnectionDoesNotEvenAnswerPings) {
  const Endpoint endpoint = serve(Security::Plain);
  RawPeer peer = RawPeer::connect(net.loop.context(), endpoint);
  peer.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(net.until([&] { return !net.exchange.clients.empty(); }));
  peer.write(RawPeer::client_frame(0x89, "one"));
  ASSERT_TRUE(net.until([&] { return peer.received().find("\x8A\x03one") != std::string::npos; }));
  add("kind: half_open, contains: now");
  net.exchange.send(kFirst, "now");
  peer.write(RawPeer::client_frame(0x89, "two"));
  peer.write(RawPeer::client_frame(0x88, "\x03\xE8"));  // and a close, which has no answer either
  ASSERT_TRUE(net.until([&] { return peer.ended(); }));
  EXPECT_EQ(peer.received().find("two"), std::string::npos);
  EXPECT_EQ(peer.received().find("\x88"), std::string::npos);
  EXPECT_THAT(net.exchange.heard.closed(), StartsWith("> 1000"));
}

TEST_F(ServerFaults, AResetIsOneAndACloseIsOne) {
  add("kind: close, code: 4001, reason: enough, contains: please close");
  add("kind: reset_peer, contains: please reset");
  net.exchange.echo();
  const Endpoint endpoint = serve(Security::Tls);
  for (const auto& [text, end] :
       {std::pair<std::string_view, std::string_view>{"please close", "< 4001 enough"}, {"please reset", "< 1006 "}}) {
    WebSocketOptions options;
    options.ca_pem = identities().good.ca;
    WebSocketTransport transport(net.loop, kClient, options);
    net.log = {};
    transport.connect(endpoint, net.log);
    ASSERT_TRUE(net.until([&] { return net.log.opened() && !net.exchange.clients.empty(); }));
    transport.send(text);
    ASSERT_TRUE(net.until([&] { return !net.log.closed().empty(); }));
    EXPECT_THAT(net.log.closed(), StartsWith(std::string(end)));
    ASSERT_TRUE(net.until([&] { return net.exchange.clients.empty(); })) << "the exchange knows it, too";
  }
}

// Bytes of one message come in pieces, in the exchange's time; what is said meanwhile, even a Pong, comes behind it.
TEST_F(ServerFaults, ASlicerCutsTheBytesOfAMessage) {
  add("kind: slicer, average_size: 4, delay: 100ms");
  for (const Security security : {Security::Plain, Security::Tls}) {
    SCOPED_TRACE(security == Security::Tls ? "TLS" : "plain");
    const Endpoint endpoint = serve(security, ServerPace::Manual);
    if (security == Security::Tls) {
      // Pieces of TLS cannot be read as they are: a client gets the whole, in time.
      WebSocketOptions options;
      options.ca_pem = identities().good.ca;
      WebSocketTransport transport(net.loop, kClient, options);
      net.log = {};
      transport.connect(endpoint, net.log);
      ASSERT_TRUE(net.until([&] { return net.log.opened() && !net.exchange.clients.empty(); }));
      net.exchange.send(net.exchange.clients.begin()->first, "0123456789");
      server->advance_to(net.server_clock.now() + 199ms);
      EXPECT_EQ(net.log.count(Direction::FromExchange, FrameKind::Text), 0U);
      server->advance_to(net.server_clock.now() + 1ms);
      ASSERT_TRUE(net.until([&] { return net.log.count(Direction::FromExchange, FrameKind::Text) == 1; }));
      EXPECT_EQ(net.log.payloads(Direction::FromExchange, FrameKind::Text).front(), "0123456789");
      break;
    }
    RawPeer peer = RawPeer::connect(net.loop.context(), endpoint);
    peer.write(RawPeer::upgrade_request("/v2"));
    ASSERT_TRUE(net.until([&] { return !net.exchange.clients.empty(); }));
    const auto heard = [&] {
      const auto end = peer.received().find("\r\n\r\n");
      return end == std::string::npos ? std::string() : peer.received().substr(end + 4);
    };
    net.exchange.send(kFirst, "0123456789");
    net.exchange.send(kFirst, "next");
    const std::string message =
        "\x81\x0a"
        "0123456789";
    ASSERT_TRUE(net.until([&] { return heard() == message.substr(0, 6); })) << heard();
    peer.write(RawPeer::client_frame(0x89, "ping"));
    server->advance_to(net.server_clock.now() + 100ms);
    ASSERT_TRUE(net.until([&] { return heard() == message.substr(0, 10); })) << heard();
    server->advance_to(net.server_clock.now() + 99ms);
    for (int i = 0; i < 5; ++i) net.loop.turn(Duration::zero());
    EXPECT_EQ(heard(), message.substr(0, 10)) << "not before its time";
    server->advance_to(net.server_clock.now() + 1ms);
    // The next message comes at the same instant, of one piece.
    ASSERT_TRUE(net.until([&] { return heard().size() == message.size() + 6 + 6; })) << heard();
    EXPECT_THAT(heard(), StartsWith(message));
    EXPECT_THAT(heard(), HasSubstr("\x81\x04next"));
    EXPECT_THAT(heard(), HasSubstr("\x8a\x04ping"));

    // Cut in the middle of a message, and closed behind one.
    net.exchange.send(kFirst, "abcdefghij");
    net.exchange.send(kFirst, FrameKind::Closed, "1001 bye");
    ASSERT_TRUE(net.until([&] { return heard().find("abcd") != std::string::npos; }));
    server->advance_to(net.server_clock.now() + 200ms);
    ASSERT_TRUE(net.until([&] { return heard().find("bye") != std::string::npos; }));
    EXPECT_THAT(heard(), HasSubstr("\x81\x0a"
                                   "abcdefghij\x88\x05\x03\xe9"
                                   "bye"));
    server.reset();
  }
}

// Where an instant is announced by a Ping, that cannot come in the middle of a message: it is late as a whole.
TEST_F(ServerFaults, ASlicerDelaysTheWholeMessageInLockstep) {
  add("kind: slicer, average_size: 4, delay: 100ms");
  net.exchange.attached = [&](ConnectionId id) { net.exchange.send(id, "0123456789"); };
  const Endpoint endpoint = serve(Security::Plain, ServerPace::Lockstep);
  const Timestamp start = net.server_clock.now();
  WebSocketTransport transport(net.loop, kClient, {});
  transport.connect(endpoint, net.log);
  ASSERT_TRUE(net.until([&] { return net.log.count(Direction::FromExchange, FrameKind::Text) == 1; }));
  EXPECT_EQ(net.log.payloads(Direction::FromExchange, FrameKind::Text).front(), "0123456789");
  EXPECT_EQ(net.server_clock.now(), start + 200ms);
}

}  // namespace
}  // namespace ktape::test
