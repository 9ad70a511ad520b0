// HTTP in the turns of a LiveLoop, both ends over real sockets in one thread.
#include <optional>

#include <gmock/gmock.h>

#include "live/http_client.hpp"
#include "live/http_server.hpp"
#include "tests/support/network.hpp"
#include "tests/support/raw_peer.hpp"

namespace ktape::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Security = ListenAddress::Security;

class Http : public ::testing::Test {
 protected:
  void serve(HttpServerOptions options = {}) {
    server = HttpServer::listen(net.loop, options, [this](const HttpRequest& request) {
               seen.push_back(request);
               return answer;
             }).value();
  }
  Endpoint endpoint() const { return {.secure = false, .host = "127.0.0.1", .port = server->port(), .target = "/"}; }
  static HttpClientOptions trusting() {
    HttpClientOptions options;
    options.ca_pem = test_identity().ca;
    return options;
  }
  Result<HttpResponse> ask(const Endpoint& where, HttpRequest request, HttpClientOptions options = trusting()) {
    HttpClient client(net.loop, where, std::move(options));
    std::optional<Result<HttpResponse>> got;
    client.request(std::move(request), [&](Result<HttpResponse> result) { got = std::move(result); });
    EXPECT_TRUE(net.until([&] { return got.has_value(); }));
    return got ? *got : fail(Errc::Timeout, "nothing came");
  }

  Network net;
  HttpResponse answer{.status = 200, .reason = {}, .headers = {{"Content-Type", "text/plain"}}, .body = "hello\n"};
  std::vector<HttpRequest> seen;
  std::unique_ptr<HttpServer> server;
};

TEST_F(Http, CarriesARequestAndItsAnswer) {
  serve();
  const auto got = ask(endpoint(), {.method = "POST", .target = "/a?b=c", .headers = {{"X-One", "1"}}, .body = "what"});
  ASSERT_TRUE(got.has_value()) << got.error().detail;
  EXPECT_EQ(got->status, 200U);
  EXPECT_EQ(got->reason, "OK");
  EXPECT_EQ(got->body, "hello\n");
  EXPECT_EQ(net::find_header(got->headers, "content-type"), "text/plain");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].method, "POST");
  EXPECT_EQ(seen[0].target, "/a?b=c");
  EXPECT_EQ(seen[0].body, "what");
  EXPECT_EQ(net::find_header(seen[0].headers, "x-one"), "1");
  EXPECT_EQ(net::find_header(seen[0].headers, "user-agent"), "krakentape");
  EXPECT_EQ(net::find_header(seen[0].headers, "Host"), "127.0.0.1:" + std::to_string(server->port()));
}

TEST_F(Http, CarriesMegabytes) {
  answer.body.assign(std::size_t{3} << 20U, 'x');
  answer.body += "end";
  serve();
  const auto got = ask(endpoint(), {});
  ASSERT_TRUE(got.has_value()) << got.error().detail;
  EXPECT_EQ(got->body, answer.body);
}

TEST_F(Http, GivesAHeadWithoutItsBody) {
  serve();
  const auto got = ask(endpoint(), {.method = "HEAD"});
  ASSERT_TRUE(got.has_value()) << got.error().detail;
  EXPECT_EQ(got->body, "");
  EXPECT_EQ(net::find_header(got->headers, "content-length"), "6");
}

TEST_F(Http, VerifiesTheCertificateOfAServer) {
  Endpoint where = net.serve_with(Security::Tls);
  const auto got = ask(where, {.target = "/v2"});
  ASSERT_TRUE(got.has_value()) << got.error().detail;
  EXPECT_EQ(got->status, 426U) << "a websocket, but it answered over TLS";

  const auto strange = ask(where, {.target = "/v2"}, HttpClientOptions{});
  ASSERT_FALSE(strange.has_value());
  EXPECT_EQ(strange.error().code, Errc::Tls);
  EXPECT_THAT(strange.error().detail, StartsWith("TLS: the certificate of '127.0.0.1' is not accepted: "));
}

TEST_F(Http, TellsARefusedCertificateFromAServerThatSpeaksNoTls) {
  Endpoint where = net.serve_with(Security::Plain);
  where.secure = true;
  const auto got = ask(where, {});
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, Errc::Io) << got.error().detail;
}

TEST_F(Http, SendsNothingInTheClearToOtherHosts) {
  const Endpoint where{.secure = false, .host = "192.0.2.1", .port = 80, .target = "/"};
  const auto got = ask(where, {});
  ASSERT_FALSE(got.has_value());
  EXPECT_THAT(got.error().detail, HasSubstr("loopback"));
  const auto checked = HttpClient::check(where, {});
  ASSERT_FALSE(checked.has_value());
  EXPECT_THAT(checked.error().detail, AllOf(HasSubstr("http://192.0.2.1/"), HasSubstr("loopback")));
}

TEST_F(Http, NamesARefusedConnection) {
  const Endpoint nobody = RawServer(net.loop.context()).endpoint();
  Endpoint where = nobody;
  where.secure = false;
  const auto got = ask(where, {});
  ASSERT_FALSE(got.has_value());
  EXPECT_THAT(got.error().detail, AllOf(StartsWith("connect: 127.0.0.1:"), HasSubstr("Connection refused")));
}

TEST_F(Http, RefusesAnAnswerBeyondTheLimit) {
  answer.body.assign(2000, 'x');
  serve();
  HttpClientOptions options;
  options.max_body_bytes = 1999;
  const auto got = ask(endpoint(), {}, options);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, Errc::Limit);
  EXPECT_THAT(got.error().detail, HasSubstr("1999 bytes"));
}

