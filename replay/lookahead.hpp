#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/protocol/codec.hpp"
#include "core/wire/frame.hpp"
#include "core/wire/web_requests.hpp"
#include "exchange/feed.hpp"
#include "replay/recorded_dialect.hpp"

namespace ktape {

// How far a playback looks ahead in its recording for the answer to a request; whichever is reached first. One frame
// more than `span` allows may be held.
struct LookaheadLimits {
  Duration span = std::chrono::seconds(10);
  std::size_t frames = 50'000;
  std::size_t bytes = std::size_t{64} << 20;
};

// What the exchange once answered.
struct RecordedReply {
  std::string method;
  bool success = false;
  std::optional<std::int64_t> request_id;
  std::string error, symbol;
  std::optional<Feed> feed;  // of a success
  bool snapshot = true;
};

struct RecordedFrame {
  std::uint64_t sequence = 0;  // counts from 1 within the recording
  Timestamp at;
  ConnectionId connection{};
  Direction direction = Direction::FromExchange;
  FrameKind kind = FrameKind::Text;
  std::string payload;
  std::optional<RecordedReply> reply;
  bool is_status = false;
};

// The next frames of a recording, in its order, with what the exchange answers in them already understood. What clients
// said is left out, but for Closed.
class Lookahead {
 public:
  Lookahead(const RecordedDialect& dialect, std::unique_ptr<FrameSource> source, LookaheadLimits limits);

  // Reads up to `until` + span, within the limits. An error of the source ends it; it is returned once, and what was
  // read before is still there.
  Result<void> fill(Timestamp until);

  bool empty() const { return frames_.empty(); }
  const RecordedFrame& front() const { return frames_.front(); }
  RecordedFrame pop();

  // Answers that are still ahead, in their order, by `visit(frame)`; false stops.
  template <class Visit>
  void each_reply(Visit visit) const {
    for (const auto sequence : replies_) {
      if (!visit(frames_[static_cast<std::size_t>(sequence - frames_.front().sequence)])) return;
    }
  }
  std::optional<Timestamp> next_status() const;

  // Every feed that was acknowledged or told so far, what is still ahead included.
  const std::set<Feed>& feeds() const { return feeds_; }
  // The number that a feed has in this recording (Spot v1).
  std::optional<std::uint64_t> number_of(const Feed& feed) const;

 private:
  class Learner;
  void add(const Frame& frame);
  void learn(const Feed& feed, std::string_view text);

  const RecordedDialect& dialect_;
  std::unique_ptr<FrameSource> source_;
  WebRequests web_requests_;
  LookaheadLimits limits_;
  std::map<ConnectionId, std::unique_ptr<Codec>> codecs_;
  std::deque<RecordedFrame> frames_;
  std::deque<std::uint64_t> replies_, statuses_;  // sequences of frames_
  std::size_t bytes_ = 0;
  std::uint64_t last_sequence_ = 0;
  bool ended_ = false;
  std::set<Feed> feeds_;
  std::map<Feed, std::uint64_t> numbers_;
  std::set<ConnectionId> acknowledging_;  // their feeds are known from the answers
};

}  // namespace ktape
