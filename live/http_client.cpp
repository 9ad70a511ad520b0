#include "live/http_client.hpp"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "live/dialer.hpp"
#include "live/tls_trust.hpp"
#include "net/http.hpp"

namespace ktape {
namespace {

namespace asio = boost::asio;

DialOptions dial_options(const HttpClientOptions& options) {
  return {.ca_file = options.ca_file,
          .ca_pem = options.ca_pem,
          .connect_timeout = options.connect_timeout,
          .handshake_timeout = options.connect_timeout};
}

}  // namespace

Result<Endpoint> parse_http_url(std::string_view url) {
  constexpr std::string_view kSecure = "https://";
  constexpr std::string_view kPlain = "http://";
  std::string websocket;
  if (url.starts_with(kSecure)) {
    websocket = fmt::format("wss://{}", url.substr(kSecure.size()));
  } else if (url.starts_with(kPlain)) {
    websocket = fmt::format("ws://{}", url.substr(kPlain.size()));
  } else {
    return fail(Errc::InvalidArgument,
                fmt::format("'{}' is no URL of a web server: https:// or http:// expected", url));
  }
  auto endpoint = Endpoint::parse(websocket);
  if (!endpoint) return fail(Errc::InvalidArgument, fmt::format("'{}' is no URL of a web server", url));
  return endpoint;
}

std::string http_url(const Endpoint& endpoint, std::string_view target) {
  return fmt::format("{}://{}{}", endpoint.secure ? "https" : "http", host_header(endpoint), target);
}

// One request. Handlers keep it.
class HttpClient::Call final : public std::enable_shared_from_this<Call> {
 public:
  Call(LiveLoop& loop, const Endpoint& server, const HttpClientOptions& options, HttpRequest request, Done done)
      : loop_(loop),
        server_(server),
        options_(options),
        request_(std::move(request)),
        done_(std::move(done)),
        dialer_(std::make_shared<Dialer>(loop, server, dial_options(options))),
        timer_(loop.context()) {}

  void start() {
    asio::post(loop_.context(), [self = shared_from_this()] {
      if (!self->done_) return;
      self->dialer_->start([self](Result<net::ByteStream> stream) {
        if (!stream) return self->finish(tl::unexpected<Error>(stream.error()));
        self->ask(std::move(*stream));
      });
    });
  }

  void cancel() {
    done_ = nullptr;
    release();
  }

 private:
  void release() {
    dialer_->cancel();
    timer_.cancel();
    if (stream_) stream_->abort();
    stream_.reset();
  }

  void ask(net::ByteStream stream) {
    stream_ = std::make_shared<net::ByteStream>(std::move(stream));
    timer_.expires_after(options_.answer_timeout);
    timer_.async_wait([self = shared_from_this()](net::error_code error) {
      if (error || !self->done_) return;
      self->finish(
          fail(Errc::Timeout, fmt::format("answer: none within {}", format_duration(self->options_.answer_timeout))));
    });
    net::HttpLimits limits;
    limits.max_body_bytes = options_.max_body_bytes;
    for (const auto& header : options_.headers) {
      if (net::find_header(request_.headers, header.first).empty()) request_.headers.push_back(header);
    }
    net::exchange_http(stream_, host_header(server_), request_, limits,
                       [self = shared_from_this()](Result<HttpResponse> answer) {
                         if (!answer) {
                           return self->finish(fail(answer.error().code, "answer: " + answer.error().detail));
                         }
                         self->finish(std::move(answer));
                       });
  }

  void finish(Result<HttpResponse> result) {
    const auto self = shared_from_this();
    const Done done = std::exchange(done_, nullptr);
    release();
    if (!done) return;
    loop_.take_time();
    done(std::move(result));
    loop_.settle();
  }

  LiveLoop& loop_;
  Endpoint server_;
  HttpClientOptions options_;
  HttpRequest request_;
  Done done_;
  std::shared_ptr<Dialer> dialer_;
  asio::steady_timer timer_;
  std::shared_ptr<net::ByteStream> stream_;
};

HttpClient::HttpClient(LiveLoop& loop, Endpoint server, HttpClientOptions options)
    : loop_(loop), server_(std::move(server)), options_(std::move(options)) {}

HttpClient::~HttpClient() {
  for (const auto& call : calls_) {
    if (const auto still = call.lock()) still->cancel();
  }
}

Result<void> HttpClient::check(const Endpoint& server, const HttpClientOptions& options) {
  if (!require_private(server, dial_options(options))) {
    return fail(Errc::InvalidArgument, fmt::format("http:// sends everything in the clear, so it is for loopback hosts "
                                                   "only: {}",
                                                   http_url(server, server.target)));
  }
  if (!server.secure) return {};
  if (auto tls = make_client_tls(options.ca_file, options.ca_pem); !tls) return tl::unexpected<Error>(tls.error());
  return {};
}

void HttpClient::request(HttpRequest request, Done done) {
  std::erase_if(calls_, [](const auto& call) { return call.expired(); });
  const auto call = std::make_shared<Call>(loop_, server_, options_, std::move(request), std::move(done));
  calls_.push_back(call);
  call->start();
}

}  // namespace ktape