TEST_F(Http, DoesNotWaitForEverForAnAnswer) {
  RawServer silent(net.loop.context());
  Endpoint where = silent.endpoint();
  where.secure = false;
  HttpClientOptions options;
  options.answer_timeout = std::chrono::milliseconds(20);
  const auto got = ask(where, {}, options);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, Errc::Timeout);
  EXPECT_THAT(got.error().detail, HasSubstr("20ms"));
}

TEST_F(Http, ForgetsWhatIsUnderWayWhenItGoes) {
  serve();
  bool told = false;
  {
    HttpClient client(net.loop, endpoint());
    client.request({}, [&](const Result<HttpResponse>&) { told = true; });
  }
  ASSERT_TRUE(ask(endpoint(), {}).has_value());
  EXPECT_FALSE(told);
}

TEST_F(Http, ReadsUrls) {
  EXPECT_EQ(parse_http_url("https://api.kraken.com")->host, "api.kraken.com");
  EXPECT_EQ(parse_http_url("https://api.kraken.com")->port, 443);
  EXPECT_EQ(parse_http_url("http://127.0.0.1:8080/x")->port, 8080);
  for (const char* const wrong : {"", "api.kraken.com", "wss://api.kraken.com", "ftp://x", "https://", "http://:1"}) {
    const auto parsed = parse_http_url(wrong);
    ASSERT_FALSE(parsed.has_value()) << wrong;
    EXPECT_THAT(parsed.error().detail, HasSubstr("'" + std::string(wrong) + "'"));
  }
  EXPECT_EQ(http_url(*parse_http_url("http://[::1]:81"), "/a"), "http://[::1]:81/a");
}

// ---- clients without manners

TEST_F(Http, AnswersNonsenseWithAComplaint) {
  serve();
  RawPeer peer = RawPeer::connect(net.loop.context(), endpoint());
  peer.write("hello?\r\n\r\n");
  ASSERT_TRUE(net.until([&] { return peer.ended(); }));
  EXPECT_THAT(peer.received(), StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_TRUE(seen.empty());
}

TEST_F(Http, RefusesTooMuchOfARequest) {
  HttpServerOptions options;
  options.max_header_bytes = 200;
  options.max_body_bytes = 10;
  serve(options);
  for (const std::string& request : {"GET / HTTP/1.1\r\nX: " + std::string(300, 'x') + "\r\n\r\n",
                                     "POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n" + std::string(11, 'x')}) {
    RawPeer peer = RawPeer::connect(net.loop.context(), endpoint());
    peer.write(request);
    ASSERT_TRUE(net.until([&] { return peer.ended(); }));
    EXPECT_THAT(peer.received(), StartsWith("HTTP/1.1 413 ")) << request.substr(0, 20);
  }
  EXPECT_TRUE(seen.empty());
}

TEST_F(Http, HangsUpOnWhoeverIsTooSlow) {
  HttpServerOptions options;
  options.request_timeout = std::chrono::milliseconds(20);
  serve(options);
  RawPeer peer = RawPeer::connect(net.loop.context(), endpoint());
  peer.write("GET / HT");
  EXPECT_TRUE(net.until([&] { return peer.ended(); }));
}

TEST_F(Http, HangsUpOnWhoeverDoesNotRead) {
  answer.body.assign(std::size_t{32} << 20U, 'x');  // more than the kernel's buffers hold
  HttpServerOptions options;
  options.max_connections = 1;
  options.answer_timeout = std::chrono::milliseconds(50);
  serve(options);
  RawPeer::tcp::socket deaf(net.loop.context());
  deaf.connect({boost::asio::ip::make_address("127.0.0.1"), server->port()});
  RawPeer peer(std::move(deaf));
  peer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(net.until([&] { return seen.size() == 1; }));
  // Its place is taken until it is cut off; then the next is served.
  answer.body = "hello\n";
  std::optional<Result<HttpResponse>> got;
  HttpClient client(net.loop, endpoint());
  const std::function<void()> again = [&] {
    client.request({}, [&](Result<HttpResponse> result) { result ? void(got = std::move(result)) : again(); });
  };
  again();
  ASSERT_TRUE(net.until([&] { return got.has_value(); }));
  EXPECT_EQ((*got)->body, "hello\n");
}

TEST_F(Http, TakesNoMoreClientsThanItWasTold) {
  HttpServerOptions options;
  options.max_connections = 2;
  serve(options);
  RawPeer first = RawPeer::connect(net.loop.context(), endpoint());
  RawPeer second = RawPeer::connect(net.loop.context(), endpoint());
  RawPeer third = RawPeer::connect(net.loop.context(), endpoint());
  ASSERT_TRUE(net.until([&] { return third.ended(); }));
  EXPECT_FALSE(first.ended());
  first.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(net.until([&] { return first.ended(); }));
  EXPECT_THAT(first.received(), HasSubstr("hello"));
}

TEST_F(Http, NamesAPortThatIsTaken) {
  serve();
  HttpServerOptions options;
  options.port = server->port();
  const auto second = HttpServer::listen(net.loop, options, [](const HttpRequest&) { return HttpResponse{}; });
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error().detail, AllOf(HasSubstr(std::to_string(options.port)), HasSubstr("in use")));
  const auto named =
      HttpServer::listen(net.loop, {.host = "localhost"}, [](const HttpRequest&) { return HttpResponse{}; });
  ASSERT_FALSE(named.has_value());
  EXPECT_THAT(named.error().detail, HasSubstr("'localhost'"));
}

}  // namespace
}  // namespace ktape::test
