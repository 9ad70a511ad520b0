#include "mock_server/listener.hpp"

#include <array>
#include <utility>

#include <boost/asio/ip/v6_only.hpp>
#include <fmt/format.h>

namespace ktape {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Clients say little: one read takes all of it, and an idle client costs no more than this.
constexpr std::size_t kReadAheadBytes = 4096;
// The first byte of a TLS record that carries a handshake (RFC 8446, 5.1); no HTTP method begins with it.
constexpr char kTlsHandshake = 0x16;
// A fatal alert, handshake_failure, in a record of TLS 1.2 as version 1.3 has it, too (RFC 8446, 5.1 and 6).
constexpr std::string_view kHandshakeFailure("\x15\x03\x03\x00\x02\x02\x28", 7);
// When the process is out of descriptors, accept() fails at once and again.
constexpr auto kRetryInterval = std::chrono::milliseconds(100);

}  // namespace

Listener::Listener(asio::io_context& io, ListenAddress address, TlsContext tls, Duration handshake_timeout,
                   Troubles troubles)
    : io_(io),
      address_(std::move(address)),
      tls_(std::move(tls)),
      handshake_timeout_(handshake_timeout),
      troubles_(std::move(troubles)),
      acceptor_(io),
      retry_(io) {}

Result<void> Listener::open() {
  error_code error;
  const auto address = asio::ip::make_address(address_.host, error);
  if (error) {
    return fail(Errc::InvalidArgument,
                fmt::format("cannot listen on '{}': an IP address such as 127.0.0.1 expected", address_.host));
  }
  const tcp::endpoint endpoint(address, address_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && address.is_v6()) acceptor_.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  if (!error) return {};
  return fail(Errc::Io, fmt::format("cannot listen on {} port {}: {}", address_.host, address_.port, error.message()));
}

std::vector<Endpoint> Listener::endpoints() const {
  const auto at = [&](bool secure) {
    return Endpoint{.secure = secure, .host = address_.host, .port = port_, .target = "/v2"};
  };
  switch (address_.security) {
    case ListenAddress::Security::Plain:
      return {at(false)};
    case ListenAddress::Security::Tls:
      return {at(true)};
    case ListenAddress::Security::Both:
      break;
  }
  return {at(false), at(true)};
}

void Listener::start(std::function<void(Arrival)> arrived, std::function<void(std::string_view)> log) {
  arrived_ = std::move(arrived);
  log_ = std::move(log);
  accept();
}

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
  arrived_ = nullptr;
  log_ = nullptr;
}

void Listener::accept() {
  acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
    if (!self->arrived_) return;
    if (error) {
      self->log_(fmt::format("a client could not be accepted: {}", error.message()));
      self->retry_.expires_after(kRetryInterval);
      self->retry_.async_wait([self](error_code cancelled) {
        if (!cancelled && self->arrived_) self->accept();
      });
      return;
    }
    if (self->troubles_.refuses_socket && self->troubles_.refuses_socket()) {
      // Its address is taken, so that the kernel has let it in: a reset is the nearest to a refusal.
      error_code ignored;
      socket.set_option(asio::socket_base::linger(true, 0), ignored);
      socket.close(ignored);
    } else if (self->address_.security == ListenAddress::Security::Both) {
      self->sniff(std::make_shared<tcp::socket>(std::move(socket)));
    } else {
      self->serve(std::move(socket), self->address_.security == ListenAddress::Security::Tls);
    }
    self->accept();
  });
}

void Listener::sniff(std::shared_ptr<tcp::socket> socket) {
  const auto limit = std::make_shared<asio::steady_timer>(io_, handshake_timeout_);
  limit->async_wait([socket](error_code cancelled) {
    error_code ignored;
    if (!cancelled) socket->close(ignored);
  });
  const auto first = std::make_shared<std::array<char, 1>>();
  socket->async_receive(asio::buffer(*first), asio::socket_base::message_peek,
                        [self = shared_from_this(), socket, limit, first](error_code error, std::size_t) {
                          limit->cancel();
                          if (error || !self->arrived_) return;
                          self->serve(std::move(*socket), first->front() == kTlsHandshake);
                        });
}

void Listener::serve(tcp::socket socket, bool secure) {
  error_code error;
  const tcp::endpoint here = socket.local_endpoint(error);
  const tcp::endpoint there = error ? tcp::endpoint() : socket.remote_endpoint(error);
  if (error) return;  // gone already
  Endpoint local{.secure = secure, .host = here.address().to_string(), .port = here.port(), .target = "/"};
  std::string client = there.address().to_string();
  net::ByteStream stream(std::move(socket), kReadAheadBytes);
  if (!secure) return arrived_({std::move(stream), std::move(local), std::move(client)});

  const TlsContext context = context_for(troubles_.fails_handshake ? troubles_.fails_handshake() : std::nullopt);
  if (!context) {
    stream.append(kHandshakeFailure);
    return stream.finish(handshake_timeout_, [] {});
  }
  const auto limit = std::make_shared<asio::steady_timer>(io_, handshake_timeout_);
  const auto shared = std::make_shared<net::ByteStream>(std::move(stream));
  limit->async_wait([shared](error_code cancelled) {
    if (!cancelled) shared->abort();
  });
  shared->tls_server(*context, [self = shared_from_this(), shared, limit, context, local = std::move(local),
                                client = std::move(client)](Result<void> done) {
    limit->cancel();
    if (!self->arrived_) return;
    if (!done) return self->log_("a client's TLS handshake failed: " + done.error().detail);
    self->arrived_({std::move(*shared), local, client});
  });
}

Listener::TlsContext Listener::context_for(std::optional<TlsTrouble> trouble) {
  if (!trouble) return tls_;
  const auto found = troubles_.contexts.find(*trouble);
  if (found != troubles_.contexts.end()) return found->second;
  if (*trouble != TlsTrouble::NoHandshake) log_("no such certificate to show: the handshake fails by an alert instead");
  return nullptr;
}

Result<std::shared_ptr<asio::ssl::context>> make_server_tls(const TlsIdentity& identity) {
  namespace ssl = asio::ssl;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  error_code error;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                           ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
                       error);
  if (error) return fail(Errc::Tls, "TLS cannot be set up: " + error.message());
  context->use_certificate_chain(asio::buffer(identity.certificate), error);
  if (error) return fail(Errc::Tls, "the server's certificate cannot be used: " + error.message());
  context->use_private_key(asio::buffer(identity.key), ssl::context::pem, error);
  if (error) return fail(Errc::Tls, "the server's private key cannot be used: " + error.message());
  return context;
}

}  // namespace ktape
