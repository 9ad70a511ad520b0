#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "net/byte_stream.hpp"
#include "net/http_message.hpp"

namespace ktape::net {

struct HttpLimits {
  std::size_t max_header_bytes = std::size_t{16} << 10U;
  std::size_t max_body_bytes = std::size_t{16} << 20U;
};

// HTTP/1.1 over one ByteStream, one request and its answer; the connection is of no use afterwards. Each function
// returns at once and calls `done` once from the io_context, never from inside the call. None of them has a time limit:
// whoever calls sets one and aborts the stream, which ends what is under way with an error.

// Sends the request and reads the whole answer.
void exchange_http(std::shared_ptr<ByteStream> stream, const std::string& host, const HttpRequest& request,
                   const HttpLimits& limits, std::function<void(Result<HttpResponse>)> done);

// Reads one request. Errc::Parse: no HTTP, and Errc::Limit: too much of it, so that an answer can say so; Errc::Io: the
// other end is gone.
void read_http_request(std::shared_ptr<ByteStream> stream, const HttpLimits& limits,
                       std::function<void(Result<HttpRequest>)> done);

// Writes the answer; HEAD gets none of the body. `done`: it has been handed to the operating system.
void write_http_response(std::shared_ptr<ByteStream> stream, const HttpResponse& response, bool head_only,
                         std::function<void(Result<void>)> done);

}  // namespace ktape::net
