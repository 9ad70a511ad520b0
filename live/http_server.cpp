#include "live/http_server.hpp"

#include <list>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "net/http.hpp"

namespace ktape {
namespace {

namespace asio = boost::asio;
using net::error_code;
using net::HttpRequest;
using net::HttpResponse;
using net::tcp;

constexpr std::size_t kReadAheadBytes = std::size_t{4} << 10U;
// After an accept() that failed, which it does for lack of file descriptors.
constexpr Duration kRetryInterval = std::chrono::seconds(1);

HttpResponse complaint(const Error& error) {
  return {.status = error.code == Errc::Limit ? 413U : 400U,
          .reason = {},
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = fmt::format("not a request that is taken: {}\n", error.detail)};
}

}  // namespace

// Handlers keep it; close() takes everything else from them.
class HttpServer::Impl final : public std::enable_shared_from_this<Impl> {
 public:
  Impl(LiveLoop& loop, HttpServerOptions options, Handler handler)
      : loop_(loop),
        options_(std::move(options)),
        handler_(std::move(handler)),
        acceptor_(loop.context()),
        retry_(loop.context()) {}

  Result<void> open() {
    error_code error;
    const auto address = asio::ip::make_address(options_.host, error);
    if (error) {
      return fail(Errc::InvalidArgument,
                  fmt::format("cannot listen on '{}': an IP address such as 127.0.0.1 expected", options_.host));
    }
    const tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && address.is_v6()) acceptor_.set_option(asio::ip::v6_only(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (!error) return {};
    return fail(Errc::Io,
                fmt::format("cannot listen on {} port {}: {}", options_.host, options_.port, error.message()));
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (!self->handler_) return;
      if (error) {
        self->retry_.expires_after(kRetryInterval);
        self->retry_.async_wait([self](error_code cancelled) {
          if (!cancelled && self->handler_) self->accept();
        });
        return;
      }
      if (self->clients_.size() < self->options_.max_connections) self->serve(std::move(socket));
      self->accept();
    });
  }

  void close() {
    handler_ = nullptr;
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
    for (Client& client : clients_) {
      client.timer.cancel();
      client.stream->abort();
    }
    clients_.clear();
  }

  std::uint16_t port() const { return port_; }

 private:
  struct Client {
    std::shared_ptr<net::ByteStream> stream;
    asio::steady_timer timer;
  };
  using Place = std::list<Client>::iterator;

  void serve(tcp::socket socket) {
    clients_.push_back(
        {std::make_shared<net::ByteStream>(std::move(socket), kReadAheadBytes), asio::steady_timer(loop_.context())});
    const Place client = std::prev(clients_.end());
    limit(client, options_.request_timeout);
    net::HttpLimits limits;
    limits.max_header_bytes = options_.max_header_bytes;
    limits.max_body_bytes = options_.max_body_bytes;
    net::read_http_request(client->stream, limits, [self = shared_from_this(), client](Result<HttpRequest> request) {
      if (self->handler_) self->requested(client, std::move(request));
    });
  }

  void requested(Place client, Result<HttpRequest> request) {
    if (!request && request.error().code == Errc::Io) return drop(client);
    limit(client, options_.answer_timeout);
    const bool head = request && request->method == "HEAD";
    HttpResponse response;
    if (request) {
      loop_.take_time();
      response = handler_(*request);
      loop_.settle();
    } else {
      response = complaint(request.error());
    }
    net::write_http_response(client->stream, response, head, [self = shared_from_this(), client](Result<void>) {
      if (self->handler_) self->forget(client);
    });
  }

  // The stream is aborted, and who reads or writes on it is told; but a client is dropped once.
  void limit(Place client, Duration time) {
    client->timer.expires_after(time);
    client->timer.async_wait([stream = client->stream](error_code error) {
      if (!error) stream->abort(true);
    });
  }

  void drop(Place client) {
    client->stream->abort();
    forget(client);
  }
  void forget(Place client) {
    client->timer.cancel();
    clients_.erase(client);
  }

  LiveLoop& loop_;
  HttpServerOptions options_;
  Handler handler_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  std::uint16_t port_ = 0;
  std::list<Client> clients_;
};

Result<std::unique_ptr<HttpServer>> HttpServer::listen(LiveLoop& loop, HttpServerOptions options, Handler handler) {
  auto impl = std::make_shared<Impl>(loop, std::move(options), std::move(handler));
  if (auto opened = impl->open(); !opened) return tl::unexpected<Error>(opened.error());
  impl->accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { impl_->close(); }
std::uint16_t HttpServer::port() const { return impl_->port(); }

}  // namespace ktape
