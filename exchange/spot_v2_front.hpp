#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/protocol/spot_v2/request.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "exchange/front.hpp"

namespace ktape {

// Who may hear level3, which needs a token though it tells of the market.
struct SpotV2Tokens {
  std::function<bool(std::string_view token, ConnectionId connection)> accepts{};
  // A subscription stands on `connection` that was made with it; and the connection is gone.
  std::function<void(std::string_view token, ConnectionId connection)> hold{};
  std::function<void(ConnectionId connection)> release{};
};

// Where Kraken's behaviour is not known, or has changed, the choice has a name (spot-v2 section 14).
struct SpotV2FrontOptions {
  bool generate_heartbeats = true;  // off where a recording brings its own
  Duration heartbeat_interval = std::chrono::seconds(1);
  bool trade_snapshot_by_default = false;      // the documentation and a capture of 2026; one of 2024 has true
  bool one_book_depth_per_symbol = true;       // a second depth on a connection is "Already subscribed"
  bool one_ticker_trigger_per_symbol = false;  // a second event_trigger likewise
  bool name_symbol_without_slash = true;       // top-level `symbol` when it is not in ISO 4217-A3 format
  bool name_symbol_of_second_interval = true;  // and when a second ohlc interval is refused
  bool acknowledge_automatic_channels = true;  // answer a subscription of heartbeat or status, or stay silent
  bool name_level3_depth = false;              // `depth` in acknowledgements of level3: documented, not in captures
  spot_v2::StatusForm status_form{};
  spot_v2::Host host = spot_v2::Host::Public;  // or Level3, whose clients need tokens
  SpotV2Tokens tokens{};
  std::string version = "2.0.10";
  std::uint64_t connection_id_seed = 0;  // connection ids told in status follow from it and the ConnectionId
};

// The conversation of Kraken's public Spot v2 endpoint, or of the one of level 3: status first, one answer per symbol
// (spot-v2 sections 3 and 4).
class SpotV2Front final : public Front {
 public:
  // Both outlive the front.
  SpotV2Front(TimerService& timers, Backend& backend, SpotV2FrontOptions options = {});

 private:
  struct Objection {
    std::string error;
    bool names_symbol = true;  // at the top level of the answer
  };
  using Parsed = spot_v2::ParsedRequest;

  void on_text(ConnectionId connection, std::string_view text, Timestamp time_in) override;
  std::string status(std::uint64_t connection_id, std::string_view system) const override;
  std::string acceptance(const FeedRequest& request) const override;
  std::string refusal(const FeedRequest& request, std::string_view error) const override;
  std::string fitted(std::string_view recorded_reply, const FeedRequest& request) const override;
  std::string heartbeat() const override;

  void on_symbol(ConnectionId connection, const Parsed& parsed, const Feed& feed, Timestamp time_in);
  void acknowledge_automatic(ConnectionId connection, const Parsed& parsed, Timestamp time_in);
  std::optional<Objection> objection(ConnectionId connection, Method method, const Feed& feed) const;
  Feed resolve(ConnectionId connection, const Parsed& parsed, Method method, Channel channel,
               std::string_view symbol) const;
  std::string stamped(Reply reply, Timestamp time_in) const;

  SpotV2FrontOptions options_;
};

}  // namespace ktape
