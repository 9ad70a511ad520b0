#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "core/wire/endpoint.hpp"
#include "live/live_loop.hpp"
#include "mock_server/tls_identity.hpp"
#include "net/http.hpp"

namespace ktape::test {

// A web server over TLS on a free port of loopback, in the turns of the loop: keeps what it is asked and answers each
// request as the test says. One request per connection.
class RestServer {
 public:
  using Answer = std::function<net::HttpResponse(const net::HttpRequest&)>;

  RestServer(LiveLoop& loop, const TlsIdentity& identity, Answer answer)
      : state_(std::make_shared<State>(loop, std::move(answer))) {
    namespace asio = boost::asio;
    state_->tls.use_certificate_chain(asio::buffer(identity.certificate));
    state_->tls.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
    accept(state_);
  }
  ~RestServer() {
    state_->open = false;
    state_->acceptor.close();
    for (const auto& stream : state_->streams) stream->abort();
  }
  RestServer(const RestServer&) = delete;
  RestServer& operator=(const RestServer&) = delete;

  Endpoint endpoint() const {
    return {.secure = true, .host = "127.0.0.1", .port = state_->acceptor.local_endpoint().port(), .target = "/"};
  }
  const std::vector<net::HttpRequest>& seen() const { return state_->seen; }

 private:
  struct State {
    State(LiveLoop& loop, Answer how)
        : acceptor(loop.context(), {boost::asio::ip::make_address("127.0.0.1"), 0}), answer(std::move(how)) {}
    boost::asio::ip::tcp::acceptor acceptor;
    boost::asio::ssl::context tls{boost::asio::ssl::context::tls_server};
    Answer answer;
    std::vector<net::HttpRequest> seen;
    std::vector<std::shared_ptr<net::ByteStream>> streams;
    bool open = true;
  };

  static void accept(const std::shared_ptr<State>& state) {
    state->acceptor.async_accept([state](net::error_code error, net::tcp::socket socket) {
      if (error || !state->open) return;
      constexpr std::size_t kReadAheadBytes = 4096;
      auto stream = std::make_shared<net::ByteStream>(std::move(socket), kReadAheadBytes);
      state->streams.push_back(stream);
      stream->tls_server(state->tls, [state, stream](const Result<void>& shaken) {
        if (!shaken || !state->open) return;
        net::read_http_request(stream, {}, [state, stream](const Result<net::HttpRequest>& request) {
          if (!request || !state->open) return;
          state->seen.push_back(*request);
          net::write_http_response(stream, state->answer(*request), false, [stream](const Result<void>&) {});
        });
      });
      accept(state);
    });
  }

  std::shared_ptr<State> state_;
};

}  // namespace ktape::test
