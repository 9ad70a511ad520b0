#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace ktape {

enum class ConnectionId : std::uint32_t {};  // ids never mix with counts

enum class Direction : std::uint8_t { FromExchange, ToExchange };

// Opening and closing are frames, so that an outage is recorded and replayed like any data.
enum class FrameKind : std::uint8_t {
  Opened,  // the websocket stands; payload: its URL. Always FromExchange
  Text,    // one whole message, however many fragments it came in
  Binary,
  Ping,
  Pong,
  Closed,  // payload: CloseInfo::text(). Also an attempt that failed, then without an Opened before it
};

std::string_view to_string(Direction direction);
std::string_view to_string(FrameKind kind);

// What crossed a connection, or happened to it, at one instant.
struct Frame {
  Timestamp at;  // our clock: when it was read, or handed over to be written
  ConnectionId connection{};
  Direction direction = Direction::FromExchange;
  FrameKind kind = FrameKind::Text;
  std::string_view payload;  // borrowed until the call returns; copy to keep

  friend bool operator==(const Frame&, const Frame&) = default;
};

// The end of a connection. Code 1006 (RFC 6455: never on the wire) means that no close frame came: the reason then
// tells what failed. The direction of the Closed frame tells which side ended it.
struct CloseInfo {
  std::uint16_t code = 1006;
  std::string reason;

  std::string text() const;  // "1001 recording ended"
  static Result<CloseInfo> parse(std::string_view text);
};

class FrameSink {
 public:
  virtual void on_frame(const Frame& frame) = 0;

 protected:
  ~FrameSink() = default;
};

class FrameSource {
 public:
  virtual ~FrameSource() = default;

  // The next frame, its payload borrowed until the next call; nothing at the end.
  virtual Result<std::optional<Frame>> next() = 0;
};

}  // namespace ktape
