// Whatever keeps a connection from standing ends in one Closed frame that says at which stage and why.
#include <string>

#include <gmock/gmock.h>

#include "tests/support/network.hpp"
#include "tests/support/raw_peer.hpp"

namespace ktape::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Security = ListenAddress::Security;

class Failure : public ::testing::Test {
 protected:
  // The Closed frame that an attempt ends in.
  std::string attempt(const Endpoint& endpoint, const WebSocketOptions& options = Network::trusting()) {
    transport.emplace(net.loop, kClient, options);
    net.log = {};
    transport->connect(endpoint, net.log);
    EXPECT_TRUE(net.until([&] { return !net.log.closed().empty(); }));
    EXPECT_EQ(net.log.frames.size(), 1U) << "one Closed and nothing else";
    return net.log.closed();
  }
  Endpoint serve_certificate(TlsIdentityOptions identity) {
    MockServerOptions options;
    options.listen = {{.security = Security::Tls}};
    options.identity = make_tls_identity(identity).value();
    ca = options.identity->ca;
    return net.serve(std::move(options));
  }
  WebSocketOptions trusting_ca() const {
    WebSocketOptions options;
    options.ca_pem = ca;
    return options;
  }
  static WebSocketOptions hasty() {
    WebSocketOptions options = Network::trusting();
    options.handshake_timeout = std::chrono::milliseconds(20);
    return options;
  }

  Network net;
  std::string ca;
  std::optional<WebSocketTransport> transport;
};

TEST_F(Failure, NamesARefusedConnectionWithItsAddress) {
  Endpoint nobody = RawServer(net.loop.context()).endpoint();  // was free a moment ago and has no listener now
  const std::string closed = attempt(nobody);
  EXPECT_THAT(closed, AllOf(StartsWith("< 1006 connect: 127.0.0.1:"), HasSubstr("Connection refused")));
}

TEST_F(Failure, NamesAHostThatDoesNotExist) {
  const std::string too_long(300, 'x');  // known to be no host's name without asking anybody
  EXPECT_THAT(attempt({.secure = true, .host = too_long, .port = 443, .target = "/"}),
              StartsWith("< 1006 resolve: no address for " + too_long + ": "));
}

TEST_F(Failure, SendsNothingInTheClearToOtherHosts) {
  EXPECT_THAT(attempt({.secure = false, .host = "192.0.2.1", .port = 80, .target = "/v2"}),
              AllOf(StartsWith("< 1006 connect: "), HasSubstr("ws://192.0.2.1/v2")));
}

TEST_F(Failure, RefusesACertificateOfAnotherAuthority) {
  const Endpoint endpoint = net.serve_with(Security::Tls);
  WebSocketOptions other;
  other.ca_pem = make_tls_identity().value().ca;
  EXPECT_THAT(attempt(endpoint, other), StartsWith("< 1006 TLS: the certificate of '127.0.0.1' is not accepted: "));
  EXPECT_THAT(attempt(endpoint, WebSocketOptions{}), HasSubstr("unable to get local issuer certificate"))
      << "the system's authorities do not know the mock's";
  EXPECT_EQ(net.server->clients(), 0U);
}

TEST_F(Failure, RefusesACertificateForAnotherNameOrAddress) {
  TlsIdentityOptions identity;
  identity.names = {"ws.kraken.com", "127.0.0.2"};
  Endpoint endpoint = serve_certificate(identity);
  EXPECT_THAT(attempt(endpoint, trusting_ca()),
              StartsWith("< 1006 TLS: the certificate of '127.0.0.1' is not accepted: IP address mismatch"));
  endpoint.host = "localhost";
  EXPECT_THAT(attempt(endpoint, trusting_ca()),
              HasSubstr("the certificate of 'localhost' is not accepted: hostname mismatch"));
}

TEST_F(Failure, RefusesACertificateThatIsNoLongerOrNotYetValid) {
  TlsIdentityOptions identity;
  identity.valid_from = -std::chrono::hours(48);
  identity.valid_until = -std::chrono::hours(24);
  Endpoint endpoint = serve_certificate(identity);
  EXPECT_THAT(attempt(endpoint, trusting_ca()), HasSubstr("certificate has expired"));
  identity.valid_from = std::chrono::hours(24);
  identity.valid_until = std::chrono::hours(48);
  endpoint = serve_certificate(identity);
  EXPECT_THAT(attempt(endpoint, trusting_ca()), HasSubstr("certificate is not yet valid"));
}

