#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/session/session_info.hpp"
#include "replay/session_files.hpp"
#include "replay/tape.hpp"

namespace ktape {

// Several sessions as one tape: public and private connections, Spot and Futures, each in one file or in segments.
//
// The frames of all come in the order of their stamps. A session keeps its own order: one that goes back in time counts
// as stamped like the latest before it. Of equal stamps, those of the session with the lesser id come first, and within
// a session they come in the order of their sequence numbers. So it does not matter in which order files are named.
//
// Connections of different sessions never share a number: the first session keeps its own, a later one gets those that
// are free. One session alone is played with the numbers that it was recorded with.
class SessionSet final : public Tape {
 public:
  using Opener = SegmentedSource::Opener;

  // More than these at once are an error: each keeps a file open.
  static constexpr std::size_t kMaxSessions = 256;

  // Files, and folders for all *.ktape files in them. Files of one session are its segments; what SegmentedSource says
  // of them holds here. A file without a whole header is an error if it was named, and left out if it was in a folder.
  static Result<std::unique_ptr<SessionSet>> open(const std::vector<std::string>& paths, Opener opener = open_segment);

  Result<std::optional<Frame>> next() override;

  // To the beginning, since only the whole past makes the whole state. Those who know better are another Tape.
  Result<void> enter(Timestamp) override {
    rewind();
    return {};
  }
  // The next frame is the first one again.
  void rewind();
  // In each session the next frame is the first stamped `at` or later.
  Result<void> seek(Timestamp at);

  struct Session {
    SessionInfo info;                // of its first segment
    std::vector<std::string> files;  // in the order of their numbers
    std::uint64_t frames = 0;        // by the index; with those that a crash has left twice
    std::optional<Timestamp> first_at, last_at;
  };
  // In the order of their ids.
  const std::vector<Session>& sessions() const { return sessions_; }
  // Of the session whose connection this is; 0 for one that is not known.
  std::size_t session_of(ConnectionId connection) const;

  // The earliest and the latest stamp; nothing where there are no frames.
  std::optional<Timestamp> first_at() const;
  std::optional<Timestamp> last_at() const;

  // What is known to be missing: from the indexes, and of what was read so far. By time.
  std::vector<Gap> gaps() const;
  // Files of which something that was written turned out to be unreadable, as far as they were read.
  std::vector<std::string> damaged_files() const;
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  struct Lane {
    std::unique_ptr<SegmentedSource> source;
    std::map<ConnectionId, ConnectionId> numbers;  // as recorded, as played
    std::vector<Gap> gaps;
    std::optional<Frame> head;
    bool asked = false;  // head is what next() of the source has given
    Timestamp front = Timestamp::min();
  };
  struct Found;

  SessionSet() = default;
  Result<void> add(std::string id, std::vector<Found> files, const Opener& opener);
  ConnectionId number_of(std::size_t lane, ConnectionId recorded);
  std::vector<Gap> gaps_of(const Lane& lane) const;

  std::vector<Session> sessions_;
  std::vector<Lane> lanes_;  // beside sessions_
  std::map<ConnectionId, std::size_t> lane_by_number_;
  std::vector<std::string> left_out_;
  std::optional<std::size_t> given_;  // the lane of the last frame, whose payload is still borrowed
};

}  // namespace ktape
