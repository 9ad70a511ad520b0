#pragma once

#include "replay/recorded_dialect.hpp"

namespace ktape {

// Every message of market data names its feed and its product. Heartbeats are a feed, too, without a product.
class FuturesRecording final : public RecordedDialect {
 public:
  Dialect dialect() const override { return Dialect::FuturesV1; }
  bool may_answer(std::string_view text) const override;
  std::optional<Feed> feed_of(const Reply& reply) const override;
  std::optional<Feed> feed_in(const Event& event, std::string_view text) const override;
  bool messages_name_their_feed() const override { return true; }
  std::optional<Feed> feed_of_empty_snapshot(std::string_view text) const override;
  std::unique_ptr<FeedState> make_state(const Feed& feed) const override;
  const RequestIdPlace* request_id_place() const override { return nullptr; }
  std::string answered_again(std::string_view answer, Timestamp at) const override;
  std::string answer_to(const Feed& feed, Timestamp at) const override;
};

}  // namespace ktape
