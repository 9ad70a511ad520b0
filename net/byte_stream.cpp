#include "net/byte_stream.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/base/assert.hpp"

namespace ktape::net {
namespace {

namespace ssl = asio::ssl;

// Beast's own answers (Pong) wait while more than this is queued, so that a peer that asks and never reads costs a
// bounded amount of memory.
constexpr std::size_t kAnswerLimitBytes = std::size_t{1} << 20U;
// A buffer that one large message has stretched is given back.
constexpr std::size_t kKeepCapacityBytes = std::size_t{1} << 18U;

bool is_address(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

struct ByteStream::State : std::enable_shared_from_this<State> {
  State(tcp::socket&& connected, std::size_t read_ahead_bytes)
      : socket(std::move(connected)), read_ahead(read_ahead_bytes), goodbye_timer(socket.get_executor()) {}

  std::size_t queued() const { return pending.size() + in_flight.size(); }

  std::size_t take(asio::mutable_buffer into) {
    const std::size_t bytes = std::min(into.size(), ahead_end - ahead_begin);
    std::memcpy(into.data(), read_ahead.data() + ahead_begin, bytes);
    ahead_begin += bytes;
    return bytes;
  }

  template <class Handler>
  void read_socket(asio::mutable_buffer into, Handler handler) {
    if (tls) {
      tls->async_read_some(into, std::move(handler));
    } else {
      socket.async_read_some(into, std::move(handler));
    }
  }

  void schedule_flush() {
    if (flush_posted || writing) return;
    flush_posted = true;
    asio::post(socket.get_executor(), [self = shared_from_this()] {
      self->flush_posted = false;
      self->flush();
    });
  }

  void flush() {
    if (writing || pending.empty() || write_error) return;
    const std::uint64_t free = held_from - handed;
    if (free >= pending.size()) {
      in_flight.swap(pending);
    } else if (free == 0) {
      return;
    } else {
      in_flight.assign(pending, 0, free);
      pending.erase(0, free);
    }
    handed += in_flight.size();
    writing = true;
    auto written = [self = shared_from_this()](error_code error, std::size_t) { self->after_write(error); };
    if (tls) {
      asio::async_write(*tls, asio::buffer(in_flight), std::move(written));
    } else {
      asio::async_write(socket, asio::buffer(in_flight), std::move(written));
    }
  }

  void after_write(error_code error) {
    writing = false;
    in_flight.clear();
    if (in_flight.capacity() > kKeepCapacityBytes) in_flight.shrink_to_fit();
    if (error) fail_writing(error);
    flush();
    if (waiting && queued() <= kAnswerLimitBytes) std::exchange(waiting, nullptr)->complete(write_error, waiting_bytes);
    if (queued() == 0 && when_flushed) flushed();
    if (const auto listener = written_listener) listener();
  }

  void fail_writing(error_code error) {
    if (!write_error) write_error = error;
    pending.clear();
    // Whoever reads learns of it at once instead of waiting for a peer that may be gone.
    error_code ignored;
    socket.close(ignored);
  }

  void flushed() {
    done = true;
    if (const auto call = std::exchange(when_flushed, nullptr)) call();
    if (!socket.is_open()) return;
    goodbye_timer.expires_after(goodbye_limit);
    goodbye_timer.async_wait([self = shared_from_this()](error_code cancelled) {
      error_code ignored;
      if (!cancelled) self->socket.close(ignored);
    });
    if (!tls) return linger();
    tls->async_shutdown([self = shared_from_this()](error_code) { self->linger(); });
  }

  // Closing a socket with unread bytes makes the kernel send a reset, which can overtake our last words.
  void linger() {
    error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    discard();
  }
  void discard() {
    socket.async_read_some(asio::buffer(read_ahead), [self = shared_from_this()](error_code error, std::size_t) {
      if (!error) return self->discard();
      error_code ignored;
      self->socket.close(ignored);
      self->goodbye_timer.cancel();
    });
  }

  std::string verify_text() {
    const long verdict = SSL_get_verify_result(tls->native_handle());
    return verdict == X509_V_OK ? "" : X509_verify_cert_error_string(verdict);
  }

  tcp::socket socket;
  std::optional<ssl::stream<tcp::socket&>> tls;
  std::vector<char> read_ahead;
  std::size_t ahead_begin = 0;
  std::size_t ahead_end = 0;
  std::uint64_t handed = 0;                                             // to the socket, since the beginning
  std::uint64_t held_from = std::numeric_limits<std::uint64_t>::max();  // >= handed
  std::string pending;                                                  // taken, not yet handed to the socket
  std::string in_flight;                                                // being written
  bool writing = false;
  bool is_mute = false;
  bool flush_posted = false;
  error_code write_error;
  std::unique_ptr<Completion> waiting;  // a write of Beast's that was taken and will be reported when there is room
  std::size_t waiting_bytes = 0;
  std::function<void()> when_flushed;
  bool done = false;
  Duration goodbye_limit{};
  asio::steady_timer goodbye_timer;
  std::function<void()> written_listener;
};

ByteStream::ByteStream(tcp::socket socket, std::size_t read_ahead_bytes)
    : state_(std::make_shared<State>(std::move(socket), read_ahead_bytes)) {
  error_code ignored;
  state_->socket.set_option(tcp::no_delay(true), ignored);
}

ByteStream::executor_type ByteStream::get_executor() noexcept { return state_->socket.get_executor(); }

void ByteStream::tls_client(ssl::context& context, const std::string& host, Handshake done) {
  state_->tls.emplace(state_->socket, context);
  SSL* const handle = state_->tls->native_handle();
  state_->tls->set_verify_mode(ssl::verify_peer);
  bool prepared = false;
  if (is_address(host)) {
    prepared = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), host.c_str()) == 1;
  } else {
    SSL_set_hostflags(handle, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // What SSL_set_tlsext_host_name() does, without the C cast of that macro.
    std::string name = host;
    prepared = SSL_set1_host(handle, host.c_str()) == 1 &&
               SSL_ctrl(handle, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
  }
  if (!prepared) {
    asio::post(get_executor(), [done = std::move(done), host] {
      done(fail(Errc::Tls, fmt::format("no certificate can be checked for the host name '{}'", host)));
    });
    return;
  }
  state_->tls->async_handshake(
      ssl::stream_base::client, [state = state_, host, done = std::move(done)](error_code error) {
        if (!error) return done({});
        const std::string verdict = state->verify_text();
        // A handshake that was cut off may succeed another time; a certificate that is refused will not.
        if (verdict.empty()) return done(fail(Errc::Io, error.message()));
        done(fail(Errc::Tls, fmt::format("the certificate of '{}' is not accepted: {}", host, verdict)));
      });
}

void ByteStream::tls_server(ssl::context& context, Handshake done) {
  state_->tls.emplace(state_->socket, context);
  state_->tls->async_handshake(ssl::stream_base::server, [state = state_, done = std::move(done)](error_code error) {
    if (!error) return done({});
    done(fail(Errc::Tls, error.message()));
  });
}

void ByteStream::append(std::string_view bytes) {
  if (state_->write_error || bytes.empty() || state_->is_mute) return;
  state_->pending.append(bytes);
  state_->schedule_flush();
}

void ByteStream::mute(bool on) { state_->is_mute = on; }

std::uint64_t ByteStream::position() const { return state_->handed + state_->pending.size(); }

void ByteStream::hold_at(std::uint64_t position) {
  state_->held_from = std::max(position, state_->handed);
  if (!state_->pending.empty()) state_->schedule_flush();
}

void ByteStream::let_go() { hold_at(std::numeric_limits<std::uint64_t>::max()); }

std::size_t ByteStream::queued_bytes() const { return state_->queued(); }

error_code ByteStream::write_error() const { return state_->write_error; }

void ByteStream::on_written(std::function<void()> listener) { state_->written_listener = std::move(listener); }

void ByteStream::unread(std::string_view bytes) {
  State& state = *state_;
  std::vector<char> merged(bytes.begin(), bytes.end());
  merged.insert(merged.end(), state.read_ahead.begin() + static_cast<std::ptrdiff_t>(state.ahead_begin),
                state.read_ahead.begin() + static_cast<std::ptrdiff_t>(state.ahead_end));
  state.ahead_begin = 0;
  state.ahead_end = merged.size();
  merged.resize(std::max(merged.size(), state.read_ahead.size()));
  state.read_ahead = std::move(merged);
}

void ByteStream::finish(Duration limit, std::function<void()> done) {
  State& state = *state_;
  KTAPE_ASSERT(!state.when_flushed && !state.done, "a stream finished twice");
  state.goodbye_limit = limit;
  let_go();
  state.when_flushed = std::move(done);
  // Posted even if there is nothing to wait for: nobody is called back from inside his own call.
  asio::post(get_executor(), [self = state_] {
    if (self->queued() == 0 && self->when_flushed) self->flushed();
  });
}

bool ByteStream::finished() const { return state_->done; }

void ByteStream::abort(bool reset) {
  error_code ignored;
  if (reset) state_->socket.set_option(asio::socket_base::linger(true, 0), ignored);
  State& state = *state_;
  state.socket.close(ignored);
  state.pending.clear();
  if (!state.write_error) state.write_error = asio::error::operation_aborted;
  // Those who wait own this stream, so they must not stay in it.
  if (!state.waiting && !state.when_flushed) return;
  asio::post(get_executor(), [error = state.write_error, waiting = std::move(state.waiting),
                              done = std::exchange(state.when_flushed, nullptr)]() mutable {
    if (waiting) waiting->complete(error, 0);
    if (done) done();
  });
}

void ByteStream::start_read(asio::mutable_buffer into, std::unique_ptr<Completion> completion) {
  State& state = *state_;
  if (into.size() == 0 || state.ahead_begin != state.ahead_end) {
    const std::size_t bytes = state.take(into);
    asio::post(get_executor(),
               [completion = std::move(completion), bytes]() mutable { completion->complete({}, bytes); });
    return;
  }
  if (into.size() >= state.read_ahead.size()) {
    state.read_socket(into, [self = state_, completion = std::move(completion)](error_code error, std::size_t bytes) {
      completion->complete(error, bytes);
    });
    return;
  }
  state.read_socket(asio::buffer(state.read_ahead),
                    [self = state_, into, completion = std::move(completion)](error_code error, std::size_t bytes) {
                      self->ahead_begin = 0;
                      self->ahead_end = bytes;
                      completion->complete(error, self->take(into));
                    });
}

void ByteStream::complete_write(std::size_t bytes, std::unique_ptr<Completion> completion) {
  State& state = *state_;
  if (state.queued() > kAnswerLimitBytes && !state.write_error) {
    KTAPE_ASSERT(!state.waiting, "two asynchronous writes at once");
    state.waiting = std::move(completion);
    state.waiting_bytes = bytes;
    return;
  }
  asio::post(get_executor(), [self = state_, completion = std::move(completion), bytes]() mutable {
    completion->complete(self->write_error, self->write_error ? 0 : bytes);
  });
}

}  // namespace ktape::net