TEST_F(Failure, NamesAnAuthorityFileThatCannotBeRead) {
  WebSocketOptions options;
  options.ca_file = "/nonexistent/ca.pem";
  EXPECT_THAT(attempt(net.serve_with(Security::Tls), options),
              StartsWith("< 1006 TLS: certificate authorities cannot be read from '/nonexistent/ca.pem'"));
}

TEST_F(Failure, SaysThatAPlainServerDoesNotSpeakTls) {
  Endpoint endpoint = net.serve_with(Security::Plain);
  endpoint.secure = true;
  EXPECT_THAT(attempt(endpoint), StartsWith("< 1006 TLS: "));
}

TEST_F(Failure, SaysThatATlsServerDoesNotSpeakPlainly) {
  Endpoint endpoint = net.serve_with(Security::Tls);
  endpoint.secure = false;
  EXPECT_THAT(attempt(endpoint), StartsWith("< 1006 upgrade: "));
}

TEST_F(Failure, GivesTheHttpStatusOfARefusedUpgrade) {
  Endpoint endpoint = net.serve_with(Security::Tls);
  endpoint.target = "/v9";
  EXPECT_EQ(attempt(endpoint), "< 1006 upgrade: the server answered HTTP 404 Not Found");
}

TEST_F(Failure, NamesAServerThatTalksNonsense) {
  RawServer server(net.loop.context());
  transport.emplace(net.loop, kClient);
  transport->connect(server.endpoint(), net.log);
  ASSERT_TRUE(net.until([&] { return server.peer.has_value(); }));
  server.peer->write("220 mail.example.com ESMTP\r\n\r\n");
  ASSERT_TRUE(net.until([&] { return !net.log.closed().empty(); }));
  EXPECT_EQ(net.log.closed(), "< 1006 upgrade: bad version");
}

TEST_F(Failure, NamesAServerThatHangsUpInTheMiddle) {
  RawServer server(net.loop.context());
  transport.emplace(net.loop, kClient);
  transport->connect(server.endpoint(), net.log);
  ASSERT_TRUE(net.until([&] { return server.peer.has_value() && !server.peer->received().empty(); }));
  server.peer->hang_up();
  ASSERT_TRUE(net.until([&] { return !net.log.closed().empty(); }));
  EXPECT_EQ(net.log.closed(), "< 1006 upgrade: the other end hung up without a word");
}

TEST_F(Failure, GivesUpOnAServerThatNeverAnswers) {
  RawServer server(net.loop.context());
  EXPECT_EQ(attempt(server.endpoint(), hasty()), "< 1006 upgrade: no answer within 20ms");
  RawServer silent(net.loop.context());
  EXPECT_EQ(attempt(silent.endpoint(true), hasty()), "< 1006 TLS: no end of the handshake within 20ms");
}

TEST_F(Failure, SaysThatAServerAnnouncesNoTime) {
  Network timeless(TimeSource::Server);
  auto options = Network::trusting();
  options.handshake_timeout = std::chrono::milliseconds(50);
  const Endpoint endpoint = timeless.serve();
  WebSocketTransport waiting(timeless.loop, kClient, options);
  waiting.connect(endpoint, timeless.log);
  ASSERT_TRUE(timeless.until([&] { return !timeless.log.closed().empty(); }));
  EXPECT_EQ(timeless.log.closed(), "< 1006 the server announces no time: no Ping with ktape-time within 50ms");
  EXPECT_EQ(timeless.log.frames.size(), 1U);

  timeless.exchange.attached = [&](ConnectionId id) {
    timeless.loop.post([&timeless, id] { timeless.exchange.send(id, "hello at once"); });
  };
  timeless.log = {};
  WebSocketTransport patient(timeless.loop, kClient);
  patient.connect(endpoint, timeless.log);
  ASSERT_TRUE(timeless.until([&] { return !timeless.log.closed().empty(); }));
  EXPECT_EQ(timeless.log.closed(), "< 1006 the server announces no time: its first frame is no Ping with ktape-time");
}

}  // namespace
}  // namespace ktape::test
