#include "net/http.hpp"

#include <algorithm>

#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

namespace ktape::net {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

template <class Message>
HttpHeaders headers_of(const Message& message) {
  HttpHeaders out;
  for (const auto& field : message) out.emplace_back(view(field.name_string()), view(field.value()));
  return out;
}

Error explain(error_code error, const ByteStream& stream, const HttpLimits& limits) {
  if (error == http::error::body_limit) {
    return {Errc::Limit, fmt::format("a body of more than {} bytes", limits.max_body_bytes)};
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return {Errc::Limit, fmt::format("headers of more than {} bytes", limits.max_header_bytes)};
  }
  if (const error_code cause = stream.write_error()) error = cause;
  if (error == asio::error::eof || error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::ssl::error::stream_truncated) {
    return {Errc::Io, "the other end hung up before the end of its message"};
  }
  const bool is_http = error.category() == make_error_code(http::error::bad_method).category();
  return {is_http ? Errc::Parse : Errc::Io, error.message()};
}

// One request on its way, and what comes back.
struct Conversation {
  explicit Conversation(const HttpLimits& bounds) : limits(bounds) {
    answer.header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
    answer.body_limit(limits.max_body_bytes);
  }

  HttpLimits limits;
  http::request<http::string_body> request;
  http::response_parser<http::string_body> answer;
  beast::flat_buffer buffer;
};

}  // namespace

std::string_view find_header(const HttpHeaders& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), [name](const auto& header) {
    return beast::iequals(beast::string_view(header.first.data(), header.first.size()),
                          beast::string_view(name.data(), name.size()));
  });
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

void exchange_http(std::shared_ptr<ByteStream> stream, const std::string& host, const HttpRequest& request,
                   const HttpLimits& limits, std::function<void(Result<HttpResponse>)> done) {
  const auto talk = std::make_shared<Conversation>(limits);
  talk->request.method_string(request.method);
  talk->request.target(request.target);
  talk->request.version(11);
  for (const auto& [name, value] : request.headers) talk->request.set(name, value);
  talk->request.set(http::field::host, host);
  talk->request.keep_alive(false);
  talk->request.body() = request.body;
  talk->request.prepare_payload();
  if (request.method == "HEAD") talk->answer.skip(true);
  http::async_write(*stream, talk->request, [stream, talk, done = std::move(done)](error_code error, std::size_t) {
    if (error) return done(tl::unexpected<Error>(explain(error, *stream, talk->limits)));
    http::async_read(*stream, talk->buffer, talk->answer, [stream, talk, done](error_code failed, std::size_t) {
      if (failed) return done(tl::unexpected<Error>(explain(failed, *stream, talk->limits)));
      auto& message = talk->answer.get();
      done(HttpResponse{.status = message.result_int(),
                        .reason = std::string(view(message.reason())),
                        .headers = headers_of(message),
                        .body = std::move(message.body())});
    });
  });
}

void read_http_request(std::shared_ptr<ByteStream> stream, const HttpLimits& limits,
                       std::function<void(Result<HttpRequest>)> done) {
  struct Reading {
    http::request_parser<http::string_body> parser;
    beast::flat_buffer buffer;
  };
  const auto reading = std::make_shared<Reading>();
  reading->parser.header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
  reading->parser.body_limit(limits.max_body_bytes);
  http::async_read(*stream, reading->buffer, reading->parser,
                   [stream, limits, reading, done = std::move(done)](error_code error, std::size_t) {
                     if (error) return done(tl::unexpected<Error>(explain(error, *stream, limits)));
                     auto& message = reading->parser.get();
                     done(HttpRequest{.method = std::string(view(message.method_string())),
                                      .target = std::string(view(message.target())),
                                      .headers = headers_of(message),
                                      .body = std::move(message.body())});
                   });
}

void write_http_response(std::shared_ptr<ByteStream> stream, const HttpResponse& response, bool head_only,
                         std::function<void(Result<void>)> done) {
  const auto message = std::make_shared<http::response<http::string_body>>();
  message->version(11);
  message->result(response.status);
  if (!response.reason.empty()) message->reason(response.reason);
  for (const auto& [name, value] : response.headers) message->set(name, value);
  message->keep_alive(false);
  message->body() = response.body;
  message->prepare_payload();  // Content-Length is that of the body also where the body is left out
  if (head_only) message->body().clear();
  http::async_write(*stream, *message, [stream, message, done = std::move(done)](error_code error, std::size_t) {
    if (error) return done(fail(Errc::Io, error.message()));
    // Taken is not yet written: whoever never reads is waited for as long as the caller likes.
    stream->finish(std::chrono::seconds(1), [stream, done] {
      if (const error_code failed = stream->write_error()) return done(fail(Errc::Io, failed.message()));
      done({});
    });
  });
}

}  // namespace ktape::net
