#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "core/wire/frame.hpp"

namespace ktape::test {

// A frame with its payload kept.
struct LoggedFrame {
  Timestamp at;
  ConnectionId connection{};
  Direction direction = Direction::FromExchange;
  FrameKind kind = FrameKind::Text;
  std::string payload;

  friend bool operator==(const LoggedFrame&, const LoggedFrame&) = default;
};

// Keeps every frame, and passes each on to `react` if that is set.
class FrameLog final : public FrameSink {
 public:
  void on_frame(const Frame& frame) override {
    frames.push_back({frame.at, frame.connection, frame.direction, frame.kind, std::string(frame.payload)});
    if (react) react(frame);
  }

  std::size_t count(Direction direction, FrameKind kind) const {
    return static_cast<std::size_t>(std::count_if(frames.begin(), frames.end(), [&](const LoggedFrame& f) {
      return f.direction == direction && f.kind == kind;
    }));
  }
  std::vector<std::string> payloads(Direction direction, FrameKind kind) const {
    std::vector<std::string> out;
    for (const LoggedFrame& f : frames) {
      if (f.direction == direction && f.kind == kind) out.push_back(f.payload);
    }
    return out;
  }
  bool opened() const { return count(Direction::FromExchange, FrameKind::Opened) != 0; }
  // Empty until it is closed; then the direction and the payload: "< 1001 bye" is the far end's close, ">" our own.
  std::string closed() const {
    for (const LoggedFrame& f : frames) {
      if (f.kind == FrameKind::Closed) return (f.direction == Direction::FromExchange ? "< " : "> ") + f.payload;
    }
    return {};
  }

  std::vector<LoggedFrame> frames;
  std::function<void(const Frame&)> react;
};

}  // namespace ktape::test
