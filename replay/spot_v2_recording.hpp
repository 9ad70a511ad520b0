#pragma once

#include "replay/recorded_dialect.hpp"

namespace ktape {

class SpotV2Recording final : public RecordedDialect {
 public:
  Dialect dialect() const override { return Dialect::SpotV2; }
  bool may_answer(std::string_view text) const override;
  std::optional<Feed> feed_of(const Reply& reply) const override;
  std::optional<Feed> feed_in(const Event& event, std::string_view text) const override;
  bool messages_name_their_feed() const override { return false; }
  std::optional<Feed> feed_of_empty_snapshot(std::string_view text) const override;
  std::unique_ptr<FeedState> make_state(const Feed& feed) const override;
  const RequestIdPlace* request_id_place() const override { return &kSpotV2RequestId; }
  std::string answered_again(std::string_view answer, Timestamp at) const override;
  std::string answer_to(const Feed& feed, Timestamp at) const override;
};

// The depth that a book was subscribed with, by its snapshot: the smallest allowed one that holds it.
int book_depth_of(const BookSnapshot& snapshot);

// What feeds of Spot v2 have said.
std::unique_ptr<FeedState> make_spot_v2_state(const Feed& feed);

}  // namespace ktape
