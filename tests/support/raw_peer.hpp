#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "core/wire/endpoint.hpp"

namespace ktape::test {

// A bare TCP connection: for peers that do not keep to the rules. Writes wait for the kernel only, which takes what
// tests send; reads are collected by the loop.
class RawPeer {
 public:
  using tcp = boost::asio::ip::tcp;

  explicit RawPeer(tcp::socket socket) : state_(std::make_shared<State>(std::move(socket))) {}
  static RawPeer connect(boost::asio::io_context& io, const Endpoint& endpoint) {
    tcp::socket socket(io);
    socket.connect({boost::asio::ip::make_address(endpoint.host), endpoint.port});
    RawPeer peer(std::move(socket));
    peer.read();
    return peer;
  }

  void write(std::string_view bytes) {
    boost::system::error_code ignored;  // the other end may have hung up, which is what some tests are about
    boost::asio::write(state_->socket, boost::asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  // Collects from now on. Without it the peer is one that does not read.
  void read() { State::next(state_); }
  const std::string& received() const { return state_->received; }
  bool ended() const { return state_->ended; }

  void hang_up() {
    boost::system::error_code ignored;
    state_->socket.close(ignored);
  }
  void reset() {
    boost::system::error_code ignored;
    state_->socket.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    state_->socket.close(ignored);
  }

  // The upgrade that every client asks for.
  static std::string upgrade_request(std::string_view target, std::string_view more_headers = {}) {
    return "GET " + std::string(target) +
           " HTTP/1.1\r\nHost: ws.kraken.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
           "13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           std::string(more_headers) + "\r\n";
  }
  // One frame of a client's, masked with zeros, so that its payload can be read as it is.
  static std::string client_frame(unsigned first_byte, std::string_view payload) {
    std::string out(1, static_cast<char>(first_byte));
    if (payload.size() < 126) {
      out += static_cast<char>(0x80U | payload.size());
    } else {
      out += static_cast<char>(0x80U | 126U);
      out += static_cast<char>(payload.size() >> 8U);
      out += static_cast<char>(payload.size() & 0xFFU);
    }
    return out.append(4, '\0').append(payload);
  }

 private:
  struct State {
    explicit State(tcp::socket s) : socket(std::move(s)) {}
    static void next(const std::shared_ptr<State>& self) {
      self->socket.async_read_some(boost::asio::buffer(self->chunk),
                                   [self](boost::system::error_code error, std::size_t bytes) {
                                     self->received.append(self->chunk.data(), bytes);
                                     self->ended = static_cast<bool>(error);
                                     if (!error) next(self);
                                   });
    }
    tcp::socket socket;
    std::array<char, 65536> chunk{};
    std::string received;
    bool ended = false;
  };
  std::shared_ptr<State> state_;
};

// Accepts one connection at a time and leaves the rest to the test.
class RawServer {
 public:
  using tcp = boost::asio::ip::tcp;

  explicit RawServer(boost::asio::io_context& io)
      : acceptor_(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (!error) peer.emplace(std::move(socket)).read();
    });
  }
  Endpoint endpoint(bool secure = false) const {
    return {.secure = secure, .host = "127.0.0.1", .port = acceptor_.local_endpoint().port(), .target = "/v2"};
  }

  std::optional<RawPeer> peer;

 private:
  tcp::acceptor acceptor_;
};

}  // namespace ktape::test
