// HTTP and websockets on one port.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "live/http_client.hpp"
#include "tests/support/network.hpp"
#include "tests/support/raw_peer.hpp"

namespace ktape::test {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class HttpAnswers : public ::testing::Test {
 protected:
  Endpoint serve(ListenAddress::Security security) {
    MockServerOptions options;
    options.listen = {{.security = security}};
    options.log = [this](std::string_view line) { lines.emplace_back(line); };
    options.answer_http = [this](const net::HttpRequest& request) -> std::optional<net::HttpResponse> {
      if (request.target == "/nothing") return std::nullopt;
      seen.push_back(request);
      return net::HttpResponse{.headers = {{"Content-Type", "application/json"}},
                               .body = request.method + " " + request.target};
    };
    return net.serve(std::move(options));
  }

  Network net;
  std::vector<net::HttpRequest> seen;
  std::vector<std::string> lines;
};

TEST_F(HttpAnswers, OneConnectionAsksTwiceAndThenBecomesAWebsocket) {
  net.exchange.echo();
  RawPeer peer = RawPeer::connect(net.loop.context(), serve(ListenAddress::Security::Plain));
  peer.write("GET /0/public/Time?x=1 HTTP/1.1\r\nHost: api.kraken.com\r\n\r\n");
  ASSERT_TRUE(net.until([&] { return peer.received().ends_with("GET /0/public/Time?x=1"); }));
  EXPECT_THAT(peer.received(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(peer.received(), HasSubstr("Content-Length: 22\r\n"));
  // The body in several pieces, and what follows at once behind it.
  peer.write("POST /0/private/Balance HTTP/1.1\r\nHost: api.kraken.com\r\nContent-Length: 9\r\n\r\nnonc");
  peer.write("e=123" + RawPeer::upgrade_request("/v2") + RawPeer::client_frame(0x81, "hello"));
  ASSERT_TRUE(net.until([&] { return peer.received().ends_with("hello"); }));
  EXPECT_THAT(peer.received(), HasSubstr("POST /0/private/Balance"));
  EXPECT_THAT(peer.received(), HasSubstr("101 Switching Protocols"));
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].body, "nonce=123");
  EXPECT_EQ(net::find_header(seen[1].headers, "host"), "api.kraken.com");
  EXPECT_EQ(net.exchange.endpoints.at(kFirst).host, "ws.kraken.com");
}

TEST_F(HttpAnswers, ClosesWhereTheClientWantsItAndSaysNothingOfIt) {
  RawPeer peer = RawPeer::connect(net.loop.context(), serve(ListenAddress::Security::Plain));
  peer.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(net.until([&] { return peer.ended(); }));
  EXPECT_THAT(peer.received(), EndsWith("GET /"));
  EXPECT_THAT(peer.received(), HasSubstr("Connection: close"));
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(HttpAnswers, HasTheHeadersOnlyForHead) {
  RawPeer peer = RawPeer::connect(net.loop.context(), serve(ListenAddress::Security::Plain));
  peer.write("HEAD /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(net.until([&] { return peer.ended(); }));
  EXPECT_THAT(peer.received(), HasSubstr("Content-Length: 10\r\n"));
  EXPECT_THAT(peer.received(), EndsWith("\r\n\r\n"));
}

TEST_F(HttpAnswers, RefusesAsBeforeWhatTheHandlerHasNoAnswerFor) {
  RawPeer peer = RawPeer::connect(net.loop.context(), serve(ListenAddress::Security::Plain));
  peer.write("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(net.until([&] { return peer.ended(); }));
  EXPECT_THAT(peer.received(), StartsWith("HTTP/1.1 404 Not Found\r\n"));
}

TEST_F(HttpAnswers, RefusesABodyThatIsTooLong) {
  RawPeer peer = RawPeer::connect(net.loop.context(), serve(ListenAddress::Security::Plain));
  peer.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n");
  ASSERT_TRUE(net.until([&] { return peer.ended(); }));
  EXPECT_THAT(peer.received(), StartsWith("HTTP/1.1 4"));
  EXPECT_THAT(seen, IsEmpty());
}

TEST_F(HttpAnswers, WorksOverTlsWithOurOwnClient) {
  const Endpoint server = serve(ListenAddress::Security::Tls);
  HttpClientOptions trusting;
  trusting.ca_pem = test_identity().ca;
  HttpClient client(net.loop, server, trusting);
  std::vector<std::string> answers;
  const auto keep = [&](const Result<net::HttpResponse>& response) {
    answers.push_back(response ? response->body : response.error().detail);
  };
  client.request({.target = "/a"}, keep);
  client.request({.method = "POST", .target = "/b", .body = "x"}, keep);
  ASSERT_TRUE(net.until([&] { return answers.size() == 2; }));
  EXPECT_THAT(answers, ::testing::UnorderedElementsAre("GET /a", "POST /b"));
  EXPECT_THAT(lines, IsEmpty());
}

}  // namespace
}  // namespace ktape::test
