#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/protocol/spot_v2/request.hpp"
#include "core/protocol/spot_v2/server_account.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "exchange/guest_exchange.hpp"
#include "exchange/token_desk.hpp"
#include "exchange/trading_engine.hpp"

namespace ktape {

// Where Kraken's behaviour is not known, or has changed, the choice has a name (spot-v2 section 14).
struct SpotV2PrivateOptions {
  Duration heartbeat_interval = std::chrono::seconds(1);
  // A connection without a private subscription is closed after so long, whatever it says (section 1.3). Nothing:
  // never.
  std::optional<Duration> close_without_subscription{};
  bool acknowledge_automatic_channels = true;  // answer a subscription of heartbeat or status, or stay silent
  bool trades_with_main_events = false;  // `order_status` false: new, filled, canceled and expired only, or fills, too
  bool cancel_answers_in_order = false;  // of a cancel_order that names several: Kraken's order is another one
  std::string version = "2.0.10";
  std::uint64_t connection_id_seed = 0;
  spot_v2::StatusForm status_form{};
  spot_v2::TradingReplyForm trading_form{};
  std::size_t snapshot_fills = 50;
};

// Kraken's private Spot v2 endpoint, wss://ws-auth.kraken.com/v2: the channels executions and balances, and trading
// (spot-v2 sections 6 and 7). Whose request it is is told by its token; what becomes of it is the engine's. An answer
// comes before what it has brought about; on executions one event per message, then the balances that a fill moved.
class SpotV2Private final : public GuestExchange, private EngineListener {
 public:
  // All outlive it; `market` is for the places of balances and for the state that status tells.
  SpotV2Private(TimerService& timers, TradingEngine& engine, TokenDesk& tokens, const MarketView& market,
                SpotV2PrivateOptions options = {});
  SpotV2Private(const SpotV2Private&) = delete;
  SpotV2Private& operator=(const SpotV2Private&) = delete;

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void attach_guest(ConnectionId connection, FrameSink& client) override;
  void on_frame(const Frame& frame) override;
  void on_system(std::string_view system) override;

  // Ends every connection.
  void close_all(const CloseInfo& why);

 private:
  struct Subscriber {
    AccountId account{};
    std::int64_t sequence = 0;  // of the message that was sent last
    bool every_status = true;   // executions
    bool all_users = false;     // names the account in each event
  };
  struct Connection {
    FrameSink* client = nullptr;
    bool greeted = false;
    bool guest = false;             // greeted by another exchange
    bool hears_heartbeats = false;  // from the first subscription on
    std::optional<Subscriber> executions, balances;
    Timer greeting, heartbeat, unsubscribed;
  };
  using Parsed = spot_v2::ParsedRequest;

  void on_engine_news(AccountId account, const EngineNews& news) override;

  void greet(ConnectionId connection);
  void send_status(ConnectionId connection, std::string_view system);
  void watch_for_subscription(ConnectionId connection);
  void acknowledge_automatic(ConnectionId connection, const Parsed& parsed, Timestamp time_in);
  void on_text(ConnectionId connection, std::string_view text);
  void subscribe(ConnectionId connection, const Parsed& parsed, Channel channel, Timestamp time_in);
  void unsubscribe(ConnectionId connection, const Parsed& parsed, Channel channel, Timestamp time_in);
  void acknowledge(ConnectionId connection, const Parsed& parsed, Channel channel, AccountId account,
                   Timestamp time_in);
  void send_snapshots(ConnectionId connection, const Parsed& parsed, Channel channel);
  void trade(ConnectionId connection, const Parsed& parsed, Timestamp time_in);
  void answer_trade(ConnectionId connection, const Parsed& parsed, Timestamp time_in, const EngineAnswer& answer);
  void refuse(ConnectionId connection, const Parsed& parsed, std::string_view error, bool from_backend,
              Timestamp time_in);
  void start_heartbeats(ConnectionId connection);
  void beat(ConnectionId connection, Timestamp deadline);
  bool hears(const Subscriber& subscriber, OrderChange change) const;
  void end(ConnectionId connection, const CloseInfo& why);
  // False if nobody hears it.
  bool send(ConnectionId connection, std::string_view text);
  std::vector<ConnectionId> connections() const;

  TimerService& timers_;
  TradingEngine& engine_;
  TokenDesk& tokens_;
  const MarketView& market_;
  SpotV2PrivateOptions options_;
  std::map<ConnectionId, Connection> connections_;
};

}  // namespace ktape
