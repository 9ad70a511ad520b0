#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ktape::net {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// What is asked of a server. Host, Content-Length and Connection are set by whoever sends it.
struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query
  HttpHeaders headers{};
  std::string body{};
};

struct HttpResponse {
  unsigned status = 200;
  std::string reason{};  // "OK"; where it is empty, the standard's phrase for the status is sent
  HttpHeaders headers{};
  std::string body{};
};

// What is said in place of an upgrade to a websocket.
struct HttpRefusal {
  unsigned status = 404;
  std::string text;     // the body, a sentence for people
  HttpHeaders headers;  // further ones
};

// Takes the answer to a request, once.
using HttpReply = std::function<void(const HttpResponse&)>;

// The value of the first header of that name, whatever its case; empty if there is none.
std::string_view find_header(const HttpHeaders& headers, std::string_view name);

}  // namespace ktape::net
