#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/spot_v1/request.hpp"
#include "exchange/front.hpp"

namespace ktape {

// Where Kraken's behaviour is not known, or has changed, the choice has a name (spot-v1 sections 3 and 4).
struct SpotV1FrontOptions {
  bool generate_heartbeats = true;  // off where a recording brings its own
  Duration heartbeat_interval = std::chrono::seconds(1);
  bool one_book_depth_per_pair = false;  // a second depth on a connection is "Already subscribed"
  std::string version = "1.9.6";
  std::uint64_t connection_id_seed = 0;  // connection ids told in systemStatus follow from it and the ConnectionId
};

// The conversation of Kraken's public Spot v1 endpoint: systemStatus first, one subscriptionStatus per pair. Feeds have
// the modern names of their symbols (BTC/USD); XBT and XDG are on the wire only. A subscription to "*" is one to each
// public channel. Accounts and trading are refused as the public host does.
class SpotV1Front final : public Front {
 public:
  // Both outlive the front.
  SpotV1Front(TimerService& timers, Backend& backend, SpotV1FrontOptions options = {});

  // The number that acknowledgements and data of a feed carry, if its backend has none of its own: like Kraken's, and
  // the same in every run.
  static std::uint64_t channel_number(const Feed& feed);

 private:
  using Parsed = spot_v1::ParsedRequest;

  void on_text(ConnectionId connection, std::string_view text, Timestamp time_in) override;
  std::string status(std::uint64_t connection_id, std::string_view system) const override;
  std::string acceptance(const FeedRequest& request) const override;
  std::string refusal(const FeedRequest& request, std::string_view error) const override;
  std::string fitted(std::string_view recorded_reply, const FeedRequest& request) const override;
  std::string heartbeat() const override;

  void object(ConnectionId connection, const Parsed& parsed);
  void refuse_pair(ConnectionId connection, const Parsed& parsed, std::string_view pair, std::string_view error);
  void on_pair(ConnectionId connection, const Parsed& parsed, std::string_view pair, Timestamp time_in);
  void on_number(ConnectionId connection, const Parsed& parsed, Timestamp time_in);
  std::uint64_t told_number(const Feed& feed) const;
  std::vector<Feed> feeds_for(ConnectionId connection, const Parsed& parsed, const std::string& symbol) const;
  std::optional<std::string> objection(ConnectionId connection, Method method, const Feed& feed,
                                       std::string_view pair) const;

  SpotV1FrontOptions options_;
};

}  // namespace ktape
