#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/protocol/spot_v2/codec.hpp"
#include "replay/feed_routes.hpp"
#include "replay/feed_state.hpp"
#include "replay/state_tracker.hpp"

namespace ktape {

// What a connection of the Spot v2 dialect has said.
class SpotV2Conversation final : public ConversationState {
 public:
  void take(const Frame& frame) override;
  void tell(Timestamp at, ConnectionId connection, FrameSink& out) const override;

 private:
  class Reading;

  // A subscription in force, or a feed that is told without one.
  struct InForce {
    std::unique_ptr<FeedState> state;
    std::string answer;  // as recorded; empty where the recording has none
    std::optional<std::int64_t> request_id;
    std::optional<std::int64_t> last_trade;
  };
  // A request that waits for answers, one for each symbol.
  struct Asked {
    Timestamp at;
    std::int64_t request_id = 0;
    std::vector<std::string> symbols;
    std::string text;
  };

  void asked(const Frame& frame);
  void answered(const Reply& reply, std::string_view text);
  void told(const Feed& feed, const Event& event);
  InForce& in_force(const Feed& feed);
  static std::string request_for(const std::vector<const Feed*>& feeds, std::optional<std::int64_t> request_id,
                                 bool snapshot);
  static std::string answer_for(const Feed& feed, const InForce& one, Timestamp at);

  bool open_ = false;
  std::string url_;
  std::string status_;
  FeedRoutes routes_;
  std::map<Feed, InForce> feeds_;
  std::deque<Asked> asked_;
  spot_v2::SpotV2Codec codec_;
};

}  // namespace ktape
