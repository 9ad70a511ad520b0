#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// What a recording says about itself. Everything random or timed is handed in: equal input gives equal bytes.
struct SessionInfo {
  std::string session_id;            // 1 to 64 bytes, the same in all segments of a session
  std::uint32_t segment = 0;         // counts from 0
  std::uint64_t first_sequence = 0;  // of the first frame: frames are numbered through the session
  std::uint64_t salt = 0;            // random; makes the sync marker of this file its own
  Timestamp created_at;              // wall time at open
  Duration monotonic_at{};           // reading of the monotonic clock at the same instant; 0 where there is none
  std::string writer;                // "ktape 0.1.0"
  std::string description;
  std::string dialect;  // "spot-v2", "spot-v1", "futures-v1"; empty: not said

  // Set by the writer, told by the reader.
  std::string redaction;
  std::uint16_t major = 1;
  std::uint16_t minor = 1;
};

enum class SessionState : std::uint8_t {
  Open,       // not sealed, ends with a whole record: being written, or killed between two records
  Sealed,     // finished by its writer
  Recovered,  // not sealed: a torn tail was cut, or the journal supplied frames
  Damaged,    // something that was written is not readable any more; gaps() says what
};
std::string_view to_string(SessionState state);

enum class GapCause : std::uint8_t { Other, Disconnected, Crash, Dropped, Damaged };
std::string_view to_string(GapCause cause);

// A hole in the recording: what is known about what is not there.
struct Gap {
  Timestamp from;
  Timestamp to;
  GapCause cause = GapCause::Other;
  std::optional<std::uint64_t> frames;     // lost, where that is known
  std::optional<ConnectionId> connection;  // where it concerns one only
  std::string detail;

  friend bool operator==(const Gap&, const Gap&) = default;
};

// What somebody noted while recording: a checksum that failed, a hole in trade ids, a feed that went silent.
struct Annotation {
  Timestamp at;
  std::optional<ConnectionId> connection;  // where it concerns one only
  std::string name;                        // 1 to 64 bytes, for programs: "checksum_mismatch"
  std::string text;                        // at most 64 KiB, for people

  friend bool operator==(const Annotation&, const Annotation&) = default;
};

// How much of what kind a recording holds. Channel and symbol are empty where the writer did not know them.
struct StreamCount {
  ConnectionId connection{};
  Direction direction = Direction::FromExchange;
  FrameKind kind = FrameKind::Text;
  std::string channel;
  std::string symbol;
  std::uint64_t frames = 0;
  std::uint64_t payload_bytes = 0;

  friend bool operator==(const StreamCount&, const StreamCount&) = default;
};

struct SessionSummary {
  std::uint64_t frames = 0;           // as recorded, without those of keyframes
  std::uint64_t keyframe_frames = 0;  // made, to bring a client into the state that the recorded frames go on from
  std::uint64_t chunks = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t stored_bytes = 0;     // the whole file
  std::optional<Timestamp> first_at;  // earliest and latest stamp
  std::optional<Timestamp> last_at;
  std::vector<StreamCount> streams;  // in the order of their first frame
};

}  // namespace ktape
