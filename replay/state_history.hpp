#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/client/client.hpp"
#include "core/protocol/dialect.hpp"
#include "core/session/session_reader.hpp"
#include "core/wire/web_requests.hpp"
#include "replay/recorded_state.hpp"

namespace ktape {

struct StateHistoryOptions {
  StateOptions state{};
  // Of the clients of the forward pass; candles are built by the state, not by them.
  ClientOptions client{};
  // What checkpoints may take. When it is reached, every second one is given up, and those to come stand twice as far
  // apart.
  std::size_t max_bytes = std::size_t{512} << 20;
  // How far apart they stand at first, in frames; long frames count for more.
  std::uint64_t spacing = 1024;
};

// The state of a recording at any instant, forwards and backwards: the same that a replay up to there would have.
//
// One forward pass with real clients notes what they made themselves of frames and time (connections, subscriptions,
// what became of books), which is little, and keeps copies of the state, which share what has not changed. To go to an
// instant, the nearest copy before it is taken, and the frames from there on are decoded, their checksums being known,
// together with what was noted. A recording that grows is seen as it was when the pass was made.
//
// The checkpoints are in memory: what stood beside the recording would have to be verified against all of it before it
// could be believed, which takes as long as making it.
class StateHistory {
 public:
  using Open = std::function<Result<std::unique_ptr<SessionReader>>()>;
  // Called now and then during the forward pass; may be empty.
  using Progress = std::function<void(std::uint64_t frames, Timestamp at)>;

  // Makes the forward pass. Errors are those of a replay (see Player), Unsupported for a dialect that is not known, and
  // Limit if what has to be noted, without any checkpoint, is more than max_bytes.
  static Result<std::unique_ptr<StateHistory>> build(const Open& open, StateHistoryOptions options = {},
                                                     const Progress& progress = {});

  // Frames, those of keyframes included.
  std::uint64_t frames() const { return frames_; }
  Timestamp first_at() const { return first_at_; }
  Timestamp last_at() const { return last_at_; }

  // After all frames stamped `at` or earlier, and all timers due by then. An error (InvalidArgument) before first_at()
  // and after last_at(). The state is good until the next call of any of these.
  Result<const RecordedState*> at(Timestamp at);

  // After so many frames, and what was due at the instant of the last of them. 0: before everything.
  Result<const RecordedState*> after(std::uint64_t frames);

  // One frame on, or back, from after(position()). Nothing at the ends.
  Result<const RecordedState*> forward();
  Result<const RecordedState*> back();
  std::uint64_t position() const { return position_; }

  struct Stats {
    std::size_t checkpoints = 0;
    std::size_t bytes = 0;      // of checkpoints and notes
    std::uint64_t spacing = 0;  // in frames, as it has become
    std::size_t notes = 0;
  };
  Stats stats() const;

 private:
  // What a client has made itself, and after how many frames.
  struct Note {
    std::uint64_t frames = 0;
    Timestamp at;
    ConnectionId connection{};
    Event event;       // its text is that of `texts`
    std::string text;  // which the views in `event` lie in
  };
  // What a codec has to have heard before it understands the rest.
  struct Heard {
    std::uint64_t frames = 0;
    ConnectionId connection{};
    Direction direction = Direction::FromExchange;
    FrameKind kind = FrameKind::Text;
    std::string payload;
  };
  struct Checkpoint {
    std::uint64_t frames = 0;
    std::uint64_t next_sequence = 0;
    std::size_t notes = 0;  // of those before it
    std::size_t heard = 0;
    WebRequests web_requests{};
    RecordedState state{};
  };
  class Pass;

  StateHistory(Dialect dialect, StateHistoryOptions options);

  void note(std::uint64_t frames, Timestamp at, ConnectionId connection, const Event& event);
  void keep(Checkpoint checkpoint);
  void thin_out();

  Result<void> go_to(const Checkpoint& checkpoint);
  Result<const Frame*> look_ahead();
  void take(const Frame& frame);
  void take_notes(Timestamp until);
  void hear(const Heard& heard);
  Codec& codec_of(ConnectionId connection);

  Dialect dialect_;
  bool codec_remembers_;
  StateHistoryOptions options_;
  std::uint64_t frames_ = 0;
  Timestamp first_at_{};
  Timestamp last_at_{};

  std::deque<Note> notes_;
  std::vector<Heard> heard_;
  std::deque<Checkpoint> checkpoints_;  // the first is the beginning
  std::size_t note_bytes_ = 0;
  std::size_t checkpoint_bytes_ = 0;

  // Where it stands.
  std::unique_ptr<SessionReader> reader_;
  std::optional<Frame> next_;  // read, not taken; its payload lives until the next read
  std::map<ConnectionId, std::unique_ptr<Codec>> codecs_;
  WebRequests web_requests_;
  RecordedState state_;
  std::uint64_t position_ = 0;
  Timestamp frame_at_{};  // the latest stamp so far
  std::size_t next_note_ = 0;
};

}  // namespace ktape
