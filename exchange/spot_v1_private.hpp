#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/protocol/spot_v1/request.hpp"
#include "core/protocol/spot_v1/server_encode.hpp"
#include "exchange/guest_exchange.hpp"
#include "exchange/token_desk.hpp"
#include "exchange/trading_engine.hpp"

namespace ktape {

struct SpotV1PrivateOptions {
  Duration heartbeat_interval = std::chrono::seconds(1);
  std::string version = "1.9.6";
  std::uint64_t connection_id_seed = 0;
  std::size_t snapshot_fills = 50;
};

// Kraken's private Spot v1 endpoint, wss://ws-auth.kraken.com: ownTrades, openOrders and trading (spot-v1 sections 6 to
// 8), with the accounts, tokens and engine that Spot v2 has. consolidate_taker makes no difference: every fill is told
// on its own.
class SpotV1Private final : public GuestExchange, private EngineListener {
 public:
  // All outlive it.
  SpotV1Private(TimerService& timers, TradingEngine& engine, TokenDesk& tokens, const MarketView& market,
                SpotV1PrivateOptions options = {});
  SpotV1Private(const SpotV1Private&) = delete;
  SpotV1Private& operator=(const SpotV1Private&) = delete;

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void attach_guest(ConnectionId connection, FrameSink& client) override;
  void on_frame(const Frame& frame) override;

  // Ends every connection.
  void close_all(const CloseInfo& why);

 private:
  struct Subscriber {
    AccountId account{};
    std::int64_t sequence = 0;
  };
  struct Connection {
    FrameSink* client = nullptr;
    bool greeted = false;
    std::optional<Subscriber> own_trades, open_orders;
    Timer greeting, heartbeat;
  };
  using Parsed = spot_v1::ParsedRequest;

  void on_engine_news(AccountId account, const EngineNews& news) override;
  void greet(ConnectionId connection);
  void on_text(ConnectionId connection, std::string_view text);
  void subscribe(ConnectionId connection, const Parsed& parsed, Channel channel);
  void unsubscribe(ConnectionId connection, const Parsed& parsed, Channel channel);
  void send_snapshot(ConnectionId connection, const Parsed& parsed, Channel channel);
  void trade(ConnectionId connection, const Parsed& parsed);
  void answer_trade(ConnectionId connection, const Parsed& parsed, const EngineAnswer& answer);
  // In the form that the event of the request asks for.
  void refuse(ConnectionId connection, const Parsed& parsed, std::string_view error);
  void beat(ConnectionId connection, Timestamp deadline);
  std::optional<Subscriber>* place_of(ConnectionId connection, Channel channel);
  bool send(ConnectionId connection, std::string_view text);
  std::vector<ConnectionId> connections() const;

  TimerService& timers_;
  TradingEngine& engine_;
  TokenDesk& tokens_;
  const MarketView& market_;
  SpotV1PrivateOptions options_;
  std::map<ConnectionId, Connection> connections_;
};

}  // namespace ktape
