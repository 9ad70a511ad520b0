#pragma once

#include <functional>

#include "core/base/result.hpp"
#include "net/http_message.hpp"

namespace ktape::net {

// One server that answers HTTP requests: over a socket (HttpClient), from a test's script, or recorded on the way.
class HttpRequester {
 public:
  // Whatever status came is an answer; an error tells why none did.
  using Done = std::function<void(Result<HttpResponse>)>;

  // Calls `done` once, in the caller's loop, never from inside this call; not at all if it is destroyed before.
  virtual void request(HttpRequest request, Done done) = 0;

 protected:
  ~HttpRequester() = default;
};

}  // namespace ktape::net
