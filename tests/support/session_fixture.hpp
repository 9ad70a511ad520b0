#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "core/wire/frame.hpp"
#include "tests/support/memory_bytes.hpp"

namespace ktape {

// A frame that owns its payload.
struct OwnedFrame {
  Timestamp at;
  ConnectionId connection{};
  Direction direction = Direction::FromExchange;
  FrameKind kind = FrameKind::Text;
  std::string payload;

  OwnedFrame() = default;
  explicit OwnedFrame(const Frame& frame)
      : at(frame.at),
        connection(frame.connection),
        direction(frame.direction),
        kind(frame.kind),
        payload(frame.payload) {}
  Frame frame() const { return {at, connection, direction, kind, payload}; }
  friend bool operator==(const OwnedFrame&, const OwnedFrame&) = default;
};

// "2026-01-01T00:00:00.000000000Z 1 from_exchange text {...}", bytes beyond ASCII as \xNN.
std::string describe(const OwnedFrame& frame);
void PrintTo(const OwnedFrame& frame, std::ostream* out);

// Integer arithmetic only, so that a seed means the same frames on every machine.
class SeededNumbers {
 public:
  explicit SeededNumbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

// Frames of all kinds and directions, with empty, binary and longer payloads, silences beyond 4.29 s, and now and then
// a step back in time. Connections do not reopen, so that the writer adds no gap of its own.
std::vector<OwnedFrame> seeded_frames(std::uint64_t seed, std::size_t count);

SessionInfo test_info();
SessionWriterOptions plain_options(std::size_t chunk_bytes = 1U << 20);  // without redaction

// The bytes of a finished recording.
std::string recorded(const std::vector<OwnedFrame>& frames, SessionWriterOptions options = plain_options());

std::unique_ptr<SessionReader> opened(std::string bytes, std::optional<std::string> journal = std::nullopt);

// All that next() gives from here on.
std::vector<OwnedFrame> read_all(SessionReader& reader);

}  // namespace ktape
