#pragma once

#include <map>
#include <memory>

#include "core/protocol/dialect.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// What one recorded connection has said so far.
class ConversationState {
 public:
  virtual ~ConversationState() = default;

  // A frame of this connection, in the recorded order.
  virtual void take(const Frame& frame) = 0;

  // The shortest conversation that brings a client into the state that it has now: nothing if the connection is not
  // open. All is stamped `at`, which is not before any frame taken.
  virtual void tell(Timestamp at, ConnectionId connection, FrameSink& out) const = 0;
};

std::unique_ptr<ConversationState> make_conversation_state(Dialect dialect);

// Frames in, keyframe out: what a recording that begins at some instant has to say first, so that it can be played
// without what came before. Per connection: Opened, status, the subscriptions in force with their answers, and a
// snapshot of each feed (books at their recorded depth with the checksum, the last trades, so that trade ids go on
// without a hole, the ticker, the recent candles, instruments). A book that had no valid state has no snapshot, and
// trades of Spot v1 never have one.
//
// Memory is bounded by the feeds in force, not by the frames.
class StateTracker final : public FrameSink {
 public:
  explicit StateTracker(Dialect dialect) : dialect_(dialect) {}

  // Each frame before the keyframe, in the recorded order; those of an earlier keyframe as well.
  void on_frame(const Frame& frame) override;

  // The frames of the keyframe, connection by connection. `at` is not before any frame taken; what was taken stays.
  void tell(Timestamp at, FrameSink& out) const;

 private:
  Dialect dialect_;
  std::map<ConnectionId, std::unique_ptr<ConversationState>> connections_;
};

}  // namespace ktape
