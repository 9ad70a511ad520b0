#include "live/line_server.hpp"

#include <cstring>
#include <list>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ktape {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Local = asio::local::stream_protocol;

constexpr std::size_t kMaxPathBytes = 107;

// A server that was killed has left its file: nobody answers there.
Result<void> clear_the_way(asio::io_context& io, const std::string& path) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) return {};
  if (!S_ISSOCK(about.st_mode)) {
    return fail(Errc::InvalidArgument, fmt::format("cannot listen on {}: there is a file that is no socket", path));
  }
  Local::socket probe(io);
  error_code error;
  probe.connect(Local::endpoint(path), error);
  if (!error) return fail(Errc::Io, fmt::format("cannot listen on {}: another program does", path));
  if (error != asio::error::connection_refused) {
    return fail(Errc::Io, fmt::format("cannot listen on {}: {}", path, error.message()));
  }
  ::unlink(path.c_str());
  return {};
}

}  // namespace

// Handlers keep it; close() takes everything else from them.
class LineServer::Impl final : public std::enable_shared_from_this<Impl> {
 public:
  Impl(LiveLoop& loop, LineServerOptions options, Handler handler)
      : loop_(loop), options_(std::move(options)), handler_(std::move(handler)), acceptor_(loop.context()) {}

  Result<void> open() {
    if (options_.path.empty() || options_.path.size() > kMaxPathBytes) {
      return fail(Errc::InvalidArgument,
                  fmt::format("cannot listen on '{}': a path of 1 to {} bytes expected", options_.path, kMaxPathBytes));
    }
    if (auto clear = clear_the_way(loop_.context(), options_.path); !clear) return clear;
    error_code error;
    acceptor_.open(Local(), error);
    // The mode of the socket is that of the file to be: nobody else may come in, not even for an instant.
    if (!error && ::fchmod(acceptor_.native_handle(), S_IRUSR | S_IWUSR) != 0) {
      error = error_code(errno, boost::system::system_category());
    }
    if (!error) acceptor_.bind(Local::endpoint(options_.path), error);
    bound_ = !error;
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return {};
    return fail(Errc::Io, fmt::format("cannot listen on {}: {}", options_.path, error.message()));
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, Local::socket socket) {
      if (!self->handler_ || (error && error != asio::error::connection_aborted)) return;
      if (!error && self->clients_.size() < self->options_.max_connections) {
        self->clients_.push_back({std::move(socket), {}, {}});
        self->read(std::prev(self->clients_.end()));
      }
      self->accept();
    });
  }

  void close() {
    handler_ = nullptr;
    error_code ignored;
    acceptor_.close(ignored);
    if (std::exchange(bound_, false)) ::unlink(options_.path.c_str());
    for (Client& client : clients_) client.socket.close(ignored);
  }

 private:
  struct Client {
    Local::socket socket;
    std::string input;
    std::string output;
  };
  using Place = std::list<Client>::iterator;

  void read(Place client) {
    asio::async_read_until(client->socket, asio::dynamic_buffer(client->input, options_.max_line_bytes), '\n',
                           [self = shared_from_this(), client](error_code error, std::size_t bytes) {
                             if (!self->handler_) return;
                             if (error == asio::error::not_found) return self->refuse(client);
                             if (error) return self->drop(client);
                             self->answer(client, bytes);
                           });
  }

  void answer(Place client, std::size_t bytes) {
    const std::string line = client->input.substr(0, bytes - 1);
    client->input.erase(0, bytes);
    loop_.take_time();
    client->output = handler_(line) + "\n";
    loop_.settle();
    asio::async_write(client->socket, asio::buffer(client->output),
                      [self = shared_from_this(), client](error_code error, std::size_t) {
                        if (!self->handler_) return;
                        error ? self->drop(client) : self->read(client);
                      });
  }

  void refuse(Place client) {
    client->output = fmt::format("a line of at most {} bytes expected\n", options_.max_line_bytes);
    asio::async_write(client->socket, asio::buffer(client->output),
                      [self = shared_from_this(), client](error_code, std::size_t) {
                        if (self->handler_) self->drop(client);
                      });
  }

  void drop(Place client) { clients_.erase(client); }

  LiveLoop& loop_;
  LineServerOptions options_;
  Handler handler_;
  Local::acceptor acceptor_;
  bool bound_ = false;
  std::list<Client> clients_;
};

Result<std::unique_ptr<LineServer>> LineServer::listen(LiveLoop& loop, LineServerOptions options, Handler handler) {
  auto impl = std::make_shared<Impl>(loop, std::move(options), std::move(handler));
  if (auto opened = impl->open(); !opened) {
    impl->close();
    return tl::unexpected<Error>(opened.error());
  }
  impl->accept();
  return std::unique_ptr<LineServer>(new LineServer(std::move(impl)));
}

LineServer::LineServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
LineServer::~LineServer() { impl_->close(); }

}  // namespace ktape
