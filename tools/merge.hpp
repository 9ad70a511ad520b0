#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "tools/gap_copier.hpp"
#include "tools/work.hpp"

namespace ktape {

struct MergeInput {
  SessionReader* reader = nullptr;
  std::string name;  // what people call it: its file
};

// Which connection of which input a connection of the result is.
struct MergedConnection {
  std::size_t input = 0;
  ConnectionId was{};
  ConnectionId is{};
};

struct MergeReport {
  std::uint64_t frames = 0;
  std::uint64_t keyframe_frames = 0;
  std::vector<MergedConnection> connections;
};

// One input being read in its order, batch by batch.
class MergeCursor {
 public:
  explicit MergeCursor(SessionReader& reader) : reader_(reader) {}

  // Makes frame() the next one; false at the end.
  Result<bool> advance();
  const Frame& frame() const { return frames_[next_ - 1]; }
  bool made() const { return made_; }  // it stands in a keyframe
  bool is_first_of_batch() const { return next_ == 1; }
  // The stamp of frame(), or of one before it that was later: a file's own order is kept.
  Timestamp at() const { return at_; }

 private:
  SessionReader& reader_;
  std::span<const Frame> frames_;
  std::size_t next_ = 0;
  bool made_ = false;
  Timestamp at_ = Timestamp::min();
};

// Gives each connection of each input a number that no other has: its own if that is free, else the next after all.
class ConnectionNumbers {
 public:
  ConnectionId of(std::size_t input, ConnectionId was);
  const std::vector<MergedConnection>& all() const { return all_; }

 private:
  std::map<std::pair<std::size_t, ConnectionId>, ConnectionId> known_;
  std::map<ConnectionId, bool> taken_;
  std::vector<MergedConnection> all_;
};

// Says in the result where each connection came from, and carries over what was noted in the inputs.
Result<void> annotate_sources(std::span<const MergeInput> inputs, ConnectionNumbers& numbers, SessionWriter& out);

// Several recordings of one dialect become one, in the order of their stamps; of equal ones those of the first input
// come first, and each input keeps its own order. Gaps and keyframes are kept where they stand. `out` is not finished
// by it.
Result<MergeReport> merge(std::span<const MergeInput> inputs, SessionWriter& out, const WorkSoFar& so_far = {});

}  // namespace ktape
