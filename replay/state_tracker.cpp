#include "replay/state_tracker.hpp"

#include "replay/recorded_conversation.hpp"

namespace ktape {

std::unique_ptr<ConversationState> make_conversation_state(Dialect dialect) {
  return std::make_unique<RecordedConversation>(RecordedDialect::of(dialect));
}

void StateTracker::on_frame(const Frame& frame) {
  auto& connection = connections_[frame.connection];
  if (!connection) connection = make_conversation_state(dialect_);
  connection->take(frame);
}

void StateTracker::tell(Timestamp at, FrameSink& out) const {
  for (const auto& [id, connection] : connections_) connection->tell(at, id, out);
}

}  // namespace ktape
