#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/wire/endpoint.hpp"
#include "live/live_loop.hpp"
#include "net/http_requester.hpp"

namespace ktape {

using net::HttpHeaders;
using net::HttpRequest;
using net::HttpResponse;

// Times are real ones.
struct HttpClientOptions {
  // The authorities to trust in place of the system's: a PEM file, PEM text, or both. None: the system's.
  // Certificate and host name are always verified.
  std::string ca_file;
  std::string ca_pem;
  Duration connect_timeout = std::chrono::seconds(10);  // name, each address, TLS: each begins anew
  Duration answer_timeout = std::chrono::seconds(30);   // from the request to the last byte of the answer
  std::size_t max_body_bytes = std::size_t{32} << 20U;
  HttpHeaders headers = {{"User-Agent", "krakentape"}};  // of every request, unless it says otherwise
};

// "https://api.kraken.com/0" as an Endpoint, secure meaning https. An error names what is wrong with the URL.
Result<Endpoint> parse_http_url(std::string_view url);
// The URL again: http or https, host, port where it is not the scheme's own, and `target`.
std::string http_url(const Endpoint& endpoint, std::string_view target);

// HTTP requests to one server, each over a connection of its own, in the turns of a LiveLoop. Plain HTTP is for
// loopback hosts only. Redirects are answers like any other.
class HttpClient final : public net::HttpRequester {
 public:
  // `loop` outlives the client. Of `server` scheme, host and port count.
  HttpClient(LiveLoop& loop, Endpoint server, HttpClientOptions options = {});
  // Requests under way are dropped, and their `done` is not called.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // What would fail at every attempt: a plain connection to another host, authorities that cannot be read.
  static Result<void> check(const Endpoint& server, const HttpClientOptions& options);

  // An error tells the stage that failed: resolve, connect, TLS, answer. Errc::Limit: the answer is too large;
  // Errc::Timeout; Errc::Tls: the certificate is not accepted.
  void request(HttpRequest request, Done done) override;

  const Endpoint& server() const { return server_; }

 private:
  class Call;

  LiveLoop& loop_;
  Endpoint server_;
  HttpClientOptions options_;
  std::vector<std::weak_ptr<Call>> calls_;
};

}  // namespace ktape
