#include "live/dialer.hpp"

#include <utility>

#include <boost/asio/connect.hpp>
#include <fmt/format.h>

#include "live/tls_trust.hpp"

namespace ktape {
namespace {

namespace asio = boost::asio;
using net::error_code;
using net::tcp;

constexpr std::size_t kReadAheadBytes = std::size_t{64} << 10U;

std::string describe(const tcp::endpoint& address) {
  const bool brackets = address.address().is_v6();
  return fmt::format("{}{}{}:{}", brackets ? "[" : "", address.address().to_string(), brackets ? "]" : "",
                     address.port());
}

}  // namespace

Result<void> require_private(const Endpoint& endpoint, const DialOptions& options) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(endpoint.host, error);
  const bool loopback = error ? endpoint.host == "localhost" : address.is_loopback();
  if (endpoint.secure || loopback || options.allow_plain_to_other_hosts) return {};
  return fail(Errc::InvalidArgument,
              fmt::format("ws:// sends everything in the clear, so it is for loopback hosts only: {}", endpoint.url()));
}

std::string host_header(const Endpoint& endpoint) {
  const bool brackets = endpoint.host.find(':') != std::string::npos;
  std::string out = brackets ? '[' + endpoint.host + ']' : endpoint.host;
  if (endpoint.port != (endpoint.secure ? 443 : 80)) out += fmt::format(":{}", endpoint.port);
  return out;
}

Dialer::Dialer(LiveLoop& loop, Endpoint endpoint, DialOptions options)
    : loop_(loop),
      endpoint_(std::move(endpoint)),
      options_(std::move(options)),
      resolver_(loop.context()),
      timer_(loop.context()) {}

void Dialer::start(Done done) {
  done_ = std::move(done);
  const auto& host = endpoint_.host;
  error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (auto allowed = require_private(endpoint_, options_); !allowed) {
    return finish(fail(allowed.error().code, "connect: " + allowed.error().detail));
  }
  if (endpoint_.secure) {
    auto tls = make_client_tls(options_.ca_file, options_.ca_pem);
    if (!tls) return finish(fail(Errc::Tls, "TLS: " + tls.error().detail));
    tls_ = std::move(*tls);
  }
  if (!error) {
    addresses_.emplace_back(address, endpoint_.port);
    return connect_next();
  }
  limit(options_.connect_timeout, fmt::format("resolve: no address for {}", host));
  resolver_.async_resolve(host, fmt::format("{}", endpoint_.port), tcp::resolver::numeric_service,
                          [self = shared_from_this()](error_code failed, const tcp::resolver::results_type& found) {
                            if (!self->done_) return;
                            if (failed) {
                              return self->finish(fail(Errc::Io, fmt::format("resolve: no address for {}: {}",
                                                                             self->endpoint_.host, failed.message())));
                            }
                            for (const auto& entry : found) self->addresses_.push_back(entry.endpoint());
                            self->connect_next();
                          });
}

void Dialer::cancel() {
  done_ = nullptr;
  timer_.cancel();
  attempt_timer_.reset();
  resolver_.cancel();
  error_code ignored;
  if (connecting_) connecting_->close(ignored);
  if (stream_) stream_->abort();
  stream_.reset();
}

void Dialer::connect_next() {
  timer_.cancel();
  if (addresses_.empty()) return finish(fail(Errc::Io, "connect: " + refusals_));
  const tcp::endpoint address = addresses_.front();
  addresses_.pop_front();
  connecting_.emplace(loop_.context());
  attempt_timer_.emplace(loop_.context(), options_.connect_timeout);
  attempt_timer_->async_wait([self = shared_from_this(), nth = ++attempts_](error_code error) {
    if (error || !self->connecting_ || nth != self->attempts_) return;
    error_code ignored;
    self->timed_out_ = true;
    self->connecting_->close(ignored);
  });
  timed_out_ = false;
  connecting_->async_connect(address, [self = shared_from_this(), address](error_code error) {
    self->attempt_timer_.reset();
    if (!self->done_) return;
    if (error) {
      if (!self->refusals_.empty()) self->refusals_ += "; ";
      self->refusals_ += describe(address) + ": ";
      self->refusals_ +=
          self->timed_out_ ? "no answer within " + format_duration(self->options_.connect_timeout) : error.message();
      self->connecting_.reset();
      return self->connect_next();
    }
    net::ByteStream stream(std::move(*self->connecting_), kReadAheadBytes);
    self->connecting_.reset();
    self->secure(std::move(stream));
  });
}

void Dialer::secure(net::ByteStream stream) {
  if (!endpoint_.secure) return finish(std::move(stream));
  limit(options_.handshake_timeout, "TLS: no end of the handshake");
  stream_.emplace(std::move(stream));
  stream_->tls_client(*tls_, endpoint_.host, [self = shared_from_this()](Result<void> done) {
    if (!self->done_) return;
    if (!done) return self->finish(fail(done.error().code, "TLS: " + done.error().detail));
    net::ByteStream ready = std::move(*self->stream_);
    self->stream_.reset();
    self->finish(std::move(ready));
  });
}

void Dialer::limit(Duration time, std::string what) {
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this(), time, what = std::move(what)](error_code error) {
    if (error || !self->done_) return;
    self->finish(fail(Errc::Timeout, fmt::format("{} within {}", what, format_duration(time))));
  });
}

void Dialer::finish(Result<net::ByteStream> result) {
  const auto self = shared_from_this();
  const Done done = std::exchange(done_, nullptr);
  cancel();
  if (done) done(std::move(result));
}

}  // namespace ktape
