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

  Endpoint serve(Security security) {
    MockServerOptions options;
    options.listen = {{.security = security}};
    options.identity = identities().good;
    options.troubled = identities().troubled;
    options.log = [this](std::string_view line) { lines.emplace_back(line); };
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

}  // namespace
}  // namespace ktape::test
