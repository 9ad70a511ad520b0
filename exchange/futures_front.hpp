#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/protocol/futures/request.hpp"
#include "exchange/front.hpp"

namespace ktape {

// Where Kraken's behaviour is not known, or has changed, the choice has a name (futures-v1 section 3).
struct FuturesFrontOptions {
  bool generate_heartbeats = true;  // off where a recording brings its own
  Duration heartbeat_interval = std::chrono::seconds(1);
  futures::RefusalForm refusals = futures::RefusalForm::Observed;
  std::uint64_t connection_id_seed = 0;  // challenges follow from it and the ConnectionId
};

// The conversation of Kraken's Futures endpoint as far as it is public: info first, one answer per product, alerts, and
// heartbeats for those who subscribe to that feed. A challenge is answered, but there are no accounts: whatever is
// signed with it is refused. Products may be asked for in any case; feeds have them in upper case.
class FuturesFront final : public Front {
 public:
  // Both outlive the front.
  FuturesFront(TimerService& timers, Backend& backend, FuturesFrontOptions options = {});

 private:
  using Parsed = futures::ParsedRequest;

  void on_text(ConnectionId connection, std::string_view text, Timestamp time_in) override;
  std::string status(std::uint64_t connection_id, std::string_view system) const override;
  std::string acceptance(const FeedRequest& request) const override;
  std::string refusal(const FeedRequest& request, std::string_view error) const override;
  std::string fitted(std::string_view recorded_reply, const FeedRequest& request) const override;
  std::string heartbeat() const override;
  bool brings_heartbeats(const Feed& feed) const override { return feed.channel == Channel::Heartbeat; }

  void object(ConnectionId connection, futures::Problem problem, std::string_view product = {});
  void on_product(ConnectionId connection, const Parsed& parsed, Channel channel, std::string_view product,
                  Timestamp time_in);
  std::string challenge(ConnectionId connection) const;

  FuturesFrontOptions options_;
};

}  // namespace ktape
