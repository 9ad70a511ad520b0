#pragma once

#include "replay/recorded_dialect.hpp"

namespace ktape {

// Every message of market data names its channel, with depth or interval, and its pair.
class SpotV1Recording final : public RecordedDialect {
 public:
  Dialect dialect() const override { return Dialect::SpotV1; }
  bool may_answer(std::string_view text) const override { return text.starts_with('{'); }
  std::optional<Feed> feed_of(const Reply& reply) const override;
  std::optional<Feed> feed_in(const Event& event, std::string_view text) const override;
  bool messages_name_their_feed() const override { return true; }
  std::optional<std::uint64_t> channel_number(std::string_view text) const override;
  std::unique_ptr<FeedState> make_state(const Feed& feed) const override;
  const RequestIdPlace* request_id_place() const override { return &kSpotV1RequestId; }
  std::string answered_again(std::string_view answer, Timestamp at) const override;
  std::string answer_to(const Feed& feed, Timestamp at) const override;
};

}  // namespace ktape
