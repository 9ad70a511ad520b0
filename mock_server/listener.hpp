#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "mock_server/mock_server.hpp"
#include "net/byte_stream.hpp"

// Private to this folder.
namespace ktape {

// One port: accepts, finds out whether the client wants TLS, and does that handshake. Handlers keep it.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  struct Arrival {
    net::ByteStream stream;
    Endpoint local;  // where it was reached; its target is /
    std::string client_address;
  };

  using TlsContext = std::shared_ptr<boost::asio::ssl::context>;
  // What goes wrong on purpose; empty functions: nothing.
  struct Troubles {
    std::function<bool()> refuses_socket;
    std::function<std::optional<TlsTrouble>()> fails_handshake;
    std::map<TlsTrouble, TlsContext> contexts;
  };

  // `tls` may be null for Plain.
  Listener(boost::asio::io_context& io, ListenAddress address, TlsContext tls, Duration handshake_timeout,
           Troubles troubles);

  // Binds. `arrived` is called for each client that got through, `log` for each that did not.
  Result<void> open();
  std::vector<Endpoint> endpoints() const;
  void start(std::function<void(Arrival)> arrived, std::function<void(std::string_view)> log);
  void close();

 private:
  void accept();
  void sniff(std::shared_ptr<boost::asio::ip::tcp::socket> socket);
  void serve(boost::asio::ip::tcp::socket socket, bool secure);
  // The context to greet with; nullptr: with an alert.
  TlsContext context_for(std::optional<TlsTrouble> trouble);

  boost::asio::io_context& io_;
  ListenAddress address_;
  TlsContext tls_;
  Duration handshake_timeout_;
  Troubles troubles_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  std::uint16_t port_ = 0;
  std::function<void(Arrival)> arrived_;
  std::function<void(std::string_view)> log_;
};

// What a server shows to its clients.
Result<std::shared_ptr<boost::asio::ssl::context>> make_server_tls(const TlsIdentity& identity);

}  // namespace ktape
