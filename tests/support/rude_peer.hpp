#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "core/wire/endpoint.hpp"

namespace ktape::test {

// A TCP client that waits for nothing: what the kernel does not take at once is left unsaid, and what comes is thrown
// away, but for its size and its last bytes. Thousands of them fit into one process.
class RudePeer {
 public:
  using tcp = boost::asio::ip::tcp;

  // `from`: the last byte of its own loopback address, so that ports do not run out.
  RudePeer(boost::asio::io_context& io, const Endpoint& to, unsigned from) : state_(std::make_shared<State>(io)) {
    boost::system::error_code error;
    state_->socket.open(tcp::v4(), error);
    state_->socket.bind({boost::asio::ip::address_v4(0x7F000001U + from % 250U), 0}, error);
    state_->socket.connect({boost::asio::ip::make_address(to.host), to.port}, error);
    if (!error) state_->socket.non_blocking(true, error);
    state_->ended = static_cast<bool>(error);
  }

  // How much of it was taken.
  std::size_t write(std::string_view bytes) {
    boost::system::error_code error;
    std::size_t taken = 0;
    while (!error && taken < bytes.size()) {
      taken += state_->socket.write_some(boost::asio::buffer(bytes.data() + taken, bytes.size() - taken), error);
    }
    return taken;
  }
  void read() { State::next(state_); }
  bool ended() const { return state_->ended; }
  std::size_t received_bytes() const { return state_->bytes; }
  // The last bytes, at most 4 KiB.
  const std::string& tail() const { return state_->tail; }

  void finish_writing() {
    boost::system::error_code ignored;
    state_->socket.shutdown(tcp::socket::shutdown_send, ignored);
  }
  void hang_up(bool reset) {
    boost::system::error_code ignored;
    if (reset) state_->socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    state_->socket.close(ignored);
    state_->ended = true;
  }

 private:
  struct State {
    explicit State(boost::asio::io_context& io) : socket(io) {}
    static void next(const std::shared_ptr<State>& self) {
      self->socket.async_read_some(boost::asio::buffer(self->chunk),
                                   [self](boost::system::error_code error, std::size_t count) {
                                     self->bytes += count;
                                     self->tail.append(self->chunk.data(), count);
                                     constexpr std::size_t kKept = 4096;
                                     if (self->tail.size() > kKept) self->tail.erase(0, self->tail.size() - kKept);
                                     self->ended = self->ended || static_cast<bool>(error);
                                     if (!error) next(self);
                                   });
    }
    tcp::socket socket;
    std::array<char, 4096> chunk{};
    std::string tail;
    std::size_t bytes = 0;
    bool ended = false;
  };
  std::shared_ptr<State> state_;
};

}  // namespace ktape::test
