#include "replay/state_tracker.hpp"

#include "replay/spot_v2_conversation.hpp"

namespace ktape {

std::unique_ptr<ConversationState> make_conversation_state(Dialect dialect) {
  switch (dialect) {
    case Dialect::SpotV2:
      return std::make_unique<SpotV2Conversation>();
    case Dialect::SpotV1:
    case Dialect::FuturesV1:
      break;
  }
  return nullptr;
}

void StateTracker::on_frame(const Frame& frame) {
  auto& connection = connections_[frame.connection];
  if (!connection) connection = make_conversation_state(dialect_);
  if (connection) connection->take(frame);
}

void StateTracker::tell(Timestamp at, FrameSink& out) const {
  for (const auto& [id, connection] : connections_) {
    if (connection) connection->tell(at, id, out);
  }
}

}  // namespace ktape
