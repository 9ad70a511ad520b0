#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace ktape::net {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

// A pending read or write whose caller is forgotten: the reason why TCP and TLS share one websocket instantiation.
class Completion {
 public:
  virtual ~Completion() = default;
  virtual void complete(error_code error, std::size_t bytes) = 0;
};

template <class Handler>
class HandlerCompletion final : public Completion {
 public:
  explicit HandlerCompletion(Handler handler) : handler_(std::move(handler)) {}
  void complete(error_code error, std::size_t bytes) override { std::move(handler_)(error, bytes); }

 private:
  Handler handler_;
};

// Bytes over TCP or TLS: the layer below a websocket. What is written is taken at once, in order and whole, and leaves
// in as few system calls as the socket allows: everything appended by one handler is one write. So writers need no
// queue of their own, and an answer that the websocket layer gives by itself (a Pong, a Close) follows whatever was
// said before it. One thread. The handle may go while operations are under way; they keep what they need.
class ByteStream {
 public:
  using executor_type = tcp::socket::executor_type;
  using Handshake = std::function<void(Result<void>)>;

  // A read takes what is there, up to `read_ahead_bytes`, in one system call.
  ByteStream(tcp::socket socket, std::size_t read_ahead_bytes);

  executor_type get_executor() noexcept;

  // TLS from here on. A client verifies the chain against `context` and the name or address `host` against the
  // certificate; there is no way around either. The error says what OpenSSL found wrong; Errc::Tls is its verdict on
  // the certificate, which no second try changes, Errc::Io any other end of the handshake.
  void tls_client(asio::ssl::context& context, const std::string& host, Handshake done);
  void tls_server(asio::ssl::context& context, Handshake done);

  // Takes the bytes; they are written when the running handler has returned.
  void append(std::string_view bytes);
  // While it is mute, what is appended is lost: a peer cannot tell it from a network that has lost it.
  void mute(bool on);
  // How many bytes have been taken since the beginning.
  std::uint64_t position() const;
  // What is at this position or behind it is not written until the position is moved, or let_go() is called: so that a
  // peer hears of a message in pieces. Everything else still keeps its order. finish() lets go.
  void hold_at(std::uint64_t position);
  void let_go();
  // Bytes taken that the operating system has not.
  std::size_t queued_bytes() const;
  // The error that ended writing, if one did.
  error_code write_error() const;
  // Called each time that a write has ended. Empty: nobody.
  void on_written(std::function<void()> listener);

  // Gives back bytes that were read too far: the next read starts with them.
  void unread(std::string_view bytes);

  // Writes what is queued and calls `done`; from then on nothing can be read or written. In the background it says
  // goodbye (TLS, TCP) and reads until the other end does too, for `limit` of real time at most.
  void finish(Duration limit, std::function<void()> done);
  // finish() is done.
  bool finished() const;
  // Closes at once; operations under way fail. With `reset` the other end is told so by a TCP reset.
  void abort(bool reset = false);

  // The asynchronous stream that Beast wants below a websocket.
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, asio::mutable_buffer into) {
          start_read(into, std::make_unique<HandlerCompletion<decltype(handler)>>(std::move(handler)));
        },
        token, first_buffer(buffers));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, std::size_t bytes) {
          complete_write(bytes, std::make_unique<HandlerCompletion<decltype(handler)>>(std::move(handler)));
        },
        token, append_all(buffers));
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& error) {
    error = write_error();
    return error ? 0 : append_all(buffers);
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    error_code error;
    const std::size_t bytes = write_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return bytes;
  }
  // Beast asks for these before it offers its write(), and never calls them: a read that waits would stop the loop.
  template <class Buffers>
  std::size_t read_some(const Buffers&, error_code& error) {
    error = asio::error::operation_not_supported;
    return 0;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers&) {
    throw boost::system::system_error(asio::error::operation_not_supported);
  }

 private:
  struct State;

  template <class Buffers>
  static asio::mutable_buffer first_buffer(const Buffers& buffers) {
    for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers); ++it) {
      const asio::mutable_buffer buffer(*it);
      if (buffer.size() != 0) return buffer;
    }
    return {};
  }
  template <class Buffers>
  std::size_t append_all(const Buffers& buffers) {
    std::size_t bytes = 0;
    for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers); ++it) {
      const asio::const_buffer buffer(*it);
      append({static_cast<const char*>(buffer.data()), buffer.size()});
      bytes += buffer.size();
    }
    return bytes;
  }
  void start_read(asio::mutable_buffer into, std::unique_ptr<Completion> completion);
  void complete_write(std::size_t bytes, std::unique_ptr<Completion> completion);

  std::shared_ptr<State> state_;
};

}  // namespace ktape::net
