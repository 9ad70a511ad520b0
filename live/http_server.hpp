#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "live/live_loop.hpp"
#include "net/http_message.hpp"

namespace ktape {

// Times are real ones.
struct HttpServerOptions {
  std::string host = "127.0.0.1";  // an address, not a name
  std::uint16_t port = 0;          // 0: a free one
  std::size_t max_connections = 32;
  std::size_t max_header_bytes = std::size_t{16} << 10U;
  std::size_t max_body_bytes = std::size_t{16} << 10U;
  Duration request_timeout = std::chrono::seconds(10);  // from the connection to the end of the request
  Duration answer_timeout = std::chrono::seconds(10);   // for a client that reads slowly
};

// Answers HTTP requests in the turns of a LiveLoop: for figures and commands of a running program, not for the public.
// One request per connection. Whoever sends too much, too slowly, or does not read is cut off; whoever comes beyond
// max_connections is hung up on at once.
class HttpServer {
 public:
  // Must not destroy the server.
  using Handler = std::function<net::HttpResponse(const net::HttpRequest& request)>;

  // Listens. `loop` outlives the server.
  static Result<std::unique_ptr<HttpServer>> listen(LiveLoop& loop, HttpServerOptions options, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;

 private:
  class Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace ktape
