#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/session/session_reader.hpp"

namespace ktape {

// One connection of a recording. A failed attempt is a closing without an opening.
struct ConnectionOverview {
  ConnectionId connection{};
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::uint64_t received = 0;  // messages
  std::uint64_t sent = 0;
  std::uint64_t payload_bytes = 0;  // of all frames
};

// The messages of one channel and symbol, or the other frames of one kind: then `channel` is the kind in parentheses.
// So are messages whose channel the writer did not know: "(text)".
struct ChannelOverview {
  std::string channel;
  std::string symbol;
  std::uint64_t frames = 0;
  std::uint64_t payload_bytes = 0;
};

// What a recording holds, or several.
struct Overview {
  std::string path;  // empty for a total
  SessionInfo info;
  SessionState state = SessionState::Open;
  SessionSummary summary;
  std::vector<Gap> gaps;
  std::vector<Annotation> annotations;
  std::uint64_t messages = 0;                   // text and binary frames
  std::vector<ConnectionOverview> connections;  // by id
  std::vector<ChannelOverview> channels;        // by name, then symbol

  // From the first frame to the last; zero without frames.
  Duration span() const;
};

// From the index: a sealed file is not scanned.
Result<Overview> overview_of(SessionReader& reader, std::string path);

// All of them together: times from the earliest to the latest, and the gaps of all. Connections of one session keep
// their ids over its segments; those of different sessions are numbered through.
Overview total_of(std::span<const Overview> parts);

// Sessions of which segments lie between those that are there: "session abc: segment 2 is not among these files".
std::vector<std::string> missing_segments(std::span<const Overview> parts);

// Events per second in thousandths, rounded down; nothing where no time has passed.
std::optional<std::uint64_t> rate_in_thousandths(std::uint64_t count, Duration span);
// "122.836"; "-" where no time has passed.
std::string rate_text(std::uint64_t count, Duration span);

// One JSON object without a newline.
void append_overview_json(std::string& out, const Overview& overview);
// A list of gaps, as every --json output has it.
void append_gaps_json(std::string& out, std::span<const Gap> gaps);
void append_annotations_json(std::string& out, std::span<const Annotation> annotations);

// "2026-09-01T08:00:00.000000000Z .. ... disconnected, 12 frames: detail"
std::string gap_text(const Gap& gap);

}  // namespace ktape
