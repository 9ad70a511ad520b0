#pragma once

#include <set>

#include "core/wire/frame.hpp"

namespace ktape {

// Of an Opened frame: whether it begins a request and not a websocket.
inline bool opens_web_request(const Frame& opened) {
  return opened.payload.starts_with("http://") || opened.payload.starts_with("https://");
}

// A recording may hold HTTP requests and their answers beside websockets, as connections whose Opened frame has a URL
// with http:// or https://. This tells their frames apart, for readers that understand websockets only. See "HTTP
// requests" in docs/format.md.
class WebRequests {
 public:
  // To be asked of every frame, in the order of the recording.
  bool holds(const Frame& frame) {
    if (frame.kind == FrameKind::Opened) {
      if (opens_web_request(frame)) {
        connections_.insert(frame.connection);
      } else {
        connections_.erase(frame.connection);
      }
    }
    return !connections_.empty() && connections_.contains(frame.connection);
  }

 private:
  std::set<ConnectionId> connections_;
};

}  // namespace ktape
