#pragma once

#include <memory>
#include <string>

#include "core/base/clock.hpp"
#include "core/session/redactor.hpp"
#include "core/wire/frame.hpp"
#include "net/http_requester.hpp"

namespace ktape::rest {

// Passes requests on and keeps each with its answer as four frames of one connection (docs/format.md, "HTTP requests"):
// Opened with the URL, the request, the answer, Closed, all with the time at which the answer was complete. Keys,
// signatures, nonces, one-time codes and tokens are pseudonyms in them. A request without an answer leaves no frames.
class RecordingRequester final : public net::HttpRequester {
 public:
  struct Place {
    std::string server;  // scheme and host: "https://api.kraken.com"
    ConnectionId connection{};
  };

  // All outlive it. `redactor` is the session's own, so that one secret has one pseudonym.
  RecordingRequester(net::HttpRequester& next, const Clock& clock, FrameSink& frames, Redactor& redactor, Place place);
  ~RecordingRequester();
  RecordingRequester(const RecordingRequester&) = delete;
  RecordingRequester& operator=(const RecordingRequester&) = delete;

  void request(net::HttpRequest request, Done done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ktape::rest
