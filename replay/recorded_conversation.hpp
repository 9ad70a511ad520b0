#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/protocol/codec.hpp"
#include "replay/feed_routes.hpp"
#include "replay/feed_state.hpp"
#include "replay/recorded_dialect.hpp"
#include "replay/state_tracker.hpp"

namespace ktape {

// What a connection has said of the market, in any dialect.
class RecordedConversation final : public ConversationState {
 public:
  explicit RecordedConversation(const RecordedDialect& dialect);

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
  void told(const Feed& feed, const Event& event, std::string_view text);
  InForce& in_force(const Feed& feed);
  std::string request_for(const std::vector<const Feed*>& feeds, std::optional<std::int64_t> request_id,
                          bool snapshot) const;
  std::string answer_for(const Feed& feed, const InForce& one, Timestamp at) const;

  const RecordedDialect& dialect_;
  bool open_ = false;
  std::string url_;
  std::string status_;
  FeedRoutes routes_{dialect_};
  std::map<Feed, InForce> feeds_;
  std::deque<Asked> asked_;
  std::unique_ptr<Codec> codec_;
  std::int64_t last_unnumbered_ = 0;  // of requests that have no id on the wire
};

}  // namespace ktape
